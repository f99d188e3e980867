package ecs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/lifecycle"
	"steady/model"
	"steady/placement"
	"steady/state"
)

const (
	maxRunCount     = 10
	maxStartedBy    = 128 // characters
	maxGroup        = 255 // characters
	maxReferenceID  = 1024
	maxRunTaskToken = 64 // characters of a clientToken
)

// RunTask places tasks of their own and makes their records. Copies that found no
// place are told in failures, one for each instance that was examined; the reply
// is no error then.
func (a *API) RunTask(ctx context.Context, in *ecs.RunTaskInput) (*ecs.RunTaskOutput, error) {
	if err := checkRun(in); err != nil {
		return nil, err
	}
	tags, err := readTags(in.Tags)
	if err != nil {
		return nil, err
	}
	r := run{ecs: a, in: in, tags: tags, now: time.Now()}
	if r.digest, err = requestDigest(in); err != nil {
		return nil, err
	}
	if err := a.store.Update(ctx, r.place); err != nil {
		return nil, err
	}
	return &r.out, nil
}

// checkRun checks what can be checked without the state.
func checkRun(in *ecs.RunTaskInput) error {
	if in.Count != nil && (*in.Count < 1 || *in.Count > maxRunCount) {
		return invalid("count should be from 1 to %d.", maxRunCount)
	}
	if err := first(
		oneOf("launch type", in.LaunchType, types.LaunchTypeEc2, types.LaunchTypeFargate, types.LaunchTypeExternal),
		checkLaunch(in, maxStartedBy),
	); err != nil {
		return err
	}
	if err := placement.Validate(in.PlacementConstraints, in.PlacementStrategy); err != nil {
		return invalid("Invalid placement of the task: %v", err)
	}
	return checkToken(in.ClientToken, maxRunTaskToken)
}

// checkLaunch checks what RunTask and StartTask have in common.
func checkLaunch(in *ecs.RunTaskInput, maxStartedBy int) error {
	if aws.ToString(in.TaskDefinition) == "" {
		return invalid("taskDefinition can not be empty.")
	}
	if len(aws.ToString(in.StartedBy)) > maxStartedBy {
		return invalid("startedBy longer than %d.", maxStartedBy)
	}
	group := aws.ToString(in.Group)
	if len(group) > maxGroup {
		return invalid("group longer than %d.", maxGroup)
	}
	if strings.HasPrefix(group, "service:") {
		return invalid("Invalid namespace for group.")
	}
	if len(aws.ToString(in.ReferenceId)) > maxReferenceID {
		return invalid("referenceId longer than %d.", maxReferenceID)
	}
	return first(
		oneOf("propagateTags", in.PropagateTags, types.PropagateTagsTaskDefinition, types.PropagateTagsNone),
		checkNetwork(in.NetworkConfiguration),
		refuse(runTaskMembers, in, "the request"),
	)
}

// requestDigest tells two requests with the same clientToken apart.
func requestDigest(in any) (string, error) {
	b, err := awsapi.Encode(in)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// run is one RunTask request on its way.
type run struct {
	ecs     *API
	in      *ecs.RunTaskInput
	tags    []model.Tag
	digest  string
	now     time.Time
	network *types.NetworkConfiguration // of the tasks, as it is kept
	on      capacity
	out     ecs.RunTaskOutput
}

// place is the transaction.
func (r *run) place(tx *state.Tx) error {
	r.out = ecs.RunTaskOutput{Tasks: []types.Task{}, Failures: []types.Failure{}}
	c, err := r.ecs.cluster(&tx.Snapshot, r.in.Cluster)
	if err != nil {
		return err
	}
	earlier, err := r.earlier(tx, c.Name)
	if err != nil {
		return err
	}
	if len(earlier) > 0 {
		r.show(tx, earlier)
		return nil
	}
	if r.on, err = r.ecs.capacityOf(c, r.in.LaunchType, r.in.CapacityProviderStrategy, r.in.PlatformVersion); err != nil {
		return err
	}
	d, overrides, request, err := r.prepare(tx)
	if err != nil {
		return err
	}
	result := placement.PlaceBy(r.on.strategy, nil, request, candidates(&tx.Snapshot, c.Name, r.on.launch))
	if r.on.launch != types.LaunchTypeFargate && result.Missing > 0 && len(result.Refusals) == 0 && len(result.Empty) == 0 {
		return invalid("No Container Instances were found in your cluster.")
	}
	r.launch(tx, d, c.Name, request, overrides, result)
	r.tellMissing(c.Name, result)
	return nil
}

// candidates are the instances on which tasks of a cluster can be placed: "tasks on
// Fargate run on capacity that is not the cluster's", here on any instance.
func candidates(s *state.Snapshot, cluster string, launch types.LaunchType) []*placement.Candidate {
	if launch == types.LaunchTypeFargate {
		return placement.Candidates(s.AllInstancesAndTasks())
	}
	return placement.Candidates(s.InstancesAndTasks(cluster))
}

// tellMissing tells why copies found no place. On Fargate the caller has no instances to
// be told of; what they lack is the detail.
func (r *run) tellMissing(cluster string, result placement.Result) {
	if r.on.launch == types.LaunchTypeFargate {
		for range result.Missing {
			f := types.Failure{Reason: aws.String(placement.NoFargate)}
			if result.Closest.Reason != "" {
				f.Detail = aws.String(string(result.Closest.Reason))
			}
			r.out.Failures = append(r.out.Failures, f)
		}
		return
	}
	for _, refusal := range result.Refusals {
		r.fail(cluster, refusal.Instance, string(refusal.Reason))
	}
	for _, name := range result.Empty {
		r.out.Failures = append(r.out.Failures, types.Failure{
			Arn: aws.String(r.ecs.realm.CapacityProviderARN(name)), Reason: aws.String("EMPTY CAPACITY PROVIDER"),
			Detail: aws.String("No ACTIVE container instance has the attribute " + model.CapacityProviderAttribute + "=" + name + "."),
		})
	}
}

// prepare finds what is to run, with what overrides, and what it asks of placement.
func (r *run) prepare(tx *state.Tx) (d *model.TaskDefinition, o types.TaskOverride, q placement.Request, err error) {
	if d, err = r.ecs.usableDefinition(&tx.Snapshot, *r.in.TaskDefinition); err != nil {
		return d, o, q, err
	}
	if o, err = readOverrides(r.in.Overrides, d); err != nil {
		return d, o, q, err
	}
	if r.network, err = networkOf(d, r.in.NetworkConfiguration, r.on.launch); err != nil {
		return d, o, q, err
	}
	if q, err = r.request(d, o); err != nil {
		return d, o, q, err
	}
	if err = checkStorageOverride(o.EphemeralStorage, r.on.launch); err != nil {
		return d, o, q, err
	}
	if err = checkCompatible(d, r.on.launch); err == nil && r.on.launch == types.LaunchTypeFargate {
		err = first(checkPlacementOn(r.on.launch, r.in.PlacementConstraints, r.in.PlacementStrategy), checkFargateSize(q.CPU, q.Memory))
	}
	if err == nil {
		err = r.ecs.checkRoles(d, o)
	}
	return d, o, q, err
}

// fail tells that an instance did not take a task.
func (r *run) fail(cluster, instance, reason string) {
	r.out.Failures = append(r.out.Failures, types.Failure{
		Arn: aws.String(r.ecs.realm.InstanceARN(cluster, instance)), Reason: aws.String(reason),
	})
}

// earlier finds the tasks of the same request, made before: "an identifier that
// you provide to ensure the idempotency of the request".
func (r *run) earlier(tx *state.Tx, cluster string) ([]*model.Task, error) {
	token := aws.ToString(r.in.ClientToken)
	if token == "" {
		return nil, nil
	}
	var tasks []*model.Task
	var others []string
	for t := range tx.TasksIn(cluster) {
		if t.ClientToken != token {
			continue
		}
		if t.RequestDigest != r.digest {
			others = append(others, r.ecs.realm.TaskARN(cluster, t.ID))
			continue
		}
		tasks = append(tasks, t)
	}
	if len(others) > 0 {
		e := awsapi.Errorf("ConflictException", "The clientToken was used before with other parameters: use a new one.")
		e.Fields = map[string]any{"resourceIds": others}
		return nil, e
	}
	return tasks, nil
}

// request is what placement is asked. Without a strategy the tasks of a group are
// spread as those of a service are; Amazon does not say what it does.
func (r *run) request(d *model.TaskDefinition, overrides types.TaskOverride) (placement.Request, error) {
	if n := len(r.in.PlacementConstraints) + len(d.Spec.PlacementConstraints); n > placement.MaxConstraints {
		return placement.Request{}, invalid("%d placement constraints are given, those of the task definition included; give at most %d.", n, placement.MaxConstraints)
	}
	q := placement.For(d, 1)
	if r.in.Count != nil {
		q.Count = int(*r.in.Count)
	}
	q.Sizing = placement.SizeWith(d, overrides)
	q.Group = aws.ToString(r.in.Group)
	if q.Group == "" {
		q.Group = "family:" + d.Family
	}
	q.Constraints = r.in.PlacementConstraints
	q.Strategy = r.in.PlacementStrategy
	q.DefaultSpread = true
	q.Seed = rand.Uint64()
	return q, nil
}

// launch makes the records of the tasks that were placed.
func (r *run) launch(tx *state.Tx, d *model.TaskDefinition, cluster string, q placement.Request, overrides types.TaskOverride, placed placement.Result) {
	tags := slices.Clone(r.tags)
	if r.in.PropagateTags == types.PropagateTagsTaskDefinition {
		tags = propagate(tags, d.Tags)
	}
	if r.in.EnableECSManagedTags {
		tags = append(tags, model.ManagedTags(cluster, "")...)
	}
	var tasks []*model.Task
	for n, instance := range placed.Bindings {
		t := lifecycle.New(d, lifecycle.Launch{
			Cluster: cluster, Instance: instance, Group: q.Group, StartedBy: aws.ToString(r.in.StartedBy),
			LaunchType: r.on.launch, CapacityProvider: placed.Provider(n), PlatformVersion: r.on.platform,
			CPU: q.CPU, Memory: q.Memory, HostPorts: q.Ports,
			Overrides: overrides, Tags: tags, EnableExecuteCommand: r.in.EnableExecuteCommand,
			Network: r.network, Zone: zoneOf(&tx.Snapshot, instance),
		}, r.now)
		t.ClientToken, t.RequestDigest = aws.ToString(r.in.ClientToken), r.digest
		tx.PutTask(t)
		tasks = append(tasks, t)
	}
	r.show(tx, tasks)
}

// propagate adds tags whose keys the request does not set itself.
func propagate(own, more []model.Tag) []model.Tag {
	for _, t := range more {
		if !slices.ContainsFunc(own, func(o model.Tag) bool { return o.Key == t.Key }) {
			own = append(own, t)
		}
	}
	return own
}

func (r *run) show(tx *state.Tx, tasks []*model.Task) {
	for _, t := range tasks {
		r.out.Tasks = append(r.out.Tasks, r.ecs.showTask(&tx.Snapshot, t, true))
	}
}
