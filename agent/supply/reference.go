package supply

import (
	"errors"
	"strings"
)

// Reference is what the valueFrom of a secret names.
type Reference struct {
	// Parameter is the name or ARN of a parameter; or Secret is the ARN of a secret.
	Parameter string
	Secret    string
	// Key is a key in the JSON of a secret's value; empty is the whole value. Stage and
	// Version say which version of the secret; both empty is AWSCURRENT.
	Key, Stage, Version string
}

var (
	errARN        = errors.New("an invalid ARN format for the AWS Secrets Manager secret was specified. Specify a valid ARN and try again.") //lint:ignore ST1005 ECS's text
	errParameters = errors.New("unexpected ARN format with parameters when trying to retrieve ASM secret")
	errEmpty      = errors.New("valueFrom is empty: give the ARN of a secret, or the name or ARN of a parameter")
)

// ParseReference reads a valueFrom: the ARN of a secret of Secrets Manager, to which
// ":json-key:version-stage:version-id" may be added; or a parameter's ARN or name.
func ParseReference(valueFrom string) (Reference, error) {
	if valueFrom == "" {
		return Reference{}, errEmpty
	}
	part := strings.Split(valueFrom, ":")
	if part[0] != "arn" || len(part) < 3 || part[2] != "secretsmanager" {
		return Reference{Parameter: valueFrom}, nil
	}
	if len(part) < 7 || part[5] != "secret" || part[6] == "" {
		return Reference{}, errARN
	}
	r := Reference{Secret: strings.Join(part[:7], ":")}
	switch len(part) {
	case 7:
	case 10:
		r.Key, r.Stage, r.Version = part[7], part[8], part[9]
	default:
		return Reference{}, errParameters
	}
	return r, nil
}
