package simulation

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/runtime"
)

// behaviour is what the tasks of a revision do, and need.
type behaviour struct {
	script   string
	good     bool // its tasks run until they are stopped, once they are started
	restless bool // its tasks end within a minute of their start
	checked  bool // has a health check
	image    string
	cpu      int32
	memory   int32
	hostPort int32
	sidecar  string // script of a second container, "" for none
	helps    bool   // the second container is not essential
}

var images = []string{"shop", "shop:2", "tool"}

// behaviour is a random one, good ones more often.
func (l *life) behaviour() *behaviour {
	b := pick(l,
		behaviour{good: true},
		behaviour{good: true},
		behaviour{good: true, script: "start=2s"},
		behaviour{good: true, script: "start=45s"},
		behaviour{good: true, script: "graceful stop=3s"},
		behaviour{good: true, script: "ignore-term"},
		behaviour{good: true, script: "healthy=5s", checked: true},
		behaviour{good: true, script: "start=1s", checked: true},
		behaviour{script: "healthy=2s unhealthy=90s", checked: true},
		behaviour{script: "unhealthy=3s", checked: true, restless: true},
		behaviour{script: "exit=1", restless: true},
		behaviour{script: "exit=1 after=5s", restless: true},
		behaviour{script: "exit=0 after=20s start=5s", restless: true},
		behaviour{script: "exit=0 after=100s"},
		behaviour{script: "exit=1 after=25m"},
		behaviour{script: "oom after=3h"},
		behaviour{script: "start-fail", restless: true},
		behaviour{script: "start-fail start=20s"},
		behaviour{script: "create-fail", restless: true},
		behaviour{script: "pull-fail", restless: true},
	)
	b.image = pick(l, images...)
	b.memory = pick[int32](l, 64, 64, 256, 512, 2000)
	b.cpu = pick[int32](l, 0, 0, 128, 1024)
	switch l.dice.IntN(12) {
	case 0:
		b.hostPort = 8080
	case 1:
		b.hostPort = 9090
	case 2:
		b.memory = 9000 // fits nowhere
	case 3:
		b.sidecar = pick(l, "start=1s", "exit=0 after=10s")
		b.helps = true
	case 4:
		b.sidecar = pick(l, "start=3s", "ignore-term")
	case 5:
		b.good, b.image = false, "pull-fail"
	}
	return &b
}

func (b *behaviour) String() string {
	return fmt.Sprintf("%q image %s cpu %d memory %d hostPort %d sidecar %q good=%v", b.script, b.image, b.cpu, b.memory, b.hostPort, b.sidecar, b.good)
}

func (b *behaviour) register(family string) *ecs.RegisterTaskDefinitionInput {
	app := types.ContainerDefinition{
		Name: aws.String("app"), Image: aws.String(b.image), Cpu: b.cpu, Memory: aws.Int32(b.memory),
		Environment: script(b.script), StopTimeout: aws.Int32(30),
	}
	if b.hostPort != 0 {
		app.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(80), HostPort: aws.Int32(b.hostPort)}}
	}
	if b.checked {
		app.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "true"}, Interval: aws.Int32(5), Retries: aws.Int32(2)}
	}
	in := &ecs.RegisterTaskDefinitionInput{Family: aws.String(family), ContainerDefinitions: []types.ContainerDefinition{app}}
	if b.sidecar != "" {
		in.ContainerDefinitions = append(in.ContainerDefinitions, types.ContainerDefinition{
			Name: aws.String("side"), Image: aws.String("side"), Memory: aws.Int32(32), Essential: aws.Bool(!b.helps),
			Environment: script(b.sidecar),
		})
	}
	return in
}

func script(s string) []types.KeyValuePair {
	return []types.KeyValuePair{{Name: aws.String("STEADY_SIM"), Value: aws.String(s)}}
}

// remove removes a container and notes when.
func (l *life) remove(ctx context.Context, id string) error {
	if c, err := l.machines.Inspect(ctx, id); err == nil {
		l.mu.Lock()
		l.removed[c.Labels[labelTask]] = time.Now()
		l.mu.Unlock()
	}
	return l.machines.Remove(ctx, id)
}

// loseOrFind loses an instance, or brings a lost one back.
func (l *life) loseOrFind() {
	i := l.dice.IntN(len(l.server.agents))
	if l.server.agents[i] == nil {
		l.trace.note("the agent of %s is back", l.nameOf(l.server.instances[i].ID))
		l.server.connect(i)
		return
	}
	l.trace.note("the agent of %s is lost", l.nameOf(l.server.instances[i].ID))
	if err := l.server.disconnect(i); err != nil && !l.server.process.isDead() {
		l.violated("disconnect an instance: %v", err)
	}
}

// harm ends containers of an instance behind Steady's back: one, or all of them as a
// reboot does, or makes them vanish.
func (l *life) harm() {
	i := pick(l, l.server.instances...)
	var ids []string
	for _, c := range l.containersOn(i.ID) {
		if c.State != runtime.Exited {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return
	}
	how := pick(l, "one container of %s is killed", "%s reboots", "one container of %s vanishes")
	l.trace.note(how, l.nameOf(i.ID))
	if how != "%s reboots" {
		ids = ids[:1]
	}
	for _, id := range ids {
		var err error
		if how == "one container of %s vanishes" {
			err = l.remove(ctx, id)
		} else {
			l.underWay.Go(func() { l.machines.Stop(ctx, id, time.Second) })
		}
		if err != nil {
			l.violated("%v", err)
		}
	}
}
