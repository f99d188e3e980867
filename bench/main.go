// Command bench measures the steady binary on this machine, in one run: start-up,
// a deployment of real containers against bare `docker run`, scheduling at scale on
// the sim runtime, and the API under load. It changes nothing but what it made.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var (
	binary = flag.String("binary", "bin/steady", "the steady binary to measure")
	only   = flag.String("only", "", "run only the measurements whose name contains this")
)

func main() {
	flag.Parse()
	for _, m := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"start", start}, {"docker", realContainers}, {"tasks", runningTasks}, {"replace", replacement}, {"watch", watching},
		{"sim-1000", simulated(1000)}, {"sim-5000", simulated(5000)}, {"sim-update", simulatedUpdate},
		{"placement", placing}, {"rollout", deciding}, {"api", apiUnderLoad},
	} {
		if !strings.Contains(m.name, *only) {
			continue
		}
		if err := m.run(context.Background()); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", m.name, err)
			os.Exit(1)
		}
	}
}

// report prints one measured value.
func report(name, format string, args ...any) {
	fmt.Printf("%-58s %s\n", name, fmt.Sprintf(format, args...))
}

// server is a running `steady up`.
type server struct {
	dir     string
	url     string
	process *exec.Cmd
	ready   time.Duration // from the start of the process
	stderr  bytes.Buffer
}

func up(flags ...string) (*server, error) {
	dir, err := os.MkdirTemp("", "steady-bench-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir}
	s.process = exec.Command(*binary, append([]string{"up", "--listen", "127.0.0.1:0", "--data-dir", dir, "--settle", "0s", "--log-level", "warn"}, flags...)...)
	s.process.Stderr = &s.stderr
	stdout, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	s.ready = time.Since(began)
	url, found := strings.CutPrefix(strings.TrimSpace(line), "ready: ")
	if err != nil || !found {
		s.process.Wait()
		return nil, fmt.Errorf("up said %q: %s", line, s.stderr.String())
	}
	s.url = url
	return s, nil
}

// down stops the server and removes all that belongs to it.
func (s *server) down() {
	s.process.Process.Signal(syscall.SIGTERM)
	s.process.Wait()
	exec.Command(*binary, "down", "--data-dir", s.dir).Run()
	os.RemoveAll(s.dir)
}

// memory reads a field of the process's status in MiB: VmRSS now, VmHWM at most.
func (s *server) memory(field string) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		return 0
	}
	m := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(b)
	if m == nil {
		return 0
	}
	kb, _ := strconv.ParseFloat(string(m[1]), 64)
	return kb / 1024
}

func (s *server) onDisk() float64 {
	var size int64
	filepath.Walk(s.dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return float64(size) / (1 << 20)
}

var web = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// call makes one API call and decodes its answer into out, where that is not nil.
func (s *server) call(operation, body string, out any) error {
	req, err := http.NewRequest(http.MethodPost, s.url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113."+operation)
	res, err := web.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", operation, res.Status, b)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(b, out)
}

// service is what the measurements look at in DescribeServices.
type service struct {
	RunningCount, PendingCount, DesiredCount int
	Deployments                              []struct{ RolloutState string }
}

// wait asks for the service until done says so, and returns how long that took.
func (s *server) wait(since time.Time, limit time.Duration, done func(service) bool) (time.Duration, error) {
	for {
		var out struct{ Services []service }
		if err := s.call("DescribeServices", `{"services":["web"]}`, &out); err != nil {
			return 0, err
		}
		if len(out.Services) == 1 && done(out.Services[0]) {
			return time.Since(since), nil
		}
		if time.Since(since) > limit {
			return 0, fmt.Errorf("not there after %v: %+v", limit, out.Services)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// deploy registers a task definition and creates the service web of it.
func (s *server) deploy(container string, desired int) (time.Time, error) {
	if err := s.call("RegisterTaskDefinition", `{"family":"web","containerDefinitions":[`+container+`]}`, nil); err != nil {
		return time.Time{}, err
	}
	began := time.Now()
	return began, s.call("CreateService", fmt.Sprintf(`{"serviceName":"web","taskDefinition":"web","desiredCount":%d}`, desired), nil)
}

// start measures how long a server takes to be ready, and what it weighs idle.
func start(context.Context) error {
	var ready []time.Duration
	var rss float64
	for range 5 {
		s, err := up()
		if err != nil {
			return err
		}
		ready = append(ready, s.ready)
		time.Sleep(500 * time.Millisecond)
		rss = s.memory("VmRSS")
		s.down()
	}
	report("start to ready (median of 5)", "%v", median(ready).Round(time.Millisecond))
	report("idle RSS", "%.1f MiB", rss)
	return nil
}

// simulated measures how fast a service of many tasks is placed and seen RUNNING.
func simulated(tasks int) func(context.Context) error {
	return func(context.Context) error {
		s, err := up("--runtime", "sim", "--instances", "100")
		if err != nil {
			return err
		}
		defer s.down()
		began, err := s.deploy(`{"name":"app","image":"sim","cpu":64,"memory":64}`, tasks)
		if err != nil {
			return err
		}
		placed, err := s.wait(began, time.Minute, func(x service) bool { return x.PendingCount+x.RunningCount == tasks })
		if err != nil {
			return err
		}
		running, err := s.wait(began, time.Minute, func(x service) bool { return x.RunningCount == tasks })
		if err != nil {
			return err
		}
		steady, err := s.wait(began, time.Minute, func(x service) bool { return x.Deployments[0].RolloutState == "COMPLETED" })
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%d tasks on 100 sim instances: ", tasks)
		report(name+"placed", "%v", placed.Round(time.Millisecond))
		report(name+"RUNNING", "%v", running.Round(time.Millisecond))
		report(name+"deployment COMPLETED", "%v", steady.Round(time.Millisecond))
		report(name+"state on disk", "%.1f MiB", s.onDisk())
		report(name+"peak RSS", "%.0f MiB", s.memory("VmHWM"))
		return nil
	}
}
