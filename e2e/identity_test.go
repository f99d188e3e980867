package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// Who works under a role may do what its policies allow, and nothing else.
func TestRoles(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim")
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"sts:AssumeRole"}]}`
	s.must(t, "Role.Arn", "iam", "create-role", "--role-name", "writer", "--path", "/team/", "--assume-role-policy-document", trust)
	out, err := s.tryAWS("iam", "get-role", "--role-name", "writer", "--query", "Role.AssumeRolePolicyDocument") // as the client decodes it
	var shown struct {
		Statement []struct{ Principal struct{ AWS string } }
	}
	if err != nil || json.Unmarshal([]byte(out), &shown) != nil || len(shown.Statement) != 1 || shown.Statement[0].Principal.AWS != "arn:aws:iam::000000000000:root" {
		t.Errorf("the trust policy is shown as %s, %v", out, err)
	}
	const policy = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"logs:*","Resource":"arn:aws:logs:*:*:log-group:/ours:*"},
		{"Effect":"Allow","Action":["ecs:RunTask","ecs:RegisterTaskDefinition"],"Resource":"*"}]}`
	for _, args := range [][]string{
		{"iam", "put-role-policy", "--role-name", "writer", "--policy-name", "logs", "--policy-document", policy},
		{"iam", "attach-role-policy", "--role-name", "writer", "--policy-arn", "arn:aws:iam::aws:policy/SecretsManagerReadWrite"},
		{"logs", "create-log-group", "--log-group-name", "/theirs"},
	} {
		if _, err := s.tryAWS(args...); err != nil {
			t.Fatal(err)
		}
	}
	c := s.caller(t)
	c.withSecrets("roles", "arn:aws:iam::000000000000:role/brought", app(), "A")

	key := strings.Fields(s.must(t, "Credentials.[AccessKeyId,SecretAccessKey,SessionToken]", "sts", "assume-role", "--role-arn", "arn:aws:iam::000000000000:role/team/writer", "--role-session-name", "me"))
	under := credentials.NewStaticCredentialsProvider(key[0], key[1], key[2])
	logs := cloudwatchlogs.New(cloudwatchlogs.Options{Region: "us-east-1", BaseEndpoint: &s.url, Credentials: under})
	put := func(group string) error {
		_, err := logs.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
			LogGroupName: &group, LogStreamName: awssdk.String("a"),
			LogEvents: []logtypes.InputLogEvent{{Message: awssdk.String("hello"), Timestamp: awssdk.Int64(time.Now().UnixMilli())}},
		})
		return err
	}
	if _, err := logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: awssdk.String("/ours")}); err != nil {
		t.Error(err)
	}
	if _, err := logs.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: awssdk.String("/ours"), LogStreamName: awssdk.String("a")}); err != nil {
		t.Error(err)
	}
	if err := put("/ours"); err != nil {
		t.Error(err)
	}
	const denied = "User: arn:aws:sts::000000000000:assumed-role/writer/me is not authorized to perform: "
	if err := put("/theirs"); err == nil || !strings.Contains(err.Error(), denied+"logs:PutLogEvents on resource: arn:aws:logs:us-east-1:000000000000:log-group:/theirs:log-stream:a because") {
		t.Errorf("another group: %v", err)
	}
	api := ecs.New(ecs.Options{Region: "us-east-1", BaseEndpoint: &s.url, Credentials: under})
	if _, err := api.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: awssdk.String("roles")}); err == nil ||
		!strings.Contains(err.Error(), denied+"iam:PassRole on resource: arn:aws:iam::000000000000:role/brought because") {
		t.Errorf("RunTask without iam:PassRole: %v", err)
	}
	if _, err := s.tryAWS("iam", "delete-role", "--role-name", "writer"); err == nil || !strings.Contains(err.Error(), "(DeleteConflict) when calling the DeleteRole operation: Cannot delete entity, must detach all policies first.") {
		t.Errorf("delete-role: %v", err)
	}
}
