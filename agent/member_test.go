package agent

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/runtime"
)

func TestAnImageIsForThePlatformOfItsTaskDefinition(t *testing.T) {
	const arm = "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'"
	for _, row := range []struct {
		asked types.CPUArchitecture
		image string
		want  string
	}{
		{"", "linux/arm64", ""},
		{types.CPUArchitectureArm64, "linux/arm64", ""},
		{types.CPUArchitectureX8664, "linux/amd64", ""},
		{types.CPUArchitectureArm64, "", ""},
		{types.CPUArchitectureArm64, "linux/amd64", arm},
	} {
		d := &model.TaskDefinition{Spec: types.TaskDefinition{RuntimePlatform: &types.RuntimePlatform{CpuArchitecture: row.asked}}}
		got := ""
		if err := checkPlatform(d, runtime.Pulled{Platform: row.image}); err != nil {
			got = err.Error()
		}
		if got != row.want {
			t.Errorf("%s of %s: %q, want %q", row.image, row.asked, got, row.want)
		}
	}
}

func TestPortsOfARangeAreToldAsOne(t *testing.T) {
	published := []runtime.Port{
		{ContainerPort: 80, HostPort: 32768, Protocol: "tcp"},
		{ContainerPort: 9000, HostPort: 40000, Protocol: "tcp"}, {ContainerPort: 9001, HostPort: 40001, Protocol: "tcp"},
		{ContainerPort: 9000, HostPort: 50000, Protocol: "udp"},
	}
	ports, one := "9000-9001", int32(9000)
	got := bindings(published, []types.PortMapping{{ContainerPortRange: &ports}, {ContainerPort: &one, Protocol: "udp"}})
	want := []model.Binding{
		{BindIP: "0.0.0.0", ContainerPort: 80, HostPort: 32768, Protocol: "tcp"},
		{BindIP: "0.0.0.0", ContainerPortRange: "9000-9001", HostPortRange: "40000-40001", Protocol: "tcp"},
		{BindIP: "0.0.0.0", ContainerPort: 9000, HostPort: 50000, Protocol: "udp"},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
}

func TestLogDrivers(t *testing.T) {
	for driver, want := range map[types.LogDriver]struct {
		driver, mode string
		read         bool
	}{
		"awslogs": {"", "", true}, "json-file": {"json-file", "", true}, "journald": {"journald", "", true},
		"fluentd": {"fluentd", "non-blocking", true}, "none": {"none", "", false},
	} {
		c := types.ContainerDefinition{LogConfiguration: &types.LogConfiguration{LogDriver: driver}}
		if l := logDriver(c); l.Driver != want.driver || l.Options["mode"] != want.mode || readBack(c) != want.read {
			t.Errorf("%s: %+v, read back %v", driver, l, readBack(c))
		}
	}
	c := types.ContainerDefinition{LogConfiguration: &types.LogConfiguration{LogDriver: "gelf", Options: map[string]string{"mode": "blocking", "cache-disabled": "true"}}}
	if l := logDriver(c); l.Options["mode"] != "blocking" || l.Options["max-buffer-size"] != "" || readBack(c) {
		t.Errorf("%+v", l)
	}
}
