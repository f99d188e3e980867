// Package iam is the API of IAM for roles and their policies, as far as tasks need
// them, and decides what a role may do. It never issues credentials.
package iam

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"

	"steady/awsapi"
	"steady/iam/policy"
	"steady/model"
	"steady/state"
)

// API has a method for each operation that Steady carries out.
type API struct {
	access *Access
	store  *state.Store
	realm  model.Realm
}

// New makes the API over the roles that decide access.
func New(access *Access) *API { return &API{access, access.Store, access.Realm} }

// Service lists the operations for the server.
func (a *API) Service() awsapi.Service {
	return awsapi.Service{
		Name:        "iam",
		Version:     "2010-05-08",
		Namespace:   "https://iam.amazonaws.com/doc/2010-05-08/",
		Permissions: a.permissions,
		Operations: map[string]awsapi.Operation{
			"CreateRole":             awsapi.Op(a.CreateRole),
			"GetRole":                awsapi.Op(a.GetRole),
			"ListRoles":              awsapi.Op(a.ListRoles),
			"UpdateRole":             awsapi.Op(a.UpdateRole),
			"UpdateAssumeRolePolicy": awsapi.Op(a.UpdateAssumeRolePolicy),
			"DeleteRole":             awsapi.Op(a.DeleteRole),
			"TagRole":                awsapi.Op(a.TagRole),
			"UntagRole":              awsapi.Op(a.UntagRole),
			"ListRoleTags":           awsapi.Op(a.ListRoleTags),

			"PutRolePolicy":    awsapi.Op(a.PutRolePolicy),
			"GetRolePolicy":    awsapi.Op(a.GetRolePolicy),
			"DeleteRolePolicy": awsapi.Op(a.DeleteRolePolicy),
			"ListRolePolicies": awsapi.Op(a.ListRolePolicies),

			"AttachRolePolicy":         awsapi.Op(a.AttachRolePolicy),
			"DetachRolePolicy":         awsapi.Op(a.DetachRolePolicy),
			"ListAttachedRolePolicies": awsapi.Op(a.ListAttachedRolePolicies),

			"SimulatePrincipalPolicy": awsapi.Op(a.SimulatePrincipalPolicy),

			"CreatePolicy":            awsapi.Op(a.CreatePolicy),
			"GetPolicy":               awsapi.Op(a.GetPolicy),
			"ListPolicies":            awsapi.Op(a.ListPolicies),
			"DeletePolicy":            awsapi.Op(a.DeletePolicy),
			"CreatePolicyVersion":     awsapi.Op(a.CreatePolicyVersion),
			"GetPolicyVersion":        awsapi.Op(a.GetPolicyVersion),
			"ListPolicyVersions":      awsapi.Op(a.ListPolicyVersions),
			"SetDefaultPolicyVersion": awsapi.Op(a.SetDefaultPolicyVersion),
			"DeletePolicyVersion":     awsapi.Op(a.DeletePolicyVersion),

			// There are no instance profiles; Terraform asks before it deletes a role.
			"ListInstanceProfilesForRole": awsapi.Op(a.ListInstanceProfilesForRole),
		},
	}
}

// permissions: what is done to a role is asked for on the role.
func (a *API) permissions(_ string, in any) []awsapi.Permission {
	if name := stringField(in, "RoleName"); name != "" {
		arn := a.realm.RoleARN("/", name)
		if r, ok := a.store.Snapshot().Role(name); ok {
			arn = a.realm.RoleARN(r.Path, r.Name)
		}
		return []awsapi.Permission{{Resource: arn}}
	}
	if arn := stringField(in, "PolicyArn"); arn != "" {
		return []awsapi.Permission{{Resource: arn}}
	}
	if arn := stringField(in, "PolicySourceArn"); arn != "" {
		return []awsapi.Permission{{Resource: arn}}
	}
	return nil
}

// IAM's errors have HTTP statuses of their own.

func noSuchEntity(format string, args ...any) error {
	e := awsapi.Errorf("NoSuchEntity", format, args...)
	e.Status = http.StatusNotFound
	return e
}

func conflict(code, format string, args ...any) error {
	e := awsapi.Errorf(code, format, args...)
	e.Status = http.StatusConflict
	return e
}

func invalid(format string, args ...any) error {
	return awsapi.Errorf("ValidationError", format, args...)
}

func malformedPolicy(err error) error {
	return awsapi.Errorf("MalformedPolicyDocument", "%s", err)
}

// entityName is the form of the names of roles and policies.
var entityName = regexp.MustCompile(`^[\w+=,.@-]+$`)

func checkName(name *string, at string, max int) (string, error) {
	n := aws.ToString(name)
	switch {
	case n == "":
		return "", invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", at)
	case utf8.RuneCountInString(n) > max:
		return "", invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", n, at, max)
	case !entityName.MatchString(n):
		return "", invalid("The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", at)
	}
	return n, nil
}

var entityPath = regexp.MustCompile(`^(/|/[!-~]+/)$`)

func checkPath(path *string) (string, error) {
	p := aws.ToString(path)
	if p == "" {
		return "/", nil
	}
	if len(p) > 512 || !entityPath.MatchString(p) || strings.Contains(p, "//") {
		return "", invalid("The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return p, nil
}

// newID makes an id such as AROA and 17 more characters.
func newID(prefix string) string {
	var b [11]byte
	rand.Read(b[:])
	return prefix + base32.StdEncoding.EncodeToString(b[:])[:17]
}

// maxTags is how many tags a role or a policy can have.
const maxTags = 50

// change runs fn with a copy of a role, and writes it.
func (a *API) change(ctx context.Context, name *string, fn func(tx *state.Tx, r *model.Role) error) error {
	n, err := checkName(name, "roleName", 64)
	if err != nil {
		return err
	}
	return a.store.Update(ctx, func(tx *state.Tx) error {
		old, ok := tx.Role(n)
		if !ok {
			return roleNotFound(n)
		}
		r := *old
		if err := fn(tx, &r); err != nil {
			return err
		}
		tx.PutRole(&r)
		return nil
	})
}

func (a *API) role(name *string) (*model.Role, error) {
	n, err := checkName(name, "roleName", 64)
	if err != nil {
		return nil, err
	}
	r, ok := a.store.Snapshot().Role(n)
	if !ok {
		return nil, roleNotFound(n)
	}
	return r, nil
}

func roleNotFound(name string) error {
	return noSuchEntity("The role with name %s cannot be found.", name)
}

// checkDocument reads a document, whose errors are told.
func checkDocument(text *string, max int, read func(string) (*policy.Document, error)) (string, error) {
	t := aws.ToString(text)
	if t == "" {
		return "", invalid("1 validation error detected: Value null at 'policyDocument' failed to satisfy constraint: Member must not be null")
	}
	// "White space is not counted."
	if n := utf8.RuneCountInString(strings.Join(strings.Fields(t), "")); n > max {
		return "", conflict("LimitExceeded", "Maximum policy size of %d bytes exceeded", max)
	}
	if _, err := read(t); err != nil {
		return "", malformedPolicy(err)
	}
	return t, nil
}
