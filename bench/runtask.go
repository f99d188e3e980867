package main

import (
	"context"
	"fmt"
	"os/exec"
	"sync"
	"time"

	"steady/imagepack"
)

const (
	together = 100 // tasks that are run at once
	many     = 200 // tasks of which the memory is told
	// tidied is how long after a task's end its container has been removed, which would
	// weigh on what is measured next.
	tidied = 2 * time.Second
)

// runningTasks measures RunTask to RUNNING of an image that is here, against bare
// `docker run -d` of it: one by one, and many at once, in turn. The agent is part of the
// server, whose memory is told with many tasks running.
func runningTasks(ctx context.Context) error {
	if _, err := imagepack.Load(ctx, image, *binary, []string{"/steady", "sample"}, nil); err != nil {
		return err
	}
	defer imagepack.Remove(context.WithoutCancel(ctx), image)
	if err := oneByOne(); err != nil {
		return err
	}
	var bare, steady []time.Duration
	for range runs {
		d, err := bareAtOnce(together)
		if err != nil {
			return err
		}
		bare = append(bare, d)
		s, err := upWithTask()
		if err != nil {
			return err
		}
		d, err = s.runTasks(together, together, 20*time.Millisecond)
		s.down()
		if err != nil {
			return err
		}
		steady = append(steady, d)
	}
	b, t := median(bare), median(steady)
	report(fmt.Sprintf("%d parallel docker run -d, no port (median of %d)", together, runs), "%v", b.Round(time.Millisecond))
	report(fmt.Sprintf("%d tasks at once, RunTask to RUNNING (median of %d)", together, runs), "%v", t.Round(time.Millisecond))
	report("ratio", "%.2f", t.Seconds()/b.Seconds())
	return weight()
}

// upWithTask is a server with the task definition "one" of a bare `docker run`.
func upWithTask() (*server, error) {
	s, err := up()
	if err != nil {
		return nil, err
	}
	definition := fmt.Sprintf(`{"family":"one","containerDefinitions":[{"name":"app","image":%q,"memory":64,"memoryReservation":6,"cpu":2}]}`, image)
	if err := s.call("RegisterTaskDefinition", definition, nil); err != nil {
		s.down()
		return nil, err
	}
	return s, nil
}

// weight measures the memory of a server that runs many tasks.
func weight() error {
	s, err := upWithTask()
	if err != nil {
		return err
	}
	defer s.down()
	took, err := s.runTasks(many, many, 20*time.Millisecond)
	if err != nil {
		return err
	}
	report(fmt.Sprintf("RSS of server and agent with %d tasks", many), "%.1f MiB after %v", s.memory("VmRSS"), took.Round(time.Second))
	return nil
}

// oneByOne takes turns, so that what else the machine does weighs on both.
func oneByOne() error {
	s, err := upWithTask()
	if err != nil {
		return err
	}
	defer s.down()
	var bare, steady []time.Duration
	for range 7 {
		d, err := bareAtOnce(1)
		if err != nil {
			return err
		}
		bare = append(bare, d)
		if d, err = s.runTasks(1, 1, 2*time.Millisecond); err != nil {
			return err
		}
		steady = append(steady, d)
		if err := s.stopTasks(); err != nil {
			return err
		}
		time.Sleep(tidied)
	}
	b, t := median(bare), median(steady)
	report("one docker run -d (median of 7)", "%v", b.Round(time.Millisecond))
	report("one task, RunTask to RUNNING (median of 7)", "%v", t.Round(time.Millisecond))
	report("ratio", "%.2f", t.Seconds()/b.Seconds())
	return nil
}

// bareAtOnce starts n containers without Steady.
func bareAtOnce(n int) (time.Duration, error) {
	var wg sync.WaitGroup
	ids, errs := make([]string, n), make([]error, n)
	began := time.Now()
	for i := range n {
		wg.Go(func() { ids[i], errs[i] = dockerRun("--memory-reservation", "6m", "-c", "2") })
	}
	wg.Wait()
	took := time.Since(began)
	exec.Command("docker", append([]string{"rm", "-f"}, ids...)...).Run()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return took, nil
}

// runTasks runs n more tasks, ten a call, and waits until so many run. It asks for that
// at a pace, which is what it may tell too much: asking more often takes from the
// processors that start the containers.
func (s *server) runTasks(n, until int, pace time.Duration) (time.Duration, error) {
	began := time.Now()
	for left := n; left > 0; left -= 10 {
		if err := s.call("RunTask", fmt.Sprintf(`{"taskDefinition":"one","count":%d}`, min(left, 10)), nil); err != nil {
			return 0, err
		}
	}
	for {
		var out struct {
			Clusters []struct{ RunningTasksCount int }
		}
		if err := s.call("DescribeClusters", `{}`, &out); err != nil {
			return 0, err
		}
		if len(out.Clusters) == 1 && out.Clusters[0].RunningTasksCount >= until {
			return time.Since(began), nil
		}
		if time.Since(began) > 10*time.Minute {
			return 0, fmt.Errorf("%+v run after %v, not %d", out.Clusters, time.Since(began), until)
		}
		time.Sleep(pace)
	}
}

// stopTasks stops all tasks and waits for that.
func (s *server) stopTasks() error {
	var running struct{ TaskArns []string }
	if err := s.call("ListTasks", `{}`, &running); err != nil {
		return err
	}
	for _, arn := range running.TaskArns {
		if err := s.call("StopTask", fmt.Sprintf(`{"task":%q}`, arn), nil); err != nil {
			return err
		}
	}
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		var out struct {
			Clusters []struct{ RunningTasksCount int }
		}
		if err := s.call("DescribeClusters", `{}`, &out); err != nil {
			return err
		}
		if len(out.Clusters) == 1 && out.Clusters[0].RunningTasksCount == 0 {
			return nil
		}
		if time.Since(began) > time.Minute {
			return fmt.Errorf("tasks still run after %v", time.Since(began))
		}
	}
}
