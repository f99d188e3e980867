package diagnose

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose/catalogue"
)

// defaultStopTimeout: "the default is 30 seconds", between SIGTERM and SIGKILL.
const defaultStopTimeout = 30 * time.Second

// killedBy is the exit code of a process that SIGKILL ended.
const killedBy = 137

// deaf tells of tasks that were stopped on purpose, and had to be killed: the stop is no
// failure, but what was under way was lost, and each stop takes as long as it may.
func deaf(e Evidence) []Finding {
	c := &evidenced{Evidence: e}
	killed := catalogue.Get("C13")
	killed.Confidence = Certain // the times below prove it
	for _, t := range e.StoppedTasks {
		ended := t.ExecutionStoppedAt
		if ended == nil {
			ended = t.StoppedAt
		}
		onPurpose := t.StopCode == types.TaskStopCodeServiceSchedulerInitiated || t.StopCode == types.TaskStopCodeUserInitiated
		if !onPurpose || !Benign(t) || t.StoppingAt == nil || ended == nil {
			continue
		}
		for i := range t.Containers {
			k := &t.Containers[i]
			waited, limit := ended.Sub(*t.StoppingAt), c.stopTimeout(aws.ToString(k.Name))
			if aws.ToInt32(k.ExitCode) != killedBy || strings.HasPrefix(aws.ToString(k.Reason), "OutOfMemory") || waited < limit-time.Second {
				continue
			}
			d := c.addTask(killed, t, k, catalogue.Words{}, strongExit,
				fmt.Sprintf("exit code %d, %s after it was told to stop; its stopTimeout is %s", killedBy, roundly(waited), roundly(limit)))
			d.onPurpose = true
		}
	}
	return c.findings()
}

func (c *evidenced) stopTimeout(container string) time.Duration {
	for _, d := range c.TaskDefinition.ContainerDefinitions {
		if aws.ToString(d.Name) == container && d.StopTimeout != nil {
			return time.Duration(*d.StopTimeout) * time.Second
		}
	}
	return defaultStopTimeout
}
