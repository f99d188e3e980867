package iam

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"steady/awsapi"
	"steady/model"
	"steady/state"
)

const (
	trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	read1 = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:Get*","Resource":"*"}]}`
	read2 = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["ssm:Get*", "s3:GetObject"],"Resource":"arn:aws:s3:::a b+c/*"}}`
)

// world is an API over a state of its own.
type world struct {
	*API
	t *testing.T
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := state.Open(state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return &world{New(&Access{Store: store, Realm: model.Realm{Region: "us-east-1", Account: "000000000000"}}), t}
}

func (w *world) role(name string) *types.Role {
	w.t.Helper()
	return must(w.CreateRole(w.t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust)}))(w.t).Role
}

func (w *world) policy(name string) *string {
	w.t.Helper()
	return must(w.CreatePolicy(w.t.Context(), &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: aws.String(read1)}))(w.t).Policy.Arn
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused checks an error's code, a part of its text, and its HTTP status.
func refused[T any](t *testing.T, code, text string, status int) func(T, error) {
	return func(_ T, err error) {
		t.Helper()
		e, ok := errors.AsType[*awsapi.Error](err)
		if !ok || e.Code != code || !strings.Contains(e.Message, text) || e.Status != status {
			t.Errorf("got %+v, want %s %s (%d)", err, code, text, status)
		}
		if err != nil && !utf8.ValidString(err.Error()) {
			t.Errorf("the error %q is no text", err)
		}
	}
}

// unescaped is a document as clients of AWS Query read it: by RFC 3986, where a plus
// sign is one.
func unescaped(t *testing.T, document *string) string {
	t.Helper()
	if strings.ContainsAny(*document, `{}" +:,/`) {
		t.Errorf("the document %s is not URL-encoded", *document)
	}
	text, err := url.PathUnescape(*document)
	if err != nil {
		t.Error(err)
	}
	return text
}

func TestARoleIsMadeShownChangedAndRemoved(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	made := must(w.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String("web"), Path: aws.String("/team/a/"), AssumeRolePolicyDocument: aws.String(trust), Description: aws.String("of the web"),
		MaxSessionDuration: aws.Int32(7200), PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/AmazonS3FullAccess"),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}},
	}))(t).Role
	if *made.Arn != "arn:aws:iam::000000000000:role/team/a/web" || !strings.HasPrefix(*made.RoleId, "AROA") || len(*made.RoleId) != 21 {
		t.Errorf("made %s with id %s", *made.Arn, *made.RoleId)
	}
	name := &iam.GetRoleInput{RoleName: aws.String("web")}
	r := must(w.GetRole(ctx, name))(t).Role
	if *r.Arn != *made.Arn || *r.RoleId != *made.RoleId || *r.Path != "/team/a/" || *r.Description != "of the web" || *r.MaxSessionDuration != 7200 ||
		*r.PermissionsBoundary.PermissionsBoundaryArn != "arn:aws:iam::aws:policy/AmazonS3FullAccess" || len(r.Tags) != 1 || r.CreateDate.IsZero() {
		t.Errorf("shown as %+v", r)
	}
	if got := unescaped(t, r.AssumeRolePolicyDocument); got != trust {
		t.Errorf("the trust policy is %s", got)
	}
	must(w.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: aws.String("web"), Description: aws.String("")}))(t)
	must(w.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("web"), PolicyDocument: aws.String(strings.Replace(trust, "ecs-tasks", "ec2", 1))}))(t)
	must(w.TagRole(ctx, &iam.TagRoleInput{RoleName: aws.String("web"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("b")}, {Key: aws.String("x"), Value: aws.String("")}}}))(t)
	must(w.UntagRole(ctx, &iam.UntagRoleInput{RoleName: aws.String("web"), TagKeys: []string{"x", "none"}}))(t)
	r = must(w.GetRole(ctx, name))(t).Role
	if r.Description != nil || *r.MaxSessionDuration != 7200 || !strings.Contains(unescaped(t, r.AssumeRolePolicyDocument), "ec2.amazonaws.com") {
		t.Errorf("changed to %+v", r)
	}
	if tags := must(w.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: aws.String("web")}))(t).Tags; len(tags) != 1 || *tags[0].Value != "b" {
		t.Errorf("tags %+v", tags)
	}
	if n := len(must(w.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: aws.String("web")}))(t).InstanceProfiles); n != 0 {
		t.Errorf("%d instance profiles", n)
	}
	must(w.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("web")}))(t)
	refused[*iam.GetRoleOutput](t, "NoSuchEntity", "The role with name web cannot be found.", http.StatusNotFound)(w.GetRole(ctx, name))
	if again := w.role("web"); *again.RoleId == *made.RoleId || *again.Arn == *made.Arn {
		t.Errorf("the next role of that name is %s", *again.RoleId)
	}
}

func TestPoliciesOfARole(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.role("web")
	web := aws.String("web")
	put := func(name, document string) {
		t.Helper()
		must(w.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: web, PolicyName: &name, PolicyDocument: &document}))(t)
	}
	put("b", read1)
	put("a", read1)
	put("b", read2)
	if names := must(w.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: web}))(t).PolicyNames; !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("embedded are %v", names)
	}
	if got := unescaped(t, must(w.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: web, PolicyName: aws.String("b")}))(t).PolicyDocument); got != read2 {
		t.Errorf("b says %s", got)
	}
	own := w.policy("own")
	attach := func(arn string) error {
		_, err := w.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: web, PolicyArn: &arn})
		return err
	}
	for _, arn := range []string{*own, "arn:aws:iam::aws:policy/SecretsManagerReadWrite", *own} { // the second time is no error
		if err := attach(arn); err != nil {
			t.Fatal(err)
		}
	}
	attached := must(w.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: web}))(t).AttachedPolicies
	if len(attached) != 2 || *attached[0].PolicyName != "own" || *attached[1].PolicyName != "SecretsManagerReadWrite" {
		t.Errorf("attached are %+v", attached)
	}
	if p := must(w.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: own}))(t).Policy; *p.AttachmentCount != 1 {
		t.Errorf("attached to %d", *p.AttachmentCount)
	}
	refused[any](t, "NoSuchEntity", "Policy arn:aws:iam::aws:policy/Nope does not exist or is not attachable.", 404)(nil, attach("arn:aws:iam::aws:policy/Nope"))

	remove := func() (*iam.DeleteRoleOutput, error) { return w.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: web}) }
	refused[*iam.DeleteRoleOutput](t, "DeleteConflict", "must detach all policies first", 409)(remove())
	refused[*iam.DeletePolicyOutput](t, "DeleteConflict", "attached to entities", 409)(w.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: own}))
	for _, arn := range attached {
		must(w.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: web, PolicyArn: arn.PolicyArn}))(t)
	}
	refused[*iam.DetachRolePolicyOutput](t, "NoSuchEntity", "was not found", 404)(w.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: web, PolicyArn: own}))
	refused[*iam.DeleteRoleOutput](t, "DeleteConflict", "must delete policies first", 409)(remove())
	for _, name := range []string{"a", "b"} {
		must(w.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: web, PolicyName: &name}))(t)
	}
	refused[*iam.DeleteRolePolicyOutput](t, "NoSuchEntity", "The role policy with name a cannot be found.", 404)(w.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: web, PolicyName: aws.String("a")}))
	must(remove())(t)
	must(w.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: own}))(t)
}

func TestVersionsOfAPolicy(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	own := w.policy("own")
	create := func(document string, use bool) (*iam.CreatePolicyVersionOutput, error) {
		return w.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: own, PolicyDocument: &document, SetAsDefault: use})
	}
	if v := must(create(read2, true))(t).PolicyVersion; *v.VersionId != "v2" || !v.IsDefaultVersion {
		t.Errorf("the second version is %+v", v)
	}
	v := must(w.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: own, VersionId: aws.String("v2")}))(t).PolicyVersion
	if got := unescaped(t, v.Document); got != read2 || !v.IsDefaultVersion {
		t.Errorf("v2 says %s", got)
	}
	remove := func(id string) (*iam.DeletePolicyVersionOutput, error) {
		return w.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: own, VersionId: &id})
	}
	refused[*iam.DeletePolicyVersionOutput](t, "DeleteConflict", "Cannot delete the default version of a policy.", 409)(remove("v2"))
	refused[*iam.DeletePolicyVersionOutput](t, "NoSuchEntity", "version v9 does not exist", 404)(remove("v9"))
	refused[*iam.DeletePolicyOutput](t, "DeleteConflict", "This policy has more than one version.", 409)(w.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: own}))
	must(w.SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: own, VersionId: aws.String("v1")}))(t)
	must(remove("v2"))(t)
	for range 4 {
		must(create(read1, false))(t)
	}
	refused[*iam.CreatePolicyVersionOutput](t, "LimitExceeded", "up to 5 versions", 409)(create(read1, false))
	list := must(w.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: own}))(t).Versions
	if len(list) != 5 || *list[4].VersionId != "v1" || !list[4].IsDefaultVersion || list[0].IsDefaultVersion {
		t.Errorf("versions %+v", list)
	}
	aws1 := aws.String("arn:aws:iam::aws:policy/AdministratorAccess")
	refused[*iam.CreatePolicyVersionOutput](t, "ValidationError", "managed by AWS", 0)(w.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: aws1, PolicyDocument: aws.String(read1)}))
	refused[*iam.DeletePolicyOutput](t, "ValidationError", "managed by AWS", 0)(w.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: aws1}))
}

func TestListsComeInPages(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	for i := range 5 {
		w.role(fmt.Sprintf("r%d", i))
		w.policy(fmt.Sprintf("p%d", i))
	}
	must(w.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("in"), Path: aws.String("/sub/"), AssumeRolePolicyDocument: aws.String(trust)}))(t)
	var names []string
	in := &iam.ListRolesInput{MaxItems: aws.Int32(2)}
	for {
		out := must(w.ListRoles(ctx, in))(t)
		for _, r := range out.Roles {
			names = append(names, *r.RoleName)
		}
		if out.IsTruncated != (out.Marker != nil) || out.IsTruncated && len(out.Roles) != 2 {
			t.Fatalf("a page of %d, truncated %v, marker %v", len(out.Roles), out.IsTruncated, out.Marker)
		}
		if in.Marker = out.Marker; in.Marker == nil {
			break
		}
		if len(names) == 2 { // what goes between two pages spoils nothing
			must(w.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("r0")}))(t)
		}
	}
	if want := []string{"in", "r0", "r1", "r2", "r3", "r4"}; !slices.Equal(names, want) {
		t.Errorf("the pages have %v", names)
	}
	if out := must(w.ListRoles(ctx, &iam.ListRolesInput{PathPrefix: aws.String("/sub/")}))(t); len(out.Roles) != 1 || *out.Roles[0].RoleName != "in" {
		t.Errorf("below /sub/ are %+v", out.Roles)
	}
	if out := must(w.ListPolicies(ctx, &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal}))(t); len(out.Policies) != 5 {
		t.Errorf("%d policies of one's own", len(out.Policies))
	}
	if out := must(w.ListPolicies(ctx, &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeAws, PathPrefix: aws.String("/service-role/")}))(t); len(out.Policies) != 3 {
		t.Errorf("%d policies of AWS below /service-role/", len(out.Policies))
	}
	refused[*iam.ListRolesOutput](t, "ValidationError", "Invalid Marker.", 0)(w.ListRoles(ctx, &iam.ListRolesInput{Marker: aws.String("%")}))
	refused[*iam.ListRolesOutput](t, "ValidationError", "'maxItems'", 0)(w.ListRoles(ctx, &iam.ListRolesInput{MaxItems: aws.Int32(1001)}))
}

func TestBadRequestsMakeNoRole(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.role("Web")
	for _, c := range []struct {
		name       string
		in         iam.CreateRoleInput
		code, text string
		status     int
	}{
		{"no name", iam.CreateRoleInput{}, "ValidationError", "Value null at 'roleName'", 0},
		{"a name too long", iam.CreateRoleInput{RoleName: aws.String("a" + strings.Repeat("ä", 64))}, "ValidationError", "less than or equal to 64", 0},
		{"a name of other characters", iam.CreateRoleInput{RoleName: aws.String("a b")}, "ValidationError", "The specified value for roleName is invalid.", 0},
		{"a name but for its case", iam.CreateRoleInput{RoleName: aws.String("wEB")}, "EntityAlreadyExists", "Role with name wEB already exists.", 409},
		{"a path without an end", iam.CreateRoleInput{RoleName: aws.String("n"), Path: aws.String("/a")}, "ValidationError", "The specified value for path is invalid.", 0},
		{"an empty part of a path", iam.CreateRoleInput{RoleName: aws.String("n"), Path: aws.String("/a//b/")}, "ValidationError", "The specified value for path is invalid.", 0},
		{"no JSON", iam.CreateRoleInput{RoleName: aws.String("n"), AssumeRolePolicyDocument: aws.String("{")}, "MalformedPolicyDocument", "", 0},
		{"a trust policy of no principal", iam.CreateRoleInput{RoleName: aws.String("n"), AssumeRolePolicyDocument: aws.String(read1)}, "MalformedPolicyDocument", "", 0},
		{"a trust policy too long", iam.CreateRoleInput{RoleName: aws.String("n"), AssumeRolePolicyDocument: aws.String(strings.Replace(trust, "2012-10-17\"", "2012-10-17\",\"Id\":\""+strings.Repeat("x", 4096)+"\"", 1))}, "LimitExceeded", "", 409},
		{"a session too short", iam.CreateRoleInput{RoleName: aws.String("n"), MaxSessionDuration: aws.Int32(60)}, "ValidationError", "'maxSessionDuration'", 0},
		{"a boundary that there is not", iam.CreateRoleInput{RoleName: aws.String("n"), PermissionsBoundary: aws.String("arn:aws:iam::000000000000:policy/none")}, "NoSuchEntity", "Scope ARN: arn:aws:iam::000000000000:policy/none", 404},
		{"a tag of AWS", iam.CreateRoleInput{RoleName: aws.String("n"), Tags: []types.Tag{{Key: aws.String("AWS:x")}}}, "ValidationError", "AWS:x", 0},
	} {
		if c.in.AssumeRolePolicyDocument == nil {
			c.in.AssumeRolePolicyDocument = aws.String(trust)
		}
		t.Run(c.name, func(t *testing.T) {
			refused[*iam.CreateRoleOutput](t, c.code, c.text, c.status)(w.CreateRole(ctx, &c.in))
		})
	}
	refused[*iam.CreatePolicyOutput](t, "MalformedPolicyDocument", "principal", 0)(w.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}`)}))
	w.policy("own")
	refused[*iam.CreatePolicyOutput](t, "EntityAlreadyExists", "A policy called OWN already exists.", 409)(w.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("OWN"), PolicyDocument: aws.String(read1)}))
	if roles := must(w.ListRoles(ctx, &iam.ListRolesInput{}))(t).Roles; len(roles) != 1 {
		t.Errorf("there are %d roles", len(roles))
	}
}
