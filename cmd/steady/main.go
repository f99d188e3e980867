// Command steady is Amazon ECS for your own machines: the server, its agent, and
// the commands that watch deployments. It parses flags, wires the parts together
// and prints; it decides nothing.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/docker/cli/cli/config"

	"steady/sample"
)

// version is set by the linker.
var version = "dev"

// exit is an error that ends the program with a certain code. An empty message
// prints nothing: everything was said.
type exit struct {
	code    int
	message string
}

func (e exit) Error() string { return e.message }

var cli struct {
	Up       upCommand       `cmd:"" help:"Run Steady in the foreground."`
	Down     downCommand     `cmd:"" help:"Remove every container that belongs to a data directory."`
	Watch    watchCommand    `cmd:"" help:"Follow a service's deployment to its verdict. Exit codes: 0 succeeded, 2 failed, 3 rolled back, 4 timed out, 5 superseded, 6 stuck, 7 inconclusive, 1 any other error."`
	Deploy   deployCommand   `cmd:"" help:"Release an image or a revision, and follow its deployment. Exit codes as those of watch."`
	Rollback rollbackCommand `cmd:"" help:"Go back to an earlier revision, and follow that. Exit codes as those of watch."`
	Run      runCommand      `cmd:"" help:"Run a copy of a service's task outside its service: same network, role and image, no load balancer. Exit code as that of the container."`
	Check    checkCommand    `cmd:"" help:"Find what would keep a deployment from succeeding, before it is made. Exit code 1 on an error."`
	Why      whyCommand      `cmd:"" help:"Explain what is wrong with a service, a deployment or a task, from the API or from what was saved or pasted."`
	Status   statusCommand   `cmd:"" help:"Show how the services of a cluster stand, and why one is not steady."`
	Logs     logsCommand     `cmd:"" help:"Show the output of a service or a task: of all its containers, in the order of time."`
	Events   eventsCommand   `cmd:"" help:"Show what happened to tasks, services and container instances: the lifecycle events."`
	Query    queryCommand    `cmd:"" help:"Ask the logs and the lifecycle events, in the language of CloudWatch Logs Insights."`
	Monitor  monitorCommand  `cmd:"" help:"Watch all services of clusters, say what happens to them, and record it."`
	Demo     demoCommand     `cmd:"" help:"Play a story of three deployments on real containers."`

	SampleImage sampleImageCommand `cmd:"" help:"Pack the sample application into an image of the Docker Engine."`

	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	// The sample application has flags of its own, and is pid 1 in a container.
	if len(os.Args) > 1 && os.Args[1] == "sample" {
		os.Exit(sample.Main(context.Background(), os.Args[2:], os.Stdout))
	}
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parser, err := kong.New(&cli,
		kong.Name("steady"),
		kong.Description("Amazon ECS for your own machines, whose deployments explain themselves.\n\n"+
			"\"steady sample\" runs the sample application; see \"steady sample -h\"."),
		kong.Vars{"version": version, "data_dir": defaultDataDir(), "docker_config": config.Dir(), "local_server": localServer},
	)
	if err != nil {
		panic(err) // a mistake in cli
	}
	command, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "steady: "+wrongUsage(err))
		return 1
	}
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run()
	var e exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		if e.message != "" {
			fmt.Fprintln(os.Stderr, "steady: "+e.message)
		}
		return e.code
	}
	fmt.Fprintln(os.Stderr, "steady: "+told(err))
	return 1
}

// wrongUsage is one line: what is wrong with the command line, and where help is.
func wrongUsage(err error) string {
	about := "steady"
	if e, ok := errors.AsType[*kong.ParseError](err); ok && e.Context.Selected() != nil {
		about = e.Context.Selected().FullPath()
	}
	return fmt.Sprintf("%v: see \"%s --help\"", err, about)
}
