// Package policy reads IAM's policy documents and decides by them. What it does not
// know it refuses to read: nothing is ever allowed because it was not understood.
package policy

// Request is what somebody wants to do.
type Request struct {
	Action   string // such as secretsmanager:GetSecretValue
	Resource string // its ARN, or "*" for an action that is about no resource
	// Context are the values of condition keys. Keys are in lower case.
	Context map[string][]string
}

// Decision is what policies say of a request.
type Decision int

const (
	ImplicitDeny Decision = iota // no statement allows it
	ExplicitDeny                 // a statement denies it
	Allow
)

// Decide looks at the policies of an identity: "an explicit deny in any of them
// overrides every allow; what none allows is denied".
func Decide(policies []*Document, r Request) Decision {
	decision := ImplicitDeny
	for _, p := range policies {
		for i := range p.statements {
			s := &p.statements[i]
			if !s.applies(r) {
				continue
			}
			if s.deny {
				return ExplicitDeny
			}
			decision = Allow
		}
	}
	return decision
}

// applies tells whether a statement of an identity's policy is about a request.
func (s *statement) applies(r Request) bool {
	return s.action(r.Action) && s.resource(r) && s.holds(r.Context)
}

func (s *statement) action(name string) bool {
	matched := false
	for _, a := range s.actions {
		matched = matched || a.match(fold(name))
	}
	return matched != s.notAction
}

func (s *statement) resource(r Request) bool {
	matched := false
	for _, pattern := range s.resources {
		p, ok := s.expand(pattern, r.Context)
		if !ok {
			// A variable without a value makes nothing match, NotResource included.
			return false
		}
		matched = matched || matchARN(p, r.Resource)
	}
	return matched != s.notResource
}

func (s *statement) holds(context map[string][]string) bool {
	for _, c := range s.conditions {
		if !c.holds(s, context) {
			return false
		}
	}
	return true
}

// Principal is somebody whom a trust policy may name.
type Principal struct {
	Kind string // AWS, Service or Federated
	ID   string // an ARN, or a service's name such as ecs-tasks.amazonaws.com
}

// Trusts tells whether a role's trust policy lets a principal take that action, such as
// sts:AssumeRole.
func (d *Document) Trusts(p Principal, action string, context map[string][]string) bool {
	allowed := false
	for i := range d.statements {
		s := &d.statements[i]
		if !s.action(action) || !s.names(p) || !s.holds(context) {
			continue
		}
		if s.deny {
			return false
		}
		allowed = true
	}
	return allowed
}

// names tells whether a statement's Principal is, or its NotPrincipal is not, p.
func (s *statement) names(p Principal) bool {
	named := false
	for _, n := range s.principals {
		named = named || n.Kind == "*" || n.Kind == p.Kind && samePrincipal(n, p)
	}
	return named != s.notPrincipal
}

// samePrincipal: "*" is everybody of a kind but services, and an account's id or root
// stands for all who belong to it.
func samePrincipal(named, p Principal) bool {
	if named.ID == p.ID || named.ID == "*" && named.Kind != "Service" {
		return true
	}
	if named.Kind != "AWS" {
		return false
	}
	account := accountOf(p.ID)
	return account != "" && (named.ID == account || named.ID == "arn:aws:iam::"+account+":root")
}
