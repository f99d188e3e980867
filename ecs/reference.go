package ecs

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"steady/model"
	"steady/state"
)

// validName is the form of the names of clusters, services, families and
// containers: "up to 255 letters, numbers, hyphens, and underscores".
var validName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

func checkName(what, name string) error {
	if name == "" {
		return invalid("%s can not be empty.", what)
	}
	if !validName.MatchString(name) {
		return invalid("%s %q is not valid: use 1 to 255 letters, numbers, hyphens, and underscores.", what, name)
	}
	return nil
}

// clusterName reads a cluster's name or ARN. "If you do not specify a cluster, the
// default cluster is assumed."
func (a *API) clusterName(ref *string) (string, error) {
	s := aws.ToString(ref)
	if s == "" {
		return model.DefaultCluster, nil
	}
	if !isARN(s) && !validName.MatchString(s) {
		return "", invalid(`Cluster must match ^[a-zA-Z0-9\-_]{1,255}$, but was %s`, s)
	}
	if !isARN(s) {
		return s, nil
	}
	path, err := a.arnPath("cluster", s)
	if err != nil {
		return "", err
	}
	return path[0], nil
}

// cluster finds an ACTIVE cluster.
func (a *API) cluster(s *state.Snapshot, ref *string) (*model.Cluster, error) {
	name, err := a.clusterName(ref)
	if err != nil {
		return nil, err
	}
	c, ok := s.Cluster(name)
	if !ok {
		return nil, clusterNotFound()
	}
	if c.Status != model.Active {
		return nil, clusterInactive()
	}
	return c, nil
}

// inCluster does something in an ACTIVE cluster, in one transaction.
func (a *API) inCluster(ctx context.Context, ref *string, do func(tx *state.Tx, c *model.Cluster) error) error {
	return a.store.Update(ctx, func(tx *state.Tx) error {
		c, err := a.cluster(&tx.Snapshot, ref)
		if err != nil {
			return err
		}
		return do(tx, c)
	})
}

// identifier reads the name or id of something in a cluster: bare, or an ARN of
// the long form (with the cluster) or the short one (without).
func (a *API) identifier(resource, ref, cluster string) (string, error) {
	if !isARN(ref) {
		return ref, nil
	}
	path, err := a.arnPath(resource, ref)
	if err != nil {
		return "", err
	}
	if len(path) == 1 {
		return path[0], nil
	}
	if path[0] != cluster {
		return "", invalid("Invalid identifier: Identifier is for cluster %s. Your cluster is %s", path[0], cluster)
	}
	return path[1], nil
}

func isARN(s string) bool { return strings.HasPrefix(s, "arn:") }

// arnPath is the path of an ARN of this resource type: "service/default/web" has
// "default" and "web".
func (a *API) arnPath(resource, arn string) ([]string, error) {
	kind, path, err := a.readARN(arn)
	if err != nil {
		return nil, err
	}
	if kind != resource || len(path) > 2 {
		return nil, invalid("Invalid identifier: %q is not the ARN of a %s.", arn, resource)
	}
	return path, nil
}

// readARN splits an ARN into its resource type and the path behind it. What is in another
// region or account may have a namesake here, which is not what is meant.
func (a *API) readARN(arn string) (resource string, path []string, err error) {
	in, resource, path, ok := model.ParseARN(arn)
	switch {
	case !ok:
		return "", nil, invalid("Invalid identifier: %q is not an ARN of ECS.", arn)
	case in.Region != a.realm.Region:
		return "", nil, invalid("Invalid Region in ARN")
	case in.Account != a.realm.Account:
		return "", nil, invalid("Identifier is for %s. Your accountId is %s", in.Account, a.realm.Account)
	}
	return resource, path, nil
}

// findTask finds a task of a cluster.
func (a *API) findTask(s *state.Snapshot, cluster, ref string) (*model.Task, bool, error) {
	id, err := a.identifier("task", ref, cluster)
	if err != nil {
		return nil, false, err
	}
	t, ok := s.Task(id)
	return t, ok && t.Cluster == cluster, nil
}

// findInstance finds a container instance of a cluster.
func (a *API) findInstance(s *state.Snapshot, cluster, ref string) (*model.Instance, bool, error) {
	id, err := a.identifier("container-instance", ref, cluster)
	if err != nil {
		return nil, false, err
	}
	i, ok := s.Instance(id)
	return i, ok && i.Cluster == cluster, nil
}

// findService finds a service of a cluster, whatever its status.
func (a *API) findService(s *state.Snapshot, cluster, ref string) (*model.Service, bool, error) {
	name, err := a.identifier("service", ref, cluster)
	if err != nil {
		return nil, false, err
	}
	svc, ok := s.Service(cluster, name)
	return svc, ok, nil
}

// definitionRef reads "family", "family:revision" or a task definition's ARN. The
// revision is 0 when none is given.
func (a *API) definitionRef(ref string) (model.TaskDefinitionRef, error) {
	if isARN(ref) {
		path, err := a.arnPath("task-definition", ref)
		if err != nil {
			return model.TaskDefinitionRef{}, err
		}
		ref = strings.Join(path, "/")
	}
	family, number, found := strings.Cut(ref, ":")
	if !found {
		return model.TaskDefinitionRef{Family: family}, nil
	}
	revision, err := strconv.Atoi(number)
	if err != nil || revision <= 0 {
		return model.TaskDefinitionRef{}, invalid("Invalid revision number. Number: %s", number)
	}
	return model.TaskDefinitionRef{Family: family, Revision: revision}, nil
}

// findDefinition finds a revision; a family alone means its latest ACTIVE one.
func findDefinition(s *state.Snapshot, ref model.TaskDefinitionRef) (*model.TaskDefinition, bool) {
	if ref.Revision != 0 {
		return s.TaskDefinition(ref)
	}
	for d := range s.RevisionsBackward(ref.Family) {
		if d.Status == model.Active {
			return d, true
		}
	}
	return nil, false
}

// usableDefinition finds the revision that new tasks shall run.
func (a *API) usableDefinition(s *state.Snapshot, ref string) (*model.TaskDefinition, error) {
	r, err := a.definitionRef(ref)
	if err != nil {
		return nil, err
	}
	d, ok := findDefinition(s, r)
	if !ok {
		return nil, refused("TaskDefinition not found.")
	}
	if d.Status != model.Active {
		return nil, refused("TaskDefinition is inactive")
	}
	return d, nil
}
