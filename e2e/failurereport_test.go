package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
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
	why      explanation
	waiter   string // what aws ecs wait services-stable makes of it
	service  string // what DescribeServices says
	problem  error
}

// atOnce is how many failures are produced at a time.
const atOnce = 6

// TestEveryFailureIsExplained produces what can go wrong, on real containers: the
// verdict, the exit code and the first cause are as they should be.
func TestEveryFailureIsExplained(t *testing.T) {
	t.Parallel()
	shared := up(t, unhurried).caller(t)
	var rows []row
	for some := range slices.Chunk(failures, atOnce) {
		rows = append(rows, together(t, shared, some)...)
	}
	report := failureReport(rows)
	if os.Getenv("STEADY_WRITE_FAILURES") != "" {
		if err := os.WriteFile(reportFile, []byte(report), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(reportFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if !strings.Contains(string(written), r.fixed) {
			t.Errorf("%s lacks a row that begins with %q: make it with STEADY_WRITE_FAILURES=1", reportFile, r.fixed)
		}
	}
}

// together produces some failures at the same time, and returns their rows.
func together(t *testing.T, shared *caller, some []failure) (rows []row) {
	callers := make([]*caller, len(some))
	for i, f := range some {
		callers[i] = shared
		if f.own != nil {
			flags := append([]string{fmt.Sprintf("--listen=127.0.0.1:%d", freePort(t))}, f.own...) // the same after a restart
			callers[i] = up(t, flags...).caller(t)
		}
		if f.before != nil {
			f.before(callers[i], f.name)
		}
	}
	var watches []*watched
	for i, f := range some {
		f.begin(callers[i], f.name)
		w := callers[i].watchTo(f)
		watches = append(watches, w)
		if f.then != nil {
			f.then(callers[i], f.name, w)
		}
		go w.await(callers[i], f)
	}
	for i, f := range some {
		<-watches[i].done
		rows = append(rows, f.judge(t, watches[i]))
	}
	return rows
}

// watchTo follows a service's deployment, to a document.
func (c *caller) watchTo(f failure) *watched {
	c.t.Helper()
	w := &watched{t: c.t, process: exec.Command(binary, "watch", f.name, "-o", "json", "--timeout", "5m", "--hold", cmp.Or(f.hold, "1s")), done: make(chan struct{})}
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

// await waits for the verdict, asks at once what others would know, and ends the
// service.
func (w *watched) await(c *caller, f failure) {
	defer close(w.done)
	for w.lines.Scan() {
		w.told = append(w.told, w.lines.Text())
	}
	w.process.Wait()
	w.ended.problem = w.conclude(c, f)
	c.api.DeleteService(c.t.Context(), &ecs.DeleteServiceInput{Service: &f.name, Force: awssdk.Bool(true)})
}

func (w *watched) conclude(c *caller, f failure) error {
	if err := json.Unmarshal(w.stdout.Bytes(), &w.ended); err != nil {
		return fmt.Errorf("the verdict is no document: %v: %s\n%s", err, &w.stdout, strings.Join(w.told, "\n"))
	}
	w.ended.code = w.process.ProcessState.ExitCode()
	out, err := c.api.DescribeServices(c.t.Context(), &ecs.DescribeServicesInput{Services: []string{f.name}})
	if err != nil || len(out.Services) != 1 {
		return fmt.Errorf("describe service %s: %v", f.name, err)
	}
	s := out.Services[0]
	w.ended.service = fmt.Sprintf("%d of %d run, %s", s.RunningCount, s.DesiredCount, s.Deployments[0].RolloutState)
	if len(s.Events) > 0 {
		w.ended.service += ": “" + plain(*s.Events[0].Message) + "”"
	}
	w.ended.waiter = c.waiter(f.name)
	about := f.name
	if f.about != nil {
		about = f.about(c, f.name)
	}
	printed, code := c.server.steady("why", "-o", "json", about)
	if err := json.Unmarshal([]byte(printed), &w.ended.why); err != nil {
		return fmt.Errorf("why %s ends with %d, %v: %s", about, code, err, printed)
	}
	return nil
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
var particular = regexp.MustCompile(`127\.0\.0\.1:\d{5}|port \d{5}|ecs-svc/\d+|\b[0-9a-f]{32}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b`)

func plain(message string) string { return particular.ReplaceAllString(message, "…") }

// row is one of the report: its beginning, which is the same each time, and the rest.
type row struct{ fixed, rest string }

// judge checks one failure, and makes its row.
func (f failure) judge(t *testing.T, w *watched) row {
	got := w.ended
	if got.problem != nil {
		t.Errorf("%s: %v", f.name, got.problem)
		return row{}
	}
	cause, told := "nothing", " is wrong"
	if len(got.why.Findings) > 0 {
		cause, told = got.why.Findings[0].ID, ": "+plain(got.why.Findings[0].Cause)
	}
	if got.Outcome != f.verdict || got.code != f.code || got.ExitCode != f.code || cause != f.cause {
		t.Errorf("%s: verdict %s (%d), cause %s; it should be %s (%d), %s\n%s\n%s\n%+v", f.name, got.Outcome, got.code, cause, f.verdict, f.code, f.cause,
			strings.Join(w.told, "\n"), got.Text, got.why)
	}
	if e := got.why; cause != "nothing" && (e.Schema != "steady.why/1" || e.Verdict != "explained" || len(e.Findings[0].Evidence) == 0 || len(e.Findings[0].Remedy) == 0 || e.Findings[0].Page == "") {
		t.Errorf("%s: the cause is not proven, or has no remedy: %+v", f.name, e)
	}
	what := f.what
	if f.hold != "" {
		what += " (watched with --hold " + f.hold + ")"
	}
	return row{fmt.Sprintf("| %s | %s (%d) | %s", what, got.Outcome, got.code, cause),
		fmt.Sprintf("%s | %s | %s |\n", told, got.waiter, strings.ReplaceAll(got.service, "|", "/"))}
}

// failureReport is the page around the rows.
func failureReport(rows []row) string {
	var page strings.Builder
	page.WriteString(`# What goes wrong, and what is said of it

Every failure below was produced on real containers by TestEveryFailureIsExplained in
e2e; STEADY_WRITE_FAILURES=1 makes that test write this page, and without it the test
demands that each of its rows begins as it does here. Beside the verdict of
` + "`steady watch`" + ` with its exit code, and the first cause that ` + "`steady why`" + ` names, stands what else
there was to go by at that very moment: what ` + "`aws ecs wait services-stable`" + ` makes of the
service, and what DescribeServices tells of it, with its newest event.

The waiter's column was got from the SDK's waiter, asked once at the verdict, whose rules
are those of the command; where it is content, the command was run too. "Waits on" is no
verdict: the command asks forty times, 15 s apart, and then ends with 255 and "Max attempts
exceeded", without a reason. That a roll back came to rest is a success to it.

Each was watched with the default ` + "`--hold`" + ` of 1 s, unless its row says otherwise. While no task
of a deployment has failed, a program is a success that lives longer than that: what dies
later has to be waited for (` + "`--hold`" + `), or is for ` + "`steady monitor`" + ` to tell.

| what goes wrong | steady watch | steady why | aws ecs wait services-stable | DescribeServices |
|---|---|---|---|---|
`)
	for _, r := range rows {
		page.WriteString(r.fixed + r.rest)
	}
	return page.String()
}
