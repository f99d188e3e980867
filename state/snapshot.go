package state

import (
	"fmt"
	"iter"
	"slices"
	"strconv"

	"steady/model"
)

// Snapshot is the state at one moment. It never changes.
type Snapshot struct {
	// Index counts commits: a higher one is newer.
	Index uint64
	tables
}

// tables are all the tables there are.
type tables struct {
	clusters    *table[model.Cluster]
	instances   *table[model.Instance]
	definitions *table[model.TaskDefinition]
	services    *table[model.Service]
	tasks       *table[model.Task]
	deployments *table[model.ServiceDeployment]
	revisions   *table[model.ServiceRevision]
	queries     *table[model.QueryDefinition]
	lookups     *table[model.LookupTable]
	meta        *table[Meta]
	rules       *table[model.EventRule]
	providers   *table[model.CapacityProvider]
	outbox      *table[Outgoing]
	secrets     *table[model.Secret]
	parameters  *table[model.Parameter]
	roles       *table[model.Role]
	policies    *table[model.Policy]
}

// Meta is a fact about this installation, such as its id.
type Meta struct {
	Name  string
	Value string
}

// Indexes of the tables, in the order in which newTables makes them.
const (
	instancesByCluster = 0

	servicesByCluster = 0

	liveTasksByInstance    = 0
	liveTasksByService     = 1
	endedTasksByService    = 2
	tasksByCluster         = 3
	endedTasksByDeployment = 4

	deploymentsByService = 0
	revisionsByService   = 0
)

func newTables() tables {
	return tables{
		clusters: newTable("cluster", func(c *model.Cluster) string { return c.Name }),
		instances: newTable("instance", func(i *model.Instance) string { return i.ID },
			func(i *model.Instance) (string, bool) { return i.Cluster, i.Status != model.Inactive }),
		definitions: newTable("taskdefinition", func(d *model.TaskDefinition) string { return d.Ref().Key() }),
		services: newTable("service", func(s *model.Service) string { return ServiceKey(s.Cluster, s.Name) },
			func(s *model.Service) (string, bool) { return s.Cluster, true }),
		tasks: newTable("task", func(t *model.Task) string { return t.ID },
			func(t *model.Task) (string, bool) { return t.Instance, t.Live() },
			func(t *model.Task) (string, bool) {
				return ServiceKey(t.Cluster, t.Service), t.Service != "" && t.Live()
			},
			func(t *model.Task) (string, bool) {
				return ServiceKey(t.Cluster, t.Service), t.Service != "" && !t.Live()
			},
			func(t *model.Task) (string, bool) { return t.Cluster, true },
			func(t *model.Task) (string, bool) { return t.Deployment, t.Deployment != "" && !t.Live() }),
		deployments: newTable("servicedeployment", func(d *model.ServiceDeployment) string { return d.ID },
			func(d *model.ServiceDeployment) (string, bool) { return ServiceKey(d.Cluster, d.Service), true }),
		revisions: newTable("servicerevision", func(r *model.ServiceRevision) string { return r.ID },
			func(r *model.ServiceRevision) (string, bool) { return ServiceKey(r.Cluster, r.Service), true }),
		queries:    newTable("querydefinition", func(q *model.QueryDefinition) string { return q.ID }),
		lookups:    newTable("lookuptable", func(l *model.LookupTable) string { return l.Name }),
		rules:      newTable("eventrule", func(r *model.EventRule) string { return r.Name }),
		meta:       newTable("meta", func(m *Meta) string { return m.Name }),
		secrets:    newTable("secret", func(s *model.Secret) string { return s.Name }),
		parameters: newTable("parameter", func(p *model.Parameter) string { return p.Name }),
		roles:      newTable("role", func(r *model.Role) string { return r.Name }),
		policies:   newTable("policy", func(p *model.Policy) string { return p.ARN }),
		providers:  newTable("capacityprovider", func(p *model.CapacityProvider) string { return p.Name }),
		outbox:     newTable("outbox", func(o *Outgoing) string { return outboxKey(o.Number) }),
	}
}

// ServiceKey identifies a service across clusters.
func ServiceKey(cluster, name string) string { return cluster + "/" + name }

func (t tables) snapshot() tables {
	return tables{
		clusters: t.clusters.snapshot(), instances: t.instances.snapshot(), definitions: t.definitions.snapshot(),
		services: t.services.snapshot(), tasks: t.tasks.snapshot(),
		deployments: t.deployments.snapshot(), revisions: t.revisions.snapshot(),
		queries: t.queries.snapshot(), lookups: t.lookups.snapshot(), meta: t.meta.snapshot(),
		rules: t.rules.snapshot(), providers: t.providers.snapshot(),
		outbox:  t.outbox.snapshot(),
		secrets: t.secrets.snapshot(), parameters: t.parameters.snapshot(),
		roles: t.roles.snapshot(), policies: t.policies.snapshot(),
	}
}

// load puts a row that the backend kept into its table.
func (t tables) load(name, key string, value []byte) error {
	switch name {
	case t.clusters.name:
		return t.clusters.load(key, value)
	case t.instances.name:
		return t.instances.load(key, value)
	case t.definitions.name:
		return t.definitions.load(key, value)
	case t.services.name:
		return t.services.load(key, value)
	case t.tasks.name:
		return t.tasks.load(key, value)
	case t.deployments.name:
		return t.deployments.load(key, value)
	case t.revisions.name:
		return t.revisions.load(key, value)
	case t.queries.name:
		return t.queries.load(key, value)
	case t.lookups.name:
		return t.lookups.load(key, value)
	case t.meta.name:
		return t.meta.load(key, value)
	case t.providers.name:
		return t.providers.load(key, value)
	case t.rules.name:
		return t.rules.load(key, value)
	case t.secrets.name:
		return t.secrets.load(key, value)
	case t.parameters.name:
		return t.parameters.load(key, value)
	case t.roles.name:
		return t.roles.load(key, value)
	case t.policies.name:
		return t.policies.load(key, value)
	case t.outbox.name:
		o, err := unpack(value)
		if err != nil {
			return fmt.Errorf("read the outbox from event %s on: %w", key, err)
		}
		t.outbox.set(key, o)
		return nil
	}
	return fmt.Errorf("table %q is unknown: the data directory was written by a newer Steady", name)
}

// Cluster returns the cluster of that name, INACTIVE ones included.
func (t tables) Cluster(name string) (*model.Cluster, bool) { return t.clusters.get(name) }

// Clusters yields all clusters by name.
func (t tables) Clusters() iter.Seq[*model.Cluster] { return t.clusters.all() }

// Instance returns the container instance of that id, INACTIVE ones included.
func (t tables) Instance(id string) (*model.Instance, bool) { return t.instances.get(id) }

// Instances yields the container instances of all clusters, INACTIVE ones included.
func (t tables) Instances() iter.Seq[*model.Instance] { return t.instances.all() }

// InstancesIn yields the container instances of a cluster, ACTIVE or DRAINING.
func (t tables) InstancesIn(cluster string) iter.Seq[*model.Instance] {
	return t.instances.in(instancesByCluster, cluster)
}

// TaskDefinition returns one revision, INACTIVE ones included.
func (t tables) TaskDefinition(ref model.TaskDefinitionRef) (*model.TaskDefinition, bool) {
	return t.definitions.get(ref.Key())
}

// TaskDefinitions yields all revisions, by family and number.
func (t tables) TaskDefinitions() iter.Seq[*model.TaskDefinition] { return t.definitions.all() }

// Revisions yields the revisions of a family, oldest first.
func (t tables) Revisions(family string) iter.Seq[*model.TaskDefinition] {
	return prefixed(t.definitions.rows, family+":")
}

// RevisionsBackward yields the revisions of a family, newest first.
func (t tables) RevisionsBackward(family string) iter.Seq[*model.TaskDefinition] {
	return prefixedBackward(t.definitions.rows, family+":")
}

// LastRevision is the highest number that a revision of the family ever had, 0 for a new
// family: a number is not used again, even where its revision was deleted.
func (t tables) LastRevision(family string) int {
	last, _ := strconv.Atoi(t.Meta(lastRevision(family))) // no number: none was deleted
	for newest := range t.RevisionsBackward(family) {
		return max(last, newest.Revision)
	}
	return last
}

func lastRevision(family string) string { return "last-revision/" + family }

// Service returns a service, DRAINING and INACTIVE ones included.
func (t tables) Service(cluster, name string) (*model.Service, bool) {
	return t.services.get(ServiceKey(cluster, name))
}

// Services yields the services of all clusters.
func (t tables) Services() iter.Seq[*model.Service] { return t.services.all() }

// ServicesIn yields the services of a cluster by name.
func (t tables) ServicesIn(cluster string) iter.Seq[*model.Service] {
	return t.services.in(servicesByCluster, cluster)
}

// Task returns the task of that id.
func (t tables) Task(id string) (*model.Task, bool) { return t.tasks.get(id) }

// Tasks yields all tasks.
func (t tables) Tasks() iter.Seq[*model.Task] { return t.tasks.all() }

// TasksIn yields the tasks of a cluster, stopped ones included.
func (t tables) TasksIn(cluster string) iter.Seq[*model.Task] {
	return t.tasks.in(tasksByCluster, cluster)
}

// LiveTasksOn yields the tasks that are not STOPPED on a container instance.
func (t tables) LiveTasksOn(instance string) iter.Seq[*model.Task] {
	return t.tasks.in(liveTasksByInstance, instance)
}

// InstancesAndTasks returns the container instances of a cluster and the tasks that
// are not STOPPED on them: what placement starts from.
func (t tables) InstancesAndTasks(cluster string) (instances []*model.Instance, tasks []*model.Task) {
	for i := range t.InstancesIn(cluster) {
		instances = append(instances, i)
		tasks = slices.AppendSeq(tasks, t.LiveTasksOn(i.ID))
	}
	return instances, tasks
}

// AllInstancesAndTasks is InstancesAndTasks of all clusters: what tasks on Fargate are
// placed on, whichever cluster they are of.
func (t tables) AllInstancesAndTasks() (instances []*model.Instance, tasks []*model.Task) {
	for i := range t.Instances() {
		if i.Status == model.Inactive {
			continue
		}
		instances = append(instances, i)
		tasks = slices.AppendSeq(tasks, t.LiveTasksOn(i.ID))
	}
	return instances, tasks
}

// LiveTasksOf yields the tasks of a service that are not STOPPED.
func (t tables) LiveTasksOf(cluster, service string) iter.Seq[*model.Task] {
	return t.tasks.in(liveTasksByService, ServiceKey(cluster, service))
}

// EndedTasksOf yields the STOPPED tasks of a service that are still on record.
func (t tables) EndedTasksOf(cluster, service string) iter.Seq[*model.Task] {
	return t.tasks.in(endedTasksByService, ServiceKey(cluster, service))
}

// EndedTasksIn yields the STOPPED tasks of a deployment that are still on record.
func (t tables) EndedTasksIn(deployment string) iter.Seq[*model.Task] {
	return t.tasks.in(endedTasksByDeployment, deployment)
}

// ServiceDeployment returns the service deployment of that id.
func (t tables) ServiceDeployment(id string) (*model.ServiceDeployment, bool) {
	return t.deployments.get(id)
}

// ServiceDeploymentsOf yields the service deployments of a service, in no order.
func (t tables) ServiceDeploymentsOf(cluster, service string) iter.Seq[*model.ServiceDeployment] {
	return t.deployments.in(deploymentsByService, ServiceKey(cluster, service))
}

// ServiceRevision returns the service revision of that id.
func (t tables) ServiceRevision(id string) (*model.ServiceRevision, bool) { return t.revisions.get(id) }

// ServiceRevisionsOf yields the revisions of a service, in no order.
func (t tables) ServiceRevisionsOf(cluster, service string) iter.Seq[*model.ServiceRevision] {
	return t.revisions.in(revisionsByService, ServiceKey(cluster, service))
}

// TasksOf yields the tasks of a service that are on record, live ones first.
func (t tables) TasksOf(cluster, service string) iter.Seq[*model.Task] {
	return func(yield func(*model.Task) bool) {
		for _, tasks := range []iter.Seq[*model.Task]{t.LiveTasksOf(cluster, service), t.EndedTasksOf(cluster, service)} {
			for task := range tasks {
				if !yield(task) {
					return
				}
			}
		}
	}
}

// CapacityProvider returns the capacity provider of that name, INACTIVE ones included.
func (t tables) CapacityProvider(name string) (*model.CapacityProvider, bool) {
	return t.providers.get(name)
}

// CapacityProviders yields all capacity providers by name.
func (t tables) CapacityProviders() iter.Seq[*model.CapacityProvider] { return t.providers.all() }

// EventRule returns the event rule of that name.
func (t tables) EventRule(name string) (*model.EventRule, bool) { return t.rules.get(name) }

// EventRules yields all event rules by name.
func (t tables) EventRules() iter.Seq[*model.EventRule] { return t.rules.all() }

// Meta returns a fact about this installation, empty when it is not known.
func (t tables) Meta(name string) string {
	if m, ok := t.meta.get(name); ok {
		return m.Value
	}
	return ""
}

// QueryDefinition returns the saved query of that id.
func (t tables) QueryDefinition(id string) (*model.QueryDefinition, bool) { return t.queries.get(id) }

// QueryDefinitions yields all saved queries by id.
func (t tables) QueryDefinitions() iter.Seq[*model.QueryDefinition] { return t.queries.all() }

// LookupTable returns the lookup table of that name.
func (t tables) LookupTable(name string) (*model.LookupTable, bool) { return t.lookups.get(name) }

// LookupTables yields all lookup tables by name.
func (t tables) LookupTables() iter.Seq[*model.LookupTable] { return t.lookups.all() }
