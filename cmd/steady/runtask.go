package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/monitor"
	"steady/runlike"
	"steady/tail"
)

// runCommand runs a copy of a service's task outside its service.
type runCommand struct {
	Like      string   `required:"" help:"Name or ARN of the service." placeholder:"SERVICE"`
	Shell     bool     `help:"Have the container wait for somebody to enter it instead of doing its work. Needs /bin/sh in its image."`
	Container string   `short:"c" help:"Container that --shell or the command is for; the first essential one unless given." placeholder:"NAME"`
	Command   []string `arg:"" optional:"" passthrough:"" help:"Command in place of the container's; its entry point stays."`
	Detach    bool     `short:"d" help:"Do not follow the output."`
	Cluster   string   `help:"Name or ARN of the cluster." default:"default"`
	target
}

// Run starts the copy, tells how to enter and how to stop it, and follows its output
// until it is over.
func (c *runCommand) Run(ctx context.Context) error {
	api, err := c.connect(ctx)
	if err != nil {
		return err
	}
	command := c.Command
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	started, err := runlike.Start(ctx, api.ecs, runlike.Request{
		Cluster: c.Cluster, Service: c.Like, Container: c.Container, Command: command, Shell: c.Shell,
	})
	if err != nil {
		return err
	}
	id := lastPart(aws.ToString(started.Task.TaskArn))
	fmt.Printf("Started task %s of %s, like service %s but outside of it: no load balancer, and not replaced.\n", id, lastPart(started.Definition), c.Like)
	fmt.Printf("To stop it:  %s\n", c.stopping(id))
	if started.Leftover != nil {
		fmt.Fprintf(os.Stderr, "warning: %v\n", started.Leftover)
	}
	if c.Detach {
		return nil
	}
	task, err := c.up(ctx, api.ecs, id)
	if err != nil {
		return stillRuns(err, id)
	}
	if stopped := aws.ToString(task.LastStatus) == "STOPPED"; !stopped && monitor.OnLoopback(c.url()) {
		fmt.Printf("To enter it: docker exec -it %s sh\n", runtimeID(task, started.Container))
	}
	err = tail.Run(ctx, tail.Options{
		Cluster: c.Cluster, Name: id, Follow: true, ECS: api.ecs, Logs: api.logs, Out: os.Stdout, Notes: os.Stderr,
	})
	if err != nil {
		return stillRuns(err, id)
	}
	return c.outcome(ctx, api.ecs, id, started.Container)
}

// stopping is the command that stops the task.
func (c *runCommand) stopping(id string) string {
	words := []string{"aws", "ecs", "stop-task", "--cluster", c.Cluster, "--task", id}
	if url := c.url(); url != "" {
		words = append(words, "--endpoint-url", url)
	}
	return strings.Join(words, " ")
}

// up waits until the task runs, or has ended.
func (c *runCommand) up(ctx context.Context, api *ecs.Client, id string) (types.Task, error) {
	pace := time.NewTicker(200 * time.Millisecond)
	defer pace.Stop()
	for {
		task, err := c.describe(ctx, api, id)
		if err != nil {
			return task, err
		}
		if last := aws.ToString(task.LastStatus); last == "RUNNING" || last == "STOPPED" {
			return task, nil
		}
		select {
		case <-ctx.Done():
			return task, ctx.Err()
		case <-pace.C:
		}
	}
}

func (c *runCommand) describe(ctx context.Context, api *ecs.Client, id string) (types.Task, error) {
	out, err := api.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &c.Cluster, Tasks: []string{id}})
	if err != nil {
		return types.Task{}, fmt.Errorf("describe task %s: %w", id, err)
	}
	if len(out.Tasks) == 0 {
		return types.Task{}, fmt.Errorf("task %s is no longer on record", id)
	}
	return out.Tasks[0], nil
}

// outcome tells how the task ended; the container's exit code is the command's.
func (c *runCommand) outcome(ctx context.Context, api *ecs.Client, id, container string) error {
	task, err := c.describe(ctx, api, id)
	if err != nil {
		return err
	}
	code := 1 // it never ran
	for _, k := range task.Containers {
		if aws.ToString(k.Name) != container {
			continue
		}
		if k.ExitCode != nil {
			code = int(*k.ExitCode)
		}
		if reason := aws.ToString(k.Reason); reason != "" && reason != aws.ToString(task.StoppedReason) {
			fmt.Fprintf(os.Stderr, "%s: %s\n", container, reason)
		}
	}
	fmt.Fprintf(os.Stderr, "The task has ended: %s (exit code %d)\n", aws.ToString(task.StoppedReason), code)
	if code != 0 {
		return exit{code: code}
	}
	return nil
}

// stillRuns is how a follow ends that was interrupted: the task goes on.
func stillRuns(err error, id string) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	fmt.Fprintf(os.Stderr, "\nTask %s runs on.\n", id)
	return nil
}

func runtimeID(task types.Task, container string) string {
	for _, k := range task.Containers {
		if aws.ToString(k.Name) == container {
			return aws.ToString(k.RuntimeId)
		}
	}
	return ""
}

func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
