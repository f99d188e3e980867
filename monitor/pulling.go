package monitor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/terminal"
)

// pull is what a deployment's tasks wait for while their images are on the way. How much
// of an image has come is not in the ECS API; since when it is waited for is.
type pull struct {
	images []string  // each once, in order; those that are not here yet, as far as that is told
	tasks  int       // that wait
	since  time.Time // when the one that has waited longest began
}

// pulls sums up which live tasks of a deployment have begun to pull images and not ended.
func pulls(tasks []types.Task, deployment string) (p pull) {
	for _, t := range tasks {
		if aws.ToString(t.StartedBy) != deployment || t.PullStartedAt == nil || t.PullStoppedAt != nil || t.StoppingAt != nil {
			continue
		}
		p.tasks++
		if p.since.IsZero() || t.PullStartedAt.Before(p.since) {
			p.since = *t.PullStartedAt
		}
		for _, c := range t.Containers {
			// A digest is told as soon as the image is resolved.
			if aws.ToString(c.ImageDigest) == "" && c.Image != nil {
				p.images = append(p.images, *c.Image)
			}
		}
	}
	slices.Sort(p.images)
	p.images = slices.Compact(p.images)
	return p
}

// key tells two pulls apart that are worth a line each; it is empty without one.
func (p pull) key() string {
	if p.tasks == 0 {
		return ""
	}
	return strings.Join(p.images, " ") + p.since.String()
}

// text is "2 tasks pull app:v2 and log:v1, for 12s".
func (p pull) text(now time.Time) string {
	if p.tasks == 0 {
		return ""
	}
	who := "a task pulls "
	if p.tasks > 1 {
		who = fmt.Sprintf("%d tasks pull ", p.tasks)
	}
	what := "images"
	if n := len(p.images); n == 1 {
		what = p.images[0]
	} else if n > 1 {
		what = strings.Join(p.images[:n-1], ", ") + " and " + p.images[n-1]
	}
	return terminal.Line(who + what + ", for " + roughly(max(0, now.Sub(p.since))))
}

// pulling is what is known of the tasks of the watched deployment, where that was looked
// at since something last moved: what was seen before may be over.
func (a *surroundings) pulling(deployment string) pull {
	if a.tasksAt.Before(a.movedAt) {
		return pull{}
	}
	return pulls(a.Tasks, deployment)
}
