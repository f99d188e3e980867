package e2e

import (
	"bufio"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// tailing is a `steady logs -f` under way.
type tailing struct {
	t     *testing.T
	lines chan string
	said  []string
}

// tail starts `steady logs`.
func (s *server) tail(t *testing.T, args ...string) *tailing {
	t.Helper()
	command := exec.Command(binary, append([]string{"logs"}, args...)...)
	command.Env = s.environment()
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { command.Process.Kill(); command.Wait() })
	l := &tailing{t: t, lines: make(chan string)}
	go func() {
		defer close(l.lines)
		for in := bufio.NewScanner(stdout); in.Scan(); {
			l.lines <- in.Text()
		}
	}()
	return l
}

// until waits for a line that has all of these texts, and gives it. It may have come
// before another that was waited for: what happens and what is written are read apart.
func (l *tailing) until(texts ...string) string {
	l.t.Helper()
	for _, line := range l.said {
		if has(line, texts) {
			return line
		}
	}
	for timeout := time.After(patience); ; {
		select {
		case line, more := <-l.lines:
			if !more {
				l.t.Fatalf("it ended before it said %q, after\n%s", texts, strings.Join(l.said, "\n"))
			}
			l.said = append(l.said, line)
			if has(line, texts) {
				return line
			}
		case <-timeout:
			l.t.Fatalf("it has not said %q, only\n%s", texts, strings.Join(l.said, "\n"))
		}
	}
}

// has tells whether a line has all of these texts.
func has(line string, texts []string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) })
}

// The output of a service's tasks is one, with that of tasks which start later, and what
// happens stands between its lines.
func TestSteadyLogs(t *testing.T) {
	t.Parallel()
	s := up(t)
	c := s.caller(t)
	c.service("web", 1, app("-say", "hello from the first"))
	l := s.tail(t, "-f", "web")
	l.until("-- ", "deployment ecs-svc/", " started: web:1, 1 desired")
	first := l.until("/app | hello from the first")
	ref := c.register("web", app("-say", "hello from the second"))
	if _, err := c.api.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: awssdk.String("web"), TaskDefinition: &ref}); err != nil {
		t.Fatal(err)
	}
	l.until("-- ", " started: web:2, 1 desired")
	second := l.until("/app | hello from the second")
	l.until("-- ", "task "+first[:8]+" stopped: Scaling activity initiated by")
	if first[:8] == second[:8] {
		t.Errorf("both lines are of task %s", first[:8])
	}

	out, code := s.steady("logs", "web")
	if code != 0 || strings.Count(out, "hello from the first") != 1 || strings.Count(out, "hello from the second") != 1 ||
		strings.Index(out, "hello from the first") > strings.Index(out, "hello from the second") {
		t.Errorf("without -f it ended with %d and\n%s", code, out)
	}
	if out, code := s.steady("logs", "web", "--tail", "1", "--no-events"); code != 0 || strings.Count(out, "\n") != 1 {
		t.Errorf("the last line, ending with %d, is\n%s", code, out)
	}
	if out, code := s.steady("logs", "gone"); code != 1 || out != "steady: show the output of gone: cluster default has neither a service nor a task of that name\n" {
		t.Errorf("what is not there, ending with %d: %s", code, out)
	}
}

// Following a task shows its lines as they are, in the group that its definition names,
// and ends with it.
func TestSteadyLogsOfATask(t *testing.T) {
	t.Parallel()
	s := up(t)
	c := s.caller(t)
	arn := c.run(logging(app("-say", "only words", "-crash", "3"), "/e2e/task", "awslogs-stream-prefix", "ecs", "awslogs-create-group", "true"))
	c.reach(arn, "STOPPED")
	id := arn[strings.LastIndex(arn, "/")+1:]
	l := s.tail(t, "-f", id)
	if line := l.until("only words"); line != "only words" {
		t.Errorf("the line is %q", line)
	}
	l.until("-- ", "task "+id[:8]+" stopped: Essential container in task exited (app exited with code 3)")
	for range l.lines { // to its end
	}
}
