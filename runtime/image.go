package runtime

import "context"

// Images are what containers are made of, for who cleans up.
type Images interface {
	// Images tells of all images that have a name or are of use to nobody; those that
	// others are built on are no concern of their users.
	Images(ctx context.Context) ([]Image, error)
	// RemoveImage takes an image's names away, and with the last of them the image. It
	// fails, and leaves the image as it is, when a container uses it. A missing one
	// succeeds.
	RemoveImage(ctx context.Context, i Image) error
	// FreeSpace is what is left of the disk that images are on, in bytes; ok is false
	// where that cannot be seen from here.
	FreeSpace(ctx context.Context) (free int64, ok bool, err error)
}

// Image is one that is on the machine.
type Image struct {
	ID      string
	Tags    []string // "web:1"
	Digests []string // "web@sha256:…"
	Bytes   int64    // with what it shares with others
	Used    bool     // by a container, running or not, whoever made it
}
