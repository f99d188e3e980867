package target

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"steady/archive"
	"steady/events/bus"
	"steady/scan"
)

var delivery = bus.Delivery{
	Number: 1, Rule: "r", Target: "t", EventID: "7bf73129", Payload: `{"a":"é"}`,
	Accepted: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC),
}

func quiet(o Options) *Targets {
	o.Log = slog.New(slog.DiscardHandler)
	return New(o)
}

func to(arn string) types.Target { return types.Target{Id: aws.String("t"), Arn: &arn} }

func TestCheck(t *testing.T) {
	targets := quiet(Options{Commands: map[string]string{"notify": "/bin/true"}})
	header := func(name, value string) types.Target {
		x := to("https://example.com/hook")
		x.HttpParameters = &types.HttpParameters{HeaderParameters: map[string]string{name: value}}
		return x
	}
	for _, c := range []struct {
		target types.Target
		want   string // "" is fine
	}{
		{to("command:notify"), ""},
		{to("http://127.0.0.1:8080/x?y=z"), ""},
		{to("https://[2001:db8::1]/"), ""},
		{to("arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/ecs"), ""},
		{to("arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/ecs:*"), ""},
		{header("Authorization", "Bearer x y"), ""},
		{to("command:rm"), "--event-command rm="},
		{to("command:"), "not allowed"},
		{to("/bin/sh"), "is no target"},
		{to("file:///etc/passwd"), "is no target"},
		{to("arn:aws:lambda:us-east-1:000000000000:function:f"), "service lambda are not implemented"},
		{to("arn:aws:logs:us-east-1:000000000000:log-group:a b"), "no ARN of a log group"},
		{to("arn:aws:logs:us-east-1:000000000000:log-group:/a:log-stream:b"), "no ARN of a log group"},
		{to("http://"), "cannot be read"},
		{to("http://:80/"), "cannot be read"},
		{to("http://a b/"), "cannot be read"},
		{to("https://me:secret@example.com/"), "Authorization header"},
		{to("https://example.com/#x"), "fragment"},
		{to("http://169.254.169.254/x"), "not sent to 169.254.169.254: it is a link-local"},
		{to("http://[fe80::1%25eth0]:80/x"), "link-local"},
		{to("http://[fd00:ec2::254]/x"), "metadata"},
		{to("https://0.0.0.0/"), "unspecified"},
		{header("Host", "x"), "cannot be set"},
		{header("webhook-signature", "x"), "cannot be set"},
		{header("content-length", "1"), "cannot be set"},
		{header("X-A\r\nX-B", "x"), "no name of a header"},
		{header("", "x"), "no name of a header"},
		{header("X-A", "x\r\nX-B: y"), "characters that a header may not have"},
		{types.Target{Id: aws.String("t"), Arn: aws.String("command:notify"), HttpParameters: &types.HttpParameters{}}, "HttpParameters are for"},
		{types.Target{Id: aws.String("t"), Arn: aws.String("http://x/"), HttpParameters: &types.HttpParameters{PathParameterValues: []string{"a"}}}, "PathParameterValues"},
	} {
		err := targets.Check(c.target)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", *c.target.Arn, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells a secret: %v", err)
		}
	}
}

func TestWebhook(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	}))
	defer server.Close()
	secrets := [][]byte{[]byte("the new secret 1"), []byte("the old secret 1")}
	targets := quiet(Options{Secrets: secrets})
	x := to(server.URL + "/hook?a=1")
	x.HttpParameters = &types.HttpParameters{
		HeaderParameters:      map[string]string{"X-Team": "web"},
		QueryStringParameters: map[string]string{"b": "2 &"},
	}
	if err := targets.Send(t.Context(), x, delivery); err != nil {
		t.Fatal(err)
	}
	if got.Method != "POST" || got.URL.String() != "/hook?a=1&b=2+%26" || string(body) != delivery.Payload ||
		got.Header.Get("X-Team") != "web" || got.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%s %s %v: %s", got.Method, got.URL, got.Header, body)
	}
	id, timestamp := got.Header.Get("webhook-id"), got.Header.Get("webhook-timestamp")
	if n, err := strconv.ParseInt(timestamp, 10, 64); err != nil || time.Since(time.Unix(n, 0)).Abs() > time.Hour || id != "7bf73129.r.t" {
		t.Errorf("the id is %s, the timestamp %s", id, timestamp)
	}
	var want []string
	for _, s := range secrets {
		mac := hmac.New(sha256.New, s)
		fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, body)
		want = append(want, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	if s := got.Header.Get("webhook-signature"); s != strings.Join(want, " ") {
		t.Errorf("the signature is %s, not %v", s, want)
	}
}

// What is tried again after an answer, and when.
func TestAnswers(t *testing.T) {
	var code int
	var after string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(code)
		io.WriteString(w, strings.Repeat("x", 2*maxAnswer))
	}))
	defer server.Close()
	targets := quiet(Options{Secrets: [][]byte{[]byte("s")}})
	for _, c := range []struct {
		code      int
		after     string
		permanent bool
		pause     time.Duration
	}{
		{302, "", true, 0}, {400, "", true, 0}, {404, "5", true, 0}, {410, "", true, 0},
		{401, "", false, 0}, {407, "", false, 0}, {409, "", false, 0}, {429, "17", false, 17 * time.Second},
		{500, "", false, 0}, {503, "-5", false, 0}, {503, "soon", false, 0}, {503, "99999999999", false, 24 * time.Hour},
		{503, "9999999", false, 24 * time.Hour},
	} {
		code, after = c.code, c.after
		err := targets.Send(t.Context(), to(server.URL+"/?secret=1"), delivery)
		f, ok := errors.AsType[*bus.Failure](err)
		if !ok || f.Permanent != c.permanent || f.RetryAfter != c.pause || f.Code != "HTTP_"+strconv.Itoa(c.code) {
			t.Errorf("%d, Retry-After %q: %+v", c.code, c.after, err)
		}
	}
	for _, code = range []int{200, 204, 299} {
		if err := targets.Send(t.Context(), to(server.URL), delivery); err != nil {
			t.Errorf("%d: %v", code, err)
		}
	}
}

func TestEndpointsThatAreNotReached(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	targets := quiet(Options{Secrets: [][]byte{[]byte("s")}})
	for url, want := range map[string]bus.Failure{
		server.URL + "/?secret=1":                {Code: "ENDPOINT_UNREACHABLE", Message: "connection refused"},
		"http://169.254.169.254/latest?secret=1": {Code: "ADDRESS_NOT_ALLOWED", Message: "link-local", Permanent: true},
		"http://0.0.0.0:1/?secret=1":             {Code: "ADDRESS_NOT_ALLOWED", Message: "unspecified", Permanent: true},
	} {
		err := targets.Send(t.Context(), to(url), delivery)
		f, ok := errors.AsType[*bus.Failure](err)
		if !ok || f.Permanent != want.Permanent || f.Code != want.Code || !strings.Contains(f.Message, want.Message) || strings.Contains(f.Message, "secret") {
			t.Errorf("%s: %+v", url, err)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := targets.Send(cancelled, to(server.URL), delivery); !errors.Is(err, context.Canceled) {
		t.Errorf("when Steady stops: %v", err)
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	for address, refused := range map[string]bool{
		"169.254.169.254:80": true, "[::ffff:169.254.169.254]:80": true, "[fe80::1%eth0]:80": true, "[fd00:ec2::254]:80": true,
		"0.0.0.0:80": true, "[::]:80": true, "224.0.0.1:80": true, "[ff02::1]:80": true, "nonsense": true,
		"127.0.0.1:80": false, "[::1]:80": false, "10.0.0.1:80": false, "192.168.1.1:80": false, "8.8.8.8:443": false,
	} {
		if err := refuseAddress("tcp", address, nil); (err != nil) != refused {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A target that is taken can be called, and has no header that is not its own.
func FuzzCheck(f *testing.F) {
	f.Add("https://example.com/hook?a=%zz", "X-Team", "web", "q", "v&w")
	f.Add("http://[::1]:80/\x00", "Te", "trailers", "", "")
	f.Add("arn:aws:logs:us-east-1:0:log-group:/aws/events/x:*", "", "", "", "")
	f.Fuzz(func(t *testing.T, arn, header, value, query, to string) {
		targets := quiet(Options{Commands: map[string]string{"notify": "/bin/true"}})
		x := types.Target{Id: aws.String("t"), Arn: &arn}
		if isURL(arn) {
			x.HttpParameters = &types.HttpParameters{
				HeaderParameters: map[string]string{header: value}, QueryStringParameters: map[string]string{query: to},
			}
		}
		if targets.Check(x) != nil || !isURL(arn) {
			return
		}
		r, err := targets.webhook.request(t.Context(), x, delivery)
		if err != nil {
			t.Fatalf("%q was taken: %v", arn, err)
		}
		var wire strings.Builder
		if err := r.Header.Write(&wire); err != nil || strings.Count(wire.String(), "\r\n") != 6 {
			t.Errorf("%q: %q is sent as %q (%v)", header, value, wire.String(), err)
		}
	})
}

func TestEndpointThatIsSlow(t *testing.T) {
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-ended }))
	defer server.Close()
	defer close(ended)
	targets := quiet(Options{})
	targets.webhook.client.Timeout = 50 * time.Millisecond
	err := targets.Send(t.Context(), to(server.URL), delivery)
	if f, ok := errors.AsType[*bus.Failure](err); !ok || f.Code != "ENDPOINT_TIMEOUT" || f.Permanent {
		t.Errorf("%+v", err)
	}
}

func TestLogGroup(t *testing.T) {
	a, err := archive.Open(t.TempDir(), archive.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	targets := quiet(Options{Archive: a})
	at := delivery.Accepted.UnixMilli()
	for payload, want := range map[string]archive.Record{
		`{"a":"é"}`:                        {Time: at, Message: `{"a":"é"}`},
		`"text"`:                           {Time: at, Message: `"text"`},
		`{"timestamp":1000,"message":"m"}`: {Time: 1000, Message: "m"},
		`{"timestamp":"1970-01-01T00:00:02Z","message":"m"}`: {Time: 2000, Message: "m"},
		`{"timestamp":"when?","message":"m"}`:                {Time: at, Message: `{"timestamp":"when?","message":"m"}`},
		`{"message":"m"}`:                                    {Time: at, Message: `{"message":"m"}`},
	} {
		d := delivery
		d.Payload = payload
		if got := record(d); got != want {
			t.Errorf("%s is logged as %+v", payload, got)
		}
		if err := targets.Send(t.Context(), to("arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/x:*"), d); err != nil {
			t.Fatal(err)
		}
	}
	streams, err := a.Streams("/aws/events/x")
	if err != nil || len(streams) != 1 || len(streams[0].Name) != 36 {
		t.Fatalf("streams %v, %v", streams, err)
	}
	rows := 0
	for b, err := range a.Scan(t.Context(), scan.Request{Groups: []string{"/aws/events/x"}, To: time.Now().Add(time.Hour).UnixMilli()}) {
		if err != nil {
			t.Fatal(err)
		}
		rows += b.Len()
	}
	if rows != 6 {
		t.Errorf("%d of 6 events are logged", rows)
	}
	a.Close()
	err = targets.Send(t.Context(), to("arn:aws:logs:us-east-1:000000000000:log-group:x"), delivery)
	if f, ok := errors.AsType[*bus.Failure](err); !ok || f.Permanent || f.Code != "LOG_GROUP_ERROR" {
		t.Errorf("into a closed archive: %+v", err)
	}
}

// script writes a shell script, as an operator would.
func script(t *testing.T, lines string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+lines+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

func runScript(t *testing.T, ctx context.Context, lines string, timeout time.Duration) error {
	t.Helper()
	targets := quiet(Options{Commands: map[string]string{"c": script(t, lines)}, CommandTimeout: timeout})
	return targets.Send(ctx, to("command:c"), delivery)
}

func TestCommandIsGivenTheEvent(t *testing.T) {
	t.Setenv("STEADY_TEST_SECRET", "secret")
	file := filepath.Join(t.TempDir(), "out")
	if err := runScript(t, t.Context(), "cat > "+file+"; env | sort >> "+file+"; pwd > /dev/null", time.Minute); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(file)
	for _, want := range []string{delivery.Payload, "STEADY_EVENT_ID=7bf73129", "STEADY_RULE=r", "STEADY_TARGET=t", "STEADY_ATTEMPT=1", "PATH="} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the command was not given %s: %s", want, b)
		}
	}
	if strings.Contains(string(b), "secret") {
		t.Errorf("the command was given Steady's environment: %s", b)
	}
}

func TestCommandThatFails(t *testing.T) {
	for lines, want := range map[string]string{"exit 3": "EXIT_3", "kill -9 $$": "COMMAND_KILLED", "exec /nowhere": "EXIT_127"} {
		err := runScript(t, t.Context(), lines, time.Minute)
		if f, ok := errors.AsType[*bus.Failure](err); !ok || f.Code != want || f.Permanent {
			t.Errorf("%s: %+v, want %s", lines, err, want)
		}
	}
	targets := quiet(Options{Commands: map[string]string{"c": "/nowhere"}})
	for arn, want := range map[string]string{"command:c": "COMMAND_NOT_STARTED", "command:d": "COMMAND_NOT_ALLOWED"} {
		err := targets.Send(t.Context(), to(arn), delivery)
		if f, ok := errors.AsType[*bus.Failure](err); !ok || f.Code != want {
			t.Errorf("%s: %+v", arn, err)
		}
	}
}

// A command that is too slow, or that Steady's stop cuts short, is ended with all that
// it started, even if it does not want to.
func TestCommandLeavesNothingBehind(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	stubborn := "trap '' TERM; sleep 1000 & echo $! > " + pidFile + ".new; mv " + pidFile + ".new " + pidFile + "; while :; do wait; done"
	for name, c := range map[string]struct {
		lines   string
		timeout time.Duration
		stop    bool
		want    string
	}{
		"too slow":                 {stubborn, 300 * time.Millisecond, false, "COMMAND_TIMEOUT"},
		"stopped":                  {stubborn, time.Hour, true, ""},
		"it leaves a child behind": {"sleep 1000 >/dev/null 2>&1 & echo $! > " + pidFile, time.Hour, false, "none"},
	} {
		os.Remove(pidFile)
		ctx, cancel := context.WithCancel(t.Context())
		if c.stop {
			go func() {
				for i := 0; i < 1000 && !exists(pidFile); i++ {
					time.Sleep(10 * time.Millisecond)
				}
				cancel()
			}()
		}
		err := runScript(t, ctx, c.lines, c.timeout)
		cancel()
		f, _ := errors.AsType[*bus.Failure](err)
		switch {
		case c.want == "none" && err != nil, c.stop && !errors.Is(err, context.Canceled), c.want == "COMMAND_TIMEOUT" && (f == nil || f.Code != c.want):
			t.Errorf("%s: %v", name, err)
		}
		if exists(pidFile) { // a busy machine may have ended it before it began
			checkGone(t, name, pidFile)
		}
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// checkGone waits until a process is gone, or a zombie that nobody has collected yet.
func checkGone(t *testing.T, name, pidFile string) {
	t.Helper()
	b, _ := os.ReadFile(pidFile)
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatalf("%s: the pid file has %q", name, b)
	}
	for range 6000 {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if syscall.Kill(pid, 0) != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%s: process %d is still there", name, pid)
	syscall.Kill(pid, syscall.SIGKILL)
}

func TestOutputIsCut(t *testing.T) {
	var out tail
	for range 100 {
		io.WriteString(&out, strings.Repeat("x", 99)+"\n")
	}
	io.WriteString(&out, "the end")
	if s := out.String(); len(s) != maxOutput+len("…") || !strings.HasSuffix(s, "x\nthe end") {
		t.Errorf("%d bytes: %s", len(s), s)
	}
}
