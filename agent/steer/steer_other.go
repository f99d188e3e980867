//go:build !linux

// Package steer leads what containers send to 169.254.170.2 to the server that answers it
// there: on Linux.
package steer

import (
	"errors"
	"net/netip"
)

// Table is the table of one installation.
type Table struct{}

// Open fails.
func Open(string, netip.AddrPort, netip.AddrPort) (*Table, error) {
	return nil, errors.New("only Linux has nftables")
}

// Remove has nothing to remove.
func Remove(string) error { return nil }

// Close does nothing.
func (*Table) Close() error { return nil }

// Own fails.
func (*Table) Own(netip.Prefix) error { return errors.ErrUnsupported }

// Shared fails.
func (*Table) Shared(netip.Prefix) error { return errors.ErrUnsupported }
