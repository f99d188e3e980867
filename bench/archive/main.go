// Command archive measures Steady's archive on this machine: it stores task events as a
// large installation makes them, and asks four questions about them.
package main

import (
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

	heap     = flag.String("heapprofile", "", "write a profile of allocations of the ingestion to this file")
	queryCPU = flag.String("queryprofile", "", "write a CPU profile of the queries to this file")
	kept     = flag.String("events", "", "keep the events in this folder, and use them again (default: a temporary one)")
	generate = flag.String("generate", "", "only write the events to files in this folder, a file for each writer")
)

// memoryLimit has the garbage collector work harder before the process takes more.
const memoryLimit = 240 << 20

// firstSeed is the seed of the first writer's events.
const firstSeed = 2

func main() {
	flag.Parse()
	debug.SetMemoryLimit(memoryLimit)
	do := run
	if *generate != "" {
		do = func() error { return generateAll(*generate) }
	}
	if err := do(); err != nil {
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
		if err := generateAndIngest(a, path); err != nil {
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
