package simulation

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/agent"
	"steady/model"
	"steady/runtime"
)

// look checks what can be seen from outside between two steps, when all that could be
// done at once has been done.
func (l *life) look() {
	if l.over() || l.server.process.isDead() {
		return
	}
	l.lookAtContainers()
	l.lookAtCounts()
	l.lookAtHistory()
}

// lookAtHistory: the service deployment on record that has not ended is that of the
// deployment in progress, and there is no other.
func (l *life) lookAtHistory() {
	snap := l.server.store.Snapshot()
	for s := range snap.Services() {
		var under []string
		for d := range snap.ServiceDeploymentsOf(s.Cluster, s.Name) {
			if !d.Ended() {
				under = append(under, d.ID)
			}
		}
		var want []string
		if p := s.Primary(); s.Status == model.Active && p.Rollout == model.InProgress {
			want = []string{p.ServiceDeployment}
		}
		if !slices.Equal(under, want) {
			l.violated("the service deployments of %s (%s) under way are %v, want %v: %s", s.Name, s.Status, under, want, encoded(s.Deployments))
		}
	}
}

// containersOn are the containers of an instance, oldest tasks' first.
func (l *life) containersOn(instance string) []runtime.Container {
	found, err := l.machines.List(ctx, map[string]string{agent.LabelInstance: instance})
	if err != nil {
		l.violated("list containers: %v", err)
	}
	slices.SortFunc(found, func(a, b runtime.Container) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), strings.Compare(a.Name, b.Name))
	})
	return found
}

// lookAtContainers: no task has two of the same container, no STOPPED task has one
// that runs, and a task that is told to be RUNNING does run where an agent watches.
func (l *life) lookAtContainers() {
	l.watch.mu.Lock()
	defer l.watch.mu.Unlock()
	for _, i := range l.watch.instances {
		once := map[string]bool{}
		for _, c := range l.containersOn(i.ID) {
			task, key := c.Labels[labelTask], c.Labels[labelTask]+"/"+c.Labels[labelContainer]
			if once[key] {
				l.violated("task %s has two containers %s", short(task), c.Labels[labelContainer])
			}
			once[key] = true
			if t := l.watch.tasks[task]; c.State == runtime.Running && t != nil && t.Last == model.Stopped {
				l.violated("task %s is STOPPED, its container %s runs", short(task), c.Name)
			}
		}
	}
	for n, i := range l.server.instances {
		if l.server.agents[n] == nil {
			continue
		}
		for _, t := range l.watch.tasks {
			if t.Instance != i.ID || t.Last != model.Running || t.StopDecided() {
				continue
			}
			if lie := l.really(t); lie != "" {
				l.violated("on %s, which is connected, %s", l.nameOf(i.ID), lie)
			}
		}
	}
}

// counts are what tasks say.
type counts struct{ running, pending int32 }

func (n *counts) add(t types.Task) {
	switch aws.ToString(t.LastStatus) {
	case "RUNNING":
		n.running++
	case "PROVISIONING", "PENDING", "ACTIVATING":
		if aws.ToString(t.DesiredStatus) == "RUNNING" {
			n.pending++
		}
	}
}

// lookAtCounts: what the API counts of clusters, instances, services and deployments
// is what its tasks say.
func (l *life) lookAtCounts() {
	tasks := l.describeTasks()
	all := counts{}
	of := map[string]*counts{}
	for _, t := range tasks {
		all.add(t)
		for _, key := range []string{aws.ToString(t.ContainerInstanceArn), aws.ToString(t.Group), aws.ToString(t.StartedBy)} {
			if of[key] == nil {
				of[key] = &counts{}
			}
			of[key].add(t)
		}
	}
	check := func(what, key string, running, pending int32) {
		want := counts{}
		if n := of[key]; n != nil {
			want = *n
		}
		if got := (counts{running, pending}); got != want {
			l.violated("%s is counted %+v, its tasks say %+v", what, got, want)
		}
	}
	clusters, err := l.server.api.DescribeClusters(ctx, &awsecs.DescribeClustersInput{})
	if l.answered(err) {
		of[""] = &all
		check("the cluster", "", clusters.Clusters[0].RunningTasksCount, clusters.Clusters[0].PendingTasksCount)
	}
	for _, i := range l.server.instances {
		out, err := l.server.api.DescribeContainerInstances(ctx, &awsecs.DescribeContainerInstancesInput{ContainerInstances: []string{i.ID}})
		if l.answered(err) && len(out.ContainerInstances) > 0 {
			x := out.ContainerInstances[0]
			check(l.nameOf(i.ID), *x.ContainerInstanceArn, x.RunningTasksCount, x.PendingTasksCount)
		}
	}
	services, err := l.server.api.DescribeServices(ctx, &awsecs.DescribeServicesInput{Services: names})
	if !l.answered(err) {
		return
	}
	for _, s := range services.Services {
		check(*s.ServiceName, "service:"+*s.ServiceName, s.RunningCount, s.PendingCount)
		for _, d := range s.Deployments {
			check(*d.Id, *d.Id, d.RunningCount, d.PendingCount)
		}
	}
}

// describeTasks are all tasks that the API shows.
func (l *life) describeTasks() []types.Task {
	var tasks []types.Task
	for _, desired := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		in := &awsecs.ListTasksInput{DesiredStatus: desired}
		for {
			list, err := l.server.api.ListTasks(ctx, in)
			if !l.answered(err) || len(list.TaskArns) == 0 {
				break
			}
			out, err := l.server.api.DescribeTasks(ctx, &awsecs.DescribeTasksInput{Tasks: list.TaskArns})
			if !l.answered(err) {
				break
			}
			tasks = append(tasks, out.Tasks...)
			if in.NextToken = list.NextToken; in.NextToken == nil {
				break
			}
		}
	}
	return tasks
}

// calm ends all disturbances: instances are back and ACTIVE, the server lives, no task
// is protected.
func (l *life) calm() {
	l.trace.note("the disturbances end")
	l.server.process.arm(-1, false)
	l.restart()
	for i := range l.server.instances {
		if l.server.gone(i) {
			l.bounce() // and it is registered anew
			break
		}
	}
	l.server.process.arm(-1, false)
	l.restart()
	for i, x := range l.server.instances {
		l.server.connect(i)
		if err := l.client.api().setStatus(x.ID, types.ContainerInstanceStatusActive); err != nil {
			l.violated("%v", err)
		}
	}
	for _, t := range l.client.tasks(func(t *model.Task) bool { return t.Protected(time.Now()) }) {
		if err := l.client.api().protect(t.ID, false, 0); err != nil {
			l.violated("%v", err)
		}
	}
	l.pass(settling)
}

// answered: a call that only looks does not fail.
func (l *life) answered(err error) bool {
	if err != nil {
		l.violated("a call that only looks fails: %v", err)
	}
	return err == nil
}
