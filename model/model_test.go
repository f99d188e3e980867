package model

import (
	"regexp"
	"slices"
	"testing"
)

func TestCanBecome(t *testing.T) {
	allowed := map[TaskStatus][]TaskStatus{
		Provisioning:   {Pending, Activating, Running, Stopping, Deprovisioning, Stopped},
		Pending:        {Activating, Running, Stopping, Deprovisioning, Stopped},
		Activating:     {Running, Stopping, Deprovisioning, Stopped},
		Running:        {Deactivating, Stopping, Deprovisioning, Stopped},
		Deactivating:   {Stopping, Deprovisioning, Stopped},
		Stopping:       {Deprovisioning, Stopped},
		Deprovisioning: {Stopped},
		Stopped:        nil,
	}
	for _, from := range order {
		for _, to := range order {
			if got, want := CanBecome(from, to), slices.Contains(allowed[from], to); got != want {
				t.Errorf("from %s to %s is %v, want %v", from, to, got, want)
			}
		}
	}
}

func TestAnInterfaceOnlyMovesForward(t *testing.T) {
	for i, from := range attachmentOrder {
		for j, to := range attachmentOrder {
			if got := from.CanBecome(to); got != (j > i) {
				t.Errorf("from %s to %s is %v", from, to, got)
			}
		}
		if got := from.CanBecome(AttachmentFailed); got != (i < 3) {
			t.Errorf("from %s to FAILED is %v", from, got)
		}
		if AttachmentFailed.CanBecome(from) {
			t.Errorf("from FAILED to %s", from)
		}
	}
}

func TestInterfaceIDs(t *testing.T) {
	id := InterfaceID("a")
	if !regexp.MustCompile(`^eni-[0-9a-f]{17}$`).MatchString(id) || id != InterfaceID("a") || id == InterfaceID("b") {
		t.Errorf("of attachment a: %s, then %s; of b: %s", id, InterfaceID("a"), InterfaceID("b"))
	}
}

func TestIDs(t *testing.T) {
	for range 100 {
		if id := NewDeploymentID(); !regexp.MustCompile(`^ecs-svc/[1-9][0-9]{18}$`).MatchString(id) {
			t.Fatalf("deployment id %q", id)
		}
		if id := NewID(); !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) {
			t.Fatalf("id %q", id)
		}
	}
}

func TestParseARN(t *testing.T) {
	r := Realm{Region: "us-east-1", Account: "000000000000"}
	for arn, want := range map[string][]string{
		r.ClusterARN("c"):                              {"cluster", "c"},
		r.ServiceARN("c", "s"):                         {"service", "c", "s"},
		r.TaskARN("c", "t"):                            {"task", "c", "t"},
		r.TaskDefinitionARN(TaskDefinitionRef{"f", 3}): {"task-definition", "f:3"},
		"arn:aws-cn:ecs:cn-north-1:1:service/short":    {"service", "short"},
		"arn:aws:s3:::bucket/key":                      nil,
		"arn:aws:ecs:us-east-1:000000000000:cluster":   nil,
		"arn:aws:ecs:us-east-1:000000000000:cluster/":  nil,
		"web": nil,
	} {
		in, resource, path, ok := ParseARN(arn)
		if foreign := (Realm{Region: "cn-north-1", Account: "1"}); ok && in != r && in != foreign {
			t.Errorf("%s is in %v", arn, in)
		}
		if ok != (want != nil) || ok && !slices.Equal(append([]string{resource}, path...), want) {
			t.Errorf("%s is %s %v %v, want %v", arn, resource, path, ok, want)
		}
	}
}
