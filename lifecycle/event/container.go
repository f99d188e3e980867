package event

import (
	"strconv"

	"steady/model"
)

// container differs from the API's in what it leaves out: its health.
type container struct {
	ContainerArn      string             `json:"containerArn"`
	ExitCode          *int               `json:"exitCode,omitzero"`
	LastStatus        string             `json:"lastStatus"`
	Name              string             `json:"name"`
	Image             string             `json:"image"`
	ImageDigest       string             `json:"imageDigest,omitzero"`
	RuntimeID         string             `json:"runtimeId,omitzero"`
	Reason            string             `json:"reason,omitzero"`
	TaskArn           string             `json:"taskArn"`
	NetworkBindings   []networkBinding   `json:"networkBindings,omitzero"`
	NetworkInterfaces []networkInterface `json:"networkInterfaces"`
	CPU               string             `json:"cpu,omitzero"`
	Memory            string             `json:"memory,omitzero"`
	MemoryReservation string             `json:"memoryReservation,omitzero"`
}

type networkBinding struct {
	BindIP             string `json:"bindIP"`
	ContainerPort      int    `json:"containerPort,omitzero"`
	HostPort           int    `json:"hostPort,omitzero"`
	Protocol           string `json:"protocol"`
	ContainerPortRange string `json:"containerPortRange,omitzero"`
	HostPortRange      string `json:"hostPortRange,omitzero"`
}

// networkInterface of a container without an attachment tells where it is in the
// network of its instance. Amazon tells nothing there; the MAC address is then ours.
type networkInterface struct {
	AttachmentID       string `json:"attachmentId,omitzero"`
	MACAddress         string `json:"macAddress,omitzero"`
	PrivateIPv4Address string `json:"privateIpv4Address,omitzero"`
}

// containers tells a task's containers; d is nil when the task definition is not known.
func (t Teller) containers(x *model.Task, d *model.TaskDefinition) []container {
	all := []container{}
	for _, c := range x.Containers {
		told := container{
			ContainerArn:      t.Realm.ContainerARN(x.Cluster, x.ID, c.ID),
			LastStatus:        string(c.Last),
			Name:              c.Name,
			Image:             c.Image,
			ImageDigest:       c.Digest,
			RuntimeID:         c.RuntimeID,
			Reason:            c.Reason,
			TaskArn:           t.Realm.TaskARN(x.Cluster, x.ID),
			NetworkInterfaces: interfaces(x, c),
		}
		if c.Exit.Known {
			told.ExitCode = &c.Exit.Code
		}
		for _, b := range c.Bindings {
			told.NetworkBindings = append(told.NetworkBindings, networkBinding(b))
		}
		if d != nil {
			sizes := x.Sizes(d, c.Name)
			told.CPU, told.Memory, told.MemoryReservation = number(sizes.CPU), number(sizes.Memory), number(sizes.MemoryReservation)
		}
		all = append(all, told)
	}
	return all
}

// number is a size in the form of events: as text, and nothing where there is none.
func number(n *int32) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(int(*n))
}

func interfaces(x *model.Task, c model.Container) []networkInterface {
	all := []networkInterface{}
	for _, a := range x.Attachments {
		if a.Address != "" {
			all = append(all, networkInterface{AttachmentID: a.ID, PrivateIPv4Address: a.Address})
		}
	}
	if len(x.Attachments) == 0 && c.Address != "" {
		all = append(all, networkInterface{MACAddress: c.MAC, PrivateIPv4Address: c.Address})
	}
	return all
}
