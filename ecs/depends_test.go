package ecs

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// dependent is a task definition of the container app with more members, and of a second
// container that is not essential, with more members too.
func dependent(t *testing.T, app, other string) *ecs.RegisterTaskDefinitionInput {
	t.Helper()
	in := &ecs.RegisterTaskDefinitionInput{}
	text := `{"family": "web", "containerDefinitions": [{"name": "app", "image": "web", "memory": 64` + app + `},
		{"name": "other", "image": "web", "memory": 64, "essential": false` + other + `}]}`
	if err := json.Unmarshal([]byte(text), in); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return in
}

func on(name, condition string) string {
	return `, "dependsOn": [{"containerName": "` + name + `", "condition": "` + condition + `"}]`
}

func TestDependenciesAreChecked(t *testing.T) {
	codes := strings.TrimSuffix(strings.Repeat("1,", 51), ",")
	for _, row := range []struct{ app, other, want string }{
		{on("x", "START"), "", "Cannot depend on container + 'x' because it does not exist"},
		{on("other", "COMPLETE"), `, "essential": true`, "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container"},
		{on("other", "SUCCESS"), `, "essential": true`, "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container"},
		{on("other", "HEALTHY"), "", setTo + "It depends on the container 'other' with the condition HEALTHY, which has no health check: give it one."},
		{on("other", "HEALTHY"), `, "healthCheck": {"command": ["NONE"]}`, setTo + "It depends on the container 'other' with the condition HEALTHY, which has no health check: give it one."},
		{on("other", "DONE"), "", setTo + "'condition' of the dependency on 'other' should be one of [START,COMPLETE,SUCCESS,HEALTHY]."},
		{on("other", ""), "", setTo + "'condition' of the dependency on 'other' should be one of [START,COMPLETE,SUCCESS,HEALTHY]."},
		{on("app", "START"), "", setTo + "Its 'dependsOn', 'links' and 'volumesFrom' lead back to itself."},
		{on("other", "START"), on("app", "START"), setTo + "Its 'dependsOn', 'links' and 'volumesFrom' lead back to itself."},
		{on("other", "START"), `, "links": ["app"]`, setTo + "Its 'dependsOn', 'links' and 'volumesFrom' lead back to itself."},
		{`, "links": ["other"]`, `, "links": ["app:a"]`, "Container links should not have a cycle"},
		{`, "startTimeout": -1`, "", setTo + "'startTimeout' can not be negative."},
		{`, "restartPolicy": {}`, "", setTo + "'restartPolicy.enabled' should not be null."},
		{`, "restartPolicy": {"enabled": true, "restartAttemptPeriod": 59}`, "", setTo + "'restartAttemptPeriod' should be from 60 to 1800 seconds."},
		{`, "restartPolicy": {"enabled": true, "restartAttemptPeriod": 1801}`, "", setTo + "'restartAttemptPeriod' should be from 60 to 1800 seconds."},
		{`, "restartPolicy": {"enabled": true, "ignoredExitCodes": [` + codes + `]}`, "", setTo + "'ignoredExitCodes' should have at most 50 exit codes; 51 are given."},
		{`, "restartPolicy": {"enabled": true, "ignoredExitCodes": [256]}`, "", setTo + "'ignoredExitCodes' has 256: an exit code is from 0 to 255."},
	} {
		w := newWorld(t)
		_, err := w.RegisterTaskDefinition(t.Context(), dependent(t, row.app, row.other))
		refusedWith(t, row.app+row.other, err, "ClientException: "+row.want)
	}
}

func TestDependenciesAreShownAndAskedFor(t *testing.T) {
	w := newWorld(t)
	out, err := w.RegisterTaskDefinition(t.Context(), dependent(t, on("other", "HEALTHY")+`, "startTimeout": 30`,
		`, "healthCheck": {"command": ["CMD", "true"]}, "restartPolicy": {"enabled": true, "ignoredExitCodes": [0]}`))
	if err != nil {
		t.Fatal(err)
	}
	c := out.TaskDefinition.ContainerDefinitions
	if len(c[0].DependsOn) != 1 || c[0].DependsOn[0].Condition != types.ContainerConditionHealthy || *c[0].StartTimeout != 30 {
		t.Errorf("the container is shown as %+v", c[0])
	}
	if p := c[1].RestartPolicy; p == nil || *p.RestartAttemptPeriod != 300 || len(p.IgnoredExitCodes) != 1 {
		t.Errorf("the restart policy is shown as %+v", p)
	}
	asked := map[string]bool{}
	for _, a := range out.TaskDefinition.RequiresAttributes {
		asked[*a.Name] = true
	}
	if !asked["ecs.capability.container-ordering"] || !asked["ecs.capability.container-restart-policy"] {
		t.Errorf("the task definition asks for %v", asked)
	}
}
