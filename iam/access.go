package iam

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"steady/awsapi"
	"steady/iam/policy"
	"steady/model"
	"steady/state"
)

// Access decides what roles may do. A role that exists here is decided by its policies.
// One that does not, such as that of a task definition brought from AWS, may do
// everything, unless Enforce.
type Access struct {
	Store   *state.Store
	Realm   model.Realm
	Enforce bool
}

// RoleARN completes the name of a role, which ECS takes in place of an ARN.
func (a *Access) RoleARN(role string) string {
	if role == "" || strings.HasPrefix(role, "arn:") {
		return role
	}
	return a.Realm.RoleARN("/", role)
}

// Role finds the role of an ARN, or of a name.
func (a *Access) Role(arn string) (*model.Role, bool) {
	arn = a.RoleARN(arn)
	r, ok := a.Store.Snapshot().Role(arn[strings.LastIndexByte(arn, '/')+1:])
	if !ok || a.Realm.RoleARN(r.Path, r.Name) != arn {
		return nil, false
	}
	return r, true
}

// ECSMayAssume tells whether ECS gets credentials of a role for a task: its trust policy
// has to let ecs-tasks.amazonaws.com assume it. Its error is ECS's text.
func (a *Access) ECSMayAssume(role string) error {
	if a.trusts(role, policy.Principal{Kind: "Service", ID: "ecs-tasks.amazonaws.com"}, map[string][]string{
		"aws:sourceaccount": {a.Realm.Account},
		"aws:sourcearn":     {"arn:aws:ecs:" + a.Realm.Region + ":" + a.Realm.Account + ":*"},
	}) {
		return nil
	}
	return fmt.Errorf("ECS was unable to assume the role '%s' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.", a.RoleARN(role)) //lint:ignore ST1005 ECS's text
}

// MayAssume tells whether a principal may assume a role by the role's trust policy.
func (a *Access) MayAssume(role string, by awsapi.Caller, externalID string) bool {
	p := policy.Principal{Kind: "AWS", ID: by.Role}
	if by.Role == "" {
		p.ID = "arn:aws:iam::" + a.Realm.Account + ":root"
	}
	conditions := a.context(by)
	if externalID != "" {
		conditions["sts:externalid"] = []string{externalID}
	}
	return a.trusts(role, p, conditions)
}

func (a *Access) trusts(role string, p policy.Principal, conditions map[string][]string) bool {
	r, ok := a.Role(role)
	if !ok {
		return !a.Enforce
	}
	trust, err := policy.Trust(r.Trust)
	return err == nil && trust.Trusts(p, "sts:AssumeRole", conditions)
}

// Authorize tells whether a caller may do something. Its error is in AWS's words.
func (a *Access) Authorize(_ context.Context, c awsapi.Caller, p awsapi.Permission) error {
	if c.Role == "" {
		return nil // whoever has credentials of the account itself
	}
	r, ok := a.Role(c.Role)
	if !ok {
		if a.Enforce {
			return denied(c, p, "because no identity-based policy allows the "+p.Action+" action")
		}
		return nil
	}
	conditions := a.contextOf(r, c)
	for key, value := range p.Conditions {
		conditions[strings.ToLower(key)] = []string{value}
	}
	request := policy.Request{Action: p.Action, Resource: p.Resource, Context: conditions}
	snap := *a.Store.Snapshot()
	switch policy.Decide(policies(snap, r), request) {
	case policy.ExplicitDeny:
		return denied(c, p, "with an explicit deny in an identity-based policy")
	case policy.ImplicitDeny:
		return denied(c, p, "because no identity-based policy allows the "+p.Action+" action")
	}
	return bounded(snap, r, c, p, request)
}

// bounded: "the permissions are the intersection of the policies and the boundary".
func bounded(snap state.Snapshot, r *model.Role, c awsapi.Caller, p awsapi.Permission, request policy.Request) error {
	if r.Boundary == "" {
		return nil
	}
	var boundary []*policy.Document
	if text, ok := document(snap, r.Boundary); ok {
		boundary = read(text)
	}
	switch policy.Decide(boundary, request) {
	case policy.Allow:
		return nil
	case policy.ExplicitDeny:
		return denied(c, p, "with an explicit deny in a permissions boundary")
	}
	return denied(c, p, "because no permissions boundary allows the "+p.Action+" action")
}

func denied(c awsapi.Caller, p awsapi.Permission, why string) error {
	return awsapi.Errorf("AccessDeniedException", "User: %s is not authorized to perform: %s on resource: %s %s", c.ARN, p.Action, p.Resource, why)
}

// policies are those of a role, embedded and attached.
func policies(snap state.Snapshot, r *model.Role) []*policy.Document {
	var list []*policy.Document
	for _, p := range r.Inline {
		list = append(list, read(p.Document)...)
	}
	for _, arn := range r.Attached {
		if text, ok := document(snap, arn); ok {
			list = append(list, read(text)...)
		}
	}
	return list
}

// read reads a document that was read when it was put.
func read(text string) []*policy.Document {
	d, err := policy.Identity(text)
	if err != nil {
		return nil
	}
	return []*policy.Document{d}
}

// contextOf are the values of the condition keys of what is done under a role.
func (a *Access) contextOf(r *model.Role, c awsapi.Caller) map[string][]string {
	values := a.context(c)
	for _, t := range r.Tags {
		values["aws:principaltag/"+strings.ToLower(t.Key)] = []string{t.Value}
	}
	return values
}

// context are the values of the condition keys that every request has.
func (a *Access) context(c awsapi.Caller) map[string][]string {
	now := time.Now().UTC()
	values := map[string][]string{
		"aws:currenttime":      {now.Format(time.RFC3339)},
		"aws:epochtime":        {strconv.FormatInt(now.Unix(), 10)},
		"aws:requestedregion":  {a.Realm.Region},
		"aws:principalaccount": {a.Realm.Account},
		"aws:resourceaccount":  {a.Realm.Account},
		"aws:securetransport":  {"false"},
		"aws:viaawsservice":    {"false"},
	}
	for key, value := range map[string]string{
		"aws:userid": c.UserID, "aws:principalarn": c.Role, "aws:sourceip": c.SourceIP,
	} {
		if value != "" {
			values[key] = []string{value}
		}
	}
	if c.Role != "" {
		values["aws:principaltype"] = []string{"AssumedRole"}
	}
	return values
}
