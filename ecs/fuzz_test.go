package ecs

import (
	"errors"
	"testing"

	"steady/awsapi"
)

// Whatever stands where a reference or a token is expected: the answer is a value
// or an exception, and what was read is read again the same.
func FuzzReferences(f *testing.F) {
	for _, s := range []string{
		"", "web", "web:1", "web:", ":1", "web:-1", "web:99999999999999999999", "a:b:c",
		"arn:aws:ecs:eu-central-1:000000000000:task-definition/web:1", "arn:aws:ecs:eu-central-1:000000000000:service/default/web", "arn:aws:ecs:r:a:cluster/",
		"arn:aws:ecs:eu-central-1:000000000000:service-deployment/c/s/i", "arn:::::", "Lg",
	} {
		f.Add(s)
	}
	a := New(nil, realm, Options{})
	f.Fuzz(func(t *testing.T, s string) {
		if ref, err := a.definitionRef(s); err != nil {
			isException(t, err)
		} else if ref.Revision != 0 {
			if again, err := a.definitionRef(ref.String()); err != nil || again != ref {
				t.Errorf("%q is %v, then %v, %v", s, ref, again, err)
			}
		}
		if name, err := a.clusterName(&s); err != nil {
			isException(t, err)
		} else if name == "" {
			t.Errorf("%q is a cluster without a name", s)
		}
		if _, err := a.identifier("service", s, "default"); err != nil {
			isException(t, err)
		}
		if id, err := a.historyID("service-deployment", s); err != nil {
			isException(t, err)
		} else if again, err := a.historyID("service-deployment", realm.ServiceDeploymentARN(id.cluster, id.service, id.name)); err != nil || again != id {
			t.Errorf("%q is %v, then %v, %v", s, id, again, err)
		}
		p := paging{operation: "ListTasks", size: 1, token: &s}
		if _, _, err := p.cut([]entry{{"a", "a"}, {"b", "b"}}); err != nil {
			isException(t, err)
		}
		if _, ok := quantity(&s, "gb"); ok && s != "" {
			if n, err := taskMemory(&s); err == nil && n <= 0 {
				t.Errorf("%q is a memory of %d", s, n)
			}
		}
	})
}

func isException(t *testing.T, err error) {
	t.Helper()
	if _, ok := errors.AsType[*awsapi.Error](err); !ok {
		t.Errorf("%v is not an exception", err)
	}
}
