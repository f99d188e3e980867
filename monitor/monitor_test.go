package monitor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// The SDK's clients are what a watch is for.
var (
	_ ECS  = (*ecs.Client)(nil)
	_ Logs = (*cloudwatchlogs.Client)(nil)
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // the lines shown carry local time
	os.Exit(m.Run())
}

const here = "http://127.0.0.1:8080"

var errRefused = errors.New("dial tcp 127.0.0.1:8080: connect: connection refused")

// watched runs a watch of the fake in a bubble, where waiting takes no time.
func watched(t *testing.T, o Options, scenes ...scene) (v Verdict, out string, f *fake, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f = play(scenes...)
		v, out, err = watchedFake(t.Context(), o, f)
	})
	return
}

func watchedFake(ctx context.Context, o Options, f *fake) (Verdict, string, error) {
	var b bytes.Buffer
	o.Service, o.ECS, o.Logs, o.Out = "web", f, f, &b
	if o.Endpoint == "" {
		o.Endpoint = here
	}
	v, err := Watch(ctx, o)
	return v, b.String(), err
}

const sec = time.Second

var started = event(0, "has started 3 tasks: (task task1) (task task2) (task task3).")

func TestWatchOfASuccess(t *testing.T) {
	pending := web(new7(inProgress, 0), old(3), started)
	pending.Deployments[0].PendingCount = 3
	v, out, _, err := watched(t, Options{},
		scene{from: 0, service: pending},
		scene{from: 2 * sec, service: web(new7(inProgress, 3), started)},
		scene{from: 3 * sec, service: web(new7(completed, 3), started, event(3*sec, "(deployment ecs-svc/d2) deployment completed."))},
	)
	if err != nil || v.Outcome != Succeeded || v.Outcome.ExitCode() != 0 || !v.Steady || v.Revision != "web:7" || v.Elapsed != 3*sec {
		t.Fatalf("%+v, %v", v, err)
	}
	want := `00:00:00  watch       deployment ecs-svc/d2 of service web in cluster default
00:00:00  event       (service web) has started 3 tasks: (task task1) (task task2) (task task3).
00:00:00  web:7       new       desired 3  pending 3  running 0  failed 0  IN_PROGRESS
00:00:00  web:6       old       desired 3  pending 0  running 3  failed 0  COMPLETED
00:00:02  web:7       new       desired 3  pending 0  running 3  failed 0  IN_PROGRESS
00:00:02  web:6       old       has no tasks any more
00:00:03  event       (service web) (deployment ecs-svc/d2) deployment completed.
00:00:03  web:7       new       desired 3  pending 0  running 3  failed 0  COMPLETED

SUCCEEDED: service web. 3 of 3 tasks run web:7, and nothing else runs.
`
	if out != want {
		t.Errorf("shows\n%s\nwant\n%s", out, want)
	}
}

// rollbackScenes: web:7 crashes, the breaker trips, web:6 comes back.
func rollbackScenes() []scene {
	failedSaid := event(9*sec, "(deployment ecs-svc/d2) deployment failed: tasks failed to start.")
	backSaid := event(9*sec, "rolling back to deployment ecs-svc/d3.")
	noRoom := event(10*sec, "was unable to place a task because no container instance met all of its requirements.")
	return []scene{
		{from: 0, service: web(new7(inProgress, 0), old(3), started)},
		{from: 9 * sec, service: web(deployment("d3", "web:6", 9*sec, inProgress, 0), rollingBack, new7(failed, 0), old(3), started, failedSaid, backSaid)},
		{from: 12 * sec, service: web(deployment("d3", "web:6", 9*sec, completed, 3), started, failedSaid, backSaid, noRoom)},
	}
}

func crashing(f *fake) {
	f.tasks = []types.Task{crash(1, "d2", 1), crash(2, "d2", 1), crash(3, "d2", 1), crash(4, "d1", 2), crash(5, "d3", 3)}
	f.logs = map[string]string{}
	for n := 1; n <= 3; n++ {
		f.logs[fmt.Sprintf("/steady/default web/app/task%d", n)] = "starting\nDB_URL is not set"
	}
}

func TestWatchOfARollback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := play(rollbackScenes()...)
		crashing(f)
		v, out, err := watchedFake(t.Context(), Options{}, f)
		if err != nil || v.Outcome != RolledBack || v.Outcome.ExitCode() != 3 || !v.Steady || v.Current != "web:6" || v.Revision != "web:7" {
			t.Fatalf("%+v, %v", v, err)
		}
		want := `ROLLED BACK: service web. The deployment of web:7 failed and was rolled back: the service is steady on revision web:6.
Why: 3 tasks failed: Container "app" exits with code 1, within 2 s of its start. Trying again will not help. The last lines of its log:
    starting
    DB_URL is not set
What to do:
  - Read the last lines of the log: most often a missing setting or an unreachable database.
`
		if !strings.HasSuffix(out, "\n\n"+want) {
			t.Errorf("ends\n%s\nwant\n%s", out, want)
		}
		if n := strings.Count(out, "  why  "); n != 1 {
			t.Errorf("%d explanations before the verdict, want 1:\n%s", n, out)
		}
		if strings.Contains(v.Text, "no container instance") {
			t.Error("blames the roll-back's placement on the deployment")
		}
	})
}

func TestWatchOfAFailureWithAwslogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := play(scene{service: web(noRollback, new7(failed, 0), old(3))})
		crashing(f)
		f.def = types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"),
			LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs,
				Options: map[string]string{"awslogs-group": "/shop", "awslogs-stream-prefix": "ecs"}}}}}
		f.logs = map[string]string{"/shop ecs/app/task3": "\x1b[2Jout of luck"}
		v, out, err := watchedFake(t.Context(), Options{}, f)
		if err != nil || v.Outcome != Failed || v.Outcome.ExitCode() != 2 || v.Steady {
			t.Fatalf("%+v, %v", v, err)
		}
		if !strings.Contains(out, "out of luck") || strings.Contains(out, "\x1b") {
			t.Errorf("log line in\n%q", out)
		}
		for _, r := range f.reads {
			if !strings.HasPrefix(r, "/shop ecs/app/task") {
				t.Errorf("looks for the log in %q", r)
			}
		}
	})
}

func TestWatchWithoutLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := play(rollbackScenes()...)
		crashing(f)
		f.logs = nil // each read answers ResourceNotFoundException
		v, _, err := watchedFake(t.Context(), Options{}, f)
		if err != nil || !strings.Contains(v.Text, `3 tasks failed: Container "app" exits with code 1`) {
			t.Fatalf("%+v, %v", v, err)
		}
		if len(f.reads) > 3*3 {
			t.Errorf("%d reads of logs that are not there", len(f.reads))
		}
	})
}

func TestWatchSupersededAndTimedOut(t *testing.T) {
	v, _, _, err := watched(t, Options{},
		scene{from: 0, service: web(new7(inProgress, 1), old(3))},
		scene{from: sec, service: web(deployment("d3", "web:8", sec, inProgress, 0), new7(inProgress, 1), old(3))})
	if err != nil || v.Outcome != Superseded || v.Outcome.ExitCode() != 5 || v.Current != "web:8" {
		t.Errorf("%+v, %v", v, err)
	}
	v, out, _, err := watched(t, Options{}, scene{service: web(new7(inProgress, 2), old(1))})
	if err != nil || v.Outcome != TimedOut || v.Outcome.ExitCode() != 4 || v.Elapsed != DefaultTimeout {
		t.Errorf("%+v, %v", v, err)
	}
	if !strings.Contains(out, "TIMED OUT: service web after 10m0s. The deployment of web:7 is still under way: it runs 2 of 3 tasks.") {
		t.Error(out)
	}
}

func TestWatchOfADeletedService(t *testing.T) {
	v, out, _, err := watched(t, Options{}, scene{from: 0, service: web(new7(inProgress, 1))}, scene{from: sec})
	if err != nil || v.Outcome != Failed || !strings.HasSuffix(out, "\nFAILED: service web. The service was deleted during the deployment.\n") {
		t.Errorf("%+v, %v\n%s", v, err, out)
	}
	if _, _, f, err := watched(t, Options{}, scene{}); err == nil || f.looks != 1 || !strings.Contains(err.Error(), "no such service") {
		t.Errorf("no service at start: %v after %d looks", err, f.looks)
	}
}

func TestLostContact(t *testing.T) {
	v, out, _, err := watched(t, Options{},
		scene{from: 0, service: web(new7(inProgress, 1), old(3))},
		scene{from: 10 * sec, err: errRefused},
		scene{from: 70 * sec, service: web(new7(completed, 3))})
	if err != nil || v.Outcome != Succeeded {
		t.Fatalf("an outage of a minute: %+v, %v", v, err)
	}
	if strings.Count(out, "lost contact") != 1 || strings.Count(out, "in contact again") != 1 {
		t.Error(out)
	}

	v, _, f, err := watched(t, Options{},
		scene{from: 0, service: web(new7(inProgress, 3))}, scene{from: 10 * sec, err: errRefused})
	const unknown = "INCONCLUSIVE: service web. Contact with the server was lost 9m50s ago (dial tcp 127.0.0.1:8080: connect: connection refused), and what became of the deployment is unknown."
	if err != nil || v.Outcome != Inconclusive || v.Outcome.ExitCode() != 7 || v.Current != "web:7" || v.Text != unknown {
		t.Errorf("an outage to the end: %+v, %v", v, err)
	}
	if f.looks > 40+int(DefaultTimeout/(5*sec))+10 {
		t.Errorf("%d looks: no back-off", f.looks)
	}

	synctest.Test(t, func(t *testing.T) {
		f := play(scene{err: errRefused})
		begin := time.Now()
		var told bytes.Buffer
		if _, _, err := watchedFake(t.Context(), Options{Err: &told}, f); err == nil || time.Since(begin) > 15*sec {
			t.Errorf("a server that never was there: %v after %s", err, time.Since(begin))
		}
		if want := "steady: no contact with the server yet; still trying: " + errRefused.Error() + "\n"; told.String() != want {
			t.Errorf("told meanwhile: %q, want %q", &told, want)
		}
	})
}

func TestRefusalsAreNotSatOut(t *testing.T) {
	denied := &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
	_, _, f, err := watched(t, Options{}, scene{from: 0, service: web(new7(inProgress, 1))}, scene{from: sec, err: denied})
	if !errors.As(err, new(*smithy.GenericAPIError)) || f.looks > 6 {
		t.Errorf("%v after %d looks", err, f.looks)
	}
	server := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: 503}}, Err: denied}
	for err, want := range map[error]bool{
		denied: false, &types.ClusterNotFoundException{}: false, context.Canceled: false,
		errRefused: true, context.DeadlineExceeded: true, &types.ServerException{}: true, server: true,
		&smithy.GenericAPIError{Code: "ThrottlingException"}: true,
	} {
		if mayPass(err) != want {
			t.Errorf("mayPass(%v) = %v", err, !want)
		}
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*sec)
		defer cancel()
		v, _, err := watchedFake(ctx, Options{Terminal: true}, play(scene{service: web(new7(inProgress, 1))}))
		if !errors.Is(err, context.DeadlineExceeded) || v.Outcome != "" {
			t.Errorf("%+v, %v", v, err)
		}
	})
}

func TestPace(t *testing.T) {
	near, far := newPace("http://localhost:8080"), newPace("")
	for range 10 {
		if d := near.after(false); d != 250*time.Millisecond {
			t.Fatalf("loopback: %s", d)
		}
	}
	var waits []time.Duration
	for range 6 {
		waits = append(waits, far.after(false))
	}
	waits = append(waits, far.after(true))
	if want := []time.Duration{2 * sec, 2 * sec, 2 * sec, 2 * sec, 5 * sec, 5 * sec, 2 * sec}; !slices.Equal(waits, want) {
		t.Errorf("AWS: %v", waits)
	}
	waits = nil
	for range 6 {
		waits = append(waits, far.afterError())
	}
	if want := []time.Duration{2 * sec, 4 * sec, 8 * sec, 16 * sec, 30 * sec, 30 * sec}; !slices.Equal(waits, want) {
		t.Errorf("errors: %v", waits)
	}
	for endpoint, want := range map[string]bool{"http://127.0.0.1:1": true, "http://[::1]:1": true, "https://localhost": true,
		"": false, "https://ecs.eu-west-1.amazonaws.com": false, "http://10.0.0.1:8080": false, "://": false} {
		if OnLoopback(endpoint) != want {
			t.Errorf("OnLoopback(%q) = %v", endpoint, !want)
		}
	}
}
