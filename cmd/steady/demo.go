package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/agent"
	"steady/imagepack"
	"steady/model"
	"steady/monitor"
	"steady/runtime"
)

// demoCommand plays the story.
type demoCommand struct{}

// demoImage is the sample application, packed from this very binary. Each run has
// its own name for it: the demo that ends first removes what it made.
var demoImage = "steady-demo:" + model.NewID()

// demo is the story being played.
type demo struct {
	server *server
	api    clients
	url    string
}

// Run plays the story and cleans up after it, also when it is interrupted.
func (demoCommand) Run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "steady-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var log lockedLog
	defer func() {
		if err != nil && ctx.Err() == nil {
			fmt.Fprintf(os.Stderr, "the server's log:\n%s", log.String())
		}
	}()
	s, err := newServer(ctx, upCommand{
		Listen: "127.0.0.1:0", DataDir: dir, Instances: 1, Runtime: "docker",
		Settle: 2 * time.Second, Retention: time.Hour, TelemetryEvery: time.Minute, Region: "us-east-1", Account: "000000000000",
	}, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		return err
	}
	defer removeDemo(s.runtime, s.id)

	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	ready := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- s.run(serving, func(url string) { ready <- url })
		close(ready)
	}()
	defer func() {
		stop()
		err = errors.Join(err, <-ended)
	}()
	d := &demo{server: s, url: <-ready}
	if d.url == "" {
		return nil // it ended before it was ready; the deferred function tells why
	}
	if d.api, err = connect(ctx, d.url); err != nil {
		return err
	}
	if err := d.play(ctx); err != nil {
		if ctx.Err() != nil {
			return exit{code: 130, message: "interrupted; cleaning up"}
		}
		return err
	}
	return nil
}

// removeDemo removes what the story made.
func removeDemo(rt runtime.Runtime, installation string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := removeAll(ctx, rt, installation, quietFor); err != nil {
		fmt.Fprintln(os.Stderr, "steady: "+err.Error())
	}
	if err := imagepack.Remove(ctx, demoImage); err != nil {
		fmt.Fprintln(os.Stderr, "steady: "+err.Error())
	}
}

// play tells the story.
func (d *demo) play(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	title("Steady serves the ECS API at " + d.url)
	fmt.Println("Packing the sample application into an image, from this binary.")
	if _, err := imagepack.Load(ctx, demoImage, self, []string{"/steady", "sample"}, nil); err != nil {
		return err
	}

	title("1. Service web: three tasks of revision 1")
	if err := d.register(ctx, "-version", "v1"); err != nil {
		return err
	}
	if _, err := d.api.ecs.CreateService(ctx, &ecs.CreateServiceInput{
		ServiceName: aws.String("web"), TaskDefinition: aws.String("web:1"), DesiredCount: aws.Int32(3),
		DeploymentConfiguration: &types.DeploymentConfiguration{
			DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true},
		},
	}); err != nil {
		return err
	}
	if err := d.watch(ctx, monitor.Succeeded); err != nil {
		return err
	}

	title("2. Revision 2 rolls out; at least three tasks run all the while")
	fewest := d.countRunning(ctx)
	if err := d.deploy(ctx, 2, monitor.Succeeded, "-version", "v2"); err != nil {
		return err
	}
	if n := fewest(); n < 3 {
		return fmt.Errorf("only %d containers were running at some moment of the roll-out", n)
	} else {
		fmt.Printf("Fewest containers seen running by the Docker Engine meanwhile: %d.\n", n)
	}

	title("3. Revision 3 exits with code 1 at once; the circuit breaker rolls it back")
	if err := d.deploy(ctx, 3, monitor.RolledBack, "-crash", "1"); err != nil {
		return err
	}
	return d.confirm(ctx)
}

func title(s string) { fmt.Printf("\n=== %s\n", s) }

// register makes the next revision of web, which runs the sample application with
// these flags.
func (d *demo) register(ctx context.Context, flags ...string) error {
	_, err := d.api.ecs.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("web"),
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("app"), Image: aws.String(demoImage), Memory: aws.Int32(64), Command: flags,
			PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(8080)}},
		}},
	})
	return err
}

// deploy registers a revision, rolls it out, and watches it to the verdict that the
// story tells of.
func (d *demo) deploy(ctx context.Context, revision int, want monitor.Outcome, flags ...string) error {
	if err := d.register(ctx, flags...); err != nil {
		return err
	}
	if _, err := d.api.ecs.UpdateService(ctx, &ecs.UpdateServiceInput{
		Service: aws.String("web"), TaskDefinition: aws.String(fmt.Sprintf("web:%d", revision)),
	}); err != nil {
		return err
	}
	return d.watch(ctx, want)
}

func (d *demo) watch(ctx context.Context, want monitor.Outcome) error {
	live, color := isTerminal(os.Stdout)
	v, err := monitor.Watch(ctx, monitor.Options{
		Cluster: "default", Service: "web", Timeout: 5 * time.Minute, Endpoint: d.url,
		ECS: d.api.ecs, Logs: d.api.logs, Out: os.Stdout, Terminal: live, Color: color,
	})
	if err != nil {
		return err
	}
	if v.Outcome != want {
		return fmt.Errorf("the deployment of the story %s, but should have %s", v.Outcome, want)
	}
	return nil
}

// countRunning asks the Docker Engine all the while, and tells in the end the
// fewest containers of the story that it had running at any moment.
func (d *demo) countRunning(ctx context.Context) (fewest func() int) {
	ctx, cancel := context.WithCancel(ctx)
	var least atomic.Int64
	least.Store(1 << 30)
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			if n, err := d.running(ctx); err == nil {
				least.Store(min(least.Load(), int64(n)))
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	return func() int {
		cancel()
		wg.Wait()
		if n, err := d.running(context.WithoutCancel(ctx)); err == nil { // the last look is at the end
			least.Store(min(least.Load(), int64(n)))
		}
		return int(least.Load())
	}
}

func (d *demo) running(ctx context.Context) (int, error) {
	containers, err := d.server.runtime.List(ctx, map[string]string{agent.LabelInstallation: d.server.id})
	n := 0
	for _, c := range containers {
		if c.State == runtime.Running {
			n++
		}
	}
	return n, err
}

// confirm checks the end of the story with the engine and the API.
func (d *demo) confirm(ctx context.Context) error {
	out, err := d.api.ecs.DescribeServices(ctx, &ecs.DescribeServicesInput{Services: []string{"web"}})
	if err != nil {
		return err
	}
	s := out.Services[0]
	n, err := d.running(ctx)
	if err != nil {
		return err
	}
	primary := s.Deployments[0]
	title("The end")
	fmt.Printf("The service has %d of %d tasks running, on %s; the Docker Engine runs %d containers of it.\n",
		s.RunningCount, s.DesiredCount, aws.ToString(primary.TaskDefinition), n)
	if s.RunningCount != 3 || n != 3 || len(s.Deployments) != 1 || primary.RolloutState != types.DeploymentRolloutStateCompleted {
		return errors.New("the story did not end as told: the service is not steady on revision 2")
	}
	fmt.Println("Removing the containers.")
	return nil
}

// lockedLog keeps a log in memory.
type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

var _ io.Writer = (*lockedLog)(nil)

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
