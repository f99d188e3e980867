package placement

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

func ptr[T any](v T) *T { return &v }

func tcp(ports ...int) []model.HostPort {
	var all []model.HostPort
	for _, p := range ports {
		all = append(all, model.HostPort{Port: p, Protocol: "tcp"})
	}
	return all
}

func TestSize(t *testing.T) {
	mapping := func(container, host int32, p types.TransportProtocol) types.PortMapping {
		return types.PortMapping{ContainerPort: &container, HostPort: &host, Protocol: p}
	}
	tests := []struct {
		name       string
		cpu        int
		memory     int
		mode       types.NetworkMode
		containers []types.ContainerDefinition
		overrides  types.TaskOverride
		want       Sizing
	}{
		{
			name: "without task-level values the containers are added up",
			containers: []types.ContainerDefinition{
				{Cpu: 256, Memory: ptr[int32](512)},
				{Cpu: 128, Memory: ptr[int32](300)},
				{Memory: ptr[int32](100)},
			},
			want: Sizing{CPU: 384, Memory: 912},
		},
		{
			name: "the reservation counts before the hard limit",
			containers: []types.ContainerDefinition{
				{Memory: ptr[int32](512), MemoryReservation: ptr[int32](128)},
				{MemoryReservation: ptr[int32](64)},
			},
			want: Sizing{Memory: 192},
		},
		{
			name: "task-level values replace the sums, each on its own",
			cpu:  1024,
			containers: []types.ContainerDefinition{
				{Cpu: 256, Memory: ptr[int32](512)},
				{Cpu: 256, Memory: ptr[int32](512)},
			},
			want: Sizing{CPU: 1024, Memory: 1024},
		},
		{
			name: "bridge: fixed host ports count, dynamic ones do not",
			mode: types.NetworkModeBridge,
			containers: []types.ContainerDefinition{
				{PortMappings: []types.PortMapping{
					mapping(80, 8080, ""), mapping(53, 53, types.TransportProtocolUdp),
					mapping(90, 0, ""), {ContainerPort: ptr[int32](91)},
					{ContainerPortRange: ptr("7000-7010")},
				}},
				{PortMappings: []types.PortMapping{mapping(53, 53, types.TransportProtocolTcp)}},
			},
			want: Sizing{Ports: []model.HostPort{{Port: 53, Protocol: "tcp"}, {Port: 53, Protocol: "udp"}, {Port: 8080, Protocol: "tcp"}}},
		},
		{
			name:       "no network mode is bridge",
			containers: []types.ContainerDefinition{{PortMappings: []types.PortMapping{mapping(80, 80, "")}}},
			want:       Sizing{Ports: tcp(80)},
		},
		{
			name: "host: the container's port is the host's",
			mode: types.NetworkModeHost,
			containers: []types.ContainerDefinition{{PortMappings: []types.PortMapping{
				{ContainerPort: ptr[int32](80)}, mapping(443, 0, ""), mapping(443, 443, ""),
			}}},
			want: Sizing{Ports: tcp(80, 443)},
		},
		{
			name:       "awsvpc: the task has an interface of its own",
			mode:       types.NetworkModeAwsvpc,
			containers: []types.ContainerDefinition{{PortMappings: []types.PortMapping{mapping(80, 80, "")}}},
			want:       Sizing{},
		},
		{
			name: "GPUs are added up, other resources passed over",
			containers: []types.ContainerDefinition{
				{ResourceRequirements: []types.ResourceRequirement{{Type: types.ResourceTypeGpu, Value: ptr("2")}}},
				{ResourceRequirements: []types.ResourceRequirement{{Type: types.ResourceTypeInferenceAccelerator, Value: ptr("device")}}},
				{ResourceRequirements: []types.ResourceRequirement{{Type: types.ResourceTypeGpu, Value: ptr("1")}}},
			},
			want: Sizing{GPUs: 3},
		},
		{
			name: "overrides of a container replace its values",
			containers: []types.ContainerDefinition{
				{Name: ptr("app"), Cpu: 256, Memory: ptr[int32](512)},
				{Name: ptr("log"), Cpu: 64, Memory: ptr[int32](64)},
			},
			overrides: types.TaskOverride{ContainerOverrides: []types.ContainerOverride{
				{Name: ptr("app"), Cpu: ptr[int32](512), MemoryReservation: ptr[int32](100)},
			}},
			want: Sizing{CPU: 576, Memory: 164},
		},
		{
			name: "overrides of the task replace everything",
			cpu:  256, memory: 512,
			containers: []types.ContainerDefinition{{Cpu: 100, Memory: ptr[int32](100)}},
			overrides:  types.TaskOverride{Cpu: ptr("1024"), Memory: ptr("2048")},
			want:       Sizing{CPU: 1024, Memory: 2048},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := &model.TaskDefinition{CPU: tt.cpu, Memory: tt.memory, Spec: types.TaskDefinition{
				NetworkMode: tt.mode, ContainerDefinitions: tt.containers,
			}}
			if got := SizeWith(d, tt.overrides); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestSizeDoesNotChangeTheDefinition(t *testing.T) {
	d := &model.TaskDefinition{Spec: types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{Name: ptr("app"), Cpu: 1}}}}
	SizeWith(d, types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: ptr("app"), Cpu: ptr[int32](9)}}})
	if got := Size(d).CPU; got != 1 {
		t.Errorf("the definition now has %d CPU units", got)
	}
}

func TestReservedPortsAreOfTheirProtocol(t *testing.T) {
	c := &Candidate{Instance: &model.Instance{ReservedPorts: []int{22}, ReservedUDPPorts: []int{53}}}
	for port, taken := range map[model.HostPort]bool{
		{Port: 22, Protocol: "tcp"}: true, {Port: 22, Protocol: "udp"}: false, {Port: 53, Protocol: "udp"}: true, {Port: 53, Protocol: "tcp"}: false,
	} {
		if c.portTaken(port) != taken {
			t.Errorf("%v is taken: %v, want %v", port, !taken, taken)
		}
	}
	if got := c.Remaining().PortsInUse; len(got) != 2 {
		t.Errorf("in use are %v", got)
	}
}

func TestACandidateAccountsForItsTasks(t *testing.T) {
	instance := &model.Instance{ID: "i1", CPU: 2048, Memory: 4096, ReservedPorts: []int{22, 2376}}
	other := &model.Instance{ID: "i2", CPU: 1024, Memory: 1024}
	task := func(id string, last, desired model.TaskStatus) *model.Task {
		return &model.Task{
			Instance: id, Last: last, Desired: desired, Group: "service:web",
			CPU: 256, Memory: 512, HostPorts: tcp(80),
		}
	}
	candidates := Candidates([]*model.Instance{instance, other}, []*model.Task{
		task("i1", model.Running, model.Running),
		task("i1", model.Stopping, model.Stopped), // still holds its resources
		task("i1", model.Stopped, model.Stopped),  // gone
		task("i3", model.Running, model.Running),  // elsewhere
	})
	want := Remaining{CPU: 1536, Memory: 3072, PortsInUse: tcp(22, 80, 2376)}
	if got := candidates[0].Remaining(); !reflect.DeepEqual(got, want) {
		t.Errorf("remaining %+v, want %+v", got, want)
	}
	if c := candidates[0]; c.RunningTasks != 1 || c.Groups["service:web"] != 1 {
		t.Errorf("%d running tasks, groups %v; want only the task that is meant to run", c.RunningTasks, c.Groups)
	}
	if got := candidates[1].Remaining(); got.CPU != 1024 || got.Memory != 1024 || len(got.PortsInUse) != 0 {
		t.Errorf("the empty instance has %+v left", got)
	}
}
