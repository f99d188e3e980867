package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// explanation is what `steady why -o json` prints, as far as these tests look.
type explanation struct {
	Schema  string
	Verdict string
	Summary string
	Subject struct{ Kind, Name, Deployment, Revision string }

	Findings, Harmless []struct {
		ID       string
		Cause    string
		Tasks    int
		Evidence []struct{ Subject, Text string }
		Remedy   []string
		Page     string
	}
	Outlook struct{ Hopeless *struct{ ID, Reason string } }
	Room    *struct {
		Tasks     int
		Instances []struct{ Instance, Reason, Detail string }
	}
}

// why asks for an explanation.
func (c *caller) why(args ...string) explanation {
	c.t.Helper()
	out, code := c.server.steady(append([]string{"why", "-o", "json"}, args...)...)
	var e explanation
	if err := json.Unmarshal([]byte(out), &e); code != 0 || err != nil {
		c.t.Fatalf("why %v ends with %d, %v: %s", args, code, err, out)
	}
	return e
}

// explained waits until the first cause of a service's trouble is the one given.
func (c *caller) explained(service, id string) explanation {
	c.t.Helper()
	var e explanation
	eventually(c.t, func() string {
		if e = c.why(service); len(e.Findings) > 0 && e.Findings[0].ID == id {
			return ""
		}
		return fmt.Sprintf("why %s says %+v, not %s", service, e, id)
	})
	if e.Schema != "steady.why/1" || e.Verdict != "explained" || e.Subject.Name != service || len(e.Findings[0].Evidence) == 0 || len(e.Findings[0].Remedy) == 0 || e.Findings[0].Page == "" {
		c.t.Errorf("%+v", e)
	}
	return e
}

// What no instance has is computed: the cause, that it is hopeless, and what has room.
// The other causes are those of failures_test.go.
func TestWhyNothingHasRoom(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	definition := app()
	definition.Memory = awssdk.Int32(100 << 20) // 100 TiB
	c.service("no-memory", 1, definition)
	e := c.explained("no-memory", "E03")
	if e.Outlook.Hopeless == nil || e.Outlook.Hopeless.ID != "E38" || !strings.Contains(e.Outlook.Hopeless.Reason, "a task needs 104857600 MiB of memory") {
		t.Errorf("outlook %+v", e.Outlook)
	}
	if e.Room == nil || e.Room.Tasks != 0 || len(e.Room.Instances) == 0 || e.Room.Instances[0].Reason != "RESOURCE:MEMORY" {
		t.Errorf("room %+v", e.Room)
	}
}

// A task, a deployment and what the AWS CLI printed lead to the same cause as the
// service; a stop on purpose to none.
func TestWhyOfAnything(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	c.service("web", 1, app("-say", "DB_URL is not set", "-crash", "3"))
	whole := c.explained("web", "C17")
	task := strings.TrimPrefix(strings.Split(whole.Findings[0].Evidence[0].Subject, ",")[0], "task ")
	for name, e := range map[string]explanation{"task": c.why(task), "deployment": c.why(whole.Subject.Deployment)} {
		if len(e.Findings) == 0 || e.Findings[0].ID != "C17" || e.Subject.Kind != name || e.Subject.Revision != "web:1" {
			t.Errorf("why of the %s says %+v", name, e)
		}
	}
	c.savedEvidence(task)

	arn := c.run(app())
	c.reach(arn, "RUNNING")
	if e := c.why(arn); e.Verdict != "nothing wrong" || len(e.Findings) != 0 {
		t.Errorf("of a task that runs: %+v", e)
	}
	c.stop(arn)
	c.reach(arn, "STOPPED")
	if e := c.why(arn); e.Verdict != "harmless" || len(e.Findings) != 0 || len(e.Harmless) != 1 || e.Harmless[0].ID != "T6" {
		t.Errorf("of a task that somebody stopped: %+v", e)
	}
	for _, name := range []string{"no-such-service", "ecs-svc/1234567890", strings.Repeat("0", 32)} {
		if out, code := c.server.steady("why", name); code != 1 || !strings.HasPrefix(out, "steady: ") || strings.Count(out, "\n") != 1 {
			t.Errorf("why %s ends with %d: %s", name, code, out)
		}
	}
}

// savedEvidence explains a task from what the AWS CLI prints of it, without a
// connection and without names.
func (c *caller) savedEvidence(task string) {
	c.t.Helper()
	printed, err := c.server.tryAWS("ecs", "describe-tasks", "--tasks", task)
	if err != nil {
		c.t.Fatal(err)
	}
	file := filepath.Join(c.t.TempDir(), "tasks.json")
	if err := os.WriteFile(file, []byte(printed), 0o600); err != nil {
		c.t.Fatal(err)
	}
	if e := c.why("--endpoint", "http://127.0.0.1:1", "--from", file); len(e.Findings) == 0 || e.Findings[0].ID != "C17" {
		c.t.Errorf("of what was saved: %+v", e)
	}
	out, code := c.server.steady("why", "--anonymize", "--from", file)
	if code != 0 || strings.Contains(out, task) || !strings.Contains(out, "task id-") {
		c.t.Errorf("anonymised it ends with %d: %s", code, out)
	}
}

// After a roll-back, why explains what was rolled back.
func TestWhyAfterARollback(t *testing.T) {
	t.Parallel()
	c := up(t, unhurried).caller(t)
	c.service("web", 1, app())
	c.onlyTask("web")
	c.event("web", "deployment completed")
	broken := c.register("web", app("-say", "DB_URL is not set", "-crash", "3"))
	if _, err := c.api.UpdateService(c.t.Context(), &ecs.UpdateServiceInput{Service: awssdk.String("web"), TaskDefinition: &broken,
		DeploymentConfiguration: &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}},
	}); err != nil {
		t.Fatal(err)
	}
	c.event("web", "rolling back to deployment")
	e := c.explained("web", "C17")
	if e.Subject.Revision != "web:2" || e.Findings[0].Tasks < 3 {
		t.Errorf("%+v", e)
	}
}
