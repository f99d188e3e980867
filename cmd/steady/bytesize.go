package main

import (
	"fmt"

	"github.com/docker/go-units"
)

// byteSize is a flag such as 10GiB or 500m, in bytes.
type byteSize int64

// UnmarshalText reads a number with a unit of 1024s.
func (b *byteSize) UnmarshalText(text []byte) error {
	n, err := units.RAMInBytes(string(text))
	if err != nil || n < 0 {
		return fmt.Errorf("%q should be a size such as 10GiB", text)
	}
	*b = byteSize(n)
	return nil
}
