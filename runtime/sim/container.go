package sim

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"steady/runtime"
)

// Host ports of containers that ask for any are from Linux's ephemeral range, which
// Docker uses.
const (
	firstPort = 32768
	lastPort  = 60999
)

// container is one that is played. Its fields are guarded by Runtime.mu; labels, ports
// and script never change.
type container struct {
	id, name, image string
	labels          map[string]string
	ports           []runtime.Port // asked for
	mounts          []runtime.Mount
	network         string
	script          *script
	check           *runtime.HealthCheck // nil: none

	state      runtime.State
	run        *run // nil unless it runs
	health     runtime.Health
	bound      []runtime.Port
	address    netip.Addr // of the run
	end        end
	err        string
	startedAt  time.Time
	finishedAt time.Time
	lines      []runtime.Line // the last maxLines
	written    int            // lines in all
	news       chan struct{}  // closed when something was written, or the container ended; nil while nobody waits
}

// run is one time that a container runs.
type run struct {
	done   chan struct{} // closed when the process is gone
	timers []*time.Timer
	termed bool
}

// end is how a process ended.
type end struct {
	code int
	oom  bool
}

// killed is the end by SIGKILL.
var killed = end{code: 137}

// describe is what Inspect says. The labels are not copied: nobody may change them.
func (c *container) describe() runtime.Container {
	out := runtime.Container{ID: c.id, Name: c.name, Image: c.image, Labels: c.labels, State: c.state,
		Error: c.err, StartedAt: c.startedAt, FinishedAt: c.finishedAt, Ports: slices.Clone(c.bound)}
	if c.state == runtime.Exited {
		out.ExitCode, out.OOMKilled = c.end.code, c.end.oom
	}
	out.Health, out.HealthOutput = c.health, healthOutput[c.health]
	if c.health == runtime.Unhealthy {
		out.HealthExitCode = 1
	}
	if c.state == runtime.Running && c.addressed() {
		ip := c.address.As4()
		out.Address, out.MAC = c.address.String(), net.HardwareAddr{2, 0x42, ip[0], ip[1], ip[2], ip[3]}.String()
	}
	return out
}

// machine holds what belongs to one machine.
type machine struct {
	containers map[string]*container
	ports      map[hostPort]bool
	watchers   map[*watcher]bool
	nextPort   int
}

type hostPort struct {
	number   int
	protocol string
}

// add puts a container in every index. r.mu is held, as for all that follows.
func (r *Runtime) add(c *container) {
	r.containers[c.id] = c
	if c.name != "" {
		r.names[c.name] = true
	}
	r.machineOf(c).containers[c.id] = c
	r.hold(c, 1)
}

// forget takes it out again, and its machine if nothing is left there.
func (r *Runtime) forget(c *container) {
	delete(r.containers, c.id)
	delete(r.names, c.name)
	delete(r.machineOf(c).containers, c.id)
	r.hold(c, -1)
	c.wake()
	r.tidy(c.labels[r.opts.InstanceLabel])
}

func (r *Runtime) machineOf(c *container) *machine { return r.machine(c.labels[r.opts.InstanceLabel]) }

func (r *Runtime) machine(value string) *machine {
	m := r.machines[value]
	if m == nil {
		m = &machine{containers: map[string]*container{}, ports: map[hostPort]bool{}, watchers: map[*watcher]bool{}, nextPort: firstPort}
		r.machines[value] = m
	}
	return m
}

// tidy forgets a machine without containers and watchers.
func (r *Runtime) tidy(value string) {
	if m := r.machines[value]; m != nil && len(m.containers) == 0 && len(m.watchers) == 0 {
		delete(r.machines, value)
	}
}

// bind takes the host ports that the container asks for, all or none; the answer is
// empty or Docker's words for what is in the way.
func (m *machine) bind(c *container) string {
	for _, want := range c.ports {
		n := max(want.Count, 1)
		p := hostPort{want.HostPort, want.Protocol}
		if p.protocol == "" {
			p.protocol = "tcp"
		}
		if p.number == 0 {
			p.number = m.freePorts(n, p.protocol)
		}
		for i := range n {
			if p.number == 0 || m.ports[p] {
				m.release(c)
				return fmt.Sprintf("Error response from daemon: driver failed programming external connectivity on endpoint %s: Bind for 0.0.0.0:%d failed: port is already allocated", c.name, p.number)
			}
			m.ports[p] = true
			c.bound = append(c.bound, runtime.Port{ContainerPort: want.ContainerPort + i, HostPort: p.number, Protocol: p.protocol})
			p.number++
		}
	}
	return ""
}

func (m *machine) release(c *container) {
	for _, p := range c.bound {
		delete(m.ports, hostPort{p.HostPort, p.Protocol})
	}
	c.bound = nil
}

// freePorts is the first of the next n ports in a row that are free, 0 if there are none.
func (m *machine) freePorts(n int, protocol string) int {
	in := 0
	for range lastPort - firstPort + n + 1 {
		if m.nextPort+n-in-1 > lastPort {
			m.nextPort, in = firstPort, 0
		}
		if in++; m.ports[hostPort{m.nextPort, protocol}] {
			in = 0
		}
		m.nextPort++
		if in == n {
			return m.nextPort - n
		}
	}
	return 0
}

// begin makes the container run.
func (r *Runtime) begin(c *container) {
	now := time.Now()
	c.state, c.startedAt, c.finishedAt, c.end = runtime.Running, now, time.Time{}, end{}
	c.run = &run{done: make(chan struct{})}
	r.lastAddress = r.lastAddress.Next()
	c.address = r.lastAddress
	r.writeScript(c)
	r.notify(c)
	r.beginChecks(c)
	if c.script.ends {
		r.later(c, c.script.after, c.script.end)
	}
}

// term plays SIGTERM, once.
func (r *Runtime) term(c *container) {
	if c.run.termed {
		return
	}
	c.run.termed = true
	switch {
	case c.script.ignoreTerm:
	case c.script.graceful:
		r.later(c, c.script.stopTakes, end{code: 0})
	default:
		r.later(c, c.script.stopTakes, end{code: 143})
	}
}

// later ends the present run in that way after d, at once if d is zero.
func (r *Runtime) later(c *container, d time.Duration, how end) {
	if d <= 0 {
		r.finish(c, how)
		return
	}
	r.during(c, d, func() { r.finish(c, how) })
}

// during does something after d, if the present run still goes on then.
func (r *Runtime) during(c *container, d time.Duration, do func()) {
	this := c.run
	this.timers = append(this.timers, time.AfterFunc(d, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if c.run == this {
			do()
		}
	}))
}

// finish ends the present run, if there is one.
func (r *Runtime) finish(c *container, how end) {
	if c.run == nil {
		return
	}
	for _, t := range c.run.timers {
		t.Stop()
	}
	close(c.run.done)
	c.run, c.health = nil, runtime.NoHealthCheck
	c.state, c.end, c.finishedAt = runtime.Exited, how, time.Now()
	r.machineOf(c).release(c)
	r.notify(c)
	c.wake()
}

// carries tells whether all of want are among labels.
func carries(labels, want map[string]string) bool {
	for k, v := range want {
		if got, ok := labels[k]; !ok || got != v {
			return false
		}
	}
	return true
}

// splitLines cuts a text of several lines.
func splitLines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }
