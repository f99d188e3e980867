package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"steady/imagepack"
)

const replaced = 3 // tasks of the service whose replacement is measured

// replacement measures a rolling update of 3 real tasks against the bare cost of
// starting 3 such containers and stopping 3 others, and the time from a container's
// death to its replacement being RUNNING against a bare start.
func replacement(ctx context.Context) error {
	if _, err := imagepack.Load(ctx, image, *binary, []string{"/steady", "sample"}, nil); err != nil {
		return err
	}
	defer imagepack.Remove(context.WithoutCancel(ctx), image)
	bare, single, err := bareReplacement()
	if err != nil {
		return err
	}
	s, err := up()
	if err != nil {
		return err
	}
	defer s.down()
	container := fmt.Sprintf(`{"name":"app","image":%q,"memory":64,"portMappings":[{"containerPort":8080}]}`, image)
	began, err := s.deploy(container, replaced)
	if err != nil {
		return err
	}
	steady := func(x service) bool {
		return x.RunningCount == replaced && len(x.Deployments) == 1 && x.Deployments[0].RolloutState == "COMPLETED"
	}
	if _, err := s.wait(began, time.Minute, steady); err != nil {
		return err
	}
	var updates, deaths []time.Duration
	for range runs {
		d, err := s.update(container, steady)
		if err != nil {
			return err
		}
		updates = append(updates, d)
		if d, err = s.death(); err != nil {
			return err
		}
		deaths = append(deaths, d)
	}
	update, death := slices.Min(updates), slices.Min(deaths)
	report(fmt.Sprintf("start %d containers, then stop %d, bare (best of %d)", replaced, replaced, runs), "%v", bare.Round(time.Millisecond))
	report(fmt.Sprintf("rolling update of %d tasks (best of %d)", replaced, runs), "%v, ratio %.2f", update.Round(time.Millisecond), update.Seconds()/bare.Seconds())
	report(fmt.Sprintf("one docker run -d (best of %d)", runs), "%v", single.Round(time.Millisecond))
	report(fmt.Sprintf("from a container's death to its replacement RUNNING (best of %d)", runs), "%v, %v more", death.Round(time.Millisecond), (death - single).Round(time.Millisecond))
	return nil
}

// bareReplacement is what the containers cost without Steady: all of them, and one.
func bareReplacement() (all, single time.Duration, err error) {
	var alls, singles []time.Duration
	for range runs {
		var old, fresh []string
		for range replaced {
			began := time.Now()
			id, err := dockerRun()
			if err != nil {
				return 0, 0, err
			}
			singles = append(singles, time.Since(began))
			old = append(old, id)
		}
		began := time.Now()
		var wg sync.WaitGroup
		var mu sync.Mutex
		for range replaced {
			wg.Go(func() {
				if id, err := dockerRun(); err == nil {
					mu.Lock()
					fresh = append(fresh, id)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for _, id := range old {
			wg.Go(func() { exec.Command("docker", "stop", id).Run() })
		}
		wg.Wait()
		alls = append(alls, time.Since(began))
		exec.Command("docker", append([]string{"rm", "-f"}, append(old, fresh...)...)...).Run()
	}
	return slices.Min(alls), slices.Min(singles), nil
}

// update rolls out another revision and returns how long it takes to be steady.
func (s *server) update(container string, steady func(service) bool) (time.Duration, error) {
	if err := s.call("RegisterTaskDefinition", `{"family":"web","containerDefinitions":[`+container+`]}`, nil); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := s.call("UpdateService", `{"service":"web","taskDefinition":"web"}`, nil); err != nil {
		return 0, err
	}
	return s.wait(began, time.Minute, steady)
}

// death kills one container of the service and returns how long it takes until as many
// tasks as desired are RUNNING again.
func (s *server) death() (time.Duration, error) {
	id, err := os.ReadFile(filepath.Join(s.dir, "installation"))
	if err != nil {
		return 0, err
	}
	out, err := exec.Command("docker", "ps", "-q", "--filter", "label=dev.steady.installation="+strings.TrimSpace(string(id))).Output()
	if err != nil {
		return 0, err
	}
	victim, _, _ := strings.Cut(string(out), "\n")
	if err := exec.Command("docker", "kill", victim).Run(); err != nil {
		return 0, fmt.Errorf("docker kill: %w", err)
	}
	began := time.Now()
	if _, err := s.wait(began, time.Minute, func(x service) bool { return x.RunningCount < replaced }); err != nil {
		return 0, err
	}
	return s.wait(began, time.Minute, func(x service) bool { return x.RunningCount == replaced })
}
