package main

import (
	"context"
	"os"
	"time"

	"steady/monitor"
)

// watchCommand follows a deployment.
type watchCommand struct {
	Service    string        `arg:"" help:"Name or ARN of the service."`
	Cluster    string        `help:"Name or ARN of the cluster." default:"default"`
	Deployment string        `help:"Id of the deployment to watch (ecs-svc/…); the newest unless given."`
	Timeout    time.Duration `help:"How long to watch at most." default:"10m"`
	Endpoint   string        `help:"URL of the server." default:"${local_server}" env:"AWS_ENDPOINT_URL_ECS,AWS_ENDPOINT_URL"`
}

// Run watches to the verdict, which is the exit code.
func (c *watchCommand) Run(ctx context.Context) error {
	api, err := connect(ctx, c.Endpoint)
	if err != nil {
		return err
	}
	live, color := terminal(os.Stdout)
	v, err := monitor.Watch(ctx, monitor.Options{
		Cluster: c.Cluster, Service: c.Service, Deployment: c.Deployment, Timeout: c.Timeout,
		Endpoint: c.Endpoint, ECS: api.ecs, Logs: api.logs,
		Out: os.Stdout, Terminal: live, Color: color,
	})
	if err != nil {
		return err
	}
	if code := v.Outcome.ExitCode(); code != 0 {
		return exit{code: code}
	}
	return nil
}
