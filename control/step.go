package control

import (
	"hash/fnv"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/ledger"
	"steady/lifecycle"
	"steady/model"
	"steady/placement"
	"steady/rollout"
	"steady/state"
)

// step takes one step of one service, in a transaction.
type step struct {
	*scheduler
	tx  *state.Tx
	id  serviceID
	now time.Time

	instances map[string]*model.Instance // that were asked for; a step changes none
}

func (s *scheduler) step(tx *state.Tx, id serviceID, now time.Time) step {
	return step{s, tx, id, now, map[string]*model.Instance{}}
}

// take asks for the next step and writes it down. It returns when to look again.
func (s step) take() (wake time.Time) {
	svc, ok := s.tx.Service(s.id.cluster, s.id.name)
	if !ok {
		return time.Time{}
	}
	decided := rollout.Decide(s.view(svc))
	for _, stop := range decided.Stop {
		s.tx.PutTask(lifecycle.Stop(stop.Task, stop.Code, stop.Reason, s.now))
	}
	next := s.startAll(decided.Service, decided.Start)
	if next != svc {
		ledger.Put(s.tx, svc, next, s.settings.Settle, s.now)
		s.log.Debug("service moved", "cluster", s.id.cluster, "service", s.id.name, "stopped", len(decided.Stop))
	}
	return decided.Wake
}

// view gathers what the decision is made from.
func (s step) view(svc *model.Service) rollout.View {
	v := rollout.View{
		Service: svc,
		Live:    slices.AppendSeq(make([]*model.Task, 0, svc.DesiredCount), s.tx.LiveTasksOf(svc.Cluster, svc.Name)),
		Now:     s.now, Settle: s.settings.Settle, NewDeploymentID: model.NewDeploymentID,
		Draining: s.draining, Busy: s.busy, Watched: s.watched,
		Prefer: func(tasks []*model.Task, n int) []*model.Task { return s.prefer(svc, tasks, n) },
	}
	for _, d := range svc.Deployments {
		v.Ended = slices.AppendSeq(v.Ended, s.tx.EndedTasksIn(d.ID))
	}
	if p := svc.Primary(); p != nil {
		if definition, ok := s.tx.TaskDefinition(p.TaskDefinition); ok {
			v.ResolveImages = consistent(definition)
			if svc.Daemon {
				v.Eligible = s.eligible(svc, definition)
			}
		}
	}
	return v
}

// instance is a container instance, nil if there is none. Each is asked for as often as
// it has tasks.
func (s step) instance(id string) *model.Instance {
	i, known := s.instances[id]
	if !known {
		i, _ = s.tx.Instance(id)
		s.instances[id] = i
	}
	return i
}

// draining tells whether an instance is to be rid of service tasks.
func (s step) draining(instance string) bool {
	i := s.instance(instance)
	return i != nil && i.Status == model.Draining
}

// busy tells whether tasks of REPLICA services are left on an instance.
func (s step) busy(instance string) bool {
	for t := range s.tx.LiveTasksOn(instance) {
		if svc, ok := s.tx.Service(t.Cluster, t.Service); ok && !svc.Daemon {
			return true
		}
	}
	return false
}

// watched tells whether the agent of an instance is connected.
func (s step) watched(instance string) bool {
	i := s.instance(instance)
	return i != nil && i.AgentConnected
}

// consistent tells whether all tasks of a deployment shall run the same images:
// "versionConsistency … by default enabled".
func consistent(d *model.TaskDefinition) bool {
	return slices.ContainsFunc(d.Containers(), func(c types.ContainerDefinition) bool {
		return c.VersionConsistency != types.VersionConsistencyDisabled
	})
}

// eligible are the instances on which a DAEMON service shall have a task. Room does not
// count: "one task on each active container instance that meets all of the task
// placement constraints", and an instance too full or too small for it is one task
// missing, which is said.
func (s step) eligible(svc *model.Service, d *model.TaskDefinition) []string {
	request := s.request(svc, d, 1)
	var ids []string
	for i := range s.tx.InstancesIn(svc.Cluster) {
		if i.Status == model.Active && placement.Admits(request, &placement.Candidate{Instance: i}) {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

// prefer chooses which of a service's running tasks to stop, by where they run.
func (s step) prefer(svc *model.Service, tasks []*model.Task, n int) []*model.Task {
	on := map[string]*placement.Candidate{}
	for _, c := range placement.Candidates(s.tx.InstancesAndTasks(svc.Cluster)) {
		on[c.Instance.ID] = c
	}
	byID := make(map[string]*model.Task, len(tasks))
	choices := make([]placement.ServiceTask, len(tasks))
	for i, t := range tasks {
		byID[t.ID] = t
		choices[i] = placement.ServiceTask{ID: t.ID, On: on[t.Instance], CPU: t.CPU, Memory: t.Memory, Running: true}
	}
	var chosen []*model.Task
	for _, id := range placement.ChooseStops(n, choices, svc.PlacementStrategy, seed(svc)) {
		chosen = append(chosen, byID[id])
	}
	return chosen
}

// seed decides between equals; the same for every look at a deployment.
func seed(svc *model.Service) uint64 {
	h := fnv.New64a()
	h.Write([]byte(svc.Cluster + "/" + svc.Name))
	if p := svc.Primary(); p != nil {
		h.Write([]byte(p.ID))
	}
	return h.Sum64()
}

func (s step) request(svc *model.Service, d *model.TaskDefinition, count int) placement.Request {
	r := placement.For(d, count)
	r.Group = "service:" + svc.Name
	r.Constraints = svc.PlacementConstraints
	r.Strategy = svc.PlacementStrategy
	r.DefaultSpread = true
	r.Seed = seed(svc)
	return r
}

// startAll starts tasks of one or more deployments. What finds no place is noted at the
// service: one reason of several, that of the newest deployment, since noting one after
// the other would never come to rest.
func (s step) startAll(svc *model.Service, starts []rollout.Start) *model.Service {
	refusal := model.PlacementRefusal{}
	for _, start := range starts {
		var refused model.PlacementRefusal
		if svc, refused = s.start(svc, start); refusal.Message == "" {
			refusal = refused
		}
	}
	switch {
	case refusal.Message != "":
		return rollout.Refused(svc, refusal, s.now)
	case len(starts) > 0:
		return rollout.Placed(svc)
	}
	return svc
}

// start places new tasks of a deployment and makes their records. The refusal tells
// what found no place; it has no message where all did.
func (s step) start(svc *model.Service, start rollout.Start) (_ *model.Service, refusal model.PlacementRefusal) {
	definition, ok := s.tx.TaskDefinition(start.TaskDefinition)
	if !ok {
		s.log.Error("a deployment's task definition is missing", "cluster", svc.Cluster, "service", svc.Name,
			"deployment", start.Deployment, "taskDefinition", start.TaskDefinition.String())
		const reason = "TaskDefinition not found."
		return svc, model.PlacementRefusal{
			Message: "(service " + svc.Name + ") failed to launch a task with (error " + reason + ").", Reason: reason, Configuration: true,
		}
	}
	if err := s.assumable(definition); err != nil {
		return rollout.Unlaunched(svc, start, s.now), model.PlacementRefusal{
			Message: "(service " + svc.Name + ") failed to launch a task with (error " + err.Error() + ").", Reason: err.Error(), Configuration: true,
		}
	}
	deployment := svc.Deployment(start.Deployment)
	if deployment == nil {
		deployment = new(model.Deployment)
	}
	request := s.request(svc, definition, start.Count)
	result := s.place(svc, request, start, deployment.Capacity)
	tasks := make([]*model.Task, 0, len(result.Bindings))
	for n, instance := range result.Bindings {
		t := lifecycle.New(definition, lifecycle.Launch{
			Cluster: svc.Cluster, Instance: instance, Service: svc.Name,
			Deployment: start.Deployment, StartedBy: start.Deployment,
			Group: request.Group, LaunchType: svc.LaunchType, CapacityProvider: result.Provider(n),
			PlatformVersion: deployment.Capacity.Platform,
			CPU:             request.CPU, Memory: request.Memory, HostPorts: request.Ports,
			Network: deployment.Network, Zone: s.zone(instance),
			EnableExecuteCommand: svc.Spec.EnableExecuteCommand, Tags: svc.TaskTags(definition),
		}, s.now)
		s.tx.PutTask(t)
		tasks = append(tasks, t)
	}
	svc = rollout.Started(svc, tasks, start.Unhealthy, s.now)
	if len(tasks) == start.Count {
		return svc, refusal
	}
	message := placement.Event(svc.Name, result)
	if svc.LaunchType == types.LaunchTypeFargate {
		message = placement.FargateEvent(svc.Name)
	}
	return svc, model.PlacementRefusal{
		Message: message, Instance: result.Closest.Instance, Reason: string(result.Closest.Reason),
	}
}

// assumable tells what keeps ECS from working under the roles of a task definition.
func (s step) assumable(d *model.TaskDefinition) error {
	for _, role := range []*string{d.Spec.TaskRoleArn, d.Spec.ExecutionRoleArn} {
		if s.settings.MayAssume == nil || aws.ToString(role) == "" {
			continue
		}
		if err := s.settings.MayAssume(*role); err != nil {
			return err
		}
	}
	return nil
}

// zone is the Availability Zone of a container instance.
func (s step) zone(instance string) string {
	if i := s.instance(instance); i != nil {
		return i.AvailabilityZone
	}
	return ""
}

// place finds places for tasks: by the service's capacity providers, or one on each of
// the given instances.
func (s step) place(svc *model.Service, request placement.Request, start rollout.Start, capacity model.Capacity) placement.Result {
	candidates := s.candidates(svc)
	on := start.On
	if on == nil {
		have := map[string]int{}
		for t := range s.tx.LiveTasksOf(svc.Cluster, svc.Name) {
			if t.Deployment == start.Deployment && !t.StopDecided() {
				have[t.CapacityProvider]++
			}
		}
		return placement.PlaceBy(capacity.Strategy, have, request, candidates)
	}
	var all placement.Result
	request.Count = 1
	for _, c := range candidates {
		if !slices.Contains(on, c.Instance.ID) {
			continue
		}
		one := placement.Place(request, []*placement.Candidate{c})
		all.Bindings = append(all.Bindings, one.Bindings...)
		if one.Missing > 0 {
			all.Missing += one.Missing
			all.Refusals = append(all.Refusals, one.Refusals...)
			all.Closest = one.Closest
		}
	}
	return all
}

// candidates are the instances that may take tasks of a service: those of its cluster,
// or, on Fargate, all.
func (s step) candidates(svc *model.Service) []*placement.Candidate {
	if svc.LaunchType == types.LaunchTypeFargate {
		return placement.Candidates(s.tx.AllInstancesAndTasks())
	}
	return placement.Candidates(s.tx.InstancesAndTasks(svc.Cluster))
}
