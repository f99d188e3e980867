package sample

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be the application, for tests that send it signals.
func TestMain(m *testing.M) {
	if os.Getenv("SAMPLE_TEST_CHILD") != "" {
		os.Exit(Main(context.Background(), os.Args[1:], os.Stdout))
	}
	os.Exit(m.Run())
}

// output is what a running application has written.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// waitFor returns the first match of pattern's group in the output.
func (o *output) waitFor(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if m := re.FindStringSubmatch(o.String()); m != nil {
			return m[len(m)-1]
		}
	}
	t.Fatalf("no %s in the output:\n%s", pattern, o)
	return ""
}

// launch runs the application in this process and returns its base URL, and how to
// end it and get its exit code.
func launch(t *testing.T, args ...string) (url string, out *output, end func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	out = &output{}
	code := make(chan int, 1)
	go func() { code <- Main(ctx, append([]string{"-listen", "127.0.0.1:0"}, args...), out) }()
	url = "http://" + out.waitFor(t, `listening address=(\S+)`)
	return url, out, func() int { cancel(); return <-code }
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestServesItsVersionAndHostAndEndsGracefully(t *testing.T) {
	url, out, end := launch(t, "-version", "v2")
	host, _ := os.Hostname()
	if code, body := get(t, url+"/"); code != 200 || body != "version v2 on "+host+"\n" {
		t.Errorf("/ answers %d %q", code, body)
	}
	if code, _ := get(t, url+"/healthz"); code != 200 {
		t.Errorf("/healthz answers %d", code)
	}
	if code, _ := get(t, url+"/nowhere"); code != 404 {
		t.Errorf("/nowhere answers %d", code)
	}
	if code := end(); code != 0 {
		t.Errorf("exit code %d after a graceful end", code)
	}
	if !strings.Contains(out.String(), "msg=stopped") {
		t.Errorf("no word of stopping:\n%s", out)
	}
}

func TestUnhealthyServesRequestsButFailsItsCheck(t *testing.T) {
	url, _, end := launch(t, "-unhealthy")
	defer end()
	if code, _ := get(t, url+"/"); code != 200 {
		t.Errorf("/ answers %d", code)
	}
	if code, _ := get(t, url+"/healthz"); code != 503 {
		t.Errorf("/healthz answers %d", code)
	}
}

func TestHealthOverTime(t *testing.T) {
	for _, c := range []struct {
		name   string
		s      settings
		served time.Duration
		want   bool
	}{
		{"healthy by default", settings{}, time.Hour, true},
		{"unhealthy at once", settings{unhealthy: true}, 0, false},
		{"not yet unhealthy", settings{unhealthyAfter: time.Minute}, 59 * time.Second, true},
		{"unhealthy by now", settings{unhealthyAfter: time.Minute}, time.Minute, false},
	} {
		if got := c.s.healthy(c.served); got != c.want {
			t.Errorf("%s: healthy is %v", c.name, got)
		}
	}
}

func TestCrashAtStartWritesWhyAndExitsWithTheCode(t *testing.T) {
	var out bytes.Buffer
	if code := Main(t.Context(), []string{"-crash", "3", "-say", "hello"}, &out); code != 3 {
		t.Errorf("exit code %d", code)
	}
	if !strings.HasPrefix(out.String(), "hello\n") || !strings.Contains(out.String(), "no such host") {
		t.Errorf("output:\n%s", &out)
	}
}

func TestCrashAfterServing(t *testing.T) {
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"-crash-after", "20ms"}, 1},
		{[]string{"-crash-after", "20ms", "-crash", "7"}, 7},
	} {
		var out bytes.Buffer
		args := append([]string{"-listen", "127.0.0.1:0"}, c.args...)
		if code := Main(t.Context(), args, &out); code != c.want {
			t.Errorf("%v: exit code %d, want %d\n%s", c.args, code, c.want, &out)
		}
		if !strings.Contains(out.String(), "listening") {
			t.Errorf("%v: did not serve first\n%s", c.args, &out)
		}
	}
}

func TestEnvironmentStandsInForFlags(t *testing.T) {
	t.Setenv("STEADY_SAMPLE_CRASH", "4")
	t.Setenv("STEADY_SAMPLE_SAY", "from the environment")
	var out bytes.Buffer
	if code := Main(t.Context(), nil, &out); code != 4 || !strings.Contains(out.String(), "from the environment") {
		t.Errorf("exit code %d\n%s", code, &out)
	}
	if code := Main(t.Context(), []string{"-crash", "5"}, &out); code != 5 {
		t.Errorf("a flag on the command line should win, exit code %d", code)
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	for _, c := range []struct {
		args []string
		env  string
		want string
	}{
		{[]string{"serve"}, "", `unexpected argument "serve"`},
		{[]string{"-memory", "lots"}, "", `"lots" for flag -memory`},
		{nil, "soon", `STEADY_SAMPLE_CRASH_AFTER="soon"`},
	} {
		var out bytes.Buffer
		if c.env != "" {
			t.Setenv("STEADY_SAMPLE_CRASH_AFTER", c.env)
		}
		if code := Main(t.Context(), c.args, &out); code != 2 || !strings.Contains(out.String(), c.want) {
			t.Errorf("%v: exit code %d, output %s", c.args, code, &out)
		}
	}
}

func TestPortTakenIsAnErrorOneCanRead(t *testing.T) {
	url, _, end := launch(t)
	defer end()
	var out bytes.Buffer
	code := Main(t.Context(), []string{"-listen", strings.TrimPrefix(url, "http://")}, &out)
	if code != 1 || !strings.Contains(out.String(), "address already in use") {
		t.Errorf("exit code %d\n%s", code, &out)
	}
}

func TestCheckIsAHealthCheckClient(t *testing.T) {
	server := httptest.NewServer(settings{unhealthy: true}.handler(time.Now()))
	defer server.Close()
	for _, c := range []struct {
		url  string
		want int
	}{
		{server.URL + "/", 0},
		{server.URL + "/healthz", 1},
		{"http://127.0.0.1:1/", 1},
		{"::", 1},
	} {
		var out bytes.Buffer
		if code := Main(t.Context(), []string{"-check", c.url}, &out); code != c.want {
			t.Errorf("check %s: exit code %d\n%s", c.url, code, &out)
		}
	}
}

func TestSlowStartCanBeStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &output{}
	code := make(chan int, 1)
	go func() { code <- Main(ctx, []string{"-slow-start", "1h"}, out) }()
	out.waitFor(t, `msg=(starting)`)
	cancel()
	if got := <-code; got != 0 || strings.Contains(out.String(), "listening") {
		t.Errorf("exit code %d\n%s", got, out)
	}
}

func TestLogLinesHaveTheLengthAskedFor(t *testing.T) {
	_, out, end := launch(t, "-log-every", "1ms", "-log-bytes", "300")
	defer end()
	line := out.waitFor(t, `msg="(handled request \d+\.*)"`)
	if len(line) != 300 {
		t.Errorf("line of %d bytes", len(line))
	}
}

func TestMemoryIsReallyUsed(t *testing.T) {
	b := hold(3)
	if len(b) != 3<<20 {
		t.Fatalf("%d bytes", len(b))
	}
	for i := 0; i < len(b); i += 4096 {
		if b[i] == 0 {
			t.Fatalf("page %d was not written", i/4096)
		}
	}
}

func TestSignals(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		kill bool // SIGTERM should not end it
	}{
		{name: "SIGTERM ends it gracefully"},
		{name: "unless it ignores SIGTERM", args: []string{"-ignore-sigterm"}, kill: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := &output{}
			child := exec.Command(os.Args[0], append([]string{"-listen", "127.0.0.1:0"}, c.args...)...)
			child.Env = append(os.Environ(), "SAMPLE_TEST_CHILD=1")
			child.Stdout, child.Stderr = out, out
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			url := "http://" + out.waitFor(t, `listening address=(\S+)`)
			if err := child.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if c.kill {
				if code, _ := get(t, url+"/"); code != 200 {
					t.Errorf("/ answers %d after SIGTERM", code)
				}
				child.Process.Kill()
				child.Wait()
				return
			}
			if err := child.Wait(); err != nil {
				t.Errorf("SIGTERM: %v\n%s", err, out)
			}
		})
	}
}
