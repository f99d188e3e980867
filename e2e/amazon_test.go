package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// amazon answers as Amazon ECS and its neighbours do, from a file: for each operation
// its answers in their order, of which the last is given from then on. Whatever is not
// in the file is denied, as to a caller with few rights.
//
// In a file "== Operation words" begins an answer to requests of that operation whose
// body has all the words; "!400 Code message" is an error; @-90.5 is the time 90.5 s ago
// as ECS gives times.
type amazon struct {
	began   time.Time
	mu      sync.Mutex
	answers []*answers
	asked   map[string]int
}

type answers struct {
	operation string
	words     []string
	bodies    []string
	next      int
}

func amazonOf(t *testing.T, story string) (*amazon, *server) {
	t.Helper()
	text, err := os.ReadFile("testdata/amazon/" + story + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	a := &amazon{began: time.Now(), asked: map[string]int{}}
	for _, part := range strings.Split("\n"+string(text), "\n== ")[1:] {
		head, body, _ := strings.Cut(part, "\n")
		words := strings.Fields(head)
		a.add(words[0], words[1:], strings.TrimSpace(body))
	}
	web := httptest.NewServer(a)
	t.Cleanup(web.Close)
	return a, &server{t: t, url: web.URL, stderr: new(lockedBuffer)}
}

func (a *amazon) add(operation string, words []string, body string) {
	for _, known := range a.answers {
		if known.operation == operation && strings.Join(known.words, " ") == strings.Join(words, " ") {
			known.bodies = append(known.bodies, body)
			return
		}
	}
	a.answers = append(a.answers, &answers{operation: operation, words: words, bodies: []string{body}})
}

func (a *amazon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, operation, json := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !json {
		form, _ := url.ParseQuery(string(body))
		operation = form.Get("Action")
	}
	answer := a.answer(operation, string(body))
	w.Header().Set("X-Amzn-Requestid", "7d1b5f0e-3f0c-4c2b-9a44-0c5b6f1e2d3a")
	failure := regexp.MustCompile(`^!(\d+) (\w+) (.*)$`).FindStringSubmatch(answer)
	if failure == nil {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		io.WriteString(w, answer)
		return
	}
	status, _ := strconv.Atoi(failure[1])
	if !json {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, `<ErrorResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`,
			strings.TrimSuffix(failure[2], "Exception"), failure[3])
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"__type":%q,"message":%q}`, failure[2], failure[3])
}

var ago = regexp.MustCompile(`@-(\d+(\.\d+)?)`)

func (a *amazon) answer(operation, request string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked[operation]++
	for _, x := range a.answers {
		if x.operation != operation || !containsAll(request, x.words) {
			continue
		}
		body := x.bodies[min(x.next, len(x.bodies)-1)]
		x.next++
		return ago.ReplaceAllStringFunc(body, func(text string) string {
			seconds, _ := strconv.ParseFloat(text[2:], 64)
			return fmt.Sprintf("%.3f", float64(a.began.UnixMilli())/1000-seconds)
		})
	}
	return "!400 AccessDeniedException User: arn:aws:sts::123456789012:assumed-role/ci/deploy is not authorized to perform: " + operation
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// What watch, why and status say of Amazon ECS, from answers in its shapes.
func TestAmazonsAnswers(t *testing.T) {
	t.Parallel()
	for _, story := range []struct {
		file    string
		command string
		code    int
		says    []string
		never   string
	}{
		{"steady", "watch web", 0, []string{"web:12 new desired 2 pending 1 running 1 failed 0 IN_PROGRESS", "SUCCEEDED: service web. 2 of 2 tasks run web:12, and nothing else runs."}, "Why"},
		{"steady", "status --cluster prod", 0, []string{"api", "steady", "web"}, ""}, // on two pages
		{"rolled-back", "watch web --deployment ecs-svc/2222222222222222222", 3, []string{
			"ROLLED BACK: service web. The deployment of web:13 failed and was rolled back: the service is steady on revision web:12.",
			"Why: 3 tasks failed: The image", "does not exist"}, "SUCCEEDED"},
		{"rolled-back", "why web", 0, []string{"does not exist"}, ""},
		{"stuck", "watch web", 6, []string{"STUCK: service web.", "of memory", "What to do:"}, "SUCCEEDED"},
		{"throttled", "watch web", 0, []string{"SUCCEEDED: service web. 1 of 1 tasks run web:12"}, "FAILED"},
		{"denied", "watch web --timeout 8s", 4, []string{"TIMED OUT: service web", "health check"}, "SUCCEEDED"},
		{"denied", "why web", 0, []string{"The health of the targets could not be read", "AccessDenied", "health check"}, ""},
		{"refused", "watch web", 1, []string{"steady: watch service web: ", "AccessDeniedException"}, "SUCCEEDED"},
		{"refused", "why web", 1, []string{"AccessDeniedException"}, ""},
	} {
		t.Run(story.file+" "+story.command, func(t *testing.T) {
			t.Parallel()
			a, s := amazonOf(t, story.file)
			args := append(strings.Fields(story.command), "--endpoint", s.url)
			command := exec.Command(binary, args...)
			command.Env = s.environment()
			var out bytes.Buffer
			command.Stdout, command.Stderr = &out, &out
			command.Run()
			said := strings.Join(strings.Fields(out.String()), " ")
			if code := command.ProcessState.ExitCode(); code != story.code {
				t.Errorf("it ended with %d, not %d", code, story.code)
			}
			for _, text := range story.says {
				if !strings.Contains(said, text) {
					t.Errorf("it did not say %q", text)
				}
			}
			if story.never != "" && strings.Contains(said, story.never) {
				t.Errorf("it said %q", story.never)
			}
			if t.Failed() {
				t.Logf("asked %v; it said:\n%s", a.asked, &out)
			}
		})
	}
}

// A monitor tells of Amazon ECS what a watch would, and has it on record.
func TestTheMonitorOfAmazonsAnswers(t *testing.T) {
	t.Parallel()
	a, s := amazonOf(t, "rolled-back")
	m := s.client(t, "monitor", "--cluster", "prod", "--data-dir", t.TempDir(), "--listen", "127.0.0.1:0", "--every", "100ms")
	for _, text := range []string{
		"query it with --endpoint ", "prod/web  deployment failed. The deployment of web:13 failed. 3 tasks failed: ",
		"prod/web  deployment started. The roll back to web:12 began.", "prod/web  deployment completed. The roll back to web:12 completed."} {
		m.until(text)
	}
	_, url, _ := strings.Cut(m.said[0], "--endpoint ")
	command := exec.Command(binary, "query", "--endpoint", url, "--cluster", "prod", "-o", "json",
		`filter detail.stopCode = "TaskFailedToStart" | stats count(*) as n by detail.stoppedReason`)
	command.Env = s.environment()
	if out, err := command.CombinedOutput(); err != nil || !strings.Contains(string(out), "not found") {
		t.Errorf("the record: %v: %s; asked %v", err, out, a.asked)
	}
}
