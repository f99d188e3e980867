package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	clients = 16
	lasting = 3 * time.Second
)

// apiUnderLoad measures a read and a write at 16 clients.
func apiUnderLoad(context.Context) error {
	s, err := up("--runtime", "sim")
	if err != nil {
		return err
	}
	defer s.down()
	began, err := s.deploy(`{"name":"app","image":"sim","cpu":64,"memory":64}`, 3)
	if err != nil {
		return err
	}
	if _, err := s.wait(began, time.Minute, func(x service) bool { return x.Deployments[0].RolloutState == "COMPLETED" }); err != nil {
		return err
	}
	for _, c := range []struct{ operation, body string }{
		{"DescribeServices", `{"services":["web"]}`},
		{"RegisterTaskDefinition", `{"family":"load","containerDefinitions":[{"name":"app","image":"sim","cpu":64,"memory":64,"environment":[{"name":"A","value":"b"}]}]}`},
	} {
		if err := s.load(c.operation, c.body); err != nil {
			return err
		}
	}
	return nil
}

// load calls one operation from all clients for a while.
func (s *server) load(operation, body string) error {
	took := make([][]time.Duration, clients)
	failed := make([]error, clients)
	began := time.Now()
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for time.Since(began) < lasting && failed[i] == nil {
				t := time.Now()
				failed[i] = s.call(operation, body, nil)
				took[i] = append(took[i], time.Since(t))
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(began)
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	report(fmt.Sprintf("%s at %d clients", operation, clients), "%.0f/s, p50 %v, p99 %v", float64(len(all))/elapsed.Seconds(),
		percentile(all, 50).Round(10*time.Microsecond), percentile(all, 99).Round(10*time.Microsecond))
	return nil
}

func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return percentile(d, 50)
}
