package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// reportFile lists what became of each failure; TestEveryFailureIsExplained writes it
// where STEADY_WRITE_FAILURES is set, and else finds each of its rows in it.
const reportFile = "../docs/failures.md"

// watched is a `steady watch` under way whose verdict is a document.
type watched struct {
	t       *testing.T
	process *exec.Cmd
	lines   *bufio.Scanner // what happens, on stderr
	stdout  bytes.Buffer
	told    []string
	done    chan struct{}
	ended   outcome
}

// outcome is what there was to know at the moment of the verdict.
type outcome struct {
	Outcome  string
	ExitCode int
	Text     string
	code     int
	waiter   string // what aws ecs wait services-stable makes of it
	service  string // what DescribeServices says
	problem  string
}

// TestEveryFailureIsExplained produces what can go wrong, on real containers: the
// verdict, the exit code and the first cause are as they should be.
func TestEveryFailureIsExplained(t *testing.T) {
	t.Parallel()
	shared := up(t, unhurried).caller(t)
	callers, watches := map[string]*caller{}, map[string]*watched{}
	for _, f := range failures {
		c := shared
		if f.own != nil {
			flags := append([]string{fmt.Sprintf("--listen=127.0.0.1:%d", freePort(t))}, f.own...) // the same after a restart
			c = up(t, flags...).caller(t)
		}
		callers[f.name] = c
		if f.before != nil {
			f.before(c, f.name)
		}
	}
	for _, f := range failures {
		c := callers[f.name]
		f.begin(c, f.name)
		w := c.watchTo(f.name)
		watches[f.name] = w
		if f.then != nil {
			f.then(c, f.name, w)
		}
		go w.await(c, f.name)
	}
	var rows strings.Builder
	for _, f := range failures {
		rows.WriteString(f.judge(t, callers[f.name], watches[f.name]))
	}
	if os.Getenv("STEADY_WRITE_FAILURES") != "" {
		writeReport(t, rows.String())
	}
}

// watchTo follows a service's deployment, to a document.
func (c *caller) watchTo(service string) *watched {
	c.t.Helper()
	w := &watched{t: c.t, process: exec.Command(binary, "watch", service, "-o", "json", "--timeout", "2m"), done: make(chan struct{})}
	w.process.Env = c.server.environment()
	w.process.Stdout = &w.stdout
	said, err := w.process.StderrPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	w.lines = bufio.NewScanner(said)
	if err := w.process.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { w.process.Process.Kill() })
	return w
}

// says waits until the watch has said a text.
func (w *watched) says(text string) {
	w.t.Helper()
	for w.lines.Scan() {
		w.told = append(w.told, w.lines.Text())
		if strings.Contains(w.lines.Text(), text) {
			return
		}
	}
	w.t.Fatalf("it never said %q, only\n%s", text, strings.Join(w.told, "\n"))
}

// await waits for the verdict, and asks at once what others would know.
func (w *watched) await(c *caller, service string) {
	defer close(w.done)
	for w.lines.Scan() {
		w.told = append(w.told, w.lines.Text())
	}
	w.process.Wait()
	if err := json.Unmarshal(w.stdout.Bytes(), &w.ended); err != nil {
		w.ended.problem = fmt.Sprintf("the verdict is no document: %v: %s\n%s", err, w.stdout.String(), strings.Join(w.told, "\n"))
		return
	}
	w.ended.code = w.process.ProcessState.ExitCode()
	out, err := c.api.DescribeServices(c.t.Context(), &ecs.DescribeServicesInput{Services: []string{service}})
	if err != nil || len(out.Services) != 1 {
		w.ended.problem = fmt.Sprintf("describe service %s: %v", service, err)
		return
	}
	s := out.Services[0]
	w.ended.service = fmt.Sprintf("%d of %d run, %s", s.RunningCount, s.DesiredCount, s.Deployments[0].RolloutState)
	if len(s.Events) > 0 {
		w.ended.service += ": “" + plain(*s.Events[0].Message) + "”"
	}
	w.ended.waiter = c.waiter(service)
}

// waiter asks the SDK's own waiter once: its rules are those of `aws ecs wait
// services-stable`, which would ask forty times, 15 s apart. Where it is content, the
// command is run.
func (c *caller) waiter(service string) string {
	w := ecs.NewServicesStableWaiter(c.api)
	err := w.Wait(c.t.Context(), &ecs.DescribeServicesInput{Services: []string{service}}, time.Second) // no time for a second look
	switch {
	case err != nil && strings.Contains(err.Error(), "exceeded max wait time"):
		return "waits on"
	case err != nil:
		return "fails: " + err.Error()
	}
	if _, err := c.server.tryAWS("ecs", "wait", "services-stable", "--services", service); err != nil {
		return "is content, but the command is not: " + err.Error()
	}
	return "**ends with 0: stable**"
}

// particular are the parts of messages that no two runs have in common.
var particular = regexp.MustCompile(`ecs-svc/\d+|\b[0-9a-f]{32}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b`)

func plain(message string) string { return particular.ReplaceAllString(message, "…") }

// judge checks one failure, and makes its row of the report.
func (f failure) judge(t *testing.T, c *caller, w *watched) (row string) {
	<-w.done
	got := w.ended
	if got.problem != "" {
		t.Errorf("%s: %s", f.name, got.problem)
		return ""
	}
	e := c.why(f.name)
	cause := "nothing"
	if len(e.Findings) > 0 {
		cause = e.Findings[0].ID
	}
	if got.Outcome != f.verdict || got.code != f.code || got.ExitCode != f.code || cause != f.cause {
		t.Errorf("%s: verdict %s (%d), cause %s; it should be %s (%d), %s\n%s\n%s\n%+v", f.name, got.Outcome, got.code, cause, f.verdict, f.code, f.cause,
			strings.Join(w.told, "\n"), got.Text, e)
	}
	return fmt.Sprintf("| %s | %s (%d) | %s | %s | %s |\n", f.what, got.Outcome, got.code, f.told(e), got.waiter, strings.ReplaceAll(got.service, "|", "/"))
}

// told is the first cause as the report has it.
func (f failure) told(e explanation) string {
	if len(e.Findings) == 0 {
		return "nothing is wrong"
	}
	return e.Findings[0].ID + ": " + plain(e.Findings[0].Cause)
}

func writeReport(t *testing.T, rows string) {
	if err := os.WriteFile(reportFile, []byte("# \n\n"+rows), 0o644); err != nil {
		t.Fatal(err)
	}
}
