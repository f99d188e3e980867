package function

import (
	"encoding/binary"
	"net/netip"

	"steady/insights/value"
)

var addresses = map[string]Function{
	"isvalidip":      ofAddress(func(netip.Addr) bool { return true }),
	"isvalidipv4":    ofAddress(netip.Addr.Is4),
	"isvalidipv6":    ofAddress(netip.Addr.Is6),
	"isprivateip":    ofAddress(netip.Addr.IsPrivate),
	"isreservedip":   ofAddress(isReserved),
	"ispublicip":     ofAddress(func(a netip.Addr) bool { return !a.IsPrivate() && !isReserved(a) }),
	"isipinsubnet":   inSubnet(func(netip.Prefix) bool { return true }),
	"isipv4insubnet": inSubnet(func(p netip.Prefix) bool { return p.Addr().Is4() }),
	"isipv6insubnet": inSubnet(func(p netip.Prefix) bool { return p.Addr().Is6() }),
	"ipv4tonumber": ofText(func(s string) value.Value {
		a, err := netip.ParseAddr(s)
		if err != nil || !a.Is4() {
			return value.Value{}
		}
		b := a.As4()
		return value.OfNumber(float64(binary.BigEndian.Uint32(b[:])))
	}),
}

// ofAddress makes a question of an address; what is no address answers it with no.
func ofAddress(is func(netip.Addr) bool) Function {
	return strict(1, 1, func(args []value.Value) value.Value {
		a, err := netip.ParseAddr(args[0].Text())
		return value.OfBool(err == nil && is(a))
	})
}

func inSubnet(is func(netip.Prefix) bool) Function {
	return strict(2, 2, func(args []value.Value) value.Value {
		a, err := netip.ParseAddr(args[0].Text())
		p, perr := netip.ParsePrefix(args[1].Text())
		return value.OfBool(err == nil && perr == nil && is(p) && p.Contains(a))
	})
}

// reserved are IANA's special-purpose blocks that are neither private nor reachable.
var reserved = func() []netip.Prefix {
	var all []netip.Prefix
	for _, s := range []string{"0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24",
		"192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"::/128", "::1/128", "100::/64", "2001:db8::/32", "fe80::/10", "ff00::/8"} {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}()

func isReserved(a netip.Addr) bool {
	for _, p := range reserved {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
