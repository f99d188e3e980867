package diagnose

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Where no instance could ever take the task, more of the same instances do not help, and
// the finding says so.
func TestAPlaceThatCanNeverBe(t *testing.T) {
	const none = "was unable to place a task because no container instance met all of its requirements. "
	const noCPU = none + "The closest matching (container-instance m1) has insufficient CPU units available."
	for name, c := range map[string]struct {
		scenes []scene
		event  string
		id     string
		remedy string // empty: it is not foreseen
	}{
		"bigger than every instance": {all(wants(1, 100, 200), has(2), needs(cpu(2000))), noCPU, "E02", "Lower cpu and memory in the task definition"},
		"room may come":              {all(wants(2, 50, 200), runs(1, 0, 1, 1), has(1), needs(cpu(512))), noCPU, "E02", ""},
		"all are drained":            {all(wants(1, 100, 200), has(2, status("DRAINING"))), none + "Reason: No Container Instances were found in your cluster.", "E01", "--status ACTIVE --container-instances m1"},
		"too few for distinctInstance": {all(wants(3, 100, 200), runs(2, 0, 1, 2), has(2), constrained(types.PlacementConstraintTypeDistinctInstance, "")),
			none + `The closest matching (container-instance m1) encountered error "DistinctInstance placement constraint unsatisfied.".`, "E43", "Lower desiredCount to 2"},
	} {
		s := situation(c.scenes...)
		s.Service.Events = []types.ServiceEvent{event(time.Minute, c.event)}
		d := Diagnose(Evidence{Service: s.Service, Deployment: ours, Events: s.Service.Events}, s)
		if len(d.Findings) == 0 || d.Findings[0].ID != c.id {
			t.Errorf("%s: %+v", name, d.Findings)
			continue
		}
		f := d.Findings[0]
		if sharp := c.remedy != ""; f.Foreseen != sharp || f.Deterministic != sharp || sharp && !strings.Contains(f.Remedy[0], c.remedy) {
			t.Errorf("%s: %+v, outlook %v", name, f, d.Outlook)
		}
	}
}

// A service whose tasks cannot leave a drained instance is complete, and not well.
func TestTasksThatCannotLeaveADrainedInstance(t *testing.T) {
	completed := func(s *Situation) { s.Service.Deployments[0].RolloutState = types.DeploymentRolloutStateCompleted }
	noRoom := event(time.Minute, "was unable to place a task because no container instance met all of its requirements.")
	for name, c := range map[string]struct {
		events []types.ServiceEvent
		on     int
		want   []string
	}{
		"no place elsewhere":        {[]types.ServiceEvent{noRoom}, 1, []string{"E42"}},
		"they have left":            {[]types.ServiceEvent{noRoom}, 2, nil},
		"room has come":             {[]types.ServiceEvent{noRoom, event(2*time.Minute, "has started 1 tasks: (task a).")}, 1, nil},
		"nothing has been said yet": {nil, 1, nil},
	} {
		s := situation(wants(1, 100, 200), runs(2, 0, c.on), has(1, status("DRAINING")), has(1), completed)
		s.Service.Events = c.events
		d := Diagnose(Evidence{Service: s.Service, Deployment: ours, Events: c.events}, s)
		if got := ids(d.Findings); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
