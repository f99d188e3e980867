package main

import "context"

// watchCommand follows a deployment.
type watchCommand struct {
	Service    string `arg:"" help:"Name or ARN of the service."`
	Deployment string `help:"Id of the deployment to watch (ecs-svc/…); the newest unless given."`
	Rollback   bool   `help:"Go back to the revision that last succeeded where this one fails, is stuck or times out."`
	following
}

// Run watches to the verdict, which is the exit code.
func (c *watchCommand) Run(ctx context.Context) error {
	with, err := c.begin(ctx)
	if err != nil {
		return err
	}
	return c.follow(ctx, with, c.Service, c.Deployment, c.Rollback)
}
