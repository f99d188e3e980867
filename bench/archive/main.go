// Command archive measures Steady's archive on this machine: it stores task events as a
// large installation makes them, and asks four questions about them.
package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
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
	dir     = flag.String("dir", "", "keep the archive in this folder (default: a temporary one)")
	cpu     = flag.String("cpuprofile", "", "write a CPU profile of the ingestion to this file")
)

func main() {
	flag.Parse()
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
	if err := ingest(a, path); err != nil {
		return err
	}
	return a.Close()
}

// ingest appends the events, durably, and says how fast.
func ingest(a *archive.Archive, path string) error {
	if *cpu != "" {
		f, err := os.Create(*cpu)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	began, before := time.Now(), usage()
	var all sync.WaitGroup
	errs := make([]error, *writers)
	bytes := make([]int64, *writers)
	for i := range *writers {
		all.Go(func() { bytes[i], errs[i] = write(a, uint64(i), *total / *writers) })
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
	fmt.Printf("  on disk               %.0f MB in %d files\n", float64(size)/1e6, files)
	fmt.Printf("  peak memory           %.0f MB\n", float64(after.Maxrss)/1e3)
	return nil
}

// write appends n events in batches, each batch's clusters to their groups.
func write(a *archive.Archive, seed uint64, n int) (bytes int64, err error) {
	g := newGenerator(seed+2, n)
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
