package monitor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
)

// machine is a container instance with so much memory, of which so much is left.
func machine(n int, memory, left int32) types.ContainerInstance {
	resources := func(memory int32) []types.Resource {
		return []types.Resource{{Name: aws.String("CPU"), IntegerValue: 1024}, {Name: aws.String("MEMORY"), IntegerValue: memory}}
	}
	return types.ContainerInstance{
		ContainerInstanceArn: aws.String(fmt.Sprintf("arn:aws:ecs:eu-1:1:container-instance/default/m%d", n)),
		Status:               aws.String("ACTIVE"), AgentConnected: true,
		RegisteredResources: resources(memory), RemainingResources: resources(left),
	}
}

// running is a live task of a deployment.
func running(n int, deployment string, health types.HealthStatus) types.Task {
	return types.Task{
		TaskArn: aws.String(fmt.Sprintf("arn:aws:ecs:eu-1:1:task/default/live%d", n)), StartedBy: aws.String("ecs-svc/" + deployment),
		ContainerInstanceArn: machine(1, 0, 0).ContainerInstanceArn, DesiredStatus: aws.String("RUNNING"), LastStatus: aws.String("RUNNING"),
		HealthStatus: health, Memory: aws.String("256"), StartedAt: aws.Time(t0),
	}
}

func appOf(memory int32) types.TaskDefinition {
	return types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), Memory: aws.Int32(memory)}}}
}

func tooBig() *fake {
	f := play(scene{service: web(new7(inProgress, 0), event(sec, "was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance m3) has insufficient memory available."))})
	f.def = appOf(4096)
	f.scenes[0].cis = []types.ContainerInstance{machine(1, 1024, 1024), machine(2, 2048, 2048), machine(3, 3072, 3072)}
	return f
}

const tooBigSaid = "cannot converge, because a task needs 4096 MiB of memory; the largest container instance (m3) has 3072"

func TestWatchOfAHopelessDeployment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := tooBig()
		v, out, err := watchedFake(t.Context(), Options{Timeout: time.Minute, Patient: true}, f)
		if err != nil || v.Outcome != TimedOut || v.Outcome.ExitCode() != 4 || v.Outlook.Hopeless == nil {
			t.Fatalf("%+v, %v", v, err)
		}
		if want := "00:00:01  outlook     " + tooBigSaid + "\n"; strings.Count(out, "  outlook  ") != 1 || !strings.Contains(out, want) {
			t.Errorf("shows\n%s\nwant once %s", out, want)
		}
		want := `
TIMED OUT: service web after 1m0s. The deployment of web:7 is still under way: it runs 0 of 3 tasks.
It ` + tooBigSaid + `.
What to do:
  - Lower cpu and memory in the task definition (a container with memoryReservation counts with that), or add an instance that is big enough.
`
		if !strings.HasSuffix(out, want) {
			t.Errorf("ends\n%s\nwant\n%s", out, want)
		}
	})
}

func TestHopelessInTheLiveBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, out, err := watchedFake(t.Context(), Options{Timeout: 10 * sec, Terminal: true, Patient: true}, tooBig())
		if err != nil || !strings.Contains(out, "\nCannot converge, because a task needs 4096 MiB of memory; the largest container\ninstance (m3) has 3072\n") {
			t.Errorf("%v\n%s", err, out)
		}
		if shown := strings.Join(screen(t, out), "\n"); strings.Contains(shown, "Cannot converge") || !strings.Contains(shown, "It cannot converge") {
			t.Errorf("at the end:\n%s", shown)
		}
	})
}

func TestItCanGoOnAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := tooBig()
		f.scenes[0].service.DesiredCount = 1
		for n, left := range []int32{100, 8192} {
			s := f.scenes[0]
			s.from = time.Duration(n+1) * 20 * sec
			s.cis = append(slices.Clone(s.cis), machine(4, 8192, left))
			f.scenes = append(f.scenes, s)
		}
		_, out, err := watchedFake(t.Context(), Options{Timeout: time.Minute, Patient: true}, f)
		story := []string{"outlook     " + tooBigSaid, "outlook     waiting for 4096 MiB of memory on a container instance: running tasks hold it", "TIMED OUT"}
		rest := out
		for _, want := range story {
			_, after, ok := strings.Cut(rest, want)
			if !ok {
				t.Fatalf("%v: does not say %q in\n%s", err, want, out)
			}
			rest = after
		}
		if strings.Contains(rest, "converge") {
			t.Errorf("says at the end\n%s", rest)
		}
	})
}

// TestLookingAroundIsRare: against Amazon a hanging deployment of ten minutes costs
// few calls more, one that goes on none, and a refusal ends it.
func TestLookingAroundIsRare(t *testing.T) {
	const amazon = "https://ecs.eu-west-1.amazonaws.com"
	synctest.Test(t, func(t *testing.T) {
		f := tooBig()
		if _, _, err := watchedFake(t.Context(), Options{Endpoint: amazon, Patient: true}, f); err != nil || f.around < 10 || f.around > 41 {
			t.Errorf("%v: looked %d times in 10 minutes", err, f.around)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f := play(scene{from: 0, service: web(new7(inProgress, 0), old(3))}, scene{from: 4 * sec, service: web(new7(inProgress, 1), old(3))},
			scene{from: 8 * sec, service: web(new7(inProgress, 2), old(2))}, scene{from: 12 * sec, service: web(new7(completed, 3))})
		if _, _, err := watchedFake(t.Context(), Options{Endpoint: amazon, Patient: true}, f); err != nil || f.around != 0 {
			t.Errorf("%v: looked %d times at a cluster in which all goes well", err, f.around)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f := tooBig()
		f.scenes[0].denied = &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
		v, out, err := watchedFake(t.Context(), Options{}, f)
		if err != nil || v.Outcome != TimedOut || f.around != 0 || strings.Contains(out, "converge") {
			t.Errorf("without permission: %v\n%s", err, out)
		}
		if !strings.Contains(out, "No instance has enough memory left for a task") {
			t.Errorf("does not fall back on the events:\n%s", out)
		}
	})
}

func TestUnhealthyTasksAreCounted(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := web(new7(inProgress, 3), old(1))
			f := play(
				scene{service: s, live: []types.Task{running(1, "d2", "UNHEALTHY"), running(2, "d2", "HEALTHY"), running(3, "d2", "UNHEALTHY"), running(4, "d1", "UNHEALTHY")}},
				scene{from: 10 * sec, service: s, live: []types.Task{running(1, "d2", "HEALTHY"), running(2, "d2", "HEALTHY"), running(3, "d2", "HEALTHY")}},
				scene{from: 20 * sec, service: web(new7(completed, 3))})
			f.def = appOf(128)
			f.def.ContainerDefinitions[0].HealthCheck = &types.HealthCheck{Command: []string{"CMD", "true"}}
			v, out, err := watchedFake(t.Context(), Options{Terminal: terminal}, f)
			if err != nil || v.Outcome != Succeeded {
				t.Fatalf("%+v, %v", v, err)
			}
			want := []string{"desired 3  pending 0  running 3  2 unhealthy  failed 0", "running 1  1 unhealthy  failed 0", "running 3  failed 0  IN_PROGRESS"}
			if terminal {
				want = []string{"3 of 3 running, 2 unhealthy\n", "1 of 3 running, 1 unhealthy\n"}
			}
			for _, w := range want {
				if !strings.Contains(out, w) {
					t.Errorf("does not show %q in\n%s", w, out)
				}
			}
		})
	}
}

func TestProtectedTasksAreSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := []types.Task{running(1, "d2", ""), running(2, "d2", ""), running(3, "d2", ""), running(4, "d1", "")}
		f := play(scene{service: web(new7(inProgress, 3), old(1)), live: live})
		f.kept = []types.ProtectedTask{{TaskArn: live[3].TaskArn, ProtectionEnabled: true, ExpirationDate: aws.Time(t0.Add(2 * time.Hour))}}
		v, _, err := watchedFake(t.Context(), Options{}, f)
		if err != nil || !strings.Contains(v.Text, "It cannot converge, because 1 task of older deployments must go and is protected from scale-in until 2000-01-01 02:00 UTC") {
			t.Errorf("%v\n%s", err, v.Text)
		}
	})
}

func TestCrashLoopThatNothingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := play(scene{service: web(noRollback, new7(inProgress, 0), old(3))})
		for n := range 6 {
			f.tasks = append(f.tasks, crash(n, "d2", 1))
		}
		f.logs = map[string]string{"/steady/default web/app/task5": "starting\nDB_URL is not set"}
		v, out, err := watchedFake(t.Context(), Options{Timeout: time.Minute, Patient: true}, f)
		if err != nil || v.Outcome != TimedOut || strings.Count(out, "  outlook  ") != 1 {
			t.Fatalf("%+v, %v\n%s", v, err, out)
		}
		want := `It cannot converge, because 6 tasks of this deployment failed in the same way, and no circuit breaker ends it: ECS starts tasks again and again, and the service will not become steady by itself.
Why: 6 tasks failed: Container "app" exits with code 1, within 2 s of its start. The last lines of its log:
    starting
    DB_URL is not set
What to do:
  - Read the last lines of the log: most often a missing setting or an unreachable database.
  - Deploy the revision that worked before; with deploymentCircuitBreaker (enable and rollback) ECS does that by itself.`
		if !strings.HasSuffix(v.Text, want) {
			t.Errorf("says\n%s\nwant\n%s", v.Text, want)
		}
		if !strings.Contains(out, "its log:\n                          starting\n                          DB_URL is not set\n") {
			t.Errorf("the log's lines do not stand on their own in\n%s", out)
		}
	})
}
