package policy

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Document is a policy that has been read.
type Document struct {
	statements []statement
}

type statement struct {
	deny         bool
	variables    bool // ${…} mean something
	notAction    bool
	actions      []glob
	notResource  bool
	resources    []string
	notPrincipal bool
	principals   []Principal
	conditions   []condition
}

// MaxBytes is how long a document may be that is read.
const MaxBytes = 128 << 10

// Identity reads a policy of an identity: it names resources and no principal. Its
// errors are texts for a MalformedPolicyDocument exception.
func Identity(text string) (*Document, error) { return read(text, false) }

// Trust reads the trust policy of a role: it names principals and no resource.
func Trust(text string) (*Document, error) { return read(text, true) }

// element is a value, or a list of values.
type element []string

// UnmarshalJSONFrom reads either form. Booleans and numbers count as their text, as in
// {"Bool": {"aws:SecureTransport": true}}.
func (e *element) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '[' {
		return e.one(d)
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	*e = element{}
	for d.PeekKind() != ']' {
		if err := e.one(d); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

func (e *element) one(d *jsontext.Decoder) error {
	token, err := d.ReadToken()
	if err != nil {
		return err
	}
	switch token.Kind() {
	case '"', 't', 'f', '0':
		*e = append(*e, token.String())
		return nil
	}
	return errSyntax
}

var errSyntax = fmt.Errorf("Syntax errors in policy.") //lint:ignore ST1005 IAM's text

// wire is a document as it is written.
type wire struct {
	Version   string
	ID        string `json:"Id"`
	Statement jsontext.Value
}

type wireStatement struct {
	Sid          string
	Effect       string
	Principal    jsontext.Value
	NotPrincipal jsontext.Value
	Action       element
	NotAction    element
	Resource     element
	NotResource  element
	Condition    map[string]map[string]element
}

func read(text string, trust bool) (*Document, error) {
	var w wire
	if len(text) > MaxBytes || json.Unmarshal([]byte(text), &w, json.RejectUnknownMembers(true)) != nil {
		return nil, errSyntax
	}
	if w.Version != "" && w.Version != "2012-10-17" && w.Version != "2008-10-17" {
		return nil, errSyntax
	}
	var statements []wireStatement
	into := any(&statements)
	if w.Statement.Kind() == '{' {
		statements = make([]wireStatement, 1)
		into = &statements[0]
	}
	if json.Unmarshal(w.Statement, into, json.RejectUnknownMembers(true)) != nil || len(statements) == 0 {
		return nil, errSyntax
	}
	d := &Document{}
	for _, ws := range statements {
		s, err := readStatement(ws, trust)
		if err != nil {
			return nil, err
		}
		// "Policy variables were introduced in version 2012-10-17; in earlier ones they
		// are treated as literal strings."
		s.variables = w.Version == "2012-10-17"
		if err := s.checkVariables(); err != nil {
			return nil, err
		}
		d.statements = append(d.statements, s)
	}
	return d, nil
}

func readStatement(w wireStatement, trust bool) (statement, error) {
	s := statement{deny: w.Effect == "Deny"}
	if w.Effect != "Deny" && w.Effect != "Allow" {
		return s, errSyntax
	}
	if err := s.readActions(w, trust); err != nil {
		return s, err
	}
	if trust {
		if w.Resource != nil || w.NotResource != nil {
			return s, fmt.Errorf("Has prohibited field Resource") //lint:ignore ST1005 IAM's text
		}
		if err := s.readPrincipals(w); err != nil {
			return s, err
		}
	} else {
		if w.Principal != nil || w.NotPrincipal != nil {
			return s, fmt.Errorf("Policy document should not specify a principal.") //lint:ignore ST1005 IAM's text
		}
		if err := s.readResources(w); err != nil {
			return s, err
		}
	}
	for operator, keys := range w.Condition {
		for key, values := range keys {
			c, err := newCondition(operator, key, values)
			if err != nil {
				return s, err
			}
			s.conditions = append(s.conditions, c)
		}
	}
	return s, nil
}

func (s *statement) readActions(w wireStatement, trust bool) error {
	if (w.Action == nil) == (w.NotAction == nil) || len(w.Action)+len(w.NotAction) == 0 {
		//lint:ignore ST1005 IAM's text
		return fmt.Errorf("Policy statement must contain actions.")
	}
	s.notAction = w.NotAction != nil
	for _, a := range append(w.Action, w.NotAction...) {
		vendor, name, ok := strings.Cut(a, ":")
		switch {
		case a == "*":
		case !ok || vendor == "" || name == "" || strings.ContainsAny(vendor, "*? "):
			//lint:ignore ST1005 IAM's text
			return fmt.Errorf("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		case trust && fold(vendor) != "sts":
			//lint:ignore ST1005 IAM's text
			return fmt.Errorf("AssumeRole policy may only specify STS AssumeRole actions.")
		}
		s.actions = append(s.actions, newGlob(fold(a)))
	}
	return nil
}

func (s *statement) readResources(w wireStatement) error {
	if (w.Resource == nil) == (w.NotResource == nil) || len(w.Resource)+len(w.NotResource) == 0 {
		return fmt.Errorf("Policy statement must contain resources.") //lint:ignore ST1005 IAM's text
	}
	s.notResource = w.NotResource != nil
	for _, r := range append(w.Resource, w.NotResource...) {
		if r != "*" && !isARN(r) {
			return fmt.Errorf("Resource %s must be in ARN format or \"*\".", r) //lint:ignore ST1005 IAM's text
		}
		s.resources = append(s.resources, r)
	}
	return nil
}

func (s *statement) readPrincipals(w wireStatement) error {
	given := w.Principal
	if s.notPrincipal = w.NotPrincipal != nil; s.notPrincipal {
		given = w.NotPrincipal
	}
	if given == nil || w.Principal != nil && w.NotPrincipal != nil {
		return fmt.Errorf("Missing required field Principal") //lint:ignore ST1005 IAM's text
	}
	var everybody string
	if json.Unmarshal(given, &everybody) == nil && everybody == "*" {
		s.principals = []Principal{{Kind: "*", ID: "*"}}
		return nil
	}
	var kinds map[string]element
	if json.Unmarshal(given, &kinds) != nil || len(kinds) == 0 {
		return errSyntax
	}
	for kind, ids := range kinds {
		if kind != "AWS" && kind != "Service" && kind != "Federated" && kind != "CanonicalUser" {
			return fmt.Errorf("Invalid principal in policy: %q:%q", kind, strings.Join(ids, ",")) //lint:ignore ST1005 IAM's text
		}
		for _, id := range ids {
			if id == "" || strings.Contains(id, "*") && id != "*" || kind == "Service" && !strings.Contains(id, ".") {
				return fmt.Errorf("Invalid principal in policy: %q:%q", kind, id) //lint:ignore ST1005 IAM's text
			}
			s.principals = append(s.principals, Principal{Kind: kind, ID: id})
		}
	}
	return nil
}
