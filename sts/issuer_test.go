package sts

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"steady/awsapi"
	"steady/iam"
	"steady/model"
	"steady/seal"
	"steady/state"
)

var realm = model.Realm{Region: "us-east-1", Account: "000000000000"}

const (
	web      = "arn:aws:iam::000000000000:role/web"
	foreign  = "arn:aws:iam::999999999999:role/brought"
	trustECS = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	trustEC2 = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
)

func world(t *testing.T, enforce bool, trust string) (*Issuer, *iam.API) {
	t.Helper()
	store, err := state.Open(state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	api := iam.New(&iam.Access{Store: store, Realm: realm})
	if _, err := api.CreateRole(t.Context(), &awsiam.CreateRoleInput{RoleName: aws.String("web"), AssumeRolePolicyDocument: &trust}); err != nil {
		t.Fatal(err)
	}
	access := &iam.Access{Store: store, Realm: realm, Enforce: enforce}
	return &Issuer{Box: seal.New(make([]byte, 32)), Access: access, Realm: realm}, api
}

func code(err error) string {
	if e, ok := errors.AsType[*awsapi.Error](err); ok {
		return e.Code
	}
	return ""
}

func TestCredentialsOfATask(t *testing.T) {
	i, _ := world(t, false, trustECS)
	c, err := i.ForTask("web", "0123")
	if err != nil {
		t.Fatal(err)
	}
	s, issued, err := i.Session(c.AccessKeyID, c.SessionToken)
	if err != nil || !issued {
		t.Fatal(issued, err)
	}
	if s.Secret != c.SecretAccessKey || s.Caller.ARN != "arn:aws:sts::000000000000:assumed-role/web/0123" || s.Caller.Role != web || s.Caller.Session != "0123" {
		t.Errorf("%+v", s)
	}
	if !strings.HasPrefix(c.AccessKeyID, "ASIA") || strings.Contains(c.SessionToken, "web") {
		t.Errorf("%+v", c)
	}
	other := &Issuer{Box: seal.New(append(make([]byte, 31), 1)), Access: i.Access, Realm: realm}
	if _, issued, err := other.Session(c.AccessKeyID, c.SessionToken); issued || err != nil {
		t.Errorf("another installation knows them: %v, %v", issued, err)
	}
	if _, issued, err := i.Session("ASIAOTHER", c.SessionToken); issued || code(err) != "UnrecognizedClientException" {
		t.Errorf("a token with another key: %v, %v", issued, err)
	}
}

func TestCredentialsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i, _ := world(t, false, trustECS)
		c, err := i.ForTask(web, "0123")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(TaskSession)
		if _, issued, err := i.Session(c.AccessKeyID, c.SessionToken); issued || code(err) != "ExpiredTokenException" {
			t.Errorf("%v, %v", issued, err)
		}
	})
}

func TestRolesThatECSMayNotAssume(t *testing.T) {
	const told = "ECS was unable to assume the role '%s' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
	i, _ := world(t, false, trustEC2)
	if _, err := i.ForTask(web, "t"); err == nil || err.Error() != strings.Replace(told, "%s", web, 1) {
		t.Errorf("a role of EC2: %v", err)
	}
	if _, err := i.ForTask(foreign, "t"); err != nil {
		t.Errorf("a role that does not exist here: %v", err)
	}
	i.Access.Enforce = true
	if _, err := i.ForTask(foreign, "t"); err == nil || err.Error() != strings.Replace(told, "%s", foreign, 1) {
		t.Errorf("a role that does not exist here, enforced: %v", err)
	}
}

func TestAssumeRole(t *testing.T) {
	i, _ := world(t, false, trustECS)
	in := &awssts.AssumeRoleInput{RoleArn: aws.String(web), RoleSessionName: aws.String("me")}
	if _, err := i.AssumeRole(context.Background(), in); code(err) != "AccessDeniedException" {
		t.Errorf("a role that trusts ECS only: %v", err)
	}
	in.DurationSeconds = aws.Int32(7200)
	if _, err := i.AssumeRole(context.Background(), in); code(err) != "ValidationError" {
		t.Errorf("longer than the role's sessions: %v", err)
	}
	in.Policy = aws.String("{}")
	if _, err := i.AssumeRole(context.Background(), in); code(err) != "UnsupportedFeatureException" {
		t.Errorf("a session policy: %v", err)
	}
}

func TestWhatARoleMayDo(t *testing.T) {
	i, api := world(t, false, trustECS)
	ctx := t.Context()
	put := func(doc string) {
		t.Helper()
		if _, err := api.PutRolePolicy(ctx, &awsiam.PutRolePolicyInput{RoleName: aws.String("web"), PolicyName: aws.String("p"), PolicyDocument: &doc}); err != nil {
			t.Fatal(err)
		}
	}
	allowed := func(role, action, resource string) error {
		c, err := i.ForTask(role, "0123")
		if err != nil {
			t.Fatal(err)
		}
		s, _, err := i.Session(c.AccessKeyID, c.SessionToken)
		if err != nil {
			t.Fatal(err)
		}
		return i.Access.Authorize(ctx, s.Caller, awsapi.Permission{Action: action, Resource: resource})
	}
	const want = "AccessDeniedException: User: arn:aws:sts::000000000000:assumed-role/web/0123 is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k "
	if err := allowed(web, "s3:GetObject", "arn:aws:s3:::b/k"); err == nil || err.Error() != want+"because no identity-based policy allows the s3:GetObject action" {
		t.Errorf("without policies: %v", err)
	}
	put(`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}}`)
	if err := allowed(web, "s3:GetObject", "arn:aws:s3:::b/k"); err != nil {
		t.Errorf("with a policy: %v", err)
	}
	put(`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:Get*","Resource":"*"}]}`)
	if err := allowed(web, "s3:GetObject", "arn:aws:s3:::b/k"); err == nil || err.Error() != want+"with an explicit deny in an identity-based policy" {
		t.Errorf("with a deny: %v", err)
	}
	if err := allowed(foreign, "s3:GetObject", "*"); err != nil {
		t.Errorf("a role that does not exist here: %v", err)
	}
	execution := "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
	if _, err := api.AttachRolePolicy(ctx, &awsiam.AttachRolePolicyInput{RoleName: aws.String("web"), PolicyArn: &execution}); err != nil {
		t.Fatal(err)
	}
	if err := allowed(web, "logs:PutLogEvents", "arn:aws:logs:us-east-1:000000000000:log-group:x"); err != nil {
		t.Errorf("with the policy of AWS: %v", err)
	}
}
