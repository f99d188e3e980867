package pasted

import (
	"os"
	"slices"
	"strings"
	"testing"

	"steady/diagnose"
)

// TestRecognised: each kind of evidence alone, as it is saved, and what is found.
func TestRecognised(t *testing.T) {
	const task = `"taskArn": "arn:aws:ecs:eu-1:123456789012:task/prod/0a", "group": "service:web", "startedBy": "ecs-svc/1", "lastStatus": "STOPPED",
		"stopCode": "TaskFailedToStart", "containers": [{"name": "app", "image": "shop/web:9", "reason": "CannotPullContainerError: manifest for shop/web:9 not found: manifest unknown"}]`
	const crash = `"taskArn": "arn:aws:ecs:eu-1:1:task/prod/0b", "lastStatus": "STOPPED", "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
		"startedAt": %START%, "stoppedAt": %STOP%, "containers": [{"name": "app", "exitCode": 1}]`
	numbers := strings.NewReplacer("%START%", "1772366400.5", "%STOP%", "1772366402.5")
	texts := strings.NewReplacer("%START%", `"2026-03-01T12:00:00.500000+00:00"`, "%STOP%", `"2026-03-01T13:00:02.500000+01:00"`)
	cases := []struct {
		name, content string
		want          []string // ids of findings
		says          string   // in the cause of the first
	}{
		{"describe-tasks", `{"tasks": [{` + task + `}], "failures": []}`, []string{"A01"}, `The image "shop/web:9" does not exist`},
		{"a list of tasks", `[{` + task + `}]`, []string{"A01"}, ""},
		{"one task", `{` + task + `}`, []string{"A01"}, ""},
		{"times as numbers", `{"tasks": [{` + numbers.Replace(crash) + `}]}`, []string{"C17"}, "within 2 s of its start"},
		{"times as texts", `{"tasks": [{` + texts.Replace(crash) + `}]}`, []string{"C17"}, "within 2 s of its start"},
		{"a task with its log", `{"tasks": [{` + numbers.Replace(crash) + `}]}
			{"events": [{"logStreamName": "web/app/0b", "timestamp": 1772366401000, "message": "exec /app: exec format error"}]}`, []string{"A12"}, ""},
		{"failures", `{"tasks": [], "failures": [{"arn": "x", "reason": "MISSING"}]}`, []string{"G01"}, ""},
		{"an exception", `{"__type": "ClusterNotFoundException", "message": "Cluster not found."}`, []string{"G11"}, ""},
		{"describe-target-health", `{"TargetHealthDescriptions": [{"Target": {"Id": "10.0.0.7", "Port": 80}, "TargetHealth": {"State": "unhealthy", "Reason": "Target.ResponseCodeMismatch", "Description": "Health checks failed with these codes: [404]"}}]}`, []string{"D02"}, ""},
		{"an event of EventBridge", `{"version": "0", "id": "e1", "detail-type": "ECS Task State Change", "source": "aws.ecs", "time": "2026-03-01T12:00:00Z", "detail": {` + task + `, "version": 3}}`, []string{"A01"}, ""},
		{"the same event twice, and an older one after it", `{"id": "e2", "detail-type": "ECS Task State Change", "time": "2026-03-01T12:00:00Z", "detail": {` + task + `, "version": 3}}
			{"id": "e2", "detail-type": "ECS Task State Change", "time": "2026-03-01T12:00:00Z", "detail": {` + task + `, "version": 3}}
			{"id": "e1", "detail-type": "ECS Task State Change", "time": "2026-03-01T11:00:00Z", "detail": {"taskArn": "arn:aws:ecs:eu-1:123456789012:task/prod/0a", "lastStatus": "RUNNING", "version": 2}}`, []string{"A01"}, ""},
		{"a service action", `[{"detail-type": "ECS Service Action", "id": "e3", "time": "2026-03-01T12:00:00Z", "resources": ["arn:aws:ecs:eu-1:1:service/prod/web"], "detail": {"eventType": "ERROR", "eventName": "SERVICE_TASK_PLACEMENT_FAILURE", "reason": "RESOURCE:FARGATE"}}]`, []string{"E15", "E35"}, ""},
		{"a roll-back that completed is no success and no failure", `{"detail-type": "ECS Deployment State Change", "id": "e4", "time": "2026-03-01T12:00:00Z", "resources": ["arn:aws:ecs:eu-1:1:service/prod/web"], "detail": {"eventName": "SERVICE_DEPLOYMENT_COMPLETED", "deploymentId": "ecs-svc/1", "reason": "ECS deployment ecs-svc/1 completed."}}`, nil, ""},
		{"in an SQS message", `{"Messages": [{"Body": "{\"__type\": \"BlockedException\", \"message\": \"\"}"}]}`, []string{"G28"}, ""},
		{"lines of a console", "> Stopped reason: Task failed to start\n> CannotPullContainerError: invalid reference format\n", []string{"A20"}, ""},
		{"events of a ticket", "2026-03-01 12:00:00 +0000 (service web) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 0a) has insufficient memory available.", []string{"E03"}, ""},
		{"the AWS CLI's own words", "\nAn error occurred (ServiceNotFoundException) when calling the UpdateService operation: Service not found.", []string{"G12"}, ""},
		{"a log", "[2026-03-01T12:00:00Z] starting\n[2026-03-01T12:00:01Z] exec /app: exec format error\n", []string{"A12"}, ""},
		{"a log of JSON lines", `{"level": "info", "msg": "starting"}` + "\n" + `{"level": "error", "msg": "connect ECONNREFUSED 127.0.0.1:5432"}`, []string{"C33"}, ""},
		{"text that begins with a bracket", "[ERROR] exec /app: exec format error", []string{"A12"}, ""},
		{"nothing", "", nil, ""},
		{"small talk", "hi, could you have a look?\nthanks!", nil, ""},
	}
	for _, c := range cases {
		var p Pile
		p.Add("paste", []byte(c.content))
		all := p.Cases()
		if len(all) != 1 {
			t.Errorf("%s: %d cases", c.name, len(all))
			continue
		}
		var ids []string
		d := all[0].Diagnose()
		for _, f := range d.Findings {
			ids = append(ids, f.ID)
		}
		if c.name == "lines of a console" {
			ids = slices.DeleteFunc(ids, func(id string) bool { return id == "F14" })
		}
		if !slices.Equal(ids, c.want) {
			t.Errorf("%s: %v, want %v; notes %q", c.name, ids, c.want, d.Notes)
			continue
		}
		if c.says != "" && !strings.Contains(d.Findings[0].Cause, c.says) {
			t.Errorf("%s: says %q, not %q", c.name, d.Findings[0].Cause, c.says)
		}
	}
}

// TestAnIncident: everything that was saved of one service, in several files.
func TestAnIncident(t *testing.T) {
	var p Pile
	for _, name := range []string{"services.json", "tasks.json", "taskdef.json", "targetgroups.json", "instances.json"} {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		p.Add(name, b)
	}
	cases := p.Cases()
	if len(cases) != 1 {
		t.Fatalf("%d cases", len(cases))
	}
	c := cases[0]
	if s := c.Subject; s.Kind != diagnose.AService || s.Name != "web" || s.Cluster != "prod" || s.Deployment != "ecs-svc/2" || s.Revision != "web:7" || s.State != "IN_PROGRESS, 0 of 2 tasks run" {
		t.Errorf("%+v", s)
	}
	d := c.Diagnose()
	if len(c.Missing) != 0 || len(d.Findings) == 0 || d.Findings[0].ID != "D02" || d.Findings[0].Tasks != 2 {
		t.Errorf("%+v, missing %q", d.Findings, c.Missing)
	}
	if len(d.Benign) != 1 || d.Benign[0].ID != "T6" {
		t.Errorf("benign: %+v", d.Benign)
	}
	if d.Room == nil || d.Room.Tasks != 1 || d.Room.Instances[0].Reason != "RESOURCE:MEMORY" {
		t.Errorf("room: %+v", d.Room)
	}
}

func TestWhatIsNotKnownIsTold(t *testing.T) {
	for content, want := range map[string]string{
		`{"Stacks": [{"StackName": "x"}]}`:                           "JSON that is nothing known",
		`{"tasks": [{"taskArn": 7, "lastStatus": "STOPPED"}]}`:       "not as the AWS CLI prints it",
		`{"detail-type": "EC2 Instance State-change", "detail": {}}`: "none of those that matter here",
	} {
		var p Pile
		p.Add("x.json", []byte(content))
		if notes := strings.Join(p.Cases()[0].Diagnose().Notes, " "); !strings.Contains(notes, want) {
			t.Errorf("%s: notes %q, want %q", content, notes, want)
		}
	}
}

// FuzzAdd: whatever is pasted, there is at least one case, and it can be judged.
func FuzzAdd(f *testing.F) {
	f.Add([]byte(`{"tasks": [{"taskArn": "a", "lastStatus": "STOPPED", "stoppedAt": 1e300}]}`))
	f.Add([]byte(`{"services": [{"serviceName": "w", "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY"}]}]} (service w) has started 1 tasks`))
	f.Add([]byte("[[[{\"events\": [{\"message\": \"x\", \"timestamp\": -1}]}]]]\n2026-01-01 00:00:00 exit code 137"))
	f.Fuzz(func(t *testing.T, content []byte) {
		var p Pile
		p.Add("paste", content)
		cases := p.Cases()
		if len(cases) == 0 {
			t.Error("no case")
		}
		for _, c := range cases {
			c.Diagnose()
		}
	})
}
