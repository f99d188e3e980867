// Package sample is the sample application: a small web server that can be told to
// fail in the ways that real ones do, so that deployments can be tried and tested.
// It never talks to Steady or to AWS.
//
// Every flag can be given as an environment variable too, so that a task definition
// can set it under "environment": -crash-after is STEADY_SAMPLE_CRASH_AFTER. A flag on
// the command line wins.
package sample

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	checkLimit = 2 * time.Second // for -check; ECS gives a health check 5 s by default
	drainLimit = 5 * time.Second // for open requests after SIGTERM
)

// settings are what the flags say.
type settings struct {
	listen, version, say, check string
	crash                       int
	crashAfter, unhealthyAfter  time.Duration
	slowStart, logEvery         time.Duration
	unhealthy, ignoreTerm       bool
	memory, logBytes, logLines  int
	sayStderr                   string
	hashEnv                     string
	route, routeOn              string
	cpu                         bool
	flood                       time.Duration
}

// Main runs the application until ctx ends, SIGTERM or SIGINT comes or a flag makes it
// exit, and returns the exit code: 0 after a graceful end, 2 for a wrong flag. All
// output goes to out.
func Main(ctx context.Context, args []string, out io.Writer) int {
	s, err := parse(args, os.LookupEnv, out)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(out, "sample:", err)
		return 2
	}
	if s.check != "" {
		return check(ctx, s.check, out)
	}
	return s.run(ctx, slog.New(slog.NewTextHandler(out, nil)), out)
}

// parse reads flags, then for those not given the environment.
func parse(args []string, env func(string) (string, bool), out io.Writer) (settings, error) {
	var s settings
	f := flag.NewFlagSet("sample", flag.ContinueOnError)
	f.SetOutput(out)
	f.StringVar(&s.listen, "listen", ":8080", "serve on this `address`")
	f.StringVar(&s.version, "version", "v1", "version to answer with")
	f.IntVar(&s.crash, "crash", -1, "exit with this `code` instead of serving")
	f.DurationVar(&s.crashAfter, "crash-after", 0, "serve this long, then exit with -crash's code (1 if not given)")
	f.BoolVar(&s.unhealthy, "unhealthy", false, "answer 503 on /healthz")
	f.DurationVar(&s.unhealthyAfter, "unhealthy-after", 0, "answer 503 on /healthz after this long")
	f.DurationVar(&s.slowStart, "slow-start", 0, "wait this long before serving")
	f.BoolVar(&s.ignoreTerm, "ignore-sigterm", false, "go on after SIGTERM, until killed")
	f.IntVar(&s.memory, "memory", 0, "use this many `MiB` of memory")
	f.DurationVar(&s.logEvery, "log-every", 0, "write a log line this often")
	f.IntVar(&s.logBytes, "log-bytes", 0, "pad those log lines to this many `bytes`")
	f.IntVar(&s.logLines, "log-lines", 0, "write so many `lines` at once before serving, numbered")
	f.DurationVar(&s.flood, "flood", 0, "before serving, write lines of -log-bytes as fast as possible, so long")
	f.StringVar(&s.say, "say", "", "write this `text` first, as it is")
	f.StringVar(&s.sayStderr, "say-stderr", "", "write this `text` first, as it is, to the standard error")
	f.StringVar(&s.hashEnv, "hash-env", "", "write the length and the SHA-256 of these environment `variables` first, separated by commas")
	f.StringVar(&s.route, "route", "", "be a log router instead of serving: print this configuration `file`, then what comes on -route-on")
	f.StringVar(&s.routeOn, "route-on", "/var/run/fluent.sock", "the `socket` on which -route listens")
	f.BoolVar(&s.cpu, "cpu", false, "use one processor")
	f.StringVar(&s.check, "check", "", "be a health check: ask this `URL`, exit 0 if it answers 2xx, else 1")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q: flags only, see -help", f.Arg(0))
	}
	return s, fromEnv(f, env)
}

// fromEnv sets the flags that the command line did not.
func fromEnv(f *flag.FlagSet, env func(string) (string, bool)) error {
	given := map[string]bool{}
	f.Visit(func(fl *flag.Flag) { given[fl.Name] = true })
	var errs []error
	f.VisitAll(func(fl *flag.Flag) {
		name := "STEADY_SAMPLE_" + strings.ToUpper(strings.ReplaceAll(fl.Name, "-", "_"))
		value, ok := env(name)
		if !ok || given[fl.Name] {
			return
		}
		if err := f.Set(fl.Name, value); err != nil {
			errs = append(errs, fmt.Errorf("%s=%q: %w", name, value, err))
		}
	})
	return errors.Join(errs...)
}

// check is the health-check client.
func check(ctx context.Context, url string, out io.Writer) int {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		fmt.Fprintln(out, "check:", err)
		return 1
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Fprintln(out, "check:", err)
		return 1
	}
	defer res.Body.Close()
	fmt.Fprintln(out, "check:", url, "answered", res.Status)
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return 1
	}
	return 0
}

// run is the application's life.
func (s settings) run(ctx context.Context, log *slog.Logger, out io.Writer) int {
	ctx, stop := s.catch(ctx)
	defer stop()
	s.speak(out)
	log.Info("starting", "version", s.version, "pid", os.Getpid())
	if s.route != "" {
		r := router{config: s.route, socket: s.routeOn, out: out}
		return r.run(ctx)
	}
	held := hold(s.memory)
	defer runtime.KeepAlive(held)
	s.write(ctx, out)
	if s.crash >= 0 && s.crashAfter == 0 {
		return s.failToStart(log)
	}
	if s.cpu {
		go burn(ctx)
	}
	if !pause(ctx, s.slowStart) {
		log.Info("stopped before serving")
		return 0
	}
	return s.serve(ctx, log)
}

// catch ends the context at SIGTERM or SIGINT. As process 1 of a container this is
// needed: the kernel drops signals for which process 1 has no handler.
func (s settings) catch(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.ignoreTerm {
		signal.Ignore(syscall.SIGTERM)
		return signal.NotifyContext(ctx, syscall.SIGINT)
	}
	return signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
}

// failToStart is what a service whose database cannot be reached writes.
func (s settings) failToStart(log *slog.Logger) int {
	log.Info("connecting to database", "host", "db.internal:5432", "attempt", 1)
	log.Error("could not connect to database", "error", "dial tcp: lookup db.internal: no such host")
	log.Error("cannot start without a database, exiting", "code", s.crash)
	return s.crash
}

// serve answers requests until ctx ends or -crash-after is over.
func (s settings) serve(ctx context.Context, log *slog.Logger) int {
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		log.Error("cannot serve", "error", err)
		return 1
	}
	server := &http.Server{Handler: s.handler(time.Now()), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	log.Info("listening", "address", listener.Addr().String(), "version", s.version)

	var crash, tick <-chan time.Time
	if s.crashAfter > 0 {
		crash = time.After(s.crashAfter)
	}
	if s.logEvery > 0 {
		ticker := time.NewTicker(s.logEvery)
		defer ticker.Stop()
		tick = ticker.C
	}
	for n := 1; ; n++ {
		select {
		case <-tick:
			log.Info(pad(fmt.Sprintf("handled request %d", n), s.logBytes))
		case <-crash:
			code := max(s.crash, 0)
			if s.crash < 0 {
				code = 1
			}
			log.Error("unrecoverable error, exiting", "error", "connection to database lost", "code", code)
			return code
		case err := <-failed:
			log.Error("stopped serving", "error", err)
			return 1
		case <-ctx.Done():
			return drain(server, log)
		}
	}
}

// drain lets open requests finish.
func drain(server *http.Server, log *slog.Logger) int {
	log.Info("stopping")
	limited, cancel := context.WithTimeout(context.Background(), drainLimit)
	defer cancel()
	if err := server.Shutdown(limited); err != nil {
		log.Warn("requests were still open", "error", err)
	}
	log.Info("stopped")
	return 0
}

// handler answers / and /healthz.
func (s settings) handler(started time.Time) http.Handler {
	host, _ := os.Hostname()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "version %s on %s\n", s.version, host)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if !s.healthy(time.Since(started)) {
			http.Error(w, "unhealthy", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}

// healthy tells what /healthz says after serving this long.
func (s settings) healthy(served time.Duration) bool {
	return !s.unhealthy && (s.unhealthyAfter == 0 || served < s.unhealthyAfter)
}

// hold allocates memory and writes to every page, so that it is really used.
func hold(mib int) []byte {
	if mib <= 0 {
		return nil
	}
	b := make([]byte, mib<<20)
	for i := 0; i < len(b); i += 4096 {
		b[i] = byte(i>>12) | 1
	}
	return b
}

// pad lengthens text to n bytes.
func pad(text string, n int) string {
	if n <= len(text) {
		return text
	}
	return text + strings.Repeat(".", n-len(text))
}

// pause waits, and tells whether ctx still lives.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
