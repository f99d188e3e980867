package diagnose

import (
	"cmp"
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
	empty, unasked, refused := c.withoutLog()
	if empty > 0 {
		out = append(out, fmt.Sprintf("No log was found of %s that ran.", tasksOf(empty)))
	}
	if empty > 0 && unasked > 0 {
		out = append(out, fmt.Sprintf("Of %s the log was not asked for.", tasksOf(unasked)))
	}
	if refused != "" {
		out = append(out, "The log of a task that failed could not be read: "+refused+".")
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

// withoutLog counts the failed tasks that ran and whose log was looked for in vain, and
// those whose log nobody has asked for; and says why one could not be read.
func (c *evidenced) withoutLog() (empty, unasked int, refused string) {
	for _, t := range c.tasks {
		k := c.culprit(t)
		if k == nil {
			continue
		}
		key := LogKey(taskID(t), aws.ToString(k.Name))
		switch lines, asked := c.Logs[key]; {
		case c.Unread[key] != "":
			refused = cmp.Or(refused, c.Unread[key])
		case !asked:
			unasked++
		case len(lines) == 0:
			empty++
		}
	}
	return empty, unasked, refused
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
