package e2e

import (
	"encoding/json"
	"testing"
)

// A container instance of another agent, through its life as a record: registered,
// described, asked for a task, drained, deregistered.
func TestAnInstanceOfAnotherAgentByTheCLI(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim")
	aws[any](s, "ecs", "register-task-definition", "--family", "web", "--container-definitions", definition())
	aws[any](s, "ecs", "create-cluster", "--cluster-name", "other")

	type instance struct {
		ContainerInstanceArn, Ec2InstanceId, Status string
		AgentConnected                              bool
		Version                                     int
		VersionInfo                                 struct{ AgentVersion string }
	}
	document, _ := json.Marshal(map[string]string{
		"instanceId": "i-0123456789abcdef0", "region": "us-east-1", "accountId": "000000000000",
		"availabilityZone": "us-east-1b", "instanceType": "t3.micro", "architecture": "x86_64",
	})
	register := []string{"ecs", "register-container-instance", "--cluster", "other",
		"--instance-identity-document", string(document), "--instance-identity-document-signature", "of AWS",
		"--total-resources", "name=CPU,type=INTEGER,integerValue=2048", "name=MEMORY,type=INTEGER,integerValue=3900", "name=PORTS,type=STRINGSET,stringSetValue=22,51678",
		"--attributes", "name=ecs.capability.full-sync", "name=stack,value=blue", "--version-info", "agentVersion=1.105.1,dockerVersion=DockerVersion: 28.0.0"}
	type answer struct{ ContainerInstance instance }
	made := aws[answer](s, register...).ContainerInstance
	id := last(made.ContainerInstanceArn)
	equal(t, "the instance", made, instance{
		ContainerInstanceArn: arn + "container-instance/other/" + id, Ec2InstanceId: "i-0123456789abcdef0", Status: "ACTIVE", Version: 1,
		VersionInfo: struct{ AgentVersion string }{"1.105.1"},
	})
	described := func() instance {
		t.Helper()
		out := aws[struct{ ContainerInstances []instance }](s, "ecs", "describe-container-instances", "--cluster", "other", "--container-instances", id)
		if len(out.ContainerInstances) != 1 {
			t.Fatalf("%s is not described", id)
		}
		return out.ContainerInstances[0]
	}
	equal(t, "described", described(), made)
	listed := func(more ...string) int {
		t.Helper()
		return len(aws[struct{ ContainerInstanceArns []string }](s, append([]string{"ecs", "list-container-instances", "--cluster", "other"}, more...)...).ContainerInstanceArns)
	}
	equal(t, "in the zone, by the query language", listed("--filter", "attribute:ecs.availability-zone == us-east-1b and attribute:stack == blue"), 1)

	for _, command := range [][]string{{"start-task", "--container-instances", id}, {"run-task"}} {
		out := aws[cliTasks](s, append([]string{"ecs", command[0], "--cluster", "other", "--task-definition", "web"}, command[1:]...)...)
		equal(t, command[0], out, cliTasks{Tasks: []cliTask{}, cliFailures: cliFailures{[]struct{ Arn, Reason string }{{made.ContainerInstanceArn, "AGENT"}}}})
	}

	again := aws[answer](s, append(register, "--container-instance-arn", made.ContainerInstanceArn)...).ContainerInstance
	equal(t, "registered again", again.ContainerInstanceArn, made.ContainerInstanceArn)
	equal(t, "the instances", listed(), 1)
	s.refused(t, "ClientException", "Container instance type changes are not supported. Container instance "+id+" was previously registered as t3.micro.",
		append(register, "--container-instance-arn", made.ContainerInstanceArn, "--instance-identity-document", `{"instanceId": "i-0123456789abcdef0", "instanceType": "t3.large"}`)...)

	s.stop()
	s.start()
	equal(t, "the instance after a restart", described(), again)
	equal(t, "the instances of this machine", len(aws[struct{ ContainerInstanceArns []string }](s, "ecs", "list-container-instances").ContainerInstanceArns), 1)

	aws[any](s, "ecs", "update-container-instances-state", "--cluster", "other", "--container-instances", id, "--status", "DRAINING")
	equal(t, "DRAINING", listed("--status", "DRAINING"), 1)
	equal(t, "ACTIVE", listed("--status", "ACTIVE"), 0)

	gone := aws[answer](s, "ecs", "deregister-container-instance", "--cluster", "other", "--container-instance", id).ContainerInstance
	equal(t, "deregistered", gone.Status, "INACTIVE")
	equal(t, "left", listed(), 0)
	equal(t, "described for a while", described(), gone)
	s.refused(t, "ClientException", "Container instance "+id+" is inactive.", append(register, "--container-instance-arn", made.ContainerInstanceArn)...)
	aws[any](s, "ecs", "delete-cluster", "--cluster", "other")
	s.refused(t, "UnsupportedFeatureException", "agents connect over a session of Steady's own", "ecs", "discover-poll-endpoint")
}
