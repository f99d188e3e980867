package agent

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/runtime"
)

func TestConnect(t *testing.T) {
	published := []runtime.Port{{ContainerPort: 80}}
	named := runtime.Network{Hostname: "web", DNS: []string{"10.0.0.2"}}
	isolated := runtime.Network{Mode: "none"}
	for _, tt := range []struct {
		mode  types.NetworkMode
		given runtime.Network
		want  runtime.Network
		ports int
	}{
		{"", named, named, 1},
		{types.NetworkModeBridge, named, named, 1},
		{types.NetworkModeHost, named, runtime.Network{Mode: "host", Hostname: "web", DNS: []string{"10.0.0.2"}}, 0},
		{types.NetworkModeNone, runtime.Network{}, runtime.Network{Mode: "none"}, 0},
		{types.NetworkModeAwsvpc, named, runtime.Network{Mode: "container:holder"}, 0},
		{types.NetworkModeAwsvpc, isolated, isolated, 0}, // disableNetworking
		{types.NetworkModeHost, isolated, isolated, 0},
	} {
		s := runtime.Spec{Network: tt.given, Ports: published}
		connect(&s, tt.mode, "holder")
		if fmt.Sprint(s.Network) != fmt.Sprint(tt.want) || len(s.Ports) != tt.ports {
			t.Errorf("mode %q: %+v with %d ports, want %+v with %d", tt.mode, s.Network, len(s.Ports), tt.want, tt.ports)
		}
	}
}

// What the containers of a task say of their network is the holder's.
func TestTheHolderOfAnInterface(t *testing.T) {
	one := types.ContainerDefinition{Name: aws.String("one"), DnsServers: []string{"10.0.0.2"},
		ExtraHosts:     []types.HostEntry{{Hostname: aws.String("db"), IpAddress: aws.String("10.0.0.3")}},
		SystemControls: []types.SystemControl{{Namespace: aws.String("net.core.somaxconn"), Value: aws.String("512")}, {Namespace: aws.String("kernel.msgmax"), Value: aws.String("1")}}}
	two := one
	two.Name, two.DnsSearchDomains = aws.String("two"), []string{"example.com"}
	off := types.ContainerDefinition{Name: aws.String("off"), DisableNetworking: aws.Bool(true), DnsServers: []string{"10.0.0.9"}}
	d := &model.TaskDefinition{Family: "web", Revision: 2, Spec: types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{one, two, off}}}
	a := &Agent{Config: Config{Instance: &model.Instance{ID: "i"}, Installation: "here", Network: "steady-here"}}
	s := a.holderSpec(&model.Task{ID: "t", Cluster: "default"}, d, "pause")
	want := runtime.Network{Mode: "steady-here", DNS: []string{"10.0.0.2"}, Search: []string{"example.com"}, Hosts: []runtime.Host{{Name: "db", Address: "10.0.0.3"}}}
	if fmt.Sprint(s.Network) != fmt.Sprint(want) {
		t.Errorf("network %+v, want %+v", s.Network, want)
	}
	if len(s.Process.Sysctls) != 1 || s.Process.Sysctls["net.core.somaxconn"] != "512" {
		t.Errorf("sysctls %v", s.Process.Sysctls)
	}
	if s.Name != "ecs-web-2-internalecspause-t" || s.Labels[labelContainer] != holderName || s.Labels[labelTask] != "t" {
		t.Errorf("name %s, labels %v", s.Name, s.Labels)
	}
}

func TestThePortsOfModeHost(t *testing.T) {
	b := ownPorts([]types.PortMapping{{ContainerPort: aws.Int32(80)}, {ContainerPort: aws.Int32(53), Protocol: types.TransportProtocolUdp}})
	if got := fmt.Sprint(b); len(b) != 2 || b[0] != (model.Binding{BindIP: "0.0.0.0", ContainerPort: 80, HostPort: 80, Protocol: "tcp"}) || b[1].Protocol != "udp" {
		t.Error(got)
	}
}

func TestPrivateDNSNames(t *testing.T) {
	for region, want := range map[string]string{"us-east-1": "ip-10-0-0-9.ec2.internal", "eu-west-1": "ip-10-0-0-9.eu-west-1.compute.internal"} {
		if got := privateDNSName(region, "10.0.0.9"); got != want {
			t.Errorf("in %s: %s, want %s", region, got, want)
		}
	}
}
