package sim

import "steady/runtime"

// healthOutput is what the last health check of a container has written.
var healthOutput = map[runtime.Health]string{
	runtime.Healthy:   "simulated: answered 200 OK",
	runtime.Unhealthy: "simulated: answered 503 Service Unavailable",
}

// beginChecks plays the health checks of a run. Without a word of its script a
// container is healthy from its first check on, which comes after one interval.
func (r *Runtime) beginChecks(c *container) {
	if c.check == nil {
		return
	}
	c.health = runtime.Starting
	healthy, unhealthy := c.script.healthy, c.script.unhealthy
	if !healthy.is && !(unhealthy.is && unhealthy.at <= c.check.Interval) {
		healthy = moment{true, c.check.Interval}
	}
	r.becomes(c, healthy, runtime.Healthy)
	r.becomes(c, unhealthy, runtime.Unhealthy)
}

// becomes changes the health at a moment of the present run.
func (r *Runtime) becomes(c *container, when moment, health runtime.Health) {
	if !when.is {
		return
	}
	r.during(c, when.at, func() {
		c.health = health
		r.notify(c)
	})
}
