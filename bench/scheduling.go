package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"time"
)

// simulatedUpdate measures a rolling update of 1,000 tasks on the sim runtime.
func simulatedUpdate(context.Context) error {
	const tasks = 1000
	s, err := up("--runtime", "sim", "--instances", "100")
	if err != nil {
		return err
	}
	defer s.down()
	const container = `{"name":"app","image":"sim","cpu":64,"memory":64}`
	steady := func(x service) bool {
		return x.RunningCount == tasks && len(x.Deployments) == 1 && x.Deployments[0].RolloutState == "COMPLETED"
	}
	began, err := s.deploy(container, tasks)
	if err != nil {
		return err
	}
	if _, err := s.wait(began, time.Minute, steady); err != nil {
		return err
	}
	took, err := s.update(container, steady)
	if err != nil {
		return err
	}
	report(fmt.Sprintf("rolling update of %d sim tasks", tasks), "%v", took.Round(time.Millisecond))
	return nil
}

// placing and deciding run the benchmarks of the pure packages.
func placing(context.Context) error  { return goBench("./placement", "BenchmarkPlace") }
func deciding(context.Context) error { return goBench("./rollout", "BenchmarkDecide") }

var benchLine = regexp.MustCompile(`(?m)^(Benchmark\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op`)

func goBench(dir, name string) error {
	out, err := exec.Command("go", "test", "-run", "^$", "-bench", name, dir).Output()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s", out)
		return err
	}
	lines := benchLine.FindAllStringSubmatch(string(out), -1)
	if len(lines) == 0 {
		return fmt.Errorf("no benchmark %s in %s", name, dir)
	}
	for _, l := range lines {
		ns, err := time.ParseDuration(l[2] + "ns")
		if err != nil {
			return err
		}
		report(l[1], "%v", ns.Round(time.Microsecond))
	}
	return nil
}
