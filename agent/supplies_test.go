package agent_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/agent/supply"
	"steady/model"
	"steady/runtime/sim"
)

// The login for a registry that cannot be had ends the task as any other secret does, also
// though the image is to be pulled with it at the same time.
func TestALoginThatCannotBeHadEndsTheTask(t *testing.T) {
	inBubble(t, sim.New(sim.Options{CPUs: 4, Memory: 8 << 30}), func(w *world) {
		var asked atomic.Int64
		w.supply = &supply.Sources{Credentials: func(context.Context, string, string) (aws.Credentials, error) {
			asked.Add(1)
			return aws.Credentials{}, errors.New("no such role")
		}}
		private := container("app", "")
		private.RepositoryCredentials = &types.RepositoryCredentials{CredentialsParameter: aws.String("login")}
		w.define(private)
		w.definition.Spec.ExecutionRoleArn = aws.String("arn:aws:iam::000000000000:role/x")
		w.start()
		const tasks = 20
		var ids []string
		for range tasks {
			ids = append(ids, w.assign())
		}
		w.after(time.Minute)
		for _, id := range ids {
			w.is(id, model.Stopped, model.TaskFailedToStart, "ResourceInitializationError: no such role")
			if c := w.task(id).Containers[0]; c.Reason != "" {
				t.Errorf("the container's reason is %q", c.Reason)
			}
		}
		if n := asked.Load(); n != tasks {
			t.Errorf("asked %d times for %d tasks", n, tasks)
		}
	})
}
