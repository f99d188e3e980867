package runtime

import "context"

// Volumes are file systems that have a name and a life of their own.
type Volumes interface {
	// CreateVolume makes a volume. One of that name that is there already is left as it is.
	// Fails with an *Error named CannotCreateVolumeError.
	CreateVolume(ctx context.Context, v Volume) error
	// RemoveVolume removes a volume and what is in it. A missing one succeeds; one that a
	// container holds fails.
	RemoveVolume(ctx context.Context, name string) error
	// InspectVolume tells what is known of a volume. A missing one gives an *Error of Kind
	// NotFound.
	InspectVolume(ctx context.Context, name string) (Volume, error)
	// ListVolumes tells of all volumes that carry all these labels.
	ListVolumes(ctx context.Context, labels map[string]string) ([]Volume, error)
}

// Volume describes a volume. An empty Driver is the runtime's own.
type Volume struct {
	Name    string
	Driver  string
	Options map[string]string // of the driver
	Labels  map[string]string
}
