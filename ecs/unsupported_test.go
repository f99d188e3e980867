package ecs

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Each member that the SDK knows is either carried out or refused by name: a new
// version of the SDK cannot bring one that is silently dropped.
func TestEveryMemberIsCarriedOutOrRefused(t *testing.T) {
	t.Run("container", func(t *testing.T) {
		everyMember(t, containerMembers, "Command Cpu DependsOn DisableNetworking DnsSearchDomains DnsServers DockerLabels DockerSecurityOptions EntryPoint "+
			"Environment Essential ExtraHosts HealthCheck Hostname Image Interactive Links LinuxParameters Memory MemoryReservation MountPoints "+
			"Name PortMappings Privileged PseudoTerminal ReadonlyRootFilesystem ResourceRequirements RestartPolicy StartTimeout StopTimeout SystemControls Ulimits User "+
			"VersionConsistency VolumesFrom WorkingDirectory EnvironmentFiles FirelensConfiguration LogConfiguration RepositoryCredentials Secrets")
	})
	t.Run("task definition", func(t *testing.T) {
		everyMember(t, definitionMembers, "ContainerDefinitions EphemeralStorage Family Cpu IpcMode Memory ExecutionRoleArn NetworkMode PidMode PlacementConstraints "+
			"RequiresCompatibilities RuntimePlatform Tags TaskRoleArn Volumes")
	})
	t.Run("volume", func(t *testing.T) {
		everyMember(t, volumeMembers, "DockerVolumeConfiguration Host Name")
	})
	t.Run("linuxParameters", func(t *testing.T) {
		everyMember[types.LinuxParameters](t, nil, "Capabilities Devices InitProcessEnabled MaxSwap SharedMemorySize Swappiness Tmpfs")
	})
	t.Run("port mapping", func(t *testing.T) {
		everyMember[types.PortMapping](t, nil, "AppProtocol ContainerPort ContainerPortRange HostPort Name Protocol")
	})
	t.Run("CreateCluster", func(t *testing.T) {
		everyMember(t, clusterMembers, "ClusterName Configuration Settings Tags CapacityProviders DefaultCapacityProviderStrategy")
	})
	t.Run("UpdateService", func(t *testing.T) {
		everyMember(t, serviceMembers, "Service Cluster DeploymentConfiguration DesiredCount EnableECSManagedTags EnableExecuteCommand "+
			"ForceNewDeployment HealthCheckGracePeriodSeconds NetworkConfiguration PlacementConstraints PlacementStrategy PropagateTags TaskDefinition "+
			"CapacityProviderStrategy PlatformVersion",
			"AvailabilityZoneRebalancing", "ENABLED")
	})
	t.Run("deployment configuration", func(t *testing.T) {
		everyMember(t, deploymentMembers, "DeploymentCircuitBreaker EarlySuccessCriteria MaximumPercent MinimumHealthyPercent")
	})
	t.Run("circuit breaker", func(t *testing.T) {
		everyMember[types.DeploymentCircuitBreaker](t, nil, "Enable ResetOnHealthyTask Rollback ThresholdConfiguration")
		everyMember[types.ThresholdConfiguration](t, nil, "Type Value")
	})
	t.Run("early success criteria", func(t *testing.T) {
		everyMember[types.DeploymentEarlySuccessCriteria](t, nil, "Enable HealthyPercent SourceServiceRevisionCleanup")
	})
	t.Run("RegisterContainerInstance", func(t *testing.T) {
		everyMember(t, registerInstanceMembers, "Attributes ClientToken Cluster ContainerInstanceArn InstanceIdentityDocument InstanceIdentityDocumentSignature "+
			"Tags TotalResources VersionInfo")
	})
	t.Run("RunTask", func(t *testing.T) {
		everyMember(t, runTaskMembers, "TaskDefinition ClientToken Cluster Count EnableECSManagedTags EnableExecuteCommand Group NetworkConfiguration Overrides "+
			"PlacementConstraints PlacementStrategy PropagateTags ReferenceId StartedBy Tags CapacityProviderStrategy LaunchType PlatformVersion")
	})
	t.Run("overrides", func(t *testing.T) {
		everyMember(t, overrideMembers, "ContainerOverrides Cpu EphemeralStorage ExecutionRoleArn Memory TaskRoleArn")
	})
	t.Run("container override", func(t *testing.T) {
		everyMember[types.ContainerOverride](t, nil, "Command Cpu Environment EnvironmentFiles Memory MemoryReservation Name ResourceRequirements")
	})
}

// everyMember gives one member after the other, each filled to the bottom. values
// are pairs of a member and the value that it is to have.
func everyMember[T any](t *testing.T, table []unsupported[T], carriedOut string, values ...string) {
	typ := reflect.TypeFor[T]()
	done := strings.Fields(carriedOut)
	for i := range typ.NumField() {
		f := typ.Field(i)
		if !f.IsExported() {
			continue
		}
		v := reflect.New(typ)
		if x := slices.Index(values, f.Name); x >= 0 {
			v.Elem().Field(i).SetString(values[x+1])
		} else {
			fill(v.Elem().Field(i))
		}
		err := refuse(table, v.Interface().(*T), "here")
		switch name := strings.ToLower(f.Name[:1]) + f.Name[1:]; {
		case slices.Contains(done, f.Name) && err != nil:
			t.Errorf("%s is carried out, but: %v", name, err)
		case slices.Contains(done, f.Name):
		case err == nil:
			t.Errorf("%s is neither carried out nor refused", name)
		case !strings.Contains(err.Error(), name) || !strings.HasPrefix(err.Error(), "ClientException: "):
			t.Errorf("%s is refused without its name: %v", name, err)
		}
	}
}

// fill gives a value that is zero nowhere.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("name"), reflect.ValueOf("value"))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Float64:
		v.SetFloat(1)
	}
}

// A member that CreateService has in common with UpdateService is treated as there.
func TestCreateServiceHandsOverTheSharedMembers(t *testing.T) {
	in := &ecs.CreateServiceInput{}
	fill(reflect.ValueOf(in).Elem())
	settings := reflect.ValueOf(settingsOf(in)).Elem()
	own := strings.Fields("ServiceName ClientToken Cluster LaunchType Role SchedulingStrategy Tags")
	for i := range reflect.TypeFor[ecs.CreateServiceInput]().NumField() {
		f := reflect.TypeFor[ecs.CreateServiceInput]().Field(i)
		if !f.IsExported() || slices.Contains(own, f.Name) {
			continue
		}
		if v := settings.FieldByName(f.Name); !v.IsValid() || v.IsZero() {
			t.Errorf("%s is not handed over", f.Name)
		}
	}
}

// What tools send as their default is not refused.
func TestDefaultsOfUnsupportedMembersAreAccepted(t *testing.T) {
	no, zero := false, int32(0)
	c := &types.ContainerDefinition{
		Privileged: &no, ReadonlyRootFilesystem: &no, Interactive: &no, MountPoints: []types.MountPoint{},
		LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs},
		PortMappings:     []types.PortMapping{{ContainerPort: &zero}},
	}
	s := &ecs.UpdateServiceInput{
		AvailabilityZoneRebalancing: types.AvailabilityZoneRebalancingDisabled, HealthCheckGracePeriodSeconds: &zero,
		LoadBalancers: []types.LoadBalancer{}, DeploymentController: &types.DeploymentController{Type: types.DeploymentControllerTypeEcs},
	}
	d := &types.DeploymentConfiguration{Strategy: types.DeploymentStrategyRolling, BakeTimeInMinutes: &zero, Alarms: &types.DeploymentAlarms{}}
	if err := first(refuse(containerMembers, c, ""), refuse(serviceMembers, s, ""), refuse(deploymentMembers, d, "")); err != nil {
		t.Error(err)
	}
}

func TestARefusalSaysWhatToRemove(t *testing.T) {
	w := newWorld(t)
	w.fails("ClientException: credentialSpecs is not supported by Steady yet: remove it from container 'app'", func() error {
		c := webContainer()
		name := "web"
		c.CredentialSpecs = []string{"credentialspecdomainless:arn:aws:s3:::bucket/key"}
		return failed(w.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{Family: &name, ContainerDefinitions: []types.ContainerDefinition{c}}))
	})
	w.fails("ClientException: loadBalancers is not supported by Steady yet: remove it from the service", func() error {
		in := createWeb()
		in.LoadBalancers = []types.LoadBalancer{{}}
		return failed(w.CreateService(t.Context(), in))
	})
}
