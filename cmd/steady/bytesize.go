package main

import (
	"fmt"

	"github.com/alecthomas/kong"
	"github.com/docker/go-units"
)

// byteSize is a flag such as 10GiB or 500m, in bytes.
type byteSize int64

// Decode takes the next word of the command line.
func (b *byteSize) Decode(c *kong.DecodeContext) error { return decode(c, b) }

// UnmarshalText reads a number with a unit of 1024s.
func (b *byteSize) UnmarshalText(text []byte) error {
	n, err := units.RAMInBytes(string(text))
	if err != nil || n < 0 {
		return fmt.Errorf("%q should be a size such as 10GiB", text)
	}
	*b = byteSize(n)
	return nil
}
