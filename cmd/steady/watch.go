package main

import "context"

// watchCommand follows a deployment.
type watchCommand struct {
	Service    string `arg:"" help:"Name or ARN of the service."`
	Deployment string `help:"Id of the deployment to watch (ecs-svc/…); the newest unless given."`
	following
}

// Run watches to the verdict, which is the exit code.
func (c *watchCommand) Run(ctx context.Context) error {
	api, err := connect(ctx, c.Endpoint)
	if err != nil {
		return err
	}
	v, err := c.watch(ctx, api, c.Service, c.Deployment)
	if err != nil {
		return err
	}
	return exitOf(v)
}
