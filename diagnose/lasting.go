package diagnose

import (
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// What tells a crash that stays from one that time may mend.

// outlived tells whether a task of the deployment lives on that was older, when the last
// task failed, than any that failed of this cause: what comes and goes with the same
// words need not come for all.
func (c *evidenced) outlived(d *draft) bool {
	if len(d.uptimes) == 0 || len(c.tasks) == 0 {
		return false
	}
	longest, last := slices.Max(d.uptimes), endOf(c.tasks[0])
	return slices.ContainsFunc(c.Live, func(t types.Task) bool {
		if slices.ContainsFunc(c.StoppedTasks, func(s types.Task) bool { return aws.ToString(s.TaskArn) == aws.ToString(t.TaskArn) }) {
			return false // it has ended since
		}
		ours := c.Deployment == "" || aws.ToString(t.StartedBy) == c.Deployment
		return ours && aws.ToString(t.LastStatus) == "RUNNING" && t.HealthStatus != types.HealthStatusUnhealthy &&
			t.StartedAt != nil && last.Sub(*t.StartedAt) > longest
	})
}

// neverWere counts the starts that failed of what an event alone tells: ECS counts them,
// and says the same only once.
func (c *evidenced) neverWere(d *draft) int {
	if d.tasks > 0 || d.strength != strongEvent || d.sig.Placement || c.placed() {
		return 0
	}
	return max(0, int(c.deployment.FailedTasks)-len(c.tasks))
}

// notYet are lines of programs to which something did not answer that may come yet. A
// name that is not known is mostly a wrong setting, and is none.
var notYet = regexp.MustCompile(`ECONNREFUSED|[Cc]onnection refused|EAI_AGAIN|Temporary failure in name resolution`)

// waitsForOthers tells that the program may have ended since something else was not
// there yet.
func (d *draft) waitsForOthers() bool {
	return slices.ContainsFunc(d.clues, func(c Clue) bool { return notYet.MatchString(c.Line) })
}

// momentary are the times that programs write into their lines.
var momentary = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?|\d{4}[/-]\d\d[/-]\d\d|\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b|\b1[67]\d{8}(?:\d{3}|\.\d+)?\b`)

// timeless is a line without the time at which it was written: two tasks that end with
// the same words end in the same way.
func timeless(line string) string { return momentary.ReplaceAllString(line, "") }

// numbered are words with digits: process ids, ids of requests, sizes, addresses.
var numbered = regexp.MustCompile(`[\w.-]*\d[\w.-]*`)

// numberless is a line without them. Other numbers may be other reasons ("row 17 is
// broken"), so that it takes more than two tasks to call such ends the same.
func numberless(line string) string { return numbered.ReplaceAllString(line, "#") }

// endAlike tells whether the last lines of tasks are the same.
func endAlike(tails []string) bool {
	if len(tails) >= alikeButNumbers {
		tails = slices.Clone(tails)
		for i := range tails {
			tails[i] = numberless(tails[i])
		}
	}
	return len(tails) >= 2 && len(slices.Compact(slices.Sorted(slices.Values(tails)))) == 1
}

// alikeButNumbers is how many tasks must have ended with the same words for numbers in
// them not to matter.
const alikeButNumbers = 4
