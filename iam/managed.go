package iam

import (
	"encoding/json"
	"strings"
	"time"

	"steady/model"
	"steady/state"
)

// grant is a statement of a policy of AWS: it allows actions on resources.
type grant struct {
	actions  []string
	except   []string // in place of actions: all but these
	on       []string // none: on all
	passedTo string   // the service that a role may be passed to, where that is said
}

func (g grant) MarshalJSON() ([]byte, error) {
	statement := map[string]any{"Effect": "Allow", "Resource": "*"}
	if g.except != nil {
		statement["NotAction"] = g.except
	} else {
		statement["Action"] = g.actions
	}
	if g.on != nil {
		statement["Resource"] = g.on
	}
	if g.passedTo != "" {
		statement["Condition"] = map[string]any{"StringLike": map[string]string{"iam:PassedToService": g.passedTo}}
	}
	return json.Marshal(statement)
}

// documentOf is the policy that statements make.
func documentOf(grants []grant) string {
	b, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": grants})
	if err != nil {
		panic(err) // texts always have a JSON form
	}
	return string(b)
}

const managedPrefix = "arn:aws:iam::aws:policy/"

// managedPolicy is a policy of AWS that Steady knows.
func managedPolicy(arn string) (*model.Policy, bool) {
	name, ok := strings.CutPrefix(arn, managedPrefix)
	grants, known := managed[name]
	if !ok || !known {
		return nil, false
	}
	slash := strings.LastIndexByte(name, '/')
	made := time.Date(2015, 2, 6, 18, 0, 0, 0, time.UTC)
	return &model.Policy{
		Name: name[slash+1:], ID: "ANPA" + strings.ToUpper(name[slash+1:]), Path: "/" + name[:slash+1], ARN: arn,
		Versions: []model.PolicyVersion{{ID: "v1", Document: documentOf(grants), CreatedAt: made}}, Default: "v1", CreatedAt: made, UpdatedAt: made,
	}, true
}

// findPolicy finds a policy of AWS or of one's own.
func findPolicy(s state.Snapshot, arn string) (*model.Policy, bool) {
	if p, ok := managedPolicy(arn); ok {
		return p, true
	}
	return s.Policy(arn)
}

// document is what a policy says.
func document(s state.Snapshot, arn string) (string, bool) {
	p, ok := findPolicy(s, arn)
	if !ok {
		return "", false
	}
	return p.Document(), true
}
