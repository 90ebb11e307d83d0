package tunnel

import (
	"strings"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// Names of our own header fields on requests to the app. The body is never
// touched; these say what an app, or its developer, cannot see otherwise.
const (
	KindHeader     = "X-Pictap"                    // forward or replay
	IDHeader       = "X-Pictap-Id"                 // d17
	OriginalHeader = "X-Pictap-Original-Signature" // what the sender signed, when it was signed again
)

// hopByHop are fields of one connection, not of the message (RFC 9110, 7.6.1),
// and those that are written anew.
var hopByHop = map[string]bool{
	"connection": true, "keep-alive": true, "proxy-connection": true, "proxy-authenticate": true,
	"proxy-authorization": true, "te": true, "trailer": true, "transfer-encoding": true, "upgrade": true,
	"expect": true, "host": true, "content-length": true,
}

// forwardFields returns the fields of the request to the app: those received,
// in their order, without the hop-by-hop ones and without any that pretends to
// be ours.
func (f *Forwarder) forwardFields(d *store.Delivery, a *store.Attempt) []store.Field {
	named := connectionNamed(d.Header)
	list := make([]store.Field, 0, len(d.Header)+4)
	var original string
	for _, h := range d.Header {
		name := strings.ToLower(h.Name)
		switch {
		case hopByHop[name], named[name], strings.HasPrefix(name, "x-pictap"), f.replaces(name),
			f.StripForwarded && strings.HasPrefix(name, "x-forwarded-"):
			continue
		case name == "x-pictify-signature" && !f.Secret.IsZero():
			original = h.Value
			h.Value = pictify.Sign(f.Secret, a.At, d.Body)
		}
		list = append(list, h)
	}
	list = append(list, f.Header...)
	list = append(list, store.Field{Name: KindHeader, Value: a.Kind}, store.Field{Name: IDHeader, Value: d.ID()})
	if original != "" {
		list = append(list, store.Field{Name: OriginalHeader, Value: original})
	}
	return list
}

func (f *Forwarder) replaces(name string) bool {
	for _, h := range f.Header {
		if strings.EqualFold(h.Name, name) {
			return true
		}
	}
	return false
}

// connectionNamed returns the fields that Connection declares hop-by-hop. What
// the app needs to verify a delivery cannot be declared away.
func connectionNamed(list []store.Field) map[string]bool {
	var named map[string]bool
	for _, h := range list {
		if !strings.EqualFold(h.Name, "Connection") {
			continue
		}
		for name := range strings.SplitSeq(h.Value, ",") {
			name = strings.ToLower(strings.TrimSpace(name))
			if name == "" || name == "content-type" || strings.HasPrefix(name, "x-pictify-") {
				continue
			}
			if named == nil {
				named = make(map[string]bool)
			}
			named[name] = true
		}
	}
	return named
}
