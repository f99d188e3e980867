package model

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// Parameter is a parameter of the SSM Parameter Store, under its name.
type Parameter struct {
	Name     string
	Tags     []Tag
	Versions []ParameterVersion // oldest first, at least one
}

// ParameterVersion is a parameter as it was put once.
type ParameterVersion struct {
	Number         int64
	Type           types.ParameterType
	Tier           types.ParameterTier
	DataType       string
	Description    string
	AllowedPattern string
	KeyID          string // of a SecureString
	Labels         []string
	Sealed         []byte // the value, encrypted
	PutAt          time.Time
}

// Newest is the version that counts when none is asked for.
func (p *Parameter) Newest() ParameterVersion { return p.Versions[len(p.Versions)-1] }

// ParameterARN is the ARN of a parameter: a leading slash of the name is not doubled.
func (r Realm) ParameterARN(name string) string {
	return "arn:aws:ssm:" + r.Region + ":" + r.Account + ":parameter/" + strings.TrimPrefix(name, "/")
}
