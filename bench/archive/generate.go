package main

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"steady/archive"
)

// The size of the world that the events are of.
const (
	clusters = 10
	services = 200
	hosts    = 300
	region   = "eu-central-1"
	account  = "111122223333"
	// day is the time that the events spread over.
	day = 24 * time.Hour
	// warnEvery is how many task events come for one warning of a service.
	warnEvery = 40
	// alive is how many events later a task stops, about.
	alive = 20_000
)

var (
	begin    = time.Date(2026, 5, 22, 0, 0, 0, 0, time.UTC)
	statuses = []string{"PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEPROVISIONING", "STOPPED"}
	// reasons are why tasks stop, the frequent ones more than once.
	reasons = []struct{ code, text string }{
		{"ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/%s)"},
		{"ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/%s)"},
		{"ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/%s)"},
		{"EssentialContainerExited", "Essential container in task exited"},
		{"EssentialContainerExited", "Essential container in task exited"},
		{"ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:" + region + ":" + account + ":targetgroup/web/6d0ecf831eec9f09)"},
		{"TaskFailedToStart", "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref registry.example.com/app:latest"},
		{"EssentialContainerExited", "OutOfMemoryError: Container killed due to memory usage"},
		{"UserInitiated", "Task stopped by user"},
	}
	warnings = []string{"SERVICE_TASK_START_IMPAIRED", "SERVICE_DISCOVERY_INSTANCE_UNHEALTHY", "VPC_LATTICE_TARGET_UNHEALTHY"}
)

// service is what the tasks of a service have in common.
type service struct {
	name, cluster, deployment, image, launchType string
	subnet                                       string // "" without an interface for each task
	revision                                     int
}

// task is a task that is living through its statuses.
type task struct {
	*service
	id, container, attachment, eni, mac, ip, host, runtime string
	state                                                  int
	reason                                                 int
	times                                                  [6]time.Time
}

// generator makes events in the order of their time. Two with the same seed make the
// same.
type generator struct {
	random   *rand.Rand
	services []*service
	hosts    []string // ids of container instances
	n, total int
	due      [][]*task // ring by event number: whose turn it is
	buffer   []byte
	newest   *task
}

func newGenerator(seed uint64, total int) *generator {
	g := &generator{random: rand.New(rand.NewPCG(seed, 4)), total: total, due: make([][]*task, 2*alive)}
	// The services are the same for every seed.
	world := &generator{random: rand.New(rand.NewPCG(1, 1))}
	for i := range services {
		s := &service{
			name: fmt.Sprintf("service-%03d", i), cluster: fmt.Sprintf("cluster-%d", i%clusters),
			deployment: strconv.Itoa(int(9223370526043414679 - world.random.Int64N(1e12))),
			image:      fmt.Sprintf("registry.example.com/service-%03d:%s", i, world.hex(4)),
			launchType: "EC2", revision: 1 + world.random.IntN(90),
		}
		if i%5 == 0 {
			s.launchType, s.subnet = "FARGATE", "subnet-"+world.hex(8)
		}
		g.services = append(g.services, s)
	}
	for range hosts {
		g.hosts = append(g.hosts, world.hex(16))
	}
	return g
}

// next is the next event, and the cluster that it is of.
func (g *generator) next() (archive.Record, string) {
	at := begin.Add(time.Duration(float64(day) * float64(g.n) / float64(g.total))).Truncate(time.Millisecond)
	slot := g.n % len(g.due)
	g.n++
	if g.n%warnEvery == 0 {
		s := g.services[g.skewed()]
		return archive.Record{Time: at.UnixMilli(), Message: g.warning(s, at)}, s.cluster
	}
	var t *task
	if waiting := g.due[slot]; len(waiting) > 0 {
		t, g.due[slot] = waiting[0], waiting[1:]
	} else {
		t = g.newTask()
		g.newest = t
	}
	// Whoever else is due now comes next.
	if rest := g.due[slot]; len(rest) > 0 {
		following := g.n % len(g.due)
		g.due[following] = append(rest, g.due[following]...)
		g.due[slot] = nil
	}
	t.times[t.state] = at
	message := g.taskEvent(t, at)
	cluster := t.cluster
	if t.state++; t.state < len(statuses) {
		delay := 50 + g.random.IntN(200)
		if t.state == 4 {
			delay = alive/2 + g.random.IntN(alive)
		}
		due := (g.n + delay) % len(g.due)
		g.due[due] = append(g.due[due], t)
	}
	return archive.Record{Time: at.UnixMilli(), Message: message}, cluster
}

// skewed is a service, the first ones more often than the others.
func (g *generator) skewed() int { return min(g.random.IntN(services), g.random.IntN(services)) }

func (g *generator) hex(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.random.Uint32())
	}
	return hex.EncodeToString(b)
}

func (g *generator) uuid() string {
	h := g.hex(16)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func (g *generator) newTask() *task {
	t := &task{service: g.services[g.skewed()], id: g.hex(16), container: g.uuid(), reason: g.random.IntN(len(reasons))}
	if t.subnet == "" {
		t.host, t.runtime = g.hosts[g.random.IntN(hosts)], g.hex(32)
		return t
	}
	mac := g.hex(5)
	t.attachment, t.eni = g.uuid(), "eni-"+g.hex(8)
	t.mac = "0a:" + mac[:2] + ":" + mac[2:4] + ":" + mac[4:6] + ":" + mac[6:8] + ":" + mac[8:]
	t.ip = fmt.Sprintf("10.0.%d.%d", g.random.IntN(256), g.random.IntN(256))
	t.runtime = t.id + "-" + strconv.Itoa(1000000000+g.random.IntN(8999999999))
	return t
}
