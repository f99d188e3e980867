package model

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"github.com/google/uuid"
)

// NewID makes an id of a task or a container instance: 32 hexadecimal digits.
func NewID() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// NewUUID makes an id of a container or a service event.
func NewUUID() string { return uuid.NewString() }

// NewDeploymentID makes an id of a deployment: "ecs-svc/" and 19 digits.
func NewDeploymentID() string { return "ecs-svc/" + NewRevisionID() }

// NewRevisionID makes an id of a service revision: 19 digits.
func NewRevisionID() string {
	var b [8]byte
	rand.Read(b[:])
	return strconv.FormatUint(1e18+binary.BigEndian.Uint64(b[:])%(8*1e18), 10)
}

// NewServiceDeploymentID makes an id of a service deployment: 21 characters.
func NewServiceDeploymentID() string {
	const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	var b [21]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = characters[int(b[i])%len(characters)]
	}
	return string(b[:])
}
