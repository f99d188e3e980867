package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"time"

	"steady/chronicle"
	"steady/monitor"
)

// eventsCommand shows the lifecycle events.
type eventsCommand struct {
	Name    string `arg:"" optional:"" help:"Name or ARN of a service, or id or ARN of a task; all of the cluster unless given."`
	Follow  bool   `short:"f" help:"Go on with what comes, until interrupted."`
	Since   span   `help:"Only what is not older than this; 24h unless given." placeholder:"DURATION"`
	Output  string `short:"o" help:"How events are printed: as lines for people (text), or as they are (json), one a line." enum:"text,json" default:"text"`
	Cluster string `help:"Name or ARN of the cluster." default:"default"`
	target
}

// Run shows the events on standard output.
func (c *eventsCommand) Run(ctx context.Context) error {
	api, err := c.connect(ctx)
	if err != nil {
		return err
	}
	o := chronicle.Options{
		Cluster: c.Cluster, Name: c.Name, Follow: c.Follow, JSON: c.Output == "json", Logs: api.logs, Out: os.Stdout,
		Since: time.Now().Add(-cmp.Or(time.Duration(c.Since), 24*time.Hour)),
	}
	if !monitor.OnLoopback(c.url()) {
		o.Pace = remotePace
	}
	err = chronicle.Run(ctx, o)
	if c.Follow && errors.Is(err, context.Canceled) {
		return nil // this is how a follow ends
	}
	return err
}
