package sts

import (
	"context"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"steady/awsapi"
)

// Service lists the operations for the server.
func (i *Issuer) Service() awsapi.Service {
	return awsapi.Service{
		Name:      "sts",
		Version:   "2011-06-15",
		Namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		Operations: map[string]awsapi.Operation{
			"GetCallerIdentity": awsapi.Op(i.GetCallerIdentity),
			"AssumeRole":        awsapi.Op(i.AssumeRole),
		},
		Permissions: func(_ string, in any) []awsapi.Permission {
			if a, ok := in.(*sts.AssumeRoleInput); ok {
				return []awsapi.Permission{{Resource: aws.ToString(a.RoleArn)}}
			}
			return nil
		},
		// "No permissions are required to perform this operation."
		Free: map[string]bool{"GetCallerIdentity": true},
	}
}

// GetCallerIdentity says who calls: a session of a role, or the account itself.
func (i *Issuer) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	c := awsapi.CallerOf(ctx)
	if c.Role == "" {
		c.ARN, c.UserID = "arn:aws:iam::"+i.Realm.Account+":root", i.Realm.Account
	}
	return &sts.GetCallerIdentityOutput{Account: &i.Realm.Account, Arn: &c.ARN, UserId: &c.UserID}, nil
}

var sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

// AssumeRole makes credentials of a role for whoever its trust policy names.
func (i *Issuer) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	if err := refuse(in); err != nil {
		return nil, err
	}
	role, session := aws.ToString(in.RoleArn), aws.ToString(in.RoleSessionName)
	if !strings.HasPrefix(role, "arn:aws:iam::") || !strings.Contains(role, ":role/") {
		return nil, invalid("%s is invalid", role)
	}
	if !sessionName.MatchString(session) {
		return nil, invalid(`1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*, with a length from 2 to 64`, session)
	}
	lasts, err := i.duration(role, in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	caller := awsapi.CallerOf(ctx)
	if !i.Access.MayAssume(role, caller, aws.ToString(in.ExternalId)) {
		who := caller.ARN
		if who == "" {
			who = "arn:aws:iam::" + i.Realm.Account + ":root"
		}
		return nil, awsapi.Errorf("AccessDeniedException", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", who, role)
	}
	c := i.issue(role, session, lasts)
	return &sts.AssumeRoleOutput{
		AssumedRoleUser: &types.AssumedRoleUser{Arn: &c.ARN, AssumedRoleId: &c.UserID},
		Credentials: &types.Credentials{
			AccessKeyId: &c.AccessKeyID, SecretAccessKey: &c.SecretAccessKey, SessionToken: &c.SessionToken, Expiration: &c.Expiration,
		},
	}, nil
}

// duration: an hour unless another is asked for, from 15 minutes to the role's own limit.
func (i *Issuer) duration(role string, seconds *int32) (time.Duration, error) {
	longest := 12 * time.Hour
	if r, ok := i.Access.Role(role); ok {
		longest = r.MaxSession
	}
	if seconds == nil {
		return time.Hour, nil
	}
	lasts := time.Duration(*seconds) * time.Second
	if lasts < 15*time.Minute {
		return 0, invalid("1 validation error detected: Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900", *seconds)
	}
	if lasts > longest {
		return 0, invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return lasts, nil
}

// refuse names a member that would bound or mark the session, which is not built.
func refuse(in *sts.AssumeRoleInput) error {
	v := reflect.ValueOf(in).Elem()
	for _, member := range []string{"Policy", "PolicyArns", "Tags", "TransitiveTagKeys", "SerialNumber", "TokenCode", "ProvidedContexts", "SourceIdentity"} {
		if f := v.FieldByName(member); f.IsValid() && !f.IsZero() {
			return awsapi.Errorf("UnsupportedFeatureException", "The member %s is not implemented by Steady yet; leave it out.", member)
		}
	}
	return nil
}

func invalid(format string, args ...any) error {
	return awsapi.Errorf("ValidationError", format, args...)
}
