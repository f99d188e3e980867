package diagnose

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// behind puts the service behind a target group: container and port of its entry.
func behind(container string, port int32) scene {
	return func(s *Situation) {
		s.Service.LoadBalancers = []types.LoadBalancer{{TargetGroupArn: aws.String(webTargets), ContainerName: &container, ContainerPort: &port}}
	}
}

func listens(ports ...types.PortMapping) scene {
	return func(s *Situation) { s.TaskDefinition.ContainerDefinitions[0].PortMappings = ports }
}

func mode(m types.NetworkMode) scene {
	return func(s *Situation) { s.TaskDefinition.NetworkMode = m }
}

// TestPortsThatMustAgree: container, host, target group, the service's entry and the
// security group.
func TestPortsThatMustAgree(t *testing.T) {
	at80, at8080 := types.PortMapping{ContainerPort: aws.Int32(80)}, types.PortMapping{ContainerPort: aws.Int32(8080)}
	group := func(kind elb.TargetTypeEnum, check string) []elb.TargetGroup {
		return []elb.TargetGroup{{TargetGroupArn: aws.String(webTargets), TargetGroupName: aws.String("web"), TargetType: kind, HealthCheckPort: aws.String(check)}}
	}
	open := func(from, to int) scene {
		return func(s *Situation) {
			s.SecurityGroups = append(s.SecurityGroups, SecurityGroup{ID: "sg-1", Ingress: []PortRange{{from, to}}})
		}
	}
	cases := []struct {
		name   string
		scenes []scene
		groups []elb.TargetGroup
		want   string // empty: they agree
	}{
		{"they agree", all(listens(at8080), behind("app", 8080)), group("instance", "traffic-port"), ""},
		{"no load balancer", all(listens(at8080)), nil, ""},
		{"a container that is not there", all(listens(at8080), behind("web", 8080)), nil, "loadBalancers names container web, which the task definition does not have"},
		{"a port that is not mapped", all(listens(at80), behind("app", 8080)), nil, "loadBalancers names port 8080 of container app, which has the port mappings 80"},
		{"a port in a range", all(listens(types.PortMapping{ContainerPortRange: aws.String("8000-8100")}), behind("app", 8080)), nil, ""},
		{"another host port with awsvpc", all(mode("awsvpc"), listens(types.PortMapping{ContainerPort: aws.Int32(80), HostPort: aws.Int32(8080)})), nil, "with networkMode awsvpc hostPort and containerPort are the same port, but container app has 8080 and 80"},
		{"another host port with bridge", all(mode("bridge"), listens(types.PortMapping{ContainerPort: aws.Int32(80), HostPort: aws.Int32(8080)})), nil, ""},
		{"awsvpc and instances", all(mode("awsvpc"), listens(at80), behind("app", 80)), group("instance", "traffic-port"), "target group web has target type instance, but awsvpc tasks need ip"},
		{"bridge and addresses", all(mode("bridge"), listens(at80), behind("app", 80)), group("ip", "traffic-port"), "target group web has target type ip, but tasks with networkMode bridge need instance"},
		{"a check at another port", all(mode("awsvpc"), listens(at80), behind("app", 80)), group("ip", "9000"), "the health check of target group web asks at port 9000, and container app has the port mappings 80"},
		{"a check at a port of the container's", all(mode("awsvpc"), listens(at80, at8080), behind("app", 80)), group("ip", "8080"), ""},
		{"a check at a fixed port of dynamic ones", all(mode("bridge"), listens(at80), behind("app", 80)), group("instance", "80"), "asks at port 80, but the tasks' host ports are others"},
		{"a closed security group", all(listens(at8080), behind("app", 8080), open(443, 443)), nil, "the security groups sg-1 of the tasks do not let port 8080 in"},
		{"an open one beside it", all(listens(at8080), behind("app", 8080), open(443, 443), open(8000, 9000)), nil, ""},
	}
	for _, c := range cases {
		s := situation(append(all(wants(1, 100, 200)), c.scenes...)...)
		s.At = t0.Add(time.Minute)
		found := Diagnose(Evidence{Service: s.Service, Deployment: ours, TargetGroups: c.groups}, s).Findings
		if c.want == "" {
			if len(found) != 0 {
				t.Errorf("%s: %+v", c.name, found)
			}
			continue
		}
		if len(found) != 1 || found[0].ID != "D24" || !strings.Contains(found[0].Cause, c.want) || !found[0].Deterministic {
			t.Errorf("%s: %+v\nwant %s", c.name, found, c.want)
		}
	}
}

func TestPlatform(t *testing.T) {
	cpu := func(name string) func(*types.ContainerInstance) {
		return func(i *types.ContainerInstance) {
			i.Attributes = []types.Attribute{{Name: aws.String("ecs.cpu-architecture"), Value: &name}}
		}
	}
	made := func(a types.CPUArchitecture) scene {
		return func(s *Situation) { s.TaskDefinition.RuntimePlatform = &types.RuntimePlatform{CpuArchitecture: a} }
	}
	for name, c := range map[string]struct {
		scenes []scene
		want   int
	}{
		"made for what there is not":         {all(made("ARM64"), has(2, cpu("x86_64"))), 1},
		"made for what there is":             {all(made("X86_64"), has(2, cpu("x86_64"))), 0},
		"one of several fits":                {all(made("ARM64"), has(1, cpu("x86_64")), has(1, cpu("arm64"))), 0},
		"it does not say":                    {all(has(1, cpu("x86_64"))), 0},
		"the instances do not say":           {all(made("ARM64"), has(1)), 0},
		"nobody has looked at instances":     {all(made("ARM64")), 0},
		"an instance that is on its way out": {all(made("ARM64"), has(1, cpu("arm64"), status("DRAINING")), has(1, cpu("x86_64"))), 1},
	} {
		if f := platform(situation(append(all(wants(1, 100, 200)), c.scenes...)...)); len(f) != c.want {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestStuckInProvisioning(t *testing.T) {
	waiting := func(since time.Duration) scene {
		return func(s *Situation) {
			s.Tasks = []types.Task{{TaskArn: aws.String("task/default/p"), LastStatus: aws.String("PROVISIONING"), CreatedAt: aws.Time(s.At.Add(-since))}}
		}
	}
	provider := func(name string, exec bool) scene {
		return func(s *Situation) {
			s.Service.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: &name}}
			s.Service.LaunchType, s.Service.EnableExecuteCommand = "", exec
		}
	}
	for name, c := range map[string]struct {
		scenes []scene
		want   []string
	}{
		"for a moment":                {all(waiting(time.Minute), provider("asg", false)), nil},
		"for long":                    {all(waiting(10*time.Minute), provider("asg", false)), []string{"E16"}},
		"with ECS Exec":               {all(waiting(10*time.Minute), provider("asg", true)), []string{"E40", "E16"}},
		"with ECS Exec on Fargate":    {all(waiting(10*time.Minute), provider("FARGATE", true)), []string{"E16"}},
		"without a capacity provider": {all(waiting(10 * time.Minute)), []string{"E39"}},
	} {
		var ids []string
		for _, f := range provisioning(situation(append(all(wants(1, 100, 200)), c.scenes...)...)) {
			ids = append(ids, f.ID)
		}
		if !slices.Equal(ids, c.want) {
			t.Errorf("%s: %v, want %v", name, ids, c.want)
		}
	}
}

func TestRoom(t *testing.T) {
	r := room(situation(wants(20, 0, 200), runs(2, 0, 1), has(1), has(1, status("DRAINING")), has(1, func(i *types.ContainerInstance) {
		i.RegisteredResources, i.RemainingResources = resources(4096, 300, "22"), resources(4096, 300, "22")
	})))
	if r == nil || r.Tasks != 5 || r.More || r.Wanted != 19 { // 3 more on m1 (CPU), 2 on m3 (memory)
		t.Fatalf("%+v", r)
	}
	want := []Refused{
		{"m2", "DRAINING", "takes no tasks, since it is DRAINING"},
		{"m1", "RESOURCE:CPU", "0 CPU units left of 1024, and a task needs 256"},
		{"m3", "RESOURCE:MEMORY", "44 MiB of memory left of 300, and a task needs 128"},
	}
	if !slices.Equal(r.Instances, want) {
		t.Errorf("%+v", r.Instances)
	}
	tiny := situation(wants(2, 100, 200), has(1), needs(cpu(0), memory(0)))
	if r := room(tiny); r == nil || r.Tasks != RoomCounted || !r.More {
		t.Errorf("a task that needs nothing: %+v", r)
	}
	if r := room(situation(wants(1, 100, 200), runs(2, 0, 1), has(1))); r != nil {
		t.Errorf("no task is missing: %+v", r)
	}
}

// TestLoopThatNeverTripsTheBreaker: every task becomes healthy once before it crashes.
func TestLoopThatNeverTripsTheBreaker(t *testing.T) {
	loop := Finding{ID: "C17", Confidence: Likely, Tasks: 9, longest: 2 * time.Second, Remedy: []string{"Read the log."}}
	o := Foresee(situation(wants(2, 100, 200), breaker, failing(loop)))
	if o.Hopeless == nil || o.Hopeless.ID != "F04" || !strings.Contains(o.Hopeless.Reason, "more than the 3 at which the circuit breaker trips, but it counts 0") {
		t.Errorf("%+v", o)
	}
	if o := Foresee(situation(wants(2, 100, 200), breaker, counted(3), failing(loop))); o.Hopeless != nil {
		t.Errorf("the breaker is about to trip: %+v", o)
	}
}

// TestSilence: a service that says nothing is told as such; one that has just begun
// is not.
func TestSilence(t *testing.T) {
	s := situation(wants(2, 100, 200))
	d := Diagnose(Evidence{Service: s.Service, Deployment: ours}, s)
	if len(d.Findings) != 1 || d.Findings[0].ID != "F06" || len(d.Findings[0].Either) != 3 {
		t.Errorf("%+v", d.Findings)
	}
	s.At = t0.Add(time.Minute)
	if d := Diagnose(Evidence{Service: s.Service, Deployment: ours}, s); len(d.Findings) != 0 {
		t.Errorf("after a minute: %+v", d.Findings)
	}
	s.At = t0.Add(50 * time.Minute)
	noRoom := event(time.Minute, "was unable to place a task because no container instance met all of its requirements.")
	s.Service.Events = []types.ServiceEvent{noRoom}
	d = Diagnose(Evidence{Service: s.Service, Deployment: ours, Events: s.Service.Events}, s)
	if len(d.Findings) != 1 || d.Findings[0].ID != "E34" || len(d.Notes) != 1 || !strings.Contains(d.Notes[0], "said nothing for 49 min, which is no recovery") {
		t.Errorf("%+v %q", d.Findings, d.Notes)
	}
}

// TestWhatHasVanished: 100 events and an hour are all that ECS keeps.
func TestWhatHasVanished(t *testing.T) {
	s := situation(wants(2, 100, 200))
	s.At = t0.Add(3 * time.Hour)
	s.Service.Deployments[0].FailedTasks, s.Service.Deployments[0].RunningCount = 40, 2
	for n := range eventsKept {
		s.Service.Events = append(s.Service.Events, event(2*time.Hour+time.Duration(n)*time.Second, "has started 1 tasks: (task a)."))
	}
	d := Diagnose(Evidence{Service: s.Service, Deployment: ours, Events: s.Service.Events, StoppedTasks: []types.Task{crashed(1, 1)}}, s)
	if len(d.Notes) != 2 || !strings.Contains(d.Notes[0], "before 2026-03-01 14:00:00 UTC are gone") || !strings.Contains(d.Notes[1], "40 tasks of the deployment have failed, and 1 are still described") {
		t.Errorf("%q", d.Notes)
	}
}

func TestOldTasksThatTakeLongToLeave(t *testing.T) {
	leaves := situation(wants(2, 100, 200), runs(2, 0, 1, 1), runs(1, 0, 1), behind("app", 80))
	if f := leaving(leaves); len(f) != 1 || f[0].ID != "F05" || f[0].Deterministic {
		t.Errorf("%+v", f)
	}
	starts := situation(wants(2, 100, 200), runs(2, 0, 1), runs(1, 0, 1), behind("app", 80))
	if f := leaving(starts); len(f) != 0 {
		t.Errorf("new ones are missing: %+v", f)
	}
}
