package diagnose

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// TestPastedTexts: lines of which nobody knows where they stood.
func TestPastedTexts(t *testing.T) {
	cases := []struct {
		name   string
		lines  []string
		want   []string // findings
		benign []string
	}{
		{"a reason", []string{"Stopped reason: CannotPullContainerError: invalid reference format"}, []string{"A20"}, nil},
		{"an event whose reason is a task's own", []string{"(service web) was unable to place a task. Reason: ResourceInitializationError: failed to configure ENI: netplugin failed with no error message."}, []string{"B20"}, nil},
		{"a symptom and its cause", []string{"(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start.", "Essential container in task exited", "OutOfMemoryError: container killed due to memory usage", "exit code: 137"}, []string{"C12", "F02", "F14"}, nil},
		{"an exit code where nothing says more", []string{"Essential container in task exited", "Exit code 137"}, []string{"C14", "F14"}, nil},
		{"only a symptom", []string{"Essential container in task exited"}, []string{"F14"}, nil},
		{"a log", []string{"starting", "exec /entrypoint.sh: exec format error"}, []string{"A12"}, nil},
		{"a log that only hints", []string{"starting", "Error: connect ECONNREFUSED 127.0.0.1:5432"}, []string{"C33"}, nil},
		{"a stop that is no failure", []string{"Scaling activity initiated by (deployment ecs-svc/1)"}, nil, []string{"T5"}},
		{"a program that a script does not find", []string{"sh: curl: not found"}, []string{"C42"}, nil},
		{"and the exit code of that", []string{"/entrypoint.sh: line 3: curl: not found", "exit code 127"}, []string{"C19"}, nil},
		{"a program that a health check does not find", []string{"Task failed container health checks", "sh: curl: not found"}, []string{"D18"}, nil},
		{"a script that its interpreter is missing for", []string{"exec /start.sh: no such file or directory"}, []string{"C31"}, nil},
		{"a script that may not be run", []string{"exec /entrypoint.sh: permission denied"}, []string{"C41"}, nil},
		{"an image that is not there, or private", []string{"CannotPullContainerError: failed to resolve ref docker.io/library/nginx:latst: pull access denied, repository does not exist or may require authorization"}, []string{"A09"}, nil},
		{"no memory is left", []string{"RESOURCE:MEMORY"}, []string{"G06"}, nil},
		{"no CPU is left, as tools print it", []string{`Reasons : ["RESOURCE:CPU"]`}, []string{"G05"}, nil},
		{"a port that is taken", []string{"RESOURCE:PORTS"}, []string{"E41"}, nil},
		{"a platform", []string{"An error occurred (PlatformTaskDefinitionIncompatibilityException) when calling the RunTask operation: The specified platform does not satisfy the task definition's required capabilities"}, []string{"G33"}, nil},
		{"credentials that have expired", []string{"An error occurred (ExpiredTokenException) when calling the DescribeServices operation: The security token included in the request is expired"}, []string{"G34"}, nil},
		{"no credentials", []string{"Unable to locate credentials. You can configure credentials by running \"aws configure\"."}, []string{"G37"}, nil},
		{"no endpoint", []string{`Could not connect to the endpoint URL: "https://ecs.eu-1.amazonaws.com/"`}, []string{"G38"}, nil},
		{"somebody waited", []string{"Waiter TasksRunning failed: Max attempts exceeded"}, []string{"F24"}, nil},
		{"Terraform waited", []string{"timeout while waiting for state to become 'tfSTABLE' (last state: 'tfPENDING', timeout: 20m0s)"}, []string{"F15"}, nil},
		{"nothing at all", []string{"hello", "the exit is on the left", "exited the building"}, nil, nil},
	}
	for _, c := range cases {
		var e Evidence
		for _, line := range c.lines {
			e.Said = append(e.Said, Said{Subject: "paste", Text: line})
		}
		d := Diagnose(e, Situation{})
		if got := ids(d.Findings); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if got := ids(d.Benign); !slices.Equal(got, c.benign) {
			t.Errorf("%s: benign %v, want %v", c.name, got, c.benign)
		}
	}
}

func TestBenignStopsAreNamed(t *testing.T) {
	d := Diagnose(Evidence{Deployment: ours, StoppedTasks: []types.Task{
		stopped(1, types.TaskStopCodeUserInitiated, "spring cleaning"),
		stopped(2, types.TaskStopCodeServiceSchedulerInitiated, "Scaling activity initiated by (deployment ecs-svc/2)"),
		stopped(3, types.TaskStopCodeServiceSchedulerInitiated, "Scaling activity initiated by (deployment ecs-svc/2)"),
	}}, Situation{})
	if len(d.Findings) != 0 || !slices.Equal(ids(d.Benign), []string{"T5", "T6"}) || d.Benign[0].Tasks != 2 || d.Benign[1].Evidence[0].Text != "spring cleaning" {
		t.Errorf("%+v", d)
	}
}

func ids(findings []Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, f.ID)
	}
	return out
}
