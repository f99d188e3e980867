package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"steady/monitor"
)

// statusCommand shows how services stand.
type statusCommand struct {
	Service string `arg:"" optional:"" help:"Name or ARN of the service; all of the cluster unless given."`
	Cluster string `help:"Name or ARN of the cluster." default:"default"`
	target
}

// Run looks once and prints.
func (c *statusCommand) Run(ctx context.Context) error {
	api, err := c.connect(ctx)
	if err != nil {
		return err
	}
	o := monitor.Options{Cluster: c.Cluster, Service: c.Service, Endpoint: c.url(), ECS: api.ecs, Logs: api.logs}
	if c.Service != "" {
		s, err := monitor.Stand(ctx, o)
		if err != nil {
			return err
		}
		printStanding(os.Stdout, s, time.Now())
		return nil
	}
	all, err := monitor.StandAll(ctx, o)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Printf("Cluster %s has no services.\n", c.Cluster)
		return nil
	}
	printStandings(os.Stdout, all, time.Now())
	return nil
}

// printStandings is a table, and below it a line for each service that is not as it
// should be.
func printStandings(out io.Writer, all []monitor.Standing, now time.Time) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SERVICE\tREVISION\tDESIRED\tPENDING\tRUNNING\tSTATE\tSINCE")
	for _, s := range all {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\t%s\t%s\n", s.Service, s.Revision, s.Desired, s.Pending, running(s), s.State, ago(s.Since, now))
	}
	t.Flush()
	for _, s := range all {
		if s.Text != "" {
			fmt.Fprintf(out, "\n%s is %s. %s\n", s.Service, s.State, s.Text)
		}
	}
}

// printStanding tells of one service: its deployments, its last events, and why.
func printStanding(out io.Writer, s monitor.Standing, now time.Time) {
	fmt.Fprintln(out, headline(s))
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nDEPLOYMENT\tREVISION\tROLE\tDESIRED\tPENDING\tRUNNING\tFAILED\tSTATE")
	for _, d := range s.Deployments {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\n", d.ID, d.Revision, d.Role, d.Desired, d.Pending, d.Running, d.Failed, d.State)
	}
	t.Flush()
	if len(s.Events) > 0 {
		fmt.Fprintln(out, "\nEvents since the newest deployment began:")
	}
	for _, e := range s.Events[max(0, len(s.Events)-10):] {
		fmt.Fprintf(out, "  %s  %s\n", ago(e.At, now), e.Text)
	}
	if s.Text != "" {
		fmt.Fprintf(out, "\n%s\n", s.Text)
	}
}

// headline tells the tasks of the revision that is meant to run from those that still do.
func headline(s monitor.Standing) string {
	old := s.Running - s.Current
	switch {
	case s.Revision == "":
		return fmt.Sprintf("Service %s is %s: %d of %d tasks run.", s.Service, s.State, s.Running, s.Desired)
	case old > 0:
		return fmt.Sprintf("Service %s is %s on %s: %d of %d tasks run it, and %d of what was before still run.", s.Service, s.State, s.Revision, s.Current, s.Desired, old)
	}
	return fmt.Sprintf("Service %s is %s on %s: %d of %d tasks run.", s.Service, s.State, s.Revision, s.Running, s.Desired)
}

// running are the tasks of the newest deployment, and behind a plus those of others.
func running(s monitor.Standing) string {
	if old := s.Running - s.Current; old > 0 && s.Revision != "" {
		return fmt.Sprintf("%d+%d old", s.Current, old)
	}
	return fmt.Sprint(s.Running)
}

// ago is a time before now, in its largest unit.
func ago(at, now time.Time) string {
	d := now.Sub(at)
	switch {
	case at.IsZero():
		return "-"
	case d < time.Minute:
		return fmt.Sprintf("%ds ago", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%dm ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh ago", int(d.Hours()))
	}
	return fmt.Sprintf("%dd ago", int(d.Hours()/24))
}
