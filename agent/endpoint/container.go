package endpoint

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awslogs"
	"steady/model"
	"steady/runtime"
)

// containerBody is what is told of a container. What is not of version 4 is empty in the
// older ones.
type containerBody struct {
	DockerID      string            `json:"DockerId"`
	Name          string            `json:"Name"`
	DockerName    string            `json:"DockerName"`
	Image         string            `json:"Image"`
	ImageID       string            `json:"ImageID"`
	Ports         []portBody        `json:"Ports,omitempty"`
	Labels        map[string]string `json:"Labels,omitempty"`
	DesiredStatus string            `json:"DesiredStatus"`
	KnownStatus   string            `json:"KnownStatus"`
	ExitCode      *int              `json:"ExitCode,omitempty"`
	Limits        limitsBody        `json:"Limits"`
	CreatedAt     *time.Time        `json:"CreatedAt,omitempty"`
	StartedAt     *time.Time        `json:"StartedAt,omitempty"`
	FinishedAt    *time.Time        `json:"FinishedAt,omitempty"`
	Type          string            `json:"Type"`
	Networks      []networkBody     `json:"Networks,omitempty"`
	Health        *healthBody       `json:"Health,omitempty"`
	Volumes       []volumeBody      `json:"Volumes,omitempty"`
	LogDriver     string            `json:"LogDriver,omitempty"`
	LogOptions    map[string]string `json:"LogOptions,omitempty"`
	ContainerARN  string            `json:"ContainerARN,omitempty"`
	RestartCount  *int              `json:"RestartCount,omitempty"`
}

type portBody struct {
	ContainerPort int    `json:"ContainerPort,omitempty"`
	Protocol      string `json:"Protocol,omitempty"`
	HostPort      int    `json:"HostPort,omitempty"`
	HostIP        string `json:"HostIp,omitempty"`
}

// limitsBody has CPU units of a container, virtual CPUs of a task; and MiB.
type limitsBody struct {
	CPU    float64 `json:"CPU,omitempty"`
	Memory int     `json:"Memory,omitempty"`
}

type healthBody struct {
	Status   model.HealthStatus `json:"status"`
	ExitCode int                `json:"exitCode,omitempty"` // of the check, if it failed
	Output   string             `json:"output,omitempty"`
}

type volumeBody struct {
	DockerName  string `json:"DockerName,omitempty"`
	Source      string `json:"Source,omitempty"`
	Destination string `json:"Destination,omitempty"`
}

type networkBody struct {
	NetworkMode   string   `json:"NetworkMode"`
	IPv4Addresses []string `json:"IPv4Addresses,omitempty"`
	// Of an interface of the task's own.
	AttachmentIndex *int   `json:"AttachmentIndex,omitempty"`
	MACAddress      string `json:"MACAddress,omitempty"`
	PrivateDNSName  string `json:"PrivateDNSName,omitempty"`
}

// describe looks at a container. What its runtime cannot tell is left out.
func (s *Server) describe(ctx context.Context, v version, t Task, name string) (containerBody, error) {
	c := t.container(name)
	var seen runtime.Container
	if c.RuntimeID != "" {
		var err error
		if seen, err = s.Inspect(ctx, c.RuntimeID); err != nil {
			return containerBody{}, err
		}
	}
	return s.body(v, t, c, seen), nil
}

func (s *Server) body(v version, t Task, c model.Container, seen runtime.Container) containerBody {
	d, _ := t.Definition.Container(c.Name)
	b := containerBody{
		DockerID: c.RuntimeID, Name: c.Name, DockerName: seen.Name, Image: c.Image, ImageID: seen.ImageID,
		Ports: ports(v, t, d, c), Labels: seen.Labels,
		DesiredStatus: string(t.Desired), KnownStatus: known(c, seen),
		Limits:    limitsOf(t, c.Name),
		CreatedAt: moment(seen.CreatedAt), StartedAt: moment(seen.StartedAt), FinishedAt: moment(seen.FinishedAt),
		Type: "NORMAL", Networks: networks(t, c, seen),
	}
	if c.Exit.Known {
		b.ExitCode = &c.Exit.Code
	}
	if c.Checked {
		b.Health = &healthBody{cmp.Or(c.Health, model.HealthUnknown), seen.HealthExitCode, seen.HealthOutput}
	}
	for _, m := range seen.Mounts {
		b.Volumes = append(b.Volumes, volumeBody{m.Volume, m.Source, m.Target})
	}
	if v.name != v4.name {
		return b
	}
	b.LogDriver, b.LogOptions = logsOf(t, d, c)
	b.ContainerARN = s.Realm.ContainerARN(t.Cluster, t.ID, c.ID)
	if p := d.RestartPolicy; p != nil && aws.ToBool(p.Enabled) {
		b.RestartCount = &c.RestartCount
	}
	return b
}

func (t Task) container(name string) model.Container {
	for _, c := range t.Containers {
		if c.Name == name {
			return c
		}
	}
	return model.Container{Name: name}
}

// moment is a time that is told; the zero time is none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// known is how far a container has come, in the ECS agent's own states.
func known(c model.Container, seen runtime.Container) string {
	switch {
	case c.Last == model.Stopped || seen.State == runtime.Exited:
		return "STOPPED"
	case c.Last == model.Running || seen.State == runtime.Running:
		return "RUNNING"
	case c.RuntimeID != "":
		return "CREATED"
	case c.Digest != "":
		return "PULLED"
	}
	return "NONE"
}

// limitsOf are what a container was given; "0, null and 1 are passed to Docker as 2 CPU
// shares".
func limitsOf(t Task, name string) limitsBody {
	sizes := t.Sizes(t.Definition, name)
	return limitsBody{CPU: float64(max(2, aws.ToInt32(sizes.CPU))), Memory: int(aws.ToInt32(sizes.Memory))}
}

// ports are the bindings of a container in network mode bridge, what it listens on in the
// others.
func ports(v version, t Task, d types.ContainerDefinition, c model.Container) []portBody {
	var all []portBody
	if Mode(t.Definition) == string(types.NetworkModeBridge) {
		for _, b := range c.Bindings {
			if b.ContainerPort == 0 {
				continue // a range, which has no place here
			}
			p := portBody{ContainerPort: b.ContainerPort, Protocol: b.Protocol, HostPort: b.HostPort}
			if v.name == v4.name {
				p.HostIP = b.BindIP
			}
			all = append(all, p)
		}
		return all
	}
	for _, m := range d.PortMappings {
		if m.ContainerPort != nil {
			all = append(all, portBody{ContainerPort: int(*m.ContainerPort), Protocol: cmp.Or(string(m.Protocol), "tcp")})
		}
	}
	return all
}

func networks(t Task, c model.Container, seen runtime.Container) []networkBody {
	mode := Mode(t.Definition)
	if mode == string(types.NetworkModeAwsvpc) {
		for _, a := range t.Attachments {
			return []networkBody{{NetworkMode: mode, IPv4Addresses: addresses(a.Address), AttachmentIndex: new(int), MACAddress: a.MAC, PrivateDNSName: a.PrivateDNSName}}
		}
	}
	return []networkBody{{NetworkMode: mode, IPv4Addresses: addresses(cmp.Or(seen.Address, c.Address))}}
}

func addresses(a string) []string {
	if a == "" {
		return nil
	}
	return []string{a}
}

// logsOf is where what a container writes goes. Of awslogs the ECS agent tells the stream
// in place of its prefix.
func logsOf(t Task, d types.ContainerDefinition, c model.Container) (driver string, options map[string]string) {
	l := d.LogConfiguration
	if l == nil {
		return "json-file", nil
	}
	options = map[string]string{}
	for name, value := range l.Options {
		if !strings.HasSuffix(name, "-stream-prefix") {
			options[name] = value
		}
	}
	if o, ok, err := awslogs.Of(d); ok && err == nil {
		_, options["awslogs-stream"] = o.Location(awslogs.Container{
			Cluster: t.Cluster, Family: t.Definition.Family, Name: c.Name, Task: t.ID, RuntimeID: c.RuntimeID,
		})
	}
	return string(l.LogDriver), options
}
