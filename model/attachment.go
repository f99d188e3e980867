package model

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// AttachmentStatus is a state of a network interface's life, in the order in which an
// interface passes through them.
type AttachmentStatus string

const (
	AttachmentPrecreated AttachmentStatus = "PRECREATED" // wanted, not made yet
	AttachmentCreated    AttachmentStatus = "CREATED"
	AttachmentAttaching  AttachmentStatus = "ATTACHING"
	AttachmentAttached   AttachmentStatus = "ATTACHED" // has its addresses
	AttachmentDetaching  AttachmentStatus = "DETACHING"
	AttachmentDetached   AttachmentStatus = "DETACHED"
	AttachmentDeleted    AttachmentStatus = "DELETED"
	AttachmentFailed     AttachmentStatus = "FAILED" // could not be made
)

// attachmentOrder is the position of each state in an interface's life.
var attachmentOrder = []AttachmentStatus{
	AttachmentPrecreated, AttachmentCreated, AttachmentAttaching, AttachmentAttached,
	AttachmentDetaching, AttachmentDetached, AttachmentDeleted,
}

// CanBecome tells whether an interface in state s may next be seen in another: forward
// only. One that could not be made was never attached; nothing leaves FAILED and DELETED.
func (s AttachmentStatus) CanBecome(next AttachmentStatus) bool {
	from, to := slices.Index(attachmentOrder, s), slices.Index(attachmentOrder, next)
	if next == AttachmentFailed {
		return from >= 0 && from < slices.Index(attachmentOrder, AttachmentAttached)
	}
	return from >= 0 && to > from
}

// Attachment is an elastic network interface of a task.
type Attachment struct {
	ID             string // UUID
	Status         AttachmentStatus
	Subnet         string // "subnet-…"
	Interface      string // "eni-…"
	MAC            string
	PrivateDNSName string
	Address        string // private, IPv4
	// Holder is the runtime's id of the container that holds it, which no API shows.
	Holder string
}

// InterfaceID is the id of the network interface of an attachment: always the same for
// the same one, so that whoever makes it twice, around a crash, makes the same.
func InterfaceID(attachment string) string {
	sum := sha256.Sum256([]byte(attachment))
	return "eni-0" + hex.EncodeToString(sum[:8])
}

// Details are what is known of the interface, by the names that ECS gives them.
func (a Attachment) Details() []types.KeyValuePair {
	known := []types.KeyValuePair{}
	for _, d := range [][2]string{
		{"subnetId", a.Subnet}, {"networkInterfaceId", a.Interface}, {"macAddress", a.MAC},
		{"privateDnsName", a.PrivateDNSName}, {"privateIPv4Address", a.Address},
	} {
		if d[1] != "" {
			known = append(known, types.KeyValuePair{Name: &d[0], Value: &d[1]})
		}
	}
	return known
}
