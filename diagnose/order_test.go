package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const orderedRevision = "arn:aws:ecs:us-east-1:123456789012:task-definition/web:2"

// ordered is a service with one task of ours that is PENDING: app waits for db.
func ordered(condition types.ContainerCondition, db types.Container) scene {
	return func(s *Situation) {
		s.Looked = true
		s.TaskDefinition = types.TaskDefinition{TaskDefinitionArn: aws.String(orderedRevision), ContainerDefinitions: []types.ContainerDefinition{
			{Name: aws.String("app"), DependsOn: []types.ContainerDependency{{ContainerName: aws.String("db"), Condition: condition}}},
			{Name: aws.String("db"), Essential: aws.Bool(false)},
		}}
		db.Name = aws.String("db")
		s.Service.Deployments[0].PendingCount = 1
		s.Tasks = []types.Task{{
			TaskArn: aws.String("arn:aws:ecs:us-east-1:123456789012:task/default/0a"), TaskDefinitionArn: aws.String(orderedRevision), StartedBy: aws.String(ours),
			LastStatus: aws.String("PENDING"), DesiredStatus: aws.String("RUNNING"), CreatedAt: at(0),
			Containers: []types.Container{{Name: aws.String("app"), LastStatus: aws.String("PENDING")}, db},
		}}
	}
}

// A dependency that ended before it was HEALTHY leaves its dependant waiting for ever, and
// nothing but this says so.
func TestWhatATaskWaitsForIsNamed(t *testing.T) {
	ended := types.Container{LastStatus: aws.String("STOPPED"), ExitCode: aws.Int32(3), HealthStatus: types.HealthStatusUnknown}
	starting := types.Container{LastStatus: aws.String("RUNNING"), HealthStatus: types.HealthStatusUnknown}
	unhealthy := types.Container{LastStatus: aws.String("RUNNING"), HealthStatus: types.HealthStatusUnhealthy}
	healthy := types.Container{LastStatus: aws.String("RUNNING"), HealthStatus: types.HealthStatusHealthy}
	after := func(d time.Duration) scene { return func(s *Situation) { s.At = t0.Add(d) } }
	otherRevision := func(s *Situation) { s.Tasks[0].TaskDefinitionArn = aws.String("web:1") }
	started := func(s *Situation) { s.Tasks[0].Containers[0].LastStatus = aws.String("RUNNING") }
	for name, c := range map[string]struct {
		scenes []scene
		id     string
		proof  string
	}{
		"it has ended":                {all(ordered("HEALTHY", ended)), "D25", "STOPPED, exit code 3, and the task PENDING for 10 min"},
		"it has ended just now":       {all(ordered("HEALTHY", ended), after(time.Second)), "D25", "STOPPED, exit code 3, and the task PENDING for 1 s"},
		"it is not healthy for long":  {all(ordered("HEALTHY", starting)), "D26", "RUNNING, health UNKNOWN, and the task PENDING for 10 min"},
		"it fails its check":          {all(ordered("HEALTHY", unhealthy), after(11*time.Second)), "D27", "RUNNING, health UNHEALTHY, and the task PENDING for 11 s"},
		"it need not be healthy":      {all(ordered("SUCCESS", unhealthy), after(11*time.Second)), "", ""},
		"it does not end for long":    {all(ordered("SUCCESS", starting)), "D26", "RUNNING, and the task PENDING for 10 min"},
		"it does not end for a while": {all(ordered("COMPLETE", starting), after(time.Minute)), "", ""},
		"it is healthy":               {all(ordered("HEALTHY", healthy)), "", ""},
		"it has ended as it should":   {all(ordered("SUCCESS", ended)), "", ""},
		"another revision":            {all(ordered("HEALTHY", ended), otherRevision), "", ""},
		"it ended after the start":    {all(ordered("HEALTHY", ended), started), "", ""},
	} {
		s := situation(append(all(wants(1, 100, 200)), c.scenes...)...)
		found := Diagnose(Evidence{Service: s.Service, Deployment: ours}, s).Findings
		if c.id == "" {
			if len(found) != 0 {
				t.Errorf("%s: %+v", name, found)
			}
			continue
		}
		if len(found) != 1 || found[0].ID != c.id || !strings.Contains(found[0].Cause, "app") || !strings.Contains(found[0].Cause, "db") {
			t.Errorf("%s: %+v", name, found)
			continue
		}
		if p := found[0].Evidence[0]; p.Subject != "task 0a, container db" || p.Text != c.proof {
			t.Errorf("%s: %+v", name, p)
		}
		if found[0].Deterministic != (c.id == "D25") {
			t.Errorf("%s: deterministic is %v", name, found[0].Deterministic)
		}
	}
}

// ECS counts such a task as one that is coming, for ever: no circuit breaker ends it.
func TestATaskThatWaitsForEverIsHopeless(t *testing.T) {
	ended := types.Container{LastStatus: aws.String("STOPPED"), ExitCode: aws.Int32(3)}
	s := situation(wants(1, 100, 200), ordered("HEALTHY", ended))
	h := Foresee(s).Hopeless
	if h == nil || h.ID != "D25" || !strings.Contains(h.Reason, "container app of task 0a waits until container db is HEALTHY") || !strings.Contains(strings.Join(h.Remedy, " "), "stop-task --task 0a.") {
		t.Fatalf("%+v", h)
	}
	s.At = t0.Add(10 * time.Second) // all may not be told yet
	if h := Foresee(s).Hopeless; h != nil {
		t.Errorf("%+v", h)
	}
}

// A watch has only the outlook: it says what the tasks wait for within themselves.
func TestWhatATaskWaitsForIsTheOutlook(t *testing.T) {
	unhealthy := types.Container{LastStatus: aws.String("RUNNING"), HealthStatus: types.HealthStatusUnhealthy}
	starting := types.Container{LastStatus: aws.String("RUNNING"), HealthStatus: types.HealthStatusUnknown}
	for name, c := range map[string]struct {
		other types.Container
		after time.Duration
		want  string
	}{
		"it fails its check": {unhealthy, 12 * time.Second, "container db of task 0a, which is UNHEALTHY: container app depends on it (HEALTHY)"},
		"it is new":          {starting, 12 * time.Second, ""},
		"it takes long":      {starting, 6 * time.Minute, "container db of task 0a, which is UNKNOWN: container app depends on it (HEALTHY)"},
	} {
		s := situation(wants(1, 100, 200), ordered("HEALTHY", c.other))
		s.At = t0.Add(c.after)
		if o := Foresee(s); o.Waiting != c.want || o.Hopeless != nil {
			t.Errorf("%s: %+v", name, o)
		}
	}
}
