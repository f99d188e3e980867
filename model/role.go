package model

import "time"

// Role is a role of IAM, under its name.
type Role struct {
	Name        string
	ID          string // AROA…
	Path        string // begins and ends with a slash
	Description string
	// Trust is the policy document that says who may assume the role.
	Trust      string
	MaxSession time.Duration
	// Boundary is the ARN of the policy that bounds what the others allow, or empty.
	Boundary  string
	Inline    []RolePolicy // by name
	Attached  []string     // ARNs of policies, in the order of attachment
	Tags      []Tag
	CreatedAt time.Time
}

// RolePolicy is a policy that is embedded in a role.
type RolePolicy struct {
	Name     string
	Document string
}

// Policy is a policy of the customer's own, under its ARN.
type Policy struct {
	Name        string
	ID          string // ANPA…
	Path        string
	ARN         string
	Description string
	Versions    []PolicyVersion // oldest first, at least one
	Default     string          // id of the version that counts
	Tags        []Tag
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// PolicyVersion is one document of a policy.
type PolicyVersion struct {
	ID        string // v1, v2, …
	Document  string
	CreatedAt time.Time
}

// Document is what the policy says.
func (p *Policy) Document() string {
	for _, v := range p.Versions {
		if v.ID == p.Default {
			return v.Document
		}
	}
	return ""
}

// RoleARN is the ARN of a role; its path begins and ends with a slash.
func (r Realm) RoleARN(path, name string) string {
	return "arn:aws:iam::" + r.Account + ":role" + path + name
}

// PolicyARN is the ARN of a policy; its path begins and ends with a slash.
func (r Realm) PolicyARN(path, name string) string {
	return "arn:aws:iam::" + r.Account + ":policy" + path + name
}

// AssumedRoleARN is the ARN of whoever works under a role, in a session of that name.
func (r Realm) AssumedRoleARN(role, session string) string {
	return "arn:aws:sts::" + r.Account + ":assumed-role/" + role + "/" + session
}
