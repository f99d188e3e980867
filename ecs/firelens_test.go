package ecs

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

func TestRegisterWithALogRouter(t *testing.T) {
	app := `{"name": "app", "image": "web", "memory": 64, "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "null", "log-driver-buffer-limit": "100"}}}`
	router := func(options, more string) string {
		return `{"name": "router", "image": "fluent-bit", "memory": 64, "firelensConfiguration": {"type": "fluentbit", "options": {` + options + `}}` + more + `}`
	}
	s3 := `"config-file-type": "s3", "config-file-value": "arn:aws:s3:::bucket/extra.conf"`
	for _, c := range []struct{ containers, more, want string }{
		{app, "", "ClientException: When awsfirelens log driver is specified in log configuration, a firelens configuration object must be configured in one of the containers."},
		{router("", ""), "", "ClientException: When a firelensConfiguration object is specified, at least one container has to be configured with the awsfirelens log driver."},
		{app + "," + router(s3, ""), "", "ClientException: When you are specifying a firelens configuration file of S3"},
		{app + "," + router(s3, ""), `, "executionRoleArn": "arn:aws:iam::000000000000:role/x", "networkMode": "awsvpc", "cpu": "256", "memory": "512", "requiresCompatibilities": ["FARGATE"]`,
			"ClientException: Fargate compatible task definitions do not support firelensConfiguration with the config-file-type s3"},
		{app + "," + router("", `, "dependsOn": [{"containerName": "app", "condition": "START"}]`), "", "ClientException: Invalid setting for container 'app'. With the log driver 'awsfirelens' it waits for the log router 'router', which is or waits for this container."},
		{router("", `, "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "null"}}`), "", "ClientException: Invalid setting for container 'router'. With the log driver 'awsfirelens' it waits for the log router 'router'"},
	} {
		w := newWorld(t)
		_, err := w.RegisterTaskDefinition(t.Context(), registration(t, `{"family": "web", "containerDefinitions": [`+c.containers+`]`+c.more+`}`))
		refusedWith(t, c.containers, err, c.want)
	}
	w := newWorld(t)
	out, err := w.RegisterTaskDefinition(t.Context(), registration(t, `{"family": "web", "executionRoleArn": "arn:aws:iam::000000000000:role/x", "containerDefinitions": [`+app+","+router(s3, "")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range out.TaskDefinition.RequiresAttributes {
		names = append(names, aws.ToString(a.Name))
	}
	for _, n := range []string{"ecs.capability.firelens.fluentbit", "ecs.capability.firelens.options.config.s3", "com.amazonaws.ecs.capability.logging-driver.awsfirelens",
		"ecs.capability.logging-driver.awsfirelens.log-driver-buffer-limit"} {
		if !slices.Contains(names, n) {
			t.Errorf("%s is not required: %v", n, names)
		}
	}
}

func registration(t *testing.T, text string) *ecs.RegisterTaskDefinitionInput {
	t.Helper()
	in := new(ecs.RegisterTaskDefinitionInput)
	if err := json.Unmarshal([]byte(text), in); err != nil {
		t.Fatal(err)
	}
	return in
}
