package mock

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pictap/tunnel/wire"
)

// A Place is somewhere beside this machine where events may be delivered to, though
// it is on an internal network: a host by its name, or addresses.
type Place struct {
	name string       // in lower case; "" for addresses
	net  netip.Prefix // of addresses; one of them is a prefix of full length
	port string       // "" is any
}

// Places are all of them. Nil is none: this machine and public hosts alone.
type Places []Place

// metadata is where clouds tell a machine its credentials: Amazon's, Google's and
// Alibaba's addresses, and whatever lies behind a NAT64. A name does not open them, only
// the address itself or its network: what a name means may change. Not all that is
// link-local is among them, since there podman has the machine that it runs on.
var metadata = []netip.Prefix{
	netip.MustParsePrefix("169.254.169.0/24"), netip.MustParsePrefix("169.254.170.0/24"), netip.MustParsePrefix("fd00:ec2::/32"),
	netip.MustParsePrefix("fd20:ce::254/128"), netip.MustParsePrefix("100.100.100.200/32"), netip.MustParsePrefix("64:ff9b::/96"),
}

func isMetadata(addr netip.Addr) bool {
	return slices.ContainsFunc(metadata, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// ParsePlace reads "host.docker.internal", "192.168.1.5:3000", "[fd00::5]:3000" or
// "10.0.0.0/8".
func ParsePlace(text string) (Place, error) {
	if strings.Contains(text, "/") {
		p, err := netip.ParsePrefix(text)
		if err != nil || p.Addr().Is4In6() {
			return Place{}, errors.New("it is no network such as 192.168.0.0/16, and a URL is none: name the host alone")
		}
		return Place{net: p.Masked()}, nil
	}
	var p Place
	host := text
	if colon := strings.LastIndexByte(text, ':'); colon >= 0 && (strings.Count(text, ":") == 1 || strings.HasPrefix(text, "[")) && !strings.HasSuffix(text, "]") {
		host, p.port = text[:colon], text[colon+1:]
		if n, err := strconv.Atoi(p.port); err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != p.port {
			return Place{}, errors.New("the port is no number from 1 to 65535")
		}
	}
	if inner, bracketed := strings.CutPrefix(host, "["); bracketed {
		inner, closed := strings.CutSuffix(inner, "]")
		if !closed || !strings.Contains(inner, ":") {
			return Place{}, errors.New("brackets are for an IPv6 address")
		}
		host = inner
	}
	host = strings.ToLower(strings.TrimSuffix(host, ".")) // as [hostOf] has that of a URL
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		p.net = netip.PrefixFrom(addr, addr.BitLen())
		return p, nil
	}
	p.name = host
	if p.name == "" || len(p.name) > 253 || strings.ContainsFunc(p.name, notOfHost) || isInternal(p.name) {
		return Place{}, errors.New("it is no host, host:port or network, such as host.docker.internal, 192.168.1.5:3000 or 192.168.0.0/16")
	}
	return p, nil
}

func notOfHost(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
}

// String is the place as [ParsePlace] reads it.
func (p Place) String() string {
	host := p.name
	switch {
	case host != "":
	case !p.net.IsSingleIP():
		return p.net.String()
	case p.port != "" && p.net.Addr().Is6():
		host = "[" + p.net.Addr().String() + "]"
	default:
		host = p.net.Addr().String()
	}
	if p.port != "" {
		host += ":" + p.port
	}
	return host
}

// named reports whether a URL is at one of the places by its very text.
func (ps Places) named(u *url.URL) bool {
	host := hostOf(u)
	addr, err := netip.ParseAddr(host)
	return slices.ContainsFunc(ps, func(p Place) bool {
		return p.fits(u) && (p.name != "" && p.name == host || err == nil && p.contains(addr))
	})
}

// Allow decides at the moment of dialling whether a delivery to u may go to an
// address, whatever names say by then: to this machine, to public hosts, and to the
// places. It is meant for [Dispatcher.Allow].
func (ps Places) Allow(u *url.URL, to netip.Addr) error {
	to = to.Unmap()
	host := hostOf(u)
	opens := func(p Place) bool {
		return p.fits(u) && (p.contains(to) || p.name != "" && p.name == host && !to.IsMulticast() && !to.IsUnspecified() && !isMetadata(to))
	}
	switch {
	case to.IsLoopback(): // which a target may be anyway
		return nil
	case isLoopback(host):
		return errors.New("this machine's name leads to another one, " + to.String())
	case wire.IsPublic(to), slices.ContainsFunc(ps, opens):
		return nil
	}
	return errors.New("the address " + to.String() + " is on an internal network")
}

func (p Place) contains(addr netip.Addr) bool {
	return p.name == "" && addr.Zone() == "" && p.net.Contains(addr.Unmap())
}

// fits reports whether a URL has the port of the place.
func (p Place) fits(u *url.URL) bool {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return p.port == "" || p.port == port
}

// hostOf is the host of a URL as it is compared.
func hostOf(u *url.URL) string { return strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")) }
