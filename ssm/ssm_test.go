package ssm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"steady/awsapi"
	"steady/model"
	"steady/seal"
	"steady/state"
)

func world(t *testing.T) *API {
	t.Helper()
	store, err := state.Open(state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return New(store, seal.New(make([]byte, 32)), model.Realm{Region: "us-east-1", Account: "000000000000"})
}

func (a *API) put(name, value string, kind types.ParameterType, more ...func(*ssm.PutParameterInput)) error {
	in := &ssm.PutParameterInput{Name: &name, Value: &value, Type: kind}
	for _, m := range more {
		m(in)
	}
	_, err := a.PutParameter(context.Background(), in)
	return err
}

func overwrite(in *ssm.PutParameterInput) { in.Overwrite = aws.Bool(true) }

func (a *API) read(name string) string {
	out, err := a.GetParameter(context.Background(), &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	if err != nil {
		return code(err)
	}
	return *out.Parameter.Value
}

func code(err error) string {
	if e, ok := errors.AsType[*awsapi.Error](err); ok {
		return e.Code
	}
	return fmt.Sprint(err)
}

func TestVersionsAndSelectors(t *testing.T) {
	a := world(t)
	if err := a.put("/web/key", "one", types.ParameterTypeSecureString); err != nil {
		t.Fatal(err)
	}
	if err := a.put("/web/key", "two", ""); code(err) != "ParameterAlreadyExists" {
		t.Errorf("put again: %v", err)
	}
	if err := a.put("/web/key", "two", types.ParameterTypeString, overwrite); code(err) != "HierarchyTypeMismatchException" {
		t.Errorf("another type: %v", err)
	}
	if err := a.put("/web/key", "two", "", overwrite); err != nil {
		t.Fatal(err)
	}
	if err := a.put("plain", "three", types.ParameterTypeString); err != nil {
		t.Fatal(err)
	}
	one := int64(1)
	if _, err := a.LabelParameterVersion(t.Context(), &ssm.LabelParameterVersionInput{Name: aws.String("/web/key"), ParameterVersion: &one, Labels: []string{"stable"}}); err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:ssm:us-east-1:000000000000:parameter/"
	for name, want := range map[string]string{
		"/web/key": "two", "/web/key:1": "one", "/web/key:2": "two", "/web/key:stable": "one",
		"/web/key:3": "ParameterVersionNotFound", "/web/key:old": "ParameterVersionNotFound", "/web": "ParameterNotFound",
		arn + "web/key": "two", arn + "web/key:1": "one", arn + "plain": "three",
	} {
		if got := a.read(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	out, err := a.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/web/key")})
	if err != nil || strings.Contains(*out.Parameter.Value, "two") {
		t.Errorf("without decryption: %v, %v", out, err)
	}
}

func TestByPath(t *testing.T) {
	a := world(t)
	for _, n := range []string{"/a/x", "/a/y/z", "/ab/x", "b"} {
		if err := a.put(n, n, types.ParameterTypeString); err != nil {
			t.Fatal(err)
		}
	}
	list := func(path string, recursive bool) (names []string) {
		out, err := a.GetParametersByPath(t.Context(), &ssm.GetParametersByPathInput{Path: &path, Recursive: &recursive})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range out.Parameters {
			names = append(names, *p.Name)
		}
		return names
	}
	if got := list("/a", false); !slices.Equal(got, []string{"/a/x"}) {
		t.Error(got)
	}
	if got := list("/a/", true); !slices.Equal(got, []string{"/a/x", "/a/y/z"}) {
		t.Error(got)
	}
	if got := list("/", true); len(got) != 4 {
		t.Error(got)
	}
}

func TestOnlyAHundredVersionsAreKept(t *testing.T) {
	a := world(t)
	for i := range maxVersions + 1 {
		if err := a.put("p", fmt.Sprint(i), types.ParameterTypeString, overwrite); err != nil {
			t.Fatal(err)
		}
	}
	if a.read("p:1") != "ParameterVersionNotFound" || a.read("p:2") != "1" {
		t.Errorf("%s, %s", a.read("p:1"), a.read("p:2"))
	}
	if _, err := a.LabelParameterVersion(t.Context(), &ssm.LabelParameterVersionInput{Name: aws.String("p"), ParameterVersion: aws.Int64(2), Labels: []string{"keep"}}); err != nil {
		t.Fatal(err)
	}
	if err := a.put("p", "x", "", overwrite); code(err) != "ParameterMaxVersionLimitExceeded" {
		t.Errorf("%v", err)
	}
}

func TestBadRequestsChangeNothing(t *testing.T) {
	a := world(t)
	long := strings.Repeat("x", maxStandard+1)
	for name, err := range map[string]error{
		"no type":    a.put("p", "x", ""),
		"a type":     a.put("p", "x", "Number"),
		"a name":     a.put("a b", "x", types.ParameterTypeString),
		"relative":   a.put("a/b", "x", types.ParameterTypeString),
		"reserved":   a.put("/AWS/x", "x", types.ParameterTypeString),
		"empty":      a.put("p", "", types.ParameterTypeString),
		"long":       a.put("p", long, types.ParameterTypeString),
		"pattern":    a.put("p", "x", types.ParameterTypeString, func(i *ssm.PutParameterInput) { i.AllowedPattern = aws.String(`\d+`) }),
		"no pattern": a.put("p", "x", types.ParameterTypeString, func(i *ssm.PutParameterInput) { i.AllowedPattern = aws.String(`(`) }),
		"key":        a.put("p", "x", types.ParameterTypeSecureString, func(i *ssm.PutParameterInput) { i.KeyId = aws.String("alias/mine") }),
		"levels":     a.put(strings.Repeat("/a", 16), "x", types.ParameterTypeString),
	} {
		if _, ok := errors.AsType[*awsapi.Error](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(slices.Collect(a.store.Snapshot().Parameters())); n != 0 {
		t.Errorf("%d parameters were made", n)
	}
	if err := a.put("p", long, types.ParameterTypeString, func(i *ssm.PutParameterInput) { i.Tier = types.ParameterTierAdvanced }); err != nil {
		t.Error(err)
	}
}
