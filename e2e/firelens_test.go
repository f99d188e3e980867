package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a container with the log driver awsfirelens writes reaches the log router of its
// task under its tag, and the router is configured as its task says. The router is the
// sample application, which speaks the engine's side of the forward protocol: it is not
// Fluent Bit, but it is told what Fluent Bit would be.
func TestFirelens(t *testing.T) {
	t.Parallel()
	s := up(t)
	c := s.caller(t)
	key := s.must(t, "ARN", "secretsmanager", "create-secret", "--name", "api-key", "--secret-string", "s3cr3t-of-the-router")
	definition := func(family, network string) string {
		return fmt.Sprintf(`{"family": %q, "networkMode": %q, "executionRoleArn": "arn:aws:iam::000000000000:role/pull", "containerDefinitions": [
			{"name": "app", "image": %[3]q, "memory": 64, "command": ["-say", "hello router", "-hash-env", "FLUENT_HOST,FLUENT_PORT", "-log-every", "200ms"],
			 "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "http", "Host": "logs.example"},
			 "secretOptions": [{"name": "api-key", "valueFrom": %[4]q}]}},
			{"name": "router", "image": %[3]q, "memory": 64, "command": ["-route", "/fluent-bit/etc/fluent-bit.conf", "-hash-env", "api_key_0"],
			 "firelensConfiguration": {"type": "fluentbit", "options": {"enable-ecs-log-metadata": "true"}}}]}`, family, network, image, key)
	}
	bridge := c.reach(s.runJSON(definition("bridge", "bridge")), "RUNNING")
	id := idOf(*bridge.TaskArn)
	said := func(text string) { c.logs("/steady/default", "bridge/router/"+id, text) }
	for _, want := range []string{
		"router: tag=app-firelens-" + id + ` log="hello router" container_name=/ecs-bridge-1-app-` + id + " source=stdout",
		hashed("api_key_0", "s3cr3t-of-the-router"),
		"Match app-firelens*", "Host logs.example", "api-key ${api_key_0}", "Listen 0.0.0.0", "Record ecs_cluster default", "Record ecs_task_definition bridge:1",
		"Record ecs_task_arn " + *bridge.TaskArn,
	} {
		said(want)
	}
	address := c.inspect(bridge, "router").NetworkSettings.Networks["bridge"].IPAddress.String()
	mine := func(text string) { c.logs("/steady/default", "bridge/app/"+id, text) }
	mine(hashed("FLUENT_HOST", address))
	mine(hashed("FLUENT_PORT", "24224"))
	mine("hello router") // in Steady's own log too

	// With awsvpc the router is found on the task's own loopback interface.
	s.must(t, "taskDefinition.revision", "ecs", "register-task-definition", "--cli-input-json", definition("own", "awsvpc"))
	own := idOf(s.must(t, "tasks[0].taskArn", "ecs", "run-task", "--task-definition", "own", "--network-configuration", "awsvpcConfiguration={subnets=[subnet-a]}"))
	c.logs("/steady/default", "own/router/"+own, "Listen 127.0.0.1")
	c.logs("/steady/default", "own/router/"+own, "router: tag=app-firelens-"+own+` log="hello router"`)
	c.logs("/steady/default", "own/app/"+own, hashed("FLUENT_HOST", "127.0.0.1"))
	c.stop("arn:aws:ecs:us-east-1:000000000000:task/default/" + own)
	c.stop(*bridge.TaskArn)
	c.reach(*bridge.TaskArn, "STOPPED")
	said("router: stopped")
	eventually(t, func() string {
		left, err := os.ReadDir(filepath.Join(s.dataDir, "firelens"))
		if err != nil || len(left) > 0 {
			return fmt.Sprintf("%v is left: %v", left, err)
		}
		return ""
	})
	if log := s.stderr.String(); strings.Contains(log, "s3cr3t") {
		t.Errorf("the secret is in the server's log")
	}
}
