package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/moby/moby/client"
)

// attemptPeriod is the shortest that a restart policy may have, in seconds.
const attemptPeriod = 60

// ends is a container of a task that can do without it: its script ends after the attempt
// period. A second run tells how often it was restarted, and goes on.
func ends(name string, code int, policy *types.ContainerRestartPolicy) types.ContainerDefinition {
	if policy != nil {
		policy.RestartAttemptPeriod = awssdk.Int32(attemptPeriod)
	}
	const script = `echo run >>/runs; n=$(wc -l </runs); echo "run $n"
test $n -gt 1 || { sleep %d; exit %d; }
until wget -qO- $ECS_CONTAINER_METADATA_URI_V4 | grep -o '"RestartCount":[1-9]'; do sleep 0.2; done
sleep 600 & wait`
	return types.ContainerDefinition{
		Name: &name, Essential: awssdk.Bool(false), Memory: awssdk.Int32(32), RestartPolicy: policy,
		EntryPoint: []string{"sh", "-c"}, Command: []string{fmt.Sprintf(script, attemptPeriod+1, code)},
	}
}

// A container that has run for its attempt period and ends is started again, in place; not
// so one whose exit code is ignored, and one without a policy that is on. What ends again
// within the period has ended.
func TestARestartPolicy(t *testing.T) {
	t.Parallel()
	c := up(t, "--telemetry-every", "1s").caller(t)
	aws[struct{}](c.server, "ecs", "update-cluster-settings", "--cluster", "default", "--settings", "name=containerInsights,value=enabled")
	on, off := awssdk.Bool(true), awssdk.Bool(false)
	containers := []types.ContainerDefinition{
		{Name: awssdk.String("app"), Memory: awssdk.Int32(32), EntryPoint: []string{"sh", "-c"}, Command: []string{idle}},
		ends("again", 3, &types.ContainerRestartPolicy{Enabled: on, IgnoredExitCodes: []int32{0, 7}}),
		ends("well", 0, &types.ContainerRestartPolicy{Enabled: on}),
		ends("ignored", 7, &types.ContainerRestartPolicy{Enabled: on, IgnoredExitCodes: []int32{0, 7}}),
		ends("off", 3, &types.ContainerRestartPolicy{Enabled: off}),
		ends("none", 3, nil),
	}
	for i := range containers {
		containers[i].Image = awssdk.String(needShell(t))
	}
	ref := c.inMode("policy", types.NetworkModeHost, containers...) // where the metadata is to be had without root
	arn := c.runOf(ref)
	before := c.reach(arn, "RUNNING")

	for _, name := range []string{"again", "well"} {
		eventually(t, func() string {
			if out, _ := c.server.steady("logs", arn); !strings.Contains(out, "/"+name+` | "RestartCount":1`) {
				return "the second run of " + name + " does not tell that it is: " + out
			}
			return ""
		})
		was, now := containerOf(t, before, name), containerOf(t, c.task(arn), name)
		if *now.LastStatus != "RUNNING" || now.ExitCode != nil || *now.RuntimeId != *was.RuntimeId {
			t.Errorf("%s, which was started again, is %s with exit code %v in %s, it was in %s",
				name, *now.LastStatus, now.ExitCode, *now.RuntimeId, *was.RuntimeId)
		}
	}
	instance := idOf(*before.ContainerInstanceArn)
	eventually(t, func() string {
		for _, m := range c.logged("/aws/ecs/containerinsights/default/performance", "AgentTelemetry-"+instance) {
			if strings.Contains(m, `"ContainerName":"again"`) && strings.Contains(m, `"RestartCount":1`) {
				return ""
			}
		}
		return "no telemetry tells of the restart"
	})
	for name, code := range map[string]int32{"ignored": 7, "off": 3, "none": 3} {
		c.containerEnds(arn, name, code)
	}
	c.endsWithinThePeriod(arn, "again")
	if now := c.task(arn); *now.LastStatus != "RUNNING" || !now.StartedAt.Equal(*before.StartedAt) {
		t.Errorf("the task is %s since %v, it was RUNNING since %v", *now.LastStatus, now.StartedAt, before.StartedAt)
	}
}

// endsWithinThePeriod kills a container that was just started again.
func (c *caller) endsWithinThePeriod(arn, name string) {
	c.t.Helper()
	task := c.task(arn)
	begun := moment(c.t, c.inspect(task, name).State.StartedAt)
	if _, err := engine.ContainerKill(c.t.Context(), *containerOf(c.t, task, name).RuntimeId, client.ContainerKillOptions{Signal: "SIGKILL"}); err != nil {
		c.t.Fatal(err)
	}
	if ran := time.Since(begun); ran > (attemptPeriod-5)*time.Second {
		c.t.Logf("this machine is too slow to end %s within its period: it ran for %v", name, ran)
		return
	}
	c.containerEnds(arn, name, 137)
}

// containerEnds waits until a container is STOPPED, which has to be with that exit code.
func (c *caller) containerEnds(arn, name string, code int32) {
	c.t.Helper()
	var task types.Task
	eventually(c.t, func() string {
		task = c.task(arn)
		if x := containerOf(c.t, task, name); *x.LastStatus != "STOPPED" {
			return name + " is " + *x.LastStatus
		}
		return ""
	})
	c.exited(task, name, code)
}
