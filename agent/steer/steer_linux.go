// Package steer leads what containers send to 169.254.170.2 to the server that answers it
// there. It never touches a packet that goes elsewhere, nor a rule that is not its own.
//
// All that it makes is one nftables table, named after the installation and owned by the
// socket that made it: the kernel removes it when the process ends, however it ends.
package steer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"

	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Table is the table of one installation.
type Table struct {
	name string
	from netip.AddrPort
	to   netip.AddrPort

	mu   sync.Mutex
	conn *netlink.Conn
	done map[rule]bool
}

type rule struct {
	chain string
	from  netip.Prefix
}

// Chains of a table. What comes from the networks of the installation is steered before
// anybody else's rules (DNAT is at priority -100), and what comes from a network that others
// use as well after them.
const (
	own    = "own"
	shared = "shared"
)

var priorities = map[string]int32{own: -101, shared: -99}

// tableOwned is the kernel's NFT_TABLE_F_OWNER.
const tableOwned = 2

// Open makes the table, in place of one that is left of a former run. What goes to from is
// to go to to.
func Open(name string, from, to netip.AddrPort) (*Table, error) {
	conn, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return nil, fmt.Errorf("speak with nftables: %w", err)
	}
	t := &Table{name: name, from: from, to: to, conn: conn, done: map[rule]bool{}}
	if err := t.replace(); err != nil {
		conn.Close()
		return nil, fmt.Errorf("make the nftables table %s: %w", name, err)
	}
	return t, nil
}

func (t *Table) replace() error {
	if err := t.remove(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	err := t.make(tableOwned)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EINVAL) { // Linux before 5.12
		err = t.make(0)
	}
	return err
}

// Remove removes the table of a server that ended without doing so.
func Remove(name string) error {
	conn, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return fmt.Errorf("speak with nftables: %w", err)
	}
	defer conn.Close()
	t := &Table{name: name, conn: conn}
	if err := t.remove(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the nftables table %s: %w", name, err)
	}
	return nil
}

// Close removes the table.
func (t *Table) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.remove()
	return errors.Join(err, t.conn.Close())
}

// Own steers what a network sends that is the installation's alone.
func (t *Table) Own(network netip.Prefix) error { return t.add(rule{own, network}) }

// Shared steers what a network sends that others use as well, unless somebody else does.
func (t *Table) Shared(network netip.Prefix) error { return t.add(rule{shared, network}) }

func (t *Table) add(r rule) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done[r] {
		return nil
	}
	m, err := t.newRule(r)
	if err == nil {
		err = t.do(m)
	}
	if err != nil {
		return fmt.Errorf("steer %s of %s to %s: %w", t.from, r.from, t.to, err)
	}
	t.done[r] = true
	return nil
}

func (t *Table) make(flags uint32) error {
	messages := []netlink.Message{message(unix.NFT_MSG_NEWTABLE, netlink.Create, func(e *netlink.AttributeEncoder) {
		e.String(unix.NFTA_TABLE_NAME, t.name)
		e.Uint32(unix.NFTA_TABLE_FLAGS, flags)
	})}
	for chain, priority := range priorities {
		messages = append(messages, message(unix.NFT_MSG_NEWCHAIN, netlink.Create, func(e *netlink.AttributeEncoder) {
			e.String(unix.NFTA_CHAIN_TABLE, t.name)
			e.String(unix.NFTA_CHAIN_NAME, chain)
			e.Nested(unix.NFTA_CHAIN_HOOK, func(e *netlink.AttributeEncoder) error {
				e.ByteOrder = binary.BigEndian
				e.Uint32(unix.NFTA_HOOK_HOOKNUM, unix.NF_INET_PRE_ROUTING)
				e.Uint32(unix.NFTA_HOOK_PRIORITY, uint32(priority))
				return nil
			})
			e.String(unix.NFTA_CHAIN_TYPE, "nat")
		}))
	}
	return t.do(messages...)
}

func (t *Table) remove() error {
	return t.do(message(unix.NFT_MSG_DELTABLE, 0, func(e *netlink.AttributeEncoder) { e.String(unix.NFTA_TABLE_NAME, t.name) }))
}

// newRule is: ip saddr NETWORK ip daddr FROM tcp dport PORT dnat to TO.
func (t *Table) newRule(r rule) (netlink.Message, error) {
	const (
		source, destination = 12, 16 // in the header of IPv4
		port                = 2      // in that of TCP, the destination's
	)
	to := t.to.Addr().As4()
	daddr := t.from.Addr().As4()
	network := r.from.Masked().Addr().As4()
	program := []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: source, Len: 4},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: mask(r.from.Bits()), Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: network[:]},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: destination, Len: 4},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: daddr[:]},
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.IPPROTO_TCP}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: port, Len: 2},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: network16(t.from.Port())},
		&expr.Immediate{Register: 1, Data: to[:]},
		&expr.Immediate{Register: 2, Data: network16(t.to.Port())},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1, RegProtoMin: 2},
	}
	var encoded [][]byte
	for _, x := range program {
		b, err := expr.Marshal(unix.NFPROTO_IPV4, x)
		if err != nil {
			return netlink.Message{}, err
		}
		encoded = append(encoded, b)
	}
	return message(unix.NFT_MSG_NEWRULE, netlink.Create|netlink.Append, func(e *netlink.AttributeEncoder) {
		e.String(unix.NFTA_RULE_TABLE, t.name)
		e.String(unix.NFTA_RULE_CHAIN, r.chain)
		e.Nested(unix.NFTA_RULE_EXPRESSIONS, func(e *netlink.AttributeEncoder) error {
			for _, b := range encoded {
				e.Bytes(unix.NLA_F_NESTED|unix.NFTA_LIST_ELEM, b)
			}
			return nil
		})
	}), nil
}

func mask(bits int) []byte { return binary.BigEndian.AppendUint32(nil, ^uint32(0)<<(32-bits)) }

func network16(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }

// message is one of nftables, about IPv4.
func message(kind int, flags netlink.HeaderFlags, attributes func(*netlink.AttributeEncoder)) netlink.Message {
	e := netlink.NewAttributeEncoder()
	e.ByteOrder = binary.BigEndian
	attributes(e)
	b, err := e.Encode()
	if err != nil {
		panic(err) // short names and numbers always have their place
	}
	return netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(unix.NFNL_SUBSYS_NFTABLES<<8 | kind), Flags: netlink.Request | netlink.Acknowledge | flags},
		Data:   append([]byte{unix.NFPROTO_IPV4, unix.NFNETLINK_V0, 0, 0}, b...),
	}
}

// do has messages carried out, all or none, and waits for that.
func (t *Table) do(messages ...netlink.Message) error {
	bound := func(kind netlink.HeaderType) netlink.Message {
		return netlink.Message{
			Header: netlink.Header{Type: kind, Flags: netlink.Request},
			Data:   []byte{unix.NFPROTO_UNSPEC, unix.NFNETLINK_V0, 0, unix.NFNL_SUBSYS_NFTABLES},
		}
	}
	batch := append([]netlink.Message{bound(unix.NFNL_MSG_BATCH_BEGIN)}, messages...)
	if _, err := t.conn.SendMessages(append(batch, bound(unix.NFNL_MSG_BATCH_END))); err != nil {
		return err
	}
	var first error
	for range messages {
		if _, err := t.conn.Receive(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
