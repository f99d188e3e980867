package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
)

// client calls the ECS API at random.
type client struct {
	life        *life
	definitions map[string]*behaviour // by "family:revision"
	families    map[string]int        // the number of revisions
}

func newClient(l *life) *client {
	return &client{life: l, definitions: map[string]*behaviour{}, families: map[string]int{}}
}

// names of the services, and of the families of their task definitions.
var names = []string{"web", "api", "job"}

func (c *client) api() *fullAPI { return &fullAPI{c.life.server.api} }

// call makes one random call.
func (c *client) call() {
	l := c.life
	name := pick(l, names...)
	switch l.dice.IntN(21) {
	case 0, 1, 2:
		c.create(name)
	case 3, 4, 5, 6:
		c.update(name, "deploy")
	case 7, 8, 9:
		c.update(name, "scale")
	case 10:
		c.update(name, "force")
	case 11:
		c.update(name, "configure")
	case 12:
		c.update(name, "everything")
	case 13:
		c.delete(name)
	case 14, 15:
		c.runTask()
	case 16:
		c.stopTask()
	case 17:
		c.drain()
	case 18:
		c.protect()
	case 19:
		c.stopDeployment(name)
	case 20:
		c.deregister()
	}
}

// done traces a call. An error must be ECS's own, unless the server died of it.
func (c *client) done(err error, format string, args ...any) bool {
	call := fmt.Sprintf(format, args...)
	if err == nil {
		c.life.trace.note("client: %s", call)
		return true
	}
	c.life.trace.note("client: %s: %v", call, err)
	var known *awsapi.Error
	if !errors.As(err, &known) && !c.life.server.process.isDead() {
		c.life.violated("%s fails with no error of ECS's: %v", call, err)
	}
	return false
}

var ctx = context.Background()

// definition registers a revision with a random behaviour, or takes one that is there.
func (c *client) definition(family string) string {
	l := c.life
	if n := c.families[family]; n > 0 && l.chance(4) {
		return fmt.Sprintf("%s:%d", family, 1+l.dice.IntN(n))
	}
	b := l.behaviour()
	out, err := c.api().RegisterTaskDefinition(ctx, b.register(family))
	if !c.done(err, "RegisterTaskDefinition %s: %s", family, b) {
		return family + ":1"
	}
	d := model.TaskDefinitionRef{Family: family, Revision: int(out.TaskDefinition.Revision)}
	c.families[family] = d.Revision
	c.definitions[d.String()] = b
	return d.String()
}

// image is the name of one that some tasks run.
func (c *client) image() string { return pick(c.life, images...) }

// restless tells whether some service's tasks may crash so often that hours of them
// are not worth their while.
func (c *client) restless() bool {
	snap := c.life.server.store.Snapshot()
	for t := range snap.Tasks() {
		if b := c.definitions[t.TaskDefinition.String()]; t.Live() && b != nil && b.restless {
			return true
		}
	}
	for s := range snap.Services() {
		for _, d := range s.Deployments {
			if b := c.definitions[d.TaskDefinition.String()]; b != nil && b.restless && s.DesiredCount > 0 {
				return true
			}
		}
	}
	return false
}

func (c *client) create(name string) {
	l := c.life
	in := &ecs.CreateServiceInput{
		ServiceName: aws.String(name), TaskDefinition: aws.String(c.definition(name)),
		DeploymentConfiguration: l.configuration(), HealthCheckGracePeriodSeconds: l.grace(),
		PlacementConstraints: l.constraints(), PlacementStrategy: l.strategy(),
	}
	if l.chance(6) {
		in.SchedulingStrategy = types.SchedulingStrategyDaemon
		in.PlacementStrategy = nil
		in.DeploymentConfiguration.MaximumPercent = nil
		in.DeploymentConfiguration.MinimumHealthyPercent = aws.Int32(pick[int32](l, 0, 50))
	} else {
		in.DesiredCount = aws.Int32(l.count())
	}
	_, err := c.api().CreateService(ctx, in)
	c.done(err, "CreateService %s %s %s desired %d %s", name, in.SchedulingStrategy, *in.TaskDefinition, aws.ToInt32(in.DesiredCount), shown(in.DeploymentConfiguration))
}

func (c *client) update(name, what string) {
	l := c.life
	in := &ecs.UpdateServiceInput{Service: aws.String(name)}
	all := what == "everything"
	if all || what == "deploy" {
		in.TaskDefinition = aws.String(c.definition(name))
	}
	if all || what == "scale" {
		in.DesiredCount = aws.Int32(l.count())
	}
	if s, ok := c.service(name); ok && s.Daemon {
		in.DesiredCount = nil
	} else if all || what == "configure" {
		in.DeploymentConfiguration = l.configuration()
	}
	in.ForceNewDeployment = what == "force"
	_, err := c.api().UpdateService(ctx, in)
	c.done(err, "UpdateService %s: %s %s desired %d %s", name, what, aws.ToString(in.TaskDefinition), aws.ToInt32(in.DesiredCount), shown(in.DeploymentConfiguration))
}

func (c *client) delete(name string) {
	force := c.life.chance(2)
	_, err := c.api().DeleteService(ctx, &ecs.DeleteServiceInput{Service: aws.String(name), Force: aws.Bool(force)})
	c.done(err, "DeleteService %s force=%v", name, force)
}

func (c *client) runTask() {
	l := c.life
	in := &ecs.RunTaskInput{TaskDefinition: aws.String(c.definition("once")), Count: aws.Int32(int32(1 + l.dice.IntN(3)))}
	out, err := c.api().RunTask(ctx, in)
	if c.done(err, "RunTask %s count %d", *in.TaskDefinition, *in.Count) && len(out.Tasks) > int(*in.Count) {
		l.violated("RunTask starts %d tasks of %d", len(out.Tasks), *in.Count)
	}
}

// tasks are the live tasks that fit, oldest first.
func (c *client) tasks(fits func(*model.Task) bool) []*model.Task {
	var found []*model.Task
	for t := range c.life.server.store.Snapshot().Tasks() {
		if t.Live() && fits(t) {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b *model.Task) int {
		if n := a.CreatedAt.Compare(b.CreatedAt); n != 0 {
			return n
		}
		return strings.Compare(a.TaskDefinition.String()+a.ID, b.TaskDefinition.String()+b.ID)
	})
	return found
}

func (c *client) stopTask() {
	tasks := c.tasks(func(*model.Task) bool { return true })
	if len(tasks) == 0 {
		return
	}
	t := pick(c.life, tasks...)
	_, err := c.api().StopTask(ctx, &ecs.StopTaskInput{Task: aws.String(t.ID)})
	c.done(err, "StopTask %s", short(t.ID))
}

func (c *client) drain() {
	l := c.life
	i := pick(l, l.server.instances...)
	status := pick(l, types.ContainerInstanceStatusDraining, types.ContainerInstanceStatusActive)
	err := c.api().setStatus(i.ID, status)
	c.done(err, "UpdateContainerInstancesState %s %s", l.nameOf(i.ID), status)
}

// deregister takes an instance away, its tasks too if it is forced. The server registers
// its share of the machine anew when it starts again.
func (c *client) deregister() {
	l := c.life
	i, force := pick(l, l.server.instances...), l.chance(2)
	_, err := c.api().DeregisterContainerInstance(ctx, &ecs.DeregisterContainerInstanceInput{ContainerInstance: aws.String(i.ID), Force: aws.Bool(force)})
	c.done(err, "DeregisterContainerInstance %s force=%v", l.nameOf(i.ID), force)
}

func (c *client) protect() {
	tasks := c.tasks(func(t *model.Task) bool { return t.Service != "" })
	if len(tasks) == 0 {
		return
	}
	t, on := pick(c.life, tasks...), !c.life.chance(4)
	err := c.api().protect(t.ID, on, pick[int32](c.life, 1, 10, 60))
	c.done(err, "UpdateTaskProtection %s %v", short(t.ID), on)
}

func (c *client) stopDeployment(name string) {
	s, ok := c.service(name)
	if !ok || s.Primary() == nil {
		return
	}
	err := c.api().stopDeployment(name, s.Primary().ServiceDeployment)
	c.done(err, "StopServiceDeployment %s %s", name, s.Primary().ID)
}

func (c *client) service(name string) (*model.Service, bool) {
	return c.life.server.store.Snapshot().Service(model.DefaultCluster, name)
}

func shown(c *types.DeploymentConfiguration) string {
	if c == nil {
		return ""
	}
	out := fmt.Sprintf("%d/%d%%", aws.ToInt32(c.MinimumHealthyPercent), aws.ToInt32(c.MaximumPercent))
	if b := c.DeploymentCircuitBreaker; b != nil {
		out += fmt.Sprintf(" breaker=%v rollback=%v reset=%v", b.Enable, b.Rollback, b.ResetOnHealthyTask == nil || *b.ResetOnHealthyTask)
		if t := b.ThresholdConfiguration; t != nil {
			out += fmt.Sprintf(" %s %d", t.Type, t.Value)
		}
	}
	if e := c.EarlySuccessCriteria; e != nil {
		out += fmt.Sprintf(" early=%v at %d%% %s", e.Enable, aws.ToInt32(e.HealthyPercent), e.SourceServiceRevisionCleanup)
	}
	return out
}

// count is a desired count.
func (l *life) count() int32 { return pick[int32](l, 0, 1, 1, 2, 3, 4, 5, 7, 10) }

func (l *life) configuration() *types.DeploymentConfiguration {
	p := pick(l, [2]int32{100, 200}, [2]int32{100, 200}, [2]int32{50, 100}, [2]int32{50, 150}, [2]int32{0, 100}, [2]int32{75, 125},
		[2]int32{100, 150}, [2]int32{66, 133}, [2]int32{99, 110}, [2]int32{33, 200})
	d := &types.DeploymentConfiguration{MinimumHealthyPercent: aws.Int32(p[0]), MaximumPercent: aws.Int32(p[1])}
	if l.chance(2) {
		d.DeploymentCircuitBreaker = &types.DeploymentCircuitBreaker{Enable: !l.chance(5), Rollback: l.chance(2), ThresholdConfiguration: l.threshold()}
		if l.chance(4) {
			d.DeploymentCircuitBreaker.ResetOnHealthyTask = aws.Bool(l.chance(4))
		}
	}
	if l.chance(4) {
		d.EarlySuccessCriteria = &types.DeploymentEarlySuccessCriteria{
			Enable: !l.chance(5), HealthyPercent: aws.Int32(pick(l, p[0], (p[0]+100)/2, 100)),
			SourceServiceRevisionCleanup: pick(l, types.ServiceRevisionCleanupBlocking, types.ServiceRevisionCleanupDeferred),
		}
	}
	return d
}

func (l *life) threshold() *types.ThresholdConfiguration {
	return pick(l, nil, nil,
		&types.ThresholdConfiguration{Type: types.ThresholdTypeCount, Value: pick[int32](l, 1, 2, 5)},
		&types.ThresholdConfiguration{Type: types.ThresholdTypeBoundedPercent, Value: pick[int32](l, 10, 100)},
		&types.ThresholdConfiguration{Type: types.ThresholdTypeUnboundedPercent, Value: pick[int32](l, 1, 50, 100)})
}

func (l *life) grace() *int32 {
	if !l.chance(4) {
		return nil
	}
	return aws.Int32(pick[int32](l, 5, 60))
}

func (l *life) constraints() []types.PlacementConstraint {
	if !l.chance(6) {
		return nil
	}
	return []types.PlacementConstraint{pick(l,
		types.PlacementConstraint{Type: types.PlacementConstraintTypeDistinctInstance},
		types.PlacementConstraint{Type: types.PlacementConstraintTypeMemberOf, Expression: aws.String("attribute:ecs.availability-zone == us-east-1a")},
		types.PlacementConstraint{Type: types.PlacementConstraintTypeMemberOf, Expression: aws.String("attribute:nobody exists")},
	)}
}

func (l *life) strategy() []types.PlacementStrategy {
	if !l.chance(4) {
		return nil
	}
	return []types.PlacementStrategy{pick(l,
		types.PlacementStrategy{Type: types.PlacementStrategyTypeBinpack, Field: aws.String("memory")},
		types.PlacementStrategy{Type: types.PlacementStrategyTypeRandom},
		types.PlacementStrategy{Type: types.PlacementStrategyTypeSpread, Field: aws.String("instanceId")},
	)}
}

// settling is how long nothing may be waiting that takes so long at most: the longest
// start, stop and time-out.
const settling = 3 * time.Minute
