package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"steady/monitor"
	"steady/notify"
	"steady/release"
	"steady/report"
)

// following says how a deployment is followed to its verdict, and who is told: what
// watch, deploy and rollback have in common.
type following struct {
	Cluster string        `help:"Name or ARN of the cluster." default:"default"`
	Timeout time.Duration `help:"How long to watch at most." default:"10m"`
	Hold    time.Duration `help:"How long the service must stay where the deployment brought it for that to be a success; a program that first dies later is not waited for." default:"1s"`
	Patient bool          `help:"Watch a deployment that cannot succeed until ECS ends it, or until the time-out."`
	target

	Output    string `short:"o" help:"What is printed: text, or json, one document at the end (what happens meanwhile goes to stderr)." enum:"text,json" default:"text"`
	Events    string `help:"How that which happens is printed: text, or ndjson, a JSON object a line." enum:"text,ndjson" default:"text"`
	Quiet     bool   `short:"q" help:"Print nothing but the verdict."`
	JUnit     string `name:"junit" help:"Write the verdict as a JUnit file." placeholder:"FILE" type:"path"`
	OnSuccess string `help:"Shell command to run after a success. The verdict is on its standard input, as JSON, and in STEADY_… variables." placeholder:"COMMAND"`
	OnFailure string `help:"Shell command to run after any other verdict." placeholder:"COMMAND"`
	notifying
}

// begun is what a command has at hand once it has begun.
type begun struct {
	clients
	notifier *notify.Notifier
}

// begin makes the clients. It fails on whatever could not be done in the end: nothing
// has been changed yet.
func (f following) begin(ctx context.Context) (begun, error) {
	if f.Output == "json" && f.Events == "ndjson" {
		return begun{}, errors.New("-o json and --events ndjson both want standard output: choose one; the last line of ndjson is the verdict")
	}
	api, err := f.connect(ctx)
	if err != nil {
		return begun{}, err
	}
	notifier, err := f.notifier(api)
	return begun{api, notifier}, err
}

// follow watches a deployment of a service, the newest where none is given, and tells
// everybody who is to know. Its error is the exit code. With back it returns to the
// last good revision where the deployment does not succeed.
func (f following) follow(ctx context.Context, with begun, service, deployment string, back bool) error {
	if deployment != "" {
		send(ctx, with.notifier, begins(f.Cluster, service, deployment))
	}
	v, err := f.watch(ctx, with.clients, service, deployment, back)
	if err != nil {
		return err
	}
	switch {
	case back && goesBack(v.Outcome) && v.Current == v.Revision: // else something took its place already
		v = f.goBack(ctx, with.clients, service, v)
	case back:
		monitor.Say(f.shown(), v, true)
	}
	send(ctx, with.notifier, ends(v))
	if err := f.tell(ctx, v); err != nil {
		return err
	}
	if code := v.Outcome.ExitCode(); code != 0 {
		return exit{code: code}
	}
	return nil
}

// watch follows a deployment. With withhold its verdict is not shown.
func (f following) watch(ctx context.Context, api clients, service, deployment string, withhold bool) (monitor.Verdict, error) {
	o := f.shown()
	o.Cluster, o.Service, o.Deployment = f.Cluster, service, deployment
	o.Timeout, o.Hold, o.Patient, o.Withhold = f.Timeout, f.Hold, f.Patient, withhold
	o.Endpoint, o.ECS, o.Logs, o.History = f.url(), api.ecs, api.logs, api.ecs
	return monitor.Watch(ctx, o)
}

// shown says where and how a watch is shown.
func (f following) shown() monitor.Options {
	out, live, color := f.stage()
	return monitor.Options{Out: out, Err: os.Stderr, Terminal: live, Color: color, NDJSON: f.Events == "ndjson"}
}

// stage is where what happens is shown.
func (f following) stage() (out io.Writer, live, color bool) {
	switch {
	case f.Quiet:
		return nil, false, false
	case f.Output == "json":
		live, color = isTerminal(os.Stderr)
		return os.Stderr, live, color
	}
	live, color = isTerminal(os.Stdout)
	return os.Stdout, live, color
}

// goesBack tells whether a verdict is one to roll back on: not on a success of others,
// and not on silence.
func goesBack(o monitor.Outcome) bool {
	return o == monitor.Failed || o == monitor.Stuck || o == monitor.TimedOut
}

// goBack rolls back and follows that too. The verdict stays that of the deployment,
// which was rolled back then, or could not be; it is the last word, whatever was said
// meanwhile.
func (f following) goBack(ctx context.Context, api clients, service string, failed monitor.Verdict) monitor.Verdict {
	monitor.Say(f.shown(), failed, false)
	released, err := release.RollBack(ctx, api.ecs, release.Service{Cluster: f.Cluster, Name: service}, "", f.lookAtTarget(api))
	if err != nil {
		why := strings.TrimPrefix(err.Error(), "roll back service "+service+": ")
		failed.Text += "\nIt was not rolled back: " + why
		f.say("It is not rolled back: " + why)
		f.sayLine(failed)
		return failed
	}
	f.say(fmt.Sprintf("\nRolling back from %s to %s.", released.Before, released.Revision))
	then, err := f.watch(ctx, api, service, released.Deployment, true)
	if err != nil {
		failed.Text += fmt.Sprintf("\nA roll back to %s was begun, and could not be followed: %v", released.Revision, err)
	} else {
		failed = failed.RolledBack(then)
	}
	monitor.Say(f.shown(), failed, true)
	return failed
}

// sayLine says the last word to programs; people have read it already.
func (f following) sayLine(v monitor.Verdict) {
	if f.Events == "ndjson" {
		monitor.Say(f.shown(), v, true)
	}
}

// say prints a line of the commands' own among those of the watch.
func (f following) say(line string) {
	if out, _, _ := f.stage(); out != nil && f.Events == "text" {
		fmt.Fprintln(out, line)
	}
}

// tell puts the verdict where the flags and the surroundings ask for it.
func (f following) tell(ctx context.Context, v monitor.Verdict) error {
	if f.Output == "json" {
		if err := report.JSON(os.Stdout, v); err != nil {
			return fmt.Errorf("print the verdict: %w", err)
		}
	} else if f.Quiet {
		fmt.Println(v.Text)
	}
	var failed error // one who cannot be told keeps no other from being told
	if f.JUnit != "" {
		failed = writeReport(f.JUnit, os.O_TRUNC, v, report.JUnit)
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		failed = errors.Join(failed, tellGitHub(v))
	}
	return errors.Join(failed, f.runHook(ctx, v))
}

// tellGitHub annotates the run of GitHub Actions in which this runs, and adds to the
// job's summary. Annotations are read from both outputs.
func tellGitHub(v monitor.Verdict) error {
	if err := report.Annotation(os.Stderr, v); err != nil {
		return fmt.Errorf("annotate the run: %w", err)
	}
	if file := os.Getenv("GITHUB_STEP_SUMMARY"); file != "" {
		return writeReport(file, os.O_APPEND, v, report.Summary)
	}
	return nil
}

func writeReport(file string, how int, v monitor.Verdict, write func(io.Writer, monitor.Verdict) error) error {
	w, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|how, 0o644)
	if err == nil {
		err = errors.Join(write(w, v), w.Close())
	}
	if err != nil {
		return fmt.Errorf("write the report %s: %w", file, err)
	}
	return nil
}
