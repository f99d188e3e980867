// Command archive measures Steady's archive on this machine: it stores task events as a
// large installation makes them, and asks four questions about them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"time"

	"steady/archive"
)

var (
	total   = flag.Int("n", 2_000_000, "how many events")
	writers = flag.Int("writers", 4, "how many goroutines append")
	batch   = flag.Int("batch", 1000, "how many events each appends at once")
	dir     = flag.String("dir", "", "keep the archive in this folder, and use it again (default: a temporary one)")
	cpu     = flag.String("cpuprofile", "", "write a CPU profile of the ingestion to this file")

	queryCPU = flag.String("queryprofile", "", "write a CPU profile of the queries to this file")
)

// memoryLimit has the garbage collector work harder before the process takes more.
const memoryLimit = 240 << 20

// firstSeed is the seed of the first writer's events.
const firstSeed = 2

func main() {
	flag.Parse()
	debug.SetMemoryLimit(memoryLimit)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	path := *dir
	if path == "" {
		var err error
		if path, err = os.MkdirTemp("", "steady-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(path)
	}
	a, err := archive.Open(path, archive.Options{Account: account})
	if err != nil {
		return err
	}
	if len(a.Groups()) == 0 {
		if err := ingest(a, path); err != nil {
			return err
		}
	}
	if err := a.Close(); err != nil {
		return err
	}
	return reopen(path)
}

// reopen asks the questions of an archive that has just been opened.
func reopen(path string) error {
	began := time.Now()
	a, err := archive.Open(path, archive.Options{Account: account})
	if err != nil {
		return err
	}
	fmt.Printf("opened in %.1f ms\n", ms(time.Since(began)))
	stop, err := profile(*queryCPU)
	if err != nil {
		return err
	}
	err = ask(a)
	stop()
	fmt.Printf("peak memory %.0f MB\n", float64(usage().Maxrss)/1e3)
	return errors.Join(err, a.Close())
}

// profile writes a CPU profile to a file until stop is called; without a name it does
// nothing.
func profile(name string) (stop func(), err error) {
	if name == "" {
		return func() {}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}

// ingest appends the events, durably, and says how fast.
func ingest(a *archive.Archive, path string) error {
	stop, err := profile(*cpu)
	if err != nil {
		return err
	}
	defer stop()
	began, before := time.Now(), usage()
	var all sync.WaitGroup
	errs := make([]error, *writers)
	bytes := make([]int64, *writers)
	for i := range *writers {
		all.Go(func() { bytes[i], errs[i] = write(a, firstSeed+uint64(i), *total / *writers) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	answered := time.Since(began)
	if err := a.Seal(context.Background()); err != nil {
		return err
	}
	sealed, sealing := time.Since(began), usage()
	if err := a.Compact(); err != nil {
		return err
	}
	settled, after := time.Since(began), usage()
	raw := int64(0)
	for _, b := range bytes {
		raw += b
	}
	size, files := onDisk(path)
	spent := func(u syscall.Rusage) (user, system float64) {
		return float64(u.Utime.Nano()-before.Utime.Nano()) / 1e9, float64(u.Stime.Nano()-before.Stime.Nano()) / 1e9
	}
	fmt.Printf("ingest: %d events of %d bytes on average, %d writers of %d\n", *total, raw/int64(*total), *writers, *batch)
	fmt.Printf("  answered as durable   %.1f s  %.0f rows/s\n", answered.Seconds(), float64(*total)/answered.Seconds())
	fmt.Printf("  sealed into segments  %.1f s  %.0f rows/s\n", sealed.Seconds(), float64(*total)/sealed.Seconds())
	user, system := spent(sealing)
	fmt.Printf("  processor time        %.1f s user, %.1f s system until then, with the making of the events\n", user, system)
	user, system = spent(after)
	fmt.Printf("  merged and joined     %.1f s; %.1f s user, %.1f s system\n", settled.Seconds(), user, system)
	fmt.Printf("  peak memory           %.0f MB; %.0f MB with the merging\n", float64(sealing.Maxrss)/1e3, float64(after.Maxrss)/1e3)
	fmt.Printf("  on disk               %.0f MB in %d files\n", float64(size)/1e6, files)
	return nil
}

// write appends n events in batches, each batch's clusters to their groups.
func write(a *archive.Archive, seed uint64, n int) (bytes int64, err error) {
	g := newGenerator(seed, n)
	for n > 0 {
		byCluster := map[string][]archive.Record{}
		for range min(n, *batch) {
			r, cluster := g.next()
			bytes += int64(len(r.Message))
			byCluster[cluster] = append(byCluster[cluster], r)
		}
		n -= *batch
		var batches []archive.Batch
		for cluster, records := range byCluster {
			batches = append(batches, archive.Batch{Group: groupOf(cluster), Stream: "events", Class: archive.Events, Records: records})
		}
		if err := a.Append(context.Background(), batches...); err != nil {
			return bytes, err
		}
	}
	return bytes, nil
}

func groupOf(cluster string) string {
	return "/aws/events/ecs/containerinsights/" + cluster + "/performance"
}

func usage() syscall.Rusage {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		log.Fatal(err)
	}
	return u
}

func onDisk(path string) (size int64, files int) {
	err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		if strings.HasSuffix(name, ".parquet") {
			files++
		}
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	return size, files
}
