package ecs

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

// kind is something of which a request names several, by name, id or ARN.
type kind[T any] struct {
	api  *API
	name string // as it stands in ARNs
	find func(s *state.Snapshot, cluster, ref string) (*T, bool, error)
	arn  func(cluster, id string) string
}

func (a *API) tasks() kind[model.Task] {
	return kind[model.Task]{a, "task", a.findTask, a.realm.TaskARN}
}

func (a *API) services() kind[model.Service] {
	return kind[model.Service]{a, "service", a.findService, a.realm.ServiceARN}
}

func (a *API) instances() kind[model.Instance] {
	return kind[model.Instance]{a, "container-instance", a.findInstance, a.realm.InstanceARN}
}

// describe hands what refs name in a cluster, as it is in a snapshot, to show; see each.
func (k kind[T]) describe(s *state.Snapshot, ref *string, refs []string, show func(*state.Snapshot, *T)) ([]types.Failure, error) {
	c, err := k.api.cluster(s, ref)
	if err != nil {
		return nil, err
	}
	return k.each(s, c.Name, refs, func(found *T) { show(s, found) })
}

// each hands what refs name in a cluster to do, in their order. What is not there becomes
// a failure, with the ARN that it would have; a reference that is none is an error.
func (k kind[T]) each(s *state.Snapshot, cluster string, refs []string, do func(*T)) ([]types.Failure, error) {
	failures := []types.Failure{}
	for _, ref := range refs {
		found, ok, err := k.find(s, cluster, ref)
		if err != nil {
			return nil, err
		}
		if !ok {
			id, _ := k.api.identifier(k.name, ref, cluster)
			failures = append(failures, failure(k.arn(cluster, id)))
			continue
		}
		do(found)
	}
	return failures, nil
}

// checkCount checks how many of something a request names.
func checkCount(what string, refs []string, most int) error {
	switch {
	case len(refs) == 0:
		return invalid("%s cannot be empty.", what)
	case len(refs) > most:
		return invalid("%s cannot have more than %d elements.", what, most)
	}
	return nil
}

// checkInstanceCount is checkCount of container instances: naming none of them is another
// exception.
func checkInstanceCount(refs []string, most int) error {
	if len(refs) == 0 {
		return refused("Container Instances cannot be empty.")
	}
	return checkCount("Container Instances", refs, most)
}
