package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"

	"steady/archive"
)

// generateAndIngest has another process make the events, and stores them here: so neither
// the processor time nor the memory of their making is counted as the archive's.
func generateAndIngest(a *archive.Archive, path string) error {
	events := *kept
	if events == "" {
		var err error
		if events, err = os.MkdirTemp("", "steady-bench-events-"); err != nil {
			return err
		}
		defer os.RemoveAll(events)
	}
	if _, err := os.Stat(eventsFile(events, 0)); err == nil {
		return ingest(a, path, events)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	began := time.Now()
	c := exec.Command(self, "-n", fmt.Sprint(*total), "-writers", fmt.Sprint(*writers), "-generate", events)
	c.Stderr = os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("generate events: %w", err)
	}
	spent := c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	fmt.Printf("generation (another process, not counted below): %.1f s, %.1f s of processor time, %.0f events per CPU second\n",
		time.Since(began).Seconds(), spent.Seconds(), float64(*total)/spent.Seconds())
	return ingest(a, path, events)
}

// moment is a point of a measurement.
type moment struct {
	at    time.Time
	usage syscall.Rusage
}

func mark() moment { return moment{time.Now(), usage()} }

// tell says what was done since before.
func (m moment) tell(what string, before moment) {
	user := float64(m.usage.Utime.Nano()-before.usage.Utime.Nano()) / 1e9
	system := float64(m.usage.Stime.Nano()-before.usage.Stime.Nano()) / 1e9
	wall := m.at.Sub(before.at).Seconds()
	fmt.Printf("  %-21s %6.1f s %8.0f rows/s; processor %6.1f s user %5.1f s system, %8.0f rows per CPU second\n",
		what, wall, float64(*total)/wall, user, system, float64(*total)/(user+system))
}

// ingest appends the events, durably, and says how fast.
func ingest(a *archive.Archive, path, events string) error {
	stop, err := profile(*cpu)
	if err != nil {
		return err
	}
	defer stop()
	began := mark()
	var all sync.WaitGroup
	errs := make([]error, *writers)
	bytes, stored := make([]int64, *writers), make([]int, *writers)
	for i := range *writers {
		all.Go(func() { bytes[i], stored[i], errs[i] = write(a, eventsFile(events, i)) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i, n := range stored {
		if n != share(i) {
			return fmt.Errorf("%s has %d events and not %d: it was made for another -n or -writers; remove it", eventsFile(events, i), n, share(i))
		}
	}
	answered := mark()
	if err := a.Seal(context.Background()); err != nil {
		return err
	}
	sealed := mark()
	if err := a.Compact(); err != nil {
		return err
	}
	settled := mark()
	if err := allocations(*heap); err != nil {
		return err
	}
	raw := int64(0)
	for _, b := range bytes {
		raw += b
	}
	size, files := onDisk(path)
	fmt.Printf("ingest: %d events of %d bytes on average, %d writers of %d\n", *total, raw/int64(*total), *writers, *batch)
	answered.tell("answered as durable", began)
	sealed.tell("sealed into segments", began)
	settled.tell("merged and joined", began)
	fmt.Printf("  peak memory           %.0f MB; %.0f MB with the merging\n", float64(sealed.usage.Maxrss)/1e3, float64(settled.usage.Maxrss)/1e3)
	fmt.Printf("  on disk               %.0f MB in %d files\n", float64(size)/1e6, files)
	return nil
}

func allocations(name string) error {
	if name == "" {
		return nil
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}

// write appends the events of a file in batches, each batch's clusters to their groups.
func write(a *archive.Archive, file string) (bytes int64, stored int, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 256<<10)
	for {
		byCluster := map[string][]archive.Record{}
		n := 0
		for ; n < *batch; n++ {
			record, cluster, err := readEvent(r)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return bytes, stored, err
			}
			bytes += int64(len(record.Message))
			byCluster[cluster] = append(byCluster[cluster], record)
		}
		if n == 0 {
			return bytes, stored, nil
		}
		var batches []archive.Batch
		for cluster, records := range byCluster {
			batches = append(batches, archive.Batch{Group: groupOf(cluster), Stream: "events", Class: archive.Events, Records: records})
		}
		if err := a.Append(context.Background(), batches...); err != nil {
			return bytes, stored, err
		}
		stored += n
	}
}
