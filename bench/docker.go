package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"steady/imagepack"
)

const (
	image = "steady-bench:latest"
	tasks = 20
	runs  = 3
)

// realContainers measures a deployment of 20 real containers against 20 parallel
// `docker run -d` of the same image: the best of some runs of each, taken in turn.
func realContainers(ctx context.Context) error {
	if _, err := imagepack.Load(ctx, image, *binary, []string{"/steady", "sample"}, nil); err != nil {
		return err
	}
	defer imagepack.Remove(context.WithoutCancel(ctx), image)
	var bare, steady []time.Duration
	for range runs {
		d, err := bareContainers()
		if err != nil {
			return err
		}
		bare = append(bare, d)
		if d, err = deployment(); err != nil {
			return err
		}
		steady = append(steady, d)
	}
	b, s := slices.Min(bare), slices.Min(steady)
	report(fmt.Sprintf("%d parallel docker run -d (best of %d)", tasks, runs), "%v", b.Round(time.Millisecond))
	report(fmt.Sprintf("%d tasks, CreateService to steady (best of %d)", tasks, runs), "%v", s.Round(time.Millisecond))
	report("ratio", "%.2f", s.Seconds()/b.Seconds())
	return nil
}

// bareContainers starts the containers that the deployment would, without Steady.
func bareContainers() (time.Duration, error) {
	var wg sync.WaitGroup
	ids := make([]string, tasks)
	errs := make([]error, tasks)
	began := time.Now()
	for i := range tasks {
		wg.Go(func() {
			ids[i], errs[i] = dockerRun("-p", "8080")
		})
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

// dockerRun starts one container and returns its id.
func dockerRun(options ...string) (string, error) {
	run := append([]string{"run", "-d", "-m", "64m"}, options...)
	out, err := exec.Command("docker", append(run, image)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("docker run: %w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

func deployment() (time.Duration, error) {
	s, err := up()
	if err != nil {
		return 0, err
	}
	defer s.down()
	began, err := s.deploy(fmt.Sprintf(`{"name":"app","image":%q,"memory":64,"portMappings":[{"containerPort":8080}]}`, image), tasks)
	if err != nil {
		return 0, err
	}
	return s.wait(began, 2*time.Minute, func(x service) bool {
		return x.RunningCount == tasks && x.Deployments[0].RolloutState == "COMPLETED"
	})
}
