package wire

import (
	"net/netip"
	"slices"
)

// IsPublic reports whether an address is one of the internet's: neither this machine
// nor its network, nor one that only carries such an address inside.
func IsPublic(addr netip.Addr) bool {
	addr = addr.Unmap()
	inside := func(p netip.Prefix) bool { return p.Contains(addr) }
	return addr.IsGlobalUnicast() && !addr.IsPrivate() && !slices.ContainsFunc(unpublic, inside)
}

// unpublic are networks that package netip takes for global ones.
var unpublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // shared by the customers of a provider
	netip.MustParsePrefix("64:ff9b::/96"),  // carries an IPv4 address, as does the next
	netip.MustParsePrefix("2002::/16"),
}
