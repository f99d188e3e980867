package diagnose

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const (
	// eventsKept is how many events ECS keeps of a service.
	eventsKept = 100
	// tasksKept is how long ECS describes a stopped task at least.
	tasksKept = time.Hour
	// quietFor is how long a deployment that is not done may say nothing before that
	// deserves a word.
	quietFor = 5 * time.Minute
)

// notes tell what the evidence cannot show: missing data is data.
func notes(e Evidence, s Situation) []string {
	c := newCase(e)
	var out []string
	d := c.deployment
	oldest := time.Time{}
	for _, ev := range e.Service.Events {
		if at := aws.ToTime(ev.CreatedAt); oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	if len(e.Service.Events) >= eventsKept && d.CreatedAt != nil && oldest.After(*d.CreatedAt) {
		out = append(out, fmt.Sprintf("ECS keeps the last %d events of a service: those of this deployment before %s are gone.", eventsKept, clock(oldest)))
	}
	if failed := int(d.FailedTasks); failed > len(c.tasks) && d.CreatedAt != nil && s.At.Sub(*d.CreatedAt) > tasksKept {
		out = append(out, fmt.Sprintf("%d tasks of the deployment have failed, and %d are still described: ECS forgets a stopped task after about an hour.", failed, len(c.tasks)))
	}
	if quiet := c.quiet(s.At); quiet >= quietFor {
		out = append(out, fmt.Sprintf("The service has said nothing for %s, which is no recovery: ECS waits longer and longer between attempts, and does not repeat a message for up to 6 hours.", roundly(quiet)))
	}
	if n := c.withoutLog(); n > 0 && e.Logs != nil {
		out = append(out, fmt.Sprintf("No log was found of %s that ran.", tasksOf(n)))
	}
	return out
}

// quiet is how long ago the service last said something, where its deployment is
// under way and not complete; zero else.
func (c *evidenced) quiet(now time.Time) time.Duration {
	d := c.deployment
	if now.IsZero() || d.RolloutState != types.DeploymentRolloutStateInProgress || d.RunningCount >= c.Service.DesiredCount || len(c.events) == 0 {
		return 0
	}
	return now.Sub(aws.ToTime(c.events[0].CreatedAt))
}

// withoutLog counts the failed tasks that ran and of which there is no line.
func (c *evidenced) withoutLog() int {
	n := 0
	for _, t := range c.tasks {
		if k := c.culprit(t); k != nil && len(c.Logs[LogKey(taskID(t), aws.ToString(k.Name))]) == 0 {
			n++
		}
	}
	return n
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
