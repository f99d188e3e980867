package diagnose

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// A scene is a situation in the making: service web wants tasks of one container
// that needs 256 CPU units and 128 MiB, on machines of 1,024 units and 1,024 MiB.
type scene func(*Situation)

// wants makes the service: so many tasks, with these percentages.
func wants(desired, low, high int32) scene {
	return func(s *Situation) {
		s.Service = types.Service{ServiceName: aws.String("web"), Status: aws.String("ACTIVE"), DesiredCount: desired, LaunchType: types.LaunchTypeEc2,
			DeploymentConfiguration: &types.DeploymentConfiguration{MinimumHealthyPercent: aws.Int32(low), MaximumPercent: aws.Int32(high)}}
		s.Service.Deployments = []types.Deployment{{Id: aws.String(ours), Status: aws.String("PRIMARY"), CreatedAt: at(0),
			DesiredCount: desired, RolloutState: types.DeploymentRolloutStateInProgress}}
	}
}

// runs puts tasks of a deployment (1 is the old one, 2 ours) on machines by number;
// each holds a machine's host port, unless that is 0.
func runs(deployment int, port int32, machines ...int) scene {
	return func(s *Situation) {
		id := fmt.Sprintf("ecs-svc/%d", deployment)
		found := false
		for i := range s.Service.Deployments {
			if *s.Service.Deployments[i].Id == id {
				s.Service.Deployments[i].RunningCount += int32(len(machines))
				found = true
			}
		}
		if !found {
			s.Service.Deployments = append(s.Service.Deployments, types.Deployment{Id: aws.String(id), Status: aws.String("ACTIVE"), RunningCount: int32(len(machines))})
		}
		s.Service.RunningCount += int32(len(machines))
		for _, m := range machines {
			t := types.Task{TaskArn: aws.String(fmt.Sprintf("task/default/t%d", len(s.Tasks))), StartedBy: aws.String(id), LastStatus: aws.String("RUNNING"),
				ContainerInstanceArn: aws.String(fmt.Sprintf("ci/default/m%d", m)), Cpu: aws.String("256"), Memory: aws.String("128"), StartedAt: at(time.Minute)}
			if port > 0 {
				t.Containers = []types.Container{{NetworkBindings: []types.NetworkBinding{{HostPort: aws.Int32(port), Protocol: types.TransportProtocolTcp}}}}
			}
			s.Tasks = append(s.Tasks, t)
		}
	}
}

// has adds machines on which nothing runs but what was put there before.
func has(machines int, changes ...func(*types.ContainerInstance)) scene {
	return func(s *Situation) {
		s.Looked = true
		for range machines {
			arn := fmt.Sprintf("ci/default/m%d", len(s.Instances)+1)
			used, ports := int32(0), []string{"22"}
			for _, t := range s.Tasks {
				if *t.ContainerInstanceArn == arn {
					used++
					for _, c := range t.Containers {
						ports = append(ports, fmt.Sprint(*c.NetworkBindings[0].HostPort))
					}
				}
			}
			i := types.ContainerInstance{ContainerInstanceArn: aws.String(arn), Status: aws.String("ACTIVE"), AgentConnected: true, RunningTasksCount: used,
				RegisteredResources: resources(1024, 1024, "22"), RemainingResources: resources(1024-256*used, 1024-128*used, ports...)}
			for _, c := range changes {
				c(&i)
			}
			s.Instances = append(s.Instances, i)
		}
	}
}

func resources(cpu, memory int32, ports ...string) []types.Resource {
	return []types.Resource{
		{Name: aws.String("CPU"), IntegerValue: cpu}, {Name: aws.String("MEMORY"), IntegerValue: memory},
		{Name: aws.String("PORTS"), StringSetValue: ports}, {Name: aws.String("PORTS_UDP")},
	}
}

// needs changes what a task asks for.
func needs(changes ...func(*types.TaskDefinition, *types.ContainerDefinition)) scene {
	return func(s *Situation) {
		for _, c := range changes {
			c(&s.TaskDefinition, &s.TaskDefinition.ContainerDefinitions[0])
		}
	}
}

type ask = func(*types.TaskDefinition, *types.ContainerDefinition)

func port(n int32) ask {
	return func(_ *types.TaskDefinition, c *types.ContainerDefinition) {
		c.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(80), HostPort: aws.Int32(n)}}
	}
}

func cpu(n int32) ask {
	return func(_ *types.TaskDefinition, c *types.ContainerDefinition) { c.Cpu = n }
}
func memory(n int32) ask {
	return func(_ *types.TaskDefinition, c *types.ContainerDefinition) { c.Memory = &n }
}

func status(s string) func(*types.ContainerInstance) {
	return func(i *types.ContainerInstance) { i.Status = aws.String(s) }
}

func constrained(kind types.PlacementConstraintType, expression string) scene {
	return func(s *Situation) {
		c := types.PlacementConstraint{Type: kind}
		if expression != "" {
			c.Expression = aws.String(expression)
		}
		s.Service.PlacementConstraints = append(s.Service.PlacementConstraints, c)
	}
}

func protect(tasks ...int) scene {
	return func(s *Situation) {
		for _, n := range tasks {
			s.Protected = append(s.Protected, types.ProtectedTask{TaskArn: aws.String(fmt.Sprintf("task/default/t%d", n)), ProtectionEnabled: true, ExpirationDate: at(2 * time.Hour)})
		}
	}
}

func failing(f Finding) scene {
	return func(s *Situation) { s.Findings = []Finding{f} }
}

func breaker(s *Situation) {
	s.Service.DeploymentConfiguration.DeploymentCircuitBreaker = &types.DeploymentCircuitBreaker{Enable: true}
}

// counted is what the breaker counts.
func counted(failed int32) scene {
	return func(s *Situation) { s.Service.Deployments[0].FailedTasks = failed }
}

func situation(scenes ...scene) Situation {
	s := Situation{At: t0.Add(10 * time.Minute)}
	s.TaskDefinition.ContainerDefinitions = []types.ContainerDefinition{{Name: aws.String("app"), Cpu: 256, Memory: aws.Int32(128)}}
	for _, c := range scenes {
		c(&s)
	}
	return s
}

func all(scenes ...scene) []scene { return scenes }

func TestHopeless(t *testing.T) {
	daemon := func(s *Situation) { s.Service.SchedulingStrategy = types.SchedulingStrategyDaemon }
	loop := Finding{ID: "C17", Confidence: Likely, Tasks: 5, longest: 2 * time.Second, Remedy: []string{"Read the log."}}
	permanent := Finding{ID: "A01", Confidence: Certain, Tasks: 3, Deterministic: true}
	e14 := func(s *Situation) {
		s.Service.Events = []types.ServiceEvent{event(time.Minute, "was unable to reach steady state because task set (ecs-svc/2) was unable to scale in. Reason: The number of protected tasks are more than the desired count of tasks")}
	}
	cases := []struct {
		name   string
		scenes []scene
		want   string // the reason
		remedy string // in a remedy
	}{
		{"percentages 100/100", all(wants(3, 100, 100), runs(1, 0, 1, 1, 1)),
			"maximumPercent 100 of 3 desired tasks allows 3, and 3 run, so that none may start; minimumHealthyPercent 100 asks for 3, so that none may stop",
			"minimumHealthyPercent to 66 or less"},
		{"percentages that round to a dead-lock", all(wants(3, 75, 133), runs(1, 0, 1, 1), runs(2, 0, 1)), "maximumPercent 133 of 3 desired tasks allows 3, and 3 run", "maximumPercent to 134 or more"},
		{"one task, 50/150", all(wants(1, 50, 150), runs(1, 0, 1)), "maximumPercent 150 of 1 desired task allows 1, and 1 run", "minimumHealthyPercent to 0,"},
		{"a maximum of nothing", all(wants(1, 0, 50)), "maximumPercent 50 of 1 desired task allows 0, and 0 run", "maximumPercent to 100 or more"},
		{"no instances", all(wants(2, 100, 200), has(0)), "the cluster has no ACTIVE container instance", "let them join this cluster"},
		{"only an instance that is drained", all(wants(2, 100, 200), has(1, status("DRAINING"))), "the cluster has no ACTIVE container instance: m1 is being drained", "--status ACTIVE --container-instances m1"},
		{"CPU that no instance has", all(wants(1, 100, 200), has(2), needs(cpu(2048))), "a task needs 2048 CPU units; the largest container instance (m1) has 1024", "Lower cpu and memory"},
		{"memory that no instance has", all(wants(1, 100, 200), has(1), needs(memory(4096))), "a task needs 4096 MiB of memory; the largest container instance (m1) has 1024", "Lower cpu and memory"},
		{"GPUs that no instance has", all(wants(1, 100, 200), has(1), needs(func(_ *types.TaskDefinition, c *types.ContainerDefinition) {
			c.ResourceRequirements = []types.ResourceRequirement{{Type: types.ResourceTypeGpu, Value: aws.String("2")}}
		})), "a task needs 2 GPU, and no container instance has more than 0", "resourceRequirements"},
		{"more copies than the whole cluster holds", all(wants(9, 100, 200), has(2)), "9 copies of the task are wanted and 8 can run at once", "Lower desiredCount to 8"},
		{"a port that the agents reserve", all(wants(1, 100, 200), has(2), needs(port(22))), "every container instance reserves a host port that the task needs: 22/tcp", "Choose another hostPort"},
		{"three of a fixed port on two instances", all(wants(3, 100, 200), runs(2, 8080, 1, 2), has(2), needs(port(8080))),
			"3 copies of the task are wanted and 2 can run at once: each holds host port 8080/tcp", "Leave hostPort out"},
		{"three on distinct instances, of which there are two", all(wants(3, 100, 200), constrained("distinctInstance", ""), runs(2, 0, 1, 2), has(2)),
			"distinctInstance allows one per container instance, and 2 container instances are suitable", "Lower desiredCount to 2"},
		{"fixed ports that the old tasks hold", all(wants(2, 100, 200), runs(1, 8080, 1, 2), has(2), needs(port(8080))),
			"the 2 tasks that run hold host port 8080/tcp on each container instance that a new one could run on, and minimumHealthyPercent 100 of 2 desired asks for 2, so that none may stop",
			"minimumHealthyPercent to 50 or less"},
		{"memory that the old task holds", all(wants(1, 100, 200), runs(1, 0, 1), has(1), needs(memory(1000))),
			"the task that runs holds the 1000 MiB of memory that a new one needs", "minimumHealthyPercent to 0,"},
		{"distinct instances that the old tasks are on", all(wants(2, 100, 200), constrained("distinctInstance", ""), runs(1, 0, 1, 2), has(2)),
			"hold every container instance that a new one could run on", ""},
		{"a constraint of the service that matches nothing", all(wants(1, 100, 200), constrained("memberOf", "attribute:stack == prod"), has(2)),
			"no container instance satisfies the placement constraint memberOf attribute:stack == prod", "put-attributes"},
		{"a constraint of the task definition that matches nothing", all(wants(1, 100, 200), has(2), needs(func(d *types.TaskDefinition, _ *types.ContainerDefinition) {
			d.PlacementConstraints = []types.TaskDefinitionPlacementConstraint{{Type: "memberOf", Expression: aws.String("agentVersion >= 2.0.0")}}
		})), "memberOf agentVersion >= 2.0.0", "put-attributes"},
		{"an attribute that no instance has", all(wants(1, 100, 200), has(2), needs(func(d *types.TaskDefinition, _ *types.ContainerDefinition) {
			d.RequiresAttributes = []types.Attribute{{Name: aws.String("ecs.capability.task-eni")}}
		})), "the attributes that the task definition requires: ecs.capability.task-eni", "requiresAttributes"},
		{"a DAEMON whose task one instance is too small for", all(wants(2, 0, 100), daemon, runs(2, 0, 1), has(1), has(1, func(i *types.ContainerInstance) {
			i.RegisteredResources, i.RemainingResources = resources(100, 1024), nil
		})), "the DAEMON service wants a task on each of 2 container instances, and 1 of them could take one", "exclude"},
		{"old tasks that are protected", all(wants(2, 100, 200), runs(1, 0, 1, 1), runs(2, 0, 2, 2), has(2), protect(0, 1)),
			"2 tasks of older deployments must go and are protected from scale-in, the first until 2026-03-01 14:00 UTC; ECS stops none before", "update-task-protection"},
		{"protected tasks hold all that may run", all(wants(2, 0, 100), runs(1, 0, 1, 1), has(2), protect(0, 1)), "2 tasks of older deployments", "update-task-protection"},
		{"more protected than desired", all(wants(1, 100, 200), runs(2, 0, 1, 1), has(1), protect(0, 1)), "more tasks are protected from scale-in than the 1 desired", "raise desiredCount"},
		{"the event tells of protected tasks", all(wants(1, 100, 200), runs(2, 0, 1, 1), e14), "more tasks are protected from scale-in than the 1 desired", ""},
		{"a crash loop without a breaker", all(wants(2, 100, 200), failing(loop)),
			"5 tasks of this deployment failed in the same way, and no circuit breaker ends it", "Read the log."},
		{"a crash loop in which a young task runs", all(wants(1, 0, 200), runs(2, 0, 1), has(1), failing(loop), func(s *Situation) { s.At = t0.Add(time.Minute + 2*time.Second) }),
			"5 tasks of this deployment failed in the same way", "deploymentCircuitBreaker"},
		{"an image that is not there, without a breaker", all(wants(2, 100, 200), failing(permanent)), "3 tasks of this deployment failed in the same way", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := Foresee(situation(c.scenes...))
			if o.Hopeless == nil || !strings.Contains(o.Hopeless.Reason, c.want) {
				t.Fatalf("%q\nwant …%s…", o, c.want)
			}
			if len(o.Hopeless.Remedy) == 0 || !strings.Contains(strings.Join(o.Hopeless.Remedy, "\n"), c.remedy) {
				t.Errorf("remedy %q, want %q in it", o.Hopeless.Remedy, c.remedy)
			}
			if !strings.HasPrefix(o.String(), "cannot converge, because ") || o.Waiting != "" {
				t.Errorf("says %q, waits for %q", o, o.Waiting)
			}
		})
	}
}

// TestNotHopeless tells situations that look bad and are not, and what is waited
// for in them.
func TestNotHopeless(t *testing.T) {
	busy := func(cpu, memory int32, ports ...string) func(*types.ContainerInstance) {
		return func(i *types.ContainerInstance) { i.RemainingResources = resources(cpu, memory, ports...) }
	}
	completed := func(s *Situation) { s.Service.Deployments[0].RolloutState = types.DeploymentRolloutStateCompleted }
	loop := Finding{ID: "C17", Confidence: Likely, Tasks: 9, longest: 2 * time.Second}
	few, transient, symptom := loop, loop, loop
	few.Tasks, transient.Heals, symptom.Confidence = 4, true, Symptom
	health := func(n int, h types.HealthStatus) scene {
		return func(s *Situation) { s.Tasks[n].HealthStatus = h }
	}
	cases := []struct {
		name    string
		scenes  []scene
		waiting string
	}{
		{"nothing is known", nil, ""},
		{"all is well", all(wants(2, 100, 200), runs(2, 0, 1, 1), has(1), completed), ""},
		{"a roll-out of 100/200 with room", all(wants(2, 100, 200), runs(1, 0, 1, 1), has(1)), ""},
		{"one old task may stop", all(wants(4, 75, 100), runs(1, 0, 1, 1, 1, 1), has(1)), ""},
		{"0/100 on fixed ports", all(wants(2, 0, 100), runs(1, 8080, 1, 2), has(2), needs(port(8080))), ""},
		{"50/100 on fixed ports, half-way", all(wants(2, 50, 100), runs(1, 8080, 1), runs(2, 8080, 2), has(2), needs(port(8080))), ""},
		{"100/200 on fixed ports with a third machine", all(wants(2, 100, 200), runs(1, 8080, 1, 2), has(3), needs(port(8080))), ""},
		{"100/100, but an old task has ended", all(wants(3, 100, 100), runs(1, 0, 1, 1), has(1)), ""},
		{"100/100, but an old task is unhealthy", all(wants(2, 100, 100), runs(1, 0, 1, 1), has(1), health(0, types.HealthStatusUnhealthy)), ""},
		{"100/100, but an old task is being stopped", all(wants(2, 100, 100), runs(1, 0, 1, 1), has(1), func(s *Situation) { s.Tasks = s.Tasks[:1] }), ""},
		{"100/100, but nothing is to be replaced", all(wants(2, 100, 100), runs(2, 0, 1, 1), has(1)), ""},
		{"100/100 of a blue/green deployment", all(wants(2, 100, 100), runs(1, 0, 1, 1), func(s *Situation) { s.Service.DeploymentConfiguration.Strategy = types.DeploymentStrategyBlueGreen }), ""},
		{"it has failed", all(wants(2, 100, 100), runs(1, 0, 1, 1), func(s *Situation) { s.Service.Deployments[0].RolloutState = types.DeploymentRolloutStateFailed }), ""},
		{"it is being deleted", all(wants(2, 100, 200), has(0), func(s *Situation) { s.Service.Status = aws.String("DRAINING") }), ""},
		{"another controller", all(wants(2, 100, 100), runs(1, 0, 1, 1), func(s *Situation) {
			s.Service.DeploymentController = &types.DeploymentController{Type: types.DeploymentControllerTypeExternal}
		}), ""},
		{"nobody has looked at the instances", all(wants(2, 100, 200)), ""},
		{"nobody knows what a task needs", all(wants(1, 100, 200), has(1), func(s *Situation) { s.TaskDefinition = types.TaskDefinition{} }), ""},
		{"Fargate has no instances", all(wants(2, 100, 200), has(0), func(s *Situation) { s.Service.LaunchType = types.LaunchTypeFargate }), ""},
		{"a capacity provider brings instances", all(wants(2, 100, 200), has(0), func(s *Situation) {
			s.Service.LaunchType = ""
			s.Service.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("asg")}}
		}), ""},
		{"nothing is desired", all(wants(0, 100, 200), has(0)), ""},
		{"all wanted tasks have a place", all(wants(3, 100, 200), constrained("distinctInstance", ""), runs(2, 0, 1, 1, 1), has(1)), ""},
		{"what runs was placed under other constraints", all(wants(3, 100, 200), constrained("memberOf", "ec2InstanceId == i-2"), constrained("distinctInstance", ""), runs(2, 0, 1, 1), has(1), has(1, func(i *types.ContainerInstance) { i.Ec2InstanceId = aws.String("i-2") })), ""},
		{"a constraint on tasks that nobody has looked at", all(wants(1, 100, 200), constrained("memberOf", "task:group == service:db"), has(1)), ""},
		{"an instance without numbers", all(wants(1, 100, 200), needs(cpu(9999)), has(1, func(i *types.ContainerInstance) { i.RegisteredResources, i.RemainingResources = nil, nil })), ""},
		{"some old tasks are protected, not all", all(wants(2, 100, 200), runs(1, 0, 1, 1), runs(2, 0, 2, 2), has(2), protect(0)), ""},
		{"a protection has ended", all(wants(1, 100, 200), runs(1, 0, 1), runs(2, 0, 2), has(2), protect(0), func(s *Situation) { s.At = t0.Add(3 * time.Hour) }), ""},
		{"protected tasks that need not go", all(wants(2, 100, 200), runs(2, 0, 1), has(2), protect(0)), ""},
		{"protected old tasks while there is room for new ones", all(wants(2, 100, 200), runs(1, 0, 1, 1), has(2), protect(0, 1)), ""},
		{"a crash loop that the breaker will end", all(wants(2, 100, 200), breaker, counted(9), failing(loop)), ""},
		{"a few crashes", all(wants(2, 100, 200), failing(few)), ""},
		{"what heals by itself", all(wants(2, 100, 200), failing(transient)), ""},
		{"a symptom", all(wants(2, 100, 200), failing(symptom)), ""},
		{"crashes that are over", all(wants(1, 0, 200), runs(2, 0, 1), has(1), failing(loop)), ""},

		{"other tasks hold the CPU", all(wants(1, 100, 200), has(2, busy(100, 1024))), "256 CPU units on a container instance: running tasks hold them"},
		{"other tasks hold the memory", all(wants(1, 100, 200), has(1, busy(1024, 100))), "128 MiB of memory on a container instance: running tasks hold it"},
		{"other tasks hold the port", all(wants(1, 100, 200), has(1, busy(1024, 1024, "22", "8080")), needs(port(8080))), "host port 8080/tcp on a container instance: running tasks hold it"},
		{"the agent is not connected", all(wants(1, 100, 200), has(1, func(i *types.ContainerInstance) { i.AgentConnected = false })), "the agent of container instance m1 to connect again"},
		{"an instance is joining", all(wants(1, 100, 200), has(1, status("REGISTERING"))), "container instance m1 to be registered"},
		{"old tasks that may stop hold the port", all(wants(2, 50, 200), runs(1, 8080, 1, 2), has(2), needs(port(8080))), "host port 8080/tcp on a container instance: running tasks hold it"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := Foresee(situation(c.scenes...))
			if o.Hopeless != nil || o.Waiting != c.waiting {
				t.Errorf("%q, waits for %q, want %q", o, o.Waiting, c.waiting)
			}
		})
	}
}
