package diagnose

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose/catalogue"
)

// span is from when on and until when tasks failed of a cause, as far as it is known.
type span struct {
	created time.Time // the newest of them
	ended   time.Time // the last of them
}

func (s *span) add(t types.Task) {
	if at := aws.ToTime(t.CreatedAt); at.After(s.created) {
		s.created = at
	}
	if at := endOf(t); at.After(s.ended) {
		s.ended = at
	}
}

// overcome marks the causes that trying again could not have changed, and that a later
// task did not meet: somebody has mended them, and it is the newer failure that counts,
// however many tasks failed before. What may come and go mends nothing.
func (c *evidenced) overcome() {
	for _, d := range c.drafts {
		if d.tasks == 0 || d.sig.Kind != catalogue.Deterministic {
			continue
		}
		for _, newer := range c.drafts {
			if newer.tasks > 0 && newer.sig.Kind != catalogue.Transient && newer.span.created.After(d.span.ended) {
				d.stale = true
			}
		}
	}
}
