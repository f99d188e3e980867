package placement

import (
	"fmt"
	"strings"
	"testing"

	"steady/model"
)

// Instances that are one machine have each host port once; those of other machines, and
// those that are not of this one, are not concerned.
func TestInstancesOfOneMachineShareItsPorts(t *testing.T) {
	instances := func(shares ...bool) (all []*model.Instance) {
		for i, s := range shares {
			all = append(all, &model.Instance{ID: fmt.Sprintf("m%d", i+1), Status: model.Active, CPU: 2048, Memory: 4096, AgentConnected: true, SharesHost: s})
		}
		return all
	}
	on := func(instance string, last model.TaskStatus) []*model.Task {
		return []*model.Task{{ID: "t", Instance: instance, Last: last, Desired: model.Running, HostPorts: tcp(80)}}
	}
	for name, x := range map[string]struct {
		instances []*model.Instance
		tasks     []*model.Task
		count     int
		want      string
	}{
		"three copies on one machine":         {instances(true, true, true), nil, 3, "placed 1; m1 RESOURCE:PORTS m2 RESOURCE:PORTS m3 RESOURCE:PORTS"},
		"on machines of their own":            {instances(false, false), nil, 3, "placed 2; m1 RESOURCE:PORTS m2 RESOURCE:PORTS"},
		"on one machine and another":          {instances(true, false, true), nil, 2, "placed 2;"},
		"held by a task of another instance":  {instances(true, true), on("m1", model.Running), 1, "placed 0; m1 RESOURCE:PORTS m2 RESOURCE:PORTS"},
		"held until its task is STOPPED":      {instances(true, true), on("m1", model.Stopped), 1, "placed 1;"},
		"held on a machine that is not asked": {instances(false, true), on("m1", model.Running), 1, "placed 1;"},
	} {
		got := Place(Request{Count: x.count, Sizing: Sizing{Ports: tcp(80)}}, Candidates(x.instances, x.tasks))
		text := fmt.Sprintf("placed %d;", len(got.Bindings))
		for _, r := range got.Refusals {
			text += " " + r.Instance + " " + string(r.Reason)
		}
		if text != x.want {
			t.Errorf("%s: %s, want %s", name, text, x.want)
		}
	}
	if r := Place(Request{Count: 2}, Candidates(instances(true, true), on("m1", model.Running))); r.Missing != 0 {
		t.Errorf("tasks without ports: %+v", r)
	}
	reason, ok := Possible(Request{Count: 2, Sizing: Sizing{Ports: tcp(80)}}, Candidates(instances(true, true), nil))
	if ok || !strings.Contains(reason, "2 copies of the task are wanted and 1 can run at once") || !strings.Contains(reason, "of one machine") {
		t.Errorf("two copies on one machine: %t, %s", ok, reason)
	}
}
