package diagnose

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// The stories' world: deployment ecs-svc/2 of service web began at t0.
var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const ours = "ecs-svc/2"

func at(d time.Duration) *time.Time { return aws.Time(t0.Add(d)) }

// stopped is the n-th stopped task of our deployment.
func stopped(n int, code types.TaskStopCode, reason string, containers ...types.Container) types.Task {
	return types.Task{
		TaskArn:   aws.String(fmt.Sprintf("arn:aws:ecs:eu-1:1:task/default/%032d", n)),
		StartedBy: aws.String(ours), LastStatus: aws.String("STOPPED"),
		StopCode: code, StoppedReason: aws.String(reason), StoppedAt: at(time.Duration(n) * time.Minute),
		Containers: containers,
	}
}

// ran gives a task a life of d before it ended.
func ran(t types.Task, d time.Duration) types.Task {
	t.StartedAt = aws.Time(t.StoppedAt.Add(-d))
	t.ExecutionStoppedAt = t.StoppedAt
	return t
}

func exited(name string, code int32) types.Container {
	return types.Container{Name: aws.String(name), Image: aws.String("shop/" + name + ":1"), ExitCode: aws.Int32(code)}
}

func failedWith(name, reason string) types.Container {
	return types.Container{Name: aws.String(name), Image: aws.String("shop/" + name + ":1"), Reason: aws.String(reason)}
}

// crashed is a task whose only container exited by itself.
func crashed(n int, code int32) types.Task {
	return ran(stopped(n, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", exited("app", code)), 2*time.Second)
}

func event(after time.Duration, message string) types.ServiceEvent {
	return types.ServiceEvent{Id: aws.String(message), CreatedAt: at(after), Message: aws.String("(service web) " + message)}
}

// service is web with our deployment as PRIMARY, having this many running tasks of
// the desired ones.
func service(desired, running int32) types.Service {
	return types.Service{
		ServiceName: aws.String("web"), DesiredCount: desired, RunningCount: running,
		Deployments: []types.Deployment{{
			Id: aws.String(ours), Status: aws.String("PRIMARY"), CreatedAt: at(0), DesiredCount: desired,
			RunningCount: running, RolloutState: types.DeploymentRolloutStateInProgress,
		}},
	}
}

// written are lines of a log whose times nobody knows.
func written(lines ...string) []Line {
	var all []Line
	for _, text := range lines {
		all = append(all, Line{Text: text})
	}
	return all
}

// job is a task of no service that ended with this code.
func job(code int32) types.Task {
	t := crashed(1, code)
	t.Group, t.StartedBy = aws.String("family:job"), nil
	return t
}
