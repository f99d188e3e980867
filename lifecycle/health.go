package lifecycle

import (
	"time"

	"steady/model"
)

// observeHealth derives the task's health from its containers', and notes when its
// health checks have passed for the first time.
func observeHealth(n *model.Task, now time.Time) bool {
	changed := false
	if h := healthOf(n.Containers); h != n.Health {
		n.Health, changed = h, true
	}
	if n.HealthyAt.IsZero() && n.Checked() && checksPass(n.Containers) {
		n.HealthyAt, changed = now, true
	}
	return changed
}

// healthOf: over the essential containers, "any UNHEALTHY: UNHEALTHY; else any UNKNOWN:
// UNKNOWN; else HEALTHY". A container without a check is UNKNOWN, and keeps its task
// from being HEALTHY.
func healthOf(containers []model.Container) model.HealthStatus {
	health := model.Healthy
	for _, c := range containers {
		switch {
		case !c.Essential:
		case c.Health == model.Unhealthy:
			return model.Unhealthy
		case c.Health != model.Healthy:
			health = model.HealthUnknown
		}
	}
	return health
}

// checksPass tells whether all checks of the essential containers pass; a container
// without one has nothing to pass.
func checksPass(containers []model.Container) bool {
	for _, c := range containers {
		if c.Essential && c.Checked && c.Health != model.Healthy {
			return false
		}
	}
	return true
}

// checked tells whether a container definition's health check is carried out: "NONE"
// is none.
func checked(command []string) bool { return len(command) > 0 && command[0] != "NONE" }
