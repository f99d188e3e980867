package ecs

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
	"steady/state"
)

// missing is the reason of a failure that names something which is not there.
const missing = "MISSING"

const maxDescribedClusters = 100

// CreateCluster makes a cluster. It is idempotent on the name: an ACTIVE cluster of
// that name is returned as it is; an INACTIVE one becomes ACTIVE again.
func (a *API) CreateCluster(ctx context.Context, in *ecs.CreateClusterInput) (*ecs.CreateClusterOutput, error) {
	c, err := newCluster(in)
	if err != nil {
		return nil, err
	}
	out := &ecs.CreateClusterOutput{}
	err = a.store.Update(ctx, func(tx *state.Tx) error {
		old, ok := tx.Cluster(c.Name)
		if ok && old.Status == model.Active {
			c = old
		} else {
			if value := tx.Meta(model.AccountSetting(types.SettingNameContainerInsights)); value != "" && len(c.Settings) == 0 {
				c.Settings = []model.Tag{{Key: string(types.ClusterSettingNameContainerInsights), Value: value}}
			}
			if err := a.associate(&tx.Snapshot, c, in.CapacityProviders, in.DefaultCapacityProviderStrategy); err != nil {
				return err
			}
			tx.PutCluster(c)
		}
		out.Cluster = a.showCluster(&tx.Snapshot, c, allOfCluster)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func newCluster(in *ecs.CreateClusterInput) (*model.Cluster, error) {
	name := aws.ToString(in.ClusterName)
	if name == "" {
		name = model.DefaultCluster
	}
	if err := checkName("clusterName", name); err != nil {
		return nil, err
	}
	if err := refuse(clusterMembers, in, "the cluster"); err != nil {
		return nil, err
	}
	tags, err := readTags(in.Tags)
	if err != nil {
		return nil, err
	}
	settings, err := readSettings(in.Settings)
	if err != nil {
		return nil, err
	}
	if err := checkConfiguration(in.Configuration); err != nil {
		return nil, err
	}
	return &model.Cluster{
		Name: name, Status: model.Active, CreatedAt: time.Now(), Settings: settings, Tags: tags, Configuration: in.Configuration,
	}, nil
}

// readSettings checks the settings of a cluster: containerInsights is all there is.
func readSettings(settings []types.ClusterSetting) ([]model.Tag, error) {
	var read []model.Tag
	for _, s := range settings {
		if s.Name != types.ClusterSettingNameContainerInsights {
			return nil, invalid("setting name should be one of [%s]", types.ClusterSettingNameContainerInsights)
		}
		value := aws.ToString(s.Value)
		if err := checkInsights(value); err != nil {
			return nil, err
		}
		read = append(read, model.Tag{Key: string(s.Name), Value: value})
	}
	return read, nil
}

func checkInsights(value string) error {
	if value == "" || oneOf("containerInsights", value, "enabled", "enhanced", "disabled") != nil {
		return invalid("containerInsights should be one of [enabled,enhanced,disabled]")
	}
	return nil
}

// checkConfiguration checks how a cluster is to keep sessions into containers and
// managed storage.
func checkConfiguration(c *types.ClusterConfiguration) error {
	if c == nil {
		return nil
	}
	if err := refuse(clusterConfigurationMembers, c, "the cluster"); err != nil {
		return err
	}
	e := c.ExecuteCommandConfiguration
	if e == nil {
		return nil
	}
	if err := oneOf("logging", e.Logging, e.Logging.Values()...); err != nil {
		return err
	}
	if e.Logging == types.ExecuteCommandLoggingOverride && e.LogConfiguration == nil {
		return invalid("When logging=OVERRIDE is specified, a logConfiguration must be provided.")
	}
	return nil
}

// UpdateClusterSettings changes the settings of a cluster.
func (a *API) UpdateClusterSettings(ctx context.Context, in *ecs.UpdateClusterSettingsInput) (*ecs.UpdateClusterSettingsOutput, error) {
	if aws.ToString(in.Cluster) == "" || len(in.Settings) == 0 {
		return nil, invalid("cluster and settings can not be empty.")
	}
	shown, err := a.updateCluster(ctx, in.Cluster, in.Settings, nil)
	if err != nil {
		return nil, err
	}
	return &ecs.UpdateClusterSettingsOutput{Cluster: shown}, nil
}

// UpdateCluster changes the settings and the configuration of a cluster.
func (a *API) UpdateCluster(ctx context.Context, in *ecs.UpdateClusterInput) (*ecs.UpdateClusterOutput, error) {
	if aws.ToString(in.Cluster) == "" {
		return nil, invalid("Cluster can not be empty.")
	}
	if err := refuse(updateClusterMembers, in, "the request"); err != nil {
		return nil, err
	}
	if err := checkConfiguration(in.Configuration); err != nil {
		return nil, err
	}
	shown, err := a.updateCluster(ctx, in.Cluster, in.Settings, in.Configuration)
	if err != nil {
		return nil, err
	}
	return &ecs.UpdateClusterOutput{Cluster: shown}, nil
}

// updateCluster gives an ACTIVE cluster settings and a configuration, where there are
// any.
func (a *API) updateCluster(ctx context.Context, ref *string, settings []types.ClusterSetting, configuration *types.ClusterConfiguration) (shown *types.Cluster, err error) {
	read, err := readSettings(settings)
	if err != nil {
		return nil, err
	}
	err = a.inCluster(ctx, ref, func(tx *state.Tx, c *model.Cluster) error {
		n := *c
		if len(read) > 0 {
			n.Settings = read
		}
		if configuration != nil {
			n.Configuration = configuration
		}
		if len(read) > 0 || configuration != nil {
			tx.PutCluster(&n)
		}
		shown = a.showCluster(&tx.Snapshot, &n, allOfCluster)
		return nil
	})
	return shown, err
}

// DescribeClusters shows clusters, INACTIVE ones included. A cluster that does not
// exist is a failure in the reply, no exception.
func (a *API) DescribeClusters(ctx context.Context, in *ecs.DescribeClustersInput) (*ecs.DescribeClustersOutput, error) {
	refs := in.Clusters
	if len(refs) == 0 {
		refs = []string{model.DefaultCluster}
	}
	if len(refs) > maxDescribedClusters {
		return nil, invalid("Clusters can not have more than %d elements.", maxDescribedClusters)
	}
	if err := includes(in.Include); err != nil {
		return nil, err
	}
	s := a.store.Snapshot()
	out := &ecs.DescribeClustersOutput{Clusters: []types.Cluster{}, Failures: []types.Failure{}}
	for _, ref := range refs {
		name, err := a.clusterName(&ref)
		if err != nil {
			return nil, err
		}
		c, ok := s.Cluster(name)
		if !ok {
			out.Failures = append(out.Failures, failure(a.realm.ClusterARN(name)))
			continue
		}
		out.Clusters = append(out.Clusters, *a.showCluster(s, c, in.Include))
	}
	return out, nil
}

func failure(arn string) types.Failure {
	return types.Failure{Arn: aws.String(arn), Reason: aws.String(missing)}
}

// ListClusters lists the ACTIVE clusters by name.
func (a *API) ListClusters(ctx context.Context, in *ecs.ListClustersInput) (*ecs.ListClustersOutput, error) {
	var entries []entry
	for c := range a.store.Snapshot().Clusters() {
		if c.Status == model.Active {
			entries = append(entries, entry{c.Name, a.realm.ClusterARN(c.Name)})
		}
	}
	arns, next, err := paging{operation: "ListClusters", max: in.MaxResults, token: in.NextToken, size: maxPage}.cut(entries)
	if err != nil {
		return nil, err
	}
	return &ecs.ListClustersOutput{ClusterArns: arns, NextToken: next}, nil
}

// DeleteCluster makes a cluster INACTIVE that nothing is in any more.
func (a *API) DeleteCluster(ctx context.Context, in *ecs.DeleteClusterInput) (*ecs.DeleteClusterOutput, error) {
	if aws.ToString(in.Cluster) == "" {
		return nil, invalid("Cluster can not be empty.")
	}
	out := &ecs.DeleteClusterOutput{}
	err := a.inCluster(ctx, in.Cluster, func(tx *state.Tx, c *model.Cluster) error {
		if err := checkEmpty(&tx.Snapshot, c.Name); err != nil {
			return err
		}
		n := *c
		n.Status = model.Inactive
		tx.PutCluster(&n)
		out.Cluster = a.showCluster(&tx.Snapshot, &n, allOfCluster)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// checkEmpty names the first kind of thing that is still in the cluster.
func checkEmpty(s *state.Snapshot, cluster string) error {
	for svc := range s.ServicesIn(cluster) {
		if svc.Status != model.Inactive {
			return awsapi.Errorf("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
		}
	}
	for t := range s.TasksIn(cluster) {
		if t.Live() {
			return awsapi.Errorf("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
		}
	}
	for range s.InstancesIn(cluster) {
		return awsapi.Errorf("ClusterContainsContainerInstancesException", "The Cluster cannot be deleted while Container Instances are active or draining.")
	}
	return nil
}

// allOfCluster is what the replies that are not asked for parts show: "settings,
// statistics and tags" of a cluster that was made or deleted.
var allOfCluster = []types.ClusterField{types.ClusterFieldSettings, types.ClusterFieldTags, types.ClusterFieldConfigurations}

// showCluster renders a cluster. Statistics, settings and tags are shown only when
// they are asked for.
func (a *API) showCluster(s *state.Snapshot, c *model.Cluster, include []types.ClusterField) *types.Cluster {
	n := countCluster(s, c.Name)
	shown := &types.Cluster{
		ClusterArn:                        aws.String(a.realm.ClusterARN(c.Name)),
		ClusterName:                       aws.String(c.Name),
		Status:                            aws.String(string(c.Status)),
		RegisteredContainerInstancesCount: int32(n.instances),
		RunningTasksCount:                 int32(n.tasks.running),
		PendingTasksCount:                 int32(n.tasks.pending),
		ActiveServicesCount:               int32(n.active),
		CapacityProviders:                 given(c.CapacityProviders),
		DefaultCapacityProviderStrategy:   given(c.DefaultStrategy),
		Statistics:                        []types.KeyValuePair{},
		Settings:                          []types.ClusterSetting{},
		Tags:                              []types.Tag{},
	}
	if slices.Contains(include, types.ClusterFieldStatistics) {
		shown.Statistics = n.statistics()
	}
	if slices.Contains(include, types.ClusterFieldSettings) {
		shown.Settings = showSettings(c)
	}
	if slices.Contains(include, types.ClusterFieldTags) {
		shown.Tags = showTags(c.Tags)
	}
	if slices.Contains(include, types.ClusterFieldConfigurations) {
		shown.Configuration = c.Configuration
	}
	return shown
}

// showSettings shows containerInsights also when nobody set it: it is disabled.
func showSettings(c *model.Cluster) []types.ClusterSetting {
	shown := []types.ClusterSetting{}
	for _, s := range c.Settings {
		shown = append(shown, types.ClusterSetting{Name: types.ClusterSettingName(s.Key), Value: aws.String(s.Value)})
	}
	if len(shown) == 0 {
		shown = append(shown, types.ClusterSetting{Name: types.ClusterSettingNameContainerInsights, Value: aws.String("disabled")})
	}
	return shown
}
