package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"steady/monitor"
	"steady/tail"
)

// logsCommand shows the output of containers.
type logsCommand struct {
	Name       string `arg:"" help:"Name or ARN of a service, or id or ARN of a task."`
	Follow     bool   `short:"f" help:"Go on with what comes, also of tasks that start later, until interrupted or until the task is over."`
	Since      span   `help:"Only what is not older than this; everything unless given." placeholder:"DURATION"`
	Tail       int    `help:"Only the last lines of all containers together; all unless given." placeholder:"N"`
	Container  string `short:"c" help:"Only of that container." placeholder:"NAME"`
	Timestamps bool   `help:"Begin each line with its time, in UTC."`
	Events     bool   `help:"Show what happens to the service between the lines." default:"true" negatable:""`
	Cluster    string `help:"Name or ARN of the cluster." default:"default"`
	target
}

// How often others' servers are asked for more; the local one is asked more often.
const remotePace = 3 * time.Second

// Run shows the lines on standard output.
func (c *logsCommand) Run(ctx context.Context) error {
	if c.Tail < 0 {
		return fmt.Errorf("--tail is %d: give a number of lines", c.Tail)
	}
	api, err := c.connect(ctx)
	if err != nil {
		return err
	}
	_, color := isTerminal(os.Stdout)
	o := tail.Options{
		Cluster: c.Cluster, Name: c.Name, Container: c.Container, Last: c.Tail, Follow: c.Follow,
		ECS: api.ecs, Logs: api.logs, Out: os.Stdout, Notes: os.Stderr,
		Color: color, Timestamps: c.Timestamps, NoEvents: !c.Events,
	}
	if c.Since > 0 {
		o.Since = time.Now().Add(-time.Duration(c.Since))
	}
	if !monitor.OnLoopback(c.url()) {
		o.Pace = remotePace
	}
	err = tail.Run(ctx, o)
	if c.Follow && errors.Is(err, context.Canceled) {
		return nil // this is how a follow ends
	}
	return err
}
