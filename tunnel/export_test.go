package tunnel

import (
	"time"

	"io"
	"net"
	"net/http"

	"pictap/tunnel/store"
)

// For the tests of what is read from outside.

// MaxConnections is how many connections a receiver serves at once.
const MaxConnections = maxConnections

// FieldsOf returns the fields of a request whose head was read as these bytes,
// and whether their order could be taken from there.
func FieldsOf(r *http.Request, head []byte) (list []store.Field, ordered bool) {
	return fields(r, head), agree(r, parseHead(head))
}

// RememberHead reads from a connection as the receiver does, and returns what is
// remembered of the head.
func RememberHead(c net.Conn, p []byte) []byte {
	h := &headConn{Conn: c}
	io.CopyBuffer(io.Discard, struct{ io.Reader }{h}, p)
	return h.take()
}

// SetTryPauses changes how often the port of an app that is down is tried.
func SetTryPauses(pause time.Duration) (undo func()) {
	before := tryPauses
	tryPauses = []time.Duration{pause}
	return func() { tryPauses = before }
}

// Pump hands on the connections of source, which nobody takes, until it fails.
func Pump(source net.Listener) error {
	ending := make(chan struct{})
	close(ending)
	return newPumpListener(nil).pump(source, ending)
}
