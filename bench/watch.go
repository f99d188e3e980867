package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	verdicts    = 5                // measured of each kind
	countedTime = 30 * time.Second // of watching, for the rate of calls
)

// watching measures how soon a verdict is on the screen once the last piece of evidence
// is there, and how many calls of the API a watch takes.
func watching(ctx context.Context) error {
	s, err := up("--runtime", "sim", "--settle", "2s")
	if err != nil {
		return err
	}
	defer s.down()
	var failed, succeeded []time.Duration
	for i := range verdicts {
		d, err := s.verdict(ctx, fmt.Sprint("bad-", i), `"environment":[{"name":"STEADY_SIM","value":"exit=0 after=700ms"}]`, "FAILED:", s.secondStop)
		if err != nil {
			return err
		}
		failed = append(failed, d)
		if d, err = s.verdict(ctx, fmt.Sprint("good-", i), `"environment":[]`, "SUCCEEDED:", s.completion); err != nil {
			return err
		}
		succeeded = append(succeeded, d)
	}
	report(fmt.Sprintf("watch: from the second failed task to FAILED on screen (median of %d)", verdicts), "%v, at most %v", median(failed).Round(time.Millisecond), slices.Max(failed).Round(time.Millisecond))
	report(fmt.Sprintf("watch: from the deployment's completion to SUCCEEDED, --hold 0s (median of %d)", verdicts), "%v, at most %v", median(succeeded).Round(time.Millisecond), slices.Max(succeeded).Round(time.Millisecond))
	return s.callRates(ctx)
}

// verdict makes a service and watches it: the time from what when gives to the line that
// begins with a word.
func (s *server) verdict(ctx context.Context, name, environment, word string, when func(name string) (time.Time, error)) (time.Duration, error) {
	if err := s.call("RegisterTaskDefinition", fmt.Sprintf(`{"family":%q,"containerDefinitions":[{"name":"app","image":"sim","memory":16,%s}]}`, name, environment), nil); err != nil {
		return 0, err
	}
	if err := s.call("CreateService", fmt.Sprintf(`{"serviceName":%q,"taskDefinition":%q,"desiredCount":1}`, name, name), nil); err != nil {
		return 0, err
	}
	defer s.call("DeleteService", fmt.Sprintf(`{"service":%q,"force":true}`, name), nil)
	watch := exec.CommandContext(ctx, *binary, "watch", name, "--endpoint", s.url, "--hold", "0s", "--timeout", "1m")
	out, err := watch.StdoutPipe()
	if err == nil {
		err = watch.Start()
	}
	if err != nil {
		return 0, err
	}
	defer watch.Wait()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), word) {
			shown := time.Now()
			then, err := when(name)
			return shown.Sub(then), err
		}
	}
	return 0, fmt.Errorf("watch %s never said %s", name, word)
}

// secondStop is when the second task of a service that failed had stopped: two are what
// the verdict takes.
func (s *server) secondStop(name string) (time.Time, error) {
	var listed struct{ TaskArns []string }
	if err := s.call("ListTasks", fmt.Sprintf(`{"serviceName":%q,"desiredStatus":"STOPPED"}`, name), &listed); err != nil {
		return time.Time{}, err
	}
	arns, err := json.Marshal(listed.TaskArns)
	if err != nil {
		return time.Time{}, err
	}
	var out struct{ Tasks []struct{ StoppedAt float64 } }
	if err := s.call("DescribeTasks", fmt.Sprintf(`{"tasks":%s}`, arns), &out); err != nil {
		return time.Time{}, err
	}
	var at []float64
	for _, t := range out.Tasks {
		if t.StoppedAt > 0 {
			at = append(at, t.StoppedAt)
		}
	}
	if len(at) < 2 {
		return time.Time{}, fmt.Errorf("of service %s %d tasks have stopped", name, len(at))
	}
	slices.Sort(at)
	return instant(at[1]), nil
}

// completion is when the service said that its deployment is complete.
func (s *server) completion(name string) (time.Time, error) {
	var out struct {
		Services []struct {
			Events []struct {
				CreatedAt float64
				Message   string
			}
		}
	}
	if err := s.call("DescribeServices", fmt.Sprintf(`{"services":[%q]}`, name), &out); err != nil {
		return time.Time{}, err
	}
	for _, e := range out.Services[0].Events {
		if strings.Contains(e.Message, "deployment completed") {
			return instant(e.CreatedAt), nil
		}
	}
	return time.Time{}, fmt.Errorf("service %s never said that its deployment is complete", name)
}

func instant(seconds float64) time.Time { return time.UnixMicro(int64(seconds * 1e6)) }

// callRates counts the calls of a watch of a deployment that does not get on, which asks
// about everything around it too: once as on this machine, once as against Amazon ECS.
func (s *server) callRates(ctx context.Context) error {
	if err := s.call("RegisterTaskDefinition", `{"family":"waits","containerDefinitions":[{"name":"app","image":"sim","memory":104857600}]}`, nil); err != nil {
		return err
	}
	if err := s.call("CreateService", `{"serviceName":"waits","taskDefinition":"waits","desiredCount":1}`, nil); err != nil {
		return err
	}
	for _, at := range []struct{ pace, address string }{{"on this machine", "127.0.0.1:0"}, {"elsewhere", "0.0.0.0:0"}} {
		calls, err := s.count(ctx, at.address)
		if err != nil {
			return err
		}
		total := 0
		var each []string
		for operation, n := range calls {
			total += n
			each = append(each, fmt.Sprintf("%s %d", operation, n))
		}
		slices.Sort(each)
		perMinute := float64(total) * float64(time.Minute) / float64(countedTime)
		report("watch: API calls per minute, server "+at.pace, "%.0f (in %v: %s)", perMinute, countedTime, strings.Join(each, ", "))
	}
	return nil
}

// count watches for a while through a proxy that counts calls. A watch goes by the
// address how often it asks: one that is not on loopback is another machine's to it.
func (s *server) count(ctx context.Context, address string) (map[string]int, error) {
	target, err := url.Parse(s.url)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	calls := map[string]int{}
	forward := httputil.NewSingleHostReverseProxy(target)
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		mu.Lock()
		calls[operation]++
		mu.Unlock()
		forward.ServeHTTP(w, r)
	}))
	proxy.Listener.Close()
	if proxy.Listener, err = net.Listen("tcp4", address); err != nil {
		return nil, err
	}
	proxy.Start()
	defer proxy.Close()
	endpoint := proxy.URL
	if strings.HasPrefix(address, "0.0.0.0") {
		if endpoint, err = beyondLoopback(proxy.Listener.Addr()); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, countedTime)
	defer cancel()
	watch := exec.CommandContext(ctx, *binary, "watch", "waits", "--endpoint", endpoint, "--patient", "--timeout", "10m", "--quiet")
	watch.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=any")
	said, err := watch.CombinedOutput()
	if ctx.Err() == nil {
		return nil, fmt.Errorf("the watch ended early: %v: %s", err, said)
	}
	mu.Lock()
	defer mu.Unlock()
	return calls, nil
}

// beyondLoopback is the URL of a port at an address of this machine that is not loopback.
func beyondLoopback(listening net.Addr) (string, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(listening.String())
	if err != nil {
		return "", err
	}
	for _, a := range all {
		if n, is := a.(*net.IPNet); is && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return "http://" + net.JoinHostPort(n.IP.String(), port), nil
		}
	}
	return "", errors.New("this machine has no address but loopback")
}
