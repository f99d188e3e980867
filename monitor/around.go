package monitor

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose"
)

// surroundings are what a service that does not get on runs beside: its live
// tasks, the cluster's instances, the protection of its tasks. They are looked at
// rarely: a while after the last change, and then at intervals that grow with the
// number of calls, to two calls a second at most.
type surroundings struct {
	still, every time.Duration

	tasks     []types.Task
	instances []types.ContainerInstance
	protected []types.ProtectedTask
	looked    bool // at tasks and instances
	refused   bool // and never will be
	movedAt   time.Time
	next      time.Time
	calls     int // of the look under way
}

func newSurroundings(endpoint string) surroundings {
	if OnLoopback(endpoint) {
		return surroundings{still: time.Second, every: 3 * time.Second}
	}
	return surroundings{still: 10 * time.Second, every: 15 * time.Second}
}

// perCall is the time that one call of a look takes up at least.
const perCall = 500 * time.Millisecond

// due tells whether to look: at everything where nothing has moved for a while, at
// the tasks alone where their health is of interest.
func (a *surroundings) due(now time.Time, checked bool) (tasks, everything bool) {
	if a.refused || now.Before(a.next) {
		return false, false
	}
	everything = now.Sub(a.movedAt) >= a.still
	return checked || everything, everything
}

// unhealthy counts a deployment's live tasks that fail their health checks.
func (a *surroundings) unhealthy(deployment string) int {
	n := 0
	for _, t := range a.tasks {
		if t.HealthStatus == types.HealthStatusUnhealthy && aws.ToString(t.StartedBy) == deployment {
			n++
		}
	}
	return n
}

// foresee looks around where that is due, and asks whether the service can arrive.
// At the end of the watch it looks once more. What cannot be read is no evidence.
func (w *watch) foresee(ctx context.Context, now time.Time, s *types.Service, findings []diagnose.Finding, last bool) diagnose.Outlook {
	p := (*types.Deployment)(nil)
	if s != nil {
		p = primary(*s)
	}
	if p == nil || status(*s) != "ACTIVE" {
		return diagnose.Outlook{}
	}
	definition := w.lookAround(ctx, now, *s, *p, last)
	situation := diagnose.Situation{
		Service: *s, At: now, Looked: w.around.looked,
		Tasks: w.around.tasks, Instances: w.around.instances, Protected: w.around.protected,
	}
	if definition != nil {
		situation.TaskDefinition = *definition
	}
	if id(p) == id(&w.follow.mine) {
		situation.Findings = findings
	}
	return diagnose.Foresee(situation)
}

func (w *watch) lookAround(ctx context.Context, now time.Time, s types.Service, p types.Deployment, last bool) *types.TaskDefinition {
	a := &w.around
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	a.calls = 0
	definition, err := w.evidence.definitions[aws.ToString(p.TaskDefinition)], error(nil)
	if definition == nil && !a.refused && (last || !now.Before(a.next)) {
		a.calls++
		definition, err = w.evidence.describe(ctx, p.TaskDefinition)
	}
	tasks, everything := a.due(now, hasCheck(definition) && s.RunningCount > 0)
	if last && !a.refused {
		tasks, everything = true, true
	}
	if err == nil && tasks {
		err = w.lookAtTasks(ctx)
	}
	if err == nil && everything {
		if err = w.lookAtInstances(ctx, s); err == nil {
			a.looked = true
			w.lookAtProtection(ctx, s, p)
		}
	}
	if tasks || err != nil {
		a.next = now.Add(max(a.every, time.Duration(a.calls)*perCall))
	}
	if err != nil && ctx.Err() == nil && !mayPass(err) {
		a.refused, a.looked = true, false
	}
	return definition
}

func hasCheck(d *types.TaskDefinition) bool {
	return d != nil && slices.ContainsFunc(d.ContainerDefinitions, func(c types.ContainerDefinition) bool { return c.HealthCheck != nil })
}

// lookAtTasks reads the service's tasks whose desired status is RUNNING.
func (w *watch) lookAtTasks(ctx context.Context) error {
	a := &w.around
	var arns []string
	in := &ecs.ListTasksInput{Cluster: &w.Cluster, ServiceName: &w.Service, DesiredStatus: types.DesiredStatusRunning}
	for more := true; more; more = aws.ToString(in.NextToken) != "" {
		a.calls++
		out, err := w.ECS.ListTasks(ctx, in)
		if err != nil {
			return err
		}
		arns, in.NextToken = append(arns, out.TaskArns...), out.NextToken
	}
	var live []types.Task
	for some := range slices.Chunk(arns, describedAtOnce) {
		a.calls++
		out, err := w.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &w.Cluster, Tasks: some})
		if err != nil {
			return err
		}
		live = append(live, out.Tasks...)
	}
	a.tasks = slices.DeleteFunc(live, func(t types.Task) bool { return aws.ToString(t.DesiredStatus) == "STOPPED" })
	return nil
}

// lookAtInstances reads the cluster's container instances, where the service's
// tasks are placed on them.
func (w *watch) lookAtInstances(ctx context.Context, s types.Service) error {
	a := &w.around
	if s.LaunchType == types.LaunchTypeFargate || len(s.CapacityProviderStrategy) > 0 {
		return nil
	}
	var arns []string
	in := &ecs.ListContainerInstancesInput{Cluster: &w.Cluster}
	for more := true; more; more = aws.ToString(in.NextToken) != "" {
		a.calls++
		out, err := w.ECS.ListContainerInstances(ctx, in)
		if err != nil {
			return err
		}
		arns, in.NextToken = append(arns, out.ContainerInstanceArns...), out.NextToken
	}
	var all []types.ContainerInstance
	for some := range slices.Chunk(arns, describedAtOnce) {
		a.calls++
		out, err := w.ECS.DescribeContainerInstances(ctx, &ecs.DescribeContainerInstancesInput{Cluster: &w.Cluster, ContainerInstances: some})
		if err != nil {
			return err
		}
		all = append(all, out.ContainerInstances...)
	}
	a.instances = all
	return nil
}

// lookAtProtection asks which tasks may not be stopped, where there are more than
// are wanted. Without an answer the service's events still tell.
func (w *watch) lookAtProtection(ctx context.Context, s types.Service, p types.Deployment) {
	a := &w.around
	a.protected = nil
	if len(s.Deployments) < 2 && p.RunningCount <= s.DesiredCount {
		return
	}
	var arns []string
	for _, t := range a.tasks {
		arns = append(arns, aws.ToString(t.TaskArn))
	}
	for some := range slices.Chunk(arns, describedAtOnce) {
		a.calls++
		out, err := w.ECS.GetTaskProtection(ctx, &ecs.GetTaskProtectionInput{Cluster: &w.Cluster, Tasks: some})
		if err != nil {
			return
		}
		a.protected = append(a.protected, out.ProtectedTasks...)
	}
}
