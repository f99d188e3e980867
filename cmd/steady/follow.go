package main

import (
	"context"
	"os"
	"time"

	"steady/monitor"
)

// following says how a deployment is followed to its verdict: what watch, deploy and
// rollback have in common.
type following struct {
	Cluster  string        `help:"Name or ARN of the cluster." default:"default"`
	Timeout  time.Duration `help:"How long to watch at most." default:"10m"`
	Hold     time.Duration `help:"How long the service must stay where the deployment brought it for that to be a success." default:"1s"`
	Patient  bool          `help:"Watch a deployment that cannot succeed until ECS ends it, or until the time-out."`
	Endpoint string        `help:"URL of the server." default:"${local_server}" env:"AWS_ENDPOINT_URL_ECS,AWS_ENDPOINT_URL"`
}

// watch follows a deployment of a service; the newest where none is given.
func (f following) watch(ctx context.Context, api clients, service, deployment string) (monitor.Verdict, error) {
	live, color := terminal(os.Stdout)
	return monitor.Watch(ctx, monitor.Options{
		Cluster: f.Cluster, Service: service, Deployment: deployment, Timeout: f.Timeout, Hold: f.Hold, Patient: f.Patient,
		Endpoint: f.Endpoint, ECS: api.ecs, Logs: api.logs,
		Out: os.Stdout, Terminal: live, Color: color,
	})
}

// exitOf is the exit code of a verdict.
func exitOf(v monitor.Verdict) error {
	if code := v.Outcome.ExitCode(); code != 0 {
		return exit{code: code}
	}
	return nil
}
