package mock

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/wire"
)

const (
	maxReply   = 64 << 10 // bytes of a receiver's answer
	maxTargets = 256      // URLs that are remembered
)

// A Dispatcher signs events and POSTs them. The zero Dispatcher is ready to use;
// set the fields before. It may be used by several goroutines.
//
// It follows no redirects and takes no proxy from the environment: a delivery
// goes where it was sent or nowhere. The header is sent in the order in which the
// documents name its fields.
type Dispatcher struct {
	Strict  bool             // leaves data.deliveryId out, as documented payloads do
	Timeout time.Duration    // for a delivery, its answer included; 0 means [pictify.AnswerTimeout]
	TLS     *tls.Config      // for https targets, such as whose certificates to trust; nil means the system's roots
	Now     func() time.Time // nil means time.Now

	// Allow is asked for each address at the moment of dialling, with the URL's scheme
	// and host, so that a name cannot lead somewhere else than when it was checked. Nil
	// allows all: what a person sends goes where the person says.
	Allow func(u *url.URL, to netip.Addr) error

	mu      sync.Mutex // guards what follows
	targets map[string]target
	clients map[string]*wire.Client // by scheme and host
}

// A Delivery is what is to be delivered.
type Delivery struct {
	URL    string // http or https
	Secret pictify.Secret
	Event  pictify.Event
	ID     string // for the header and, unless Strict, data.deliveryId; "" leaves both out
}

// A Result is the outcome of one attempt to deliver.
type Result struct {
	At        time.Time       // when it was signed and sent
	Duration  time.Duration   // until the answer was read
	Status    int             // of the answer, 0 when there was none
	Header    []pictify.Field // of the answer, names in canonical form and sorted
	Body      []byte          // of the answer, its first 64 KiB
	Truncated bool            // there was more, or it broke off
	Err       error           // why there was no answer; nil when there was one, whatever its status
}

// OK reports whether the delivery counts as received: any 2xx does.
func (r Result) OK() bool { return r.Status/100 == 2 }

// TimedOut reports whether there was no answer in time.
func (r Result) TimedOut() bool { return errors.Is(r.Err, wire.ErrTimeout) }

// Problem says in a few words what went wrong; "" for what was received.
func (r Result) Problem() string {
	switch {
	case r.OK():
		return ""
	case r.Err != nil:
		return r.Err.Error()
	}
	return strings.TrimSpace(fmt.Sprintf("answered %d %s", r.Status, http.StatusText(r.Status)))
}

// Deliver makes one attempt, signed as of now. That it failed is in the result.
func (d *Dispatcher) Deliver(ctx context.Context, del Delivery) Result {
	now := d.now()
	if del.Secret.IsZero() {
		return Result{At: now, Err: errors.New("no secret to sign with")}
	}
	e := del.Event
	if del.ID != "" && !d.Strict {
		e = e.WithDeliveryID(del.ID)
	}
	return d.Send(ctx, del.URL, pictify.NewMessage(pictify.NewSigner(del.Secret), now, e.Type, del.ID, e.Body()))
}

// userAgent names the sender; the real one is not documented.
const userAgent = "pictap-mock"

// Send makes one attempt with exactly this message. That it failed is in the result.
func (d *Dispatcher) Send(ctx context.Context, address string, m pictify.Message) Result {
	result := Result{At: d.now()}
	t, err := d.target(address)
	if err != nil {
		result.Err = fmt.Errorf("deliver: %w", err)
		return result
	}
	answer, err := t.client.Do(ctx, t.request(m))
	result.Status, result.Header, result.Body = answer.Status, answer.Header, answer.Body
	result.Truncated, result.Err = answer.Longer || answer.BrokenOff, err
	result.Duration = d.now().Sub(result.At)
	return result
}

// A target is a URL taken apart, and the client of its host.
type target struct {
	client    *wire.Client
	uri, host string
}

func (t target) request(m pictify.Message) wire.Request {
	return wire.Request{URI: t.uri, Host: t.host, Header: m.Header, Tail: ownFields, Body: m.Body}
}

var ownFields = []pictify.Field{{Name: "User-Agent", Value: userAgent}}

// target finds or makes the target of a URL.
func (d *Dispatcher) target(address string) (target, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t, ok := d.targets[address]; ok {
		return t, nil
	}
	u, err := parseAddress(address)
	if err != nil {
		return target{}, err
	}
	if len(d.targets) >= maxTargets {
		d.closeAll()
		d.targets = nil
	}
	if d.targets == nil {
		d.targets, d.clients = make(map[string]target), make(map[string]*wire.Client)
	}
	origin := u.Scheme + "://" + u.Host
	if d.clients[origin] == nil {
		d.clients[origin] = d.newClient(u)
	}
	t := target{client: d.clients[origin], uri: u.RequestURI(), host: u.Host}
	d.targets[address] = t
	return t, nil
}

func (d *Dispatcher) newClient(u *url.URL) *wire.Client {
	c := &wire.Client{Origin: &url.URL{Scheme: u.Scheme, Host: u.Host}, TLS: d.TLS, Timeout: d.Timeout, MaxBody: maxReply}
	if d.Allow != nil {
		c.Allow = func(to netip.Addr) error { return d.Allow(c.Origin, to) }
	}
	if c.Timeout == 0 {
		c.Timeout = pictify.AnswerTimeout
	}
	return c
}

// parseAddress reads where a message goes. The error does not repeat it: the URL of
// a receiver has a token in it.
func parseAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if e, ok := errors.AsType[*url.Error](err); ok {
		return nil, e.Err
	}
	if err == nil && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		err = errors.New("the target is no http or https URL")
	}
	return u, err
}

// WireText is the request that Send makes, byte for byte.
func WireText(address string, m pictify.Message) (string, error) {
	u, err := parseAddress(address)
	if err != nil {
		return "", fmt.Errorf("write request: %w", err)
	}
	text, err := target{uri: u.RequestURI(), host: u.Host}.request(m).Text()
	return string(text), err
}

// closeAll closes idle connections. d.mu must be held.
func (d *Dispatcher) closeAll() {
	for _, c := range d.clients {
		c.CloseIdle()
	}
}

// Close closes idle connections. The Dispatcher may be used again.
func (d *Dispatcher) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closeAll()
	return nil
}

func (d *Dispatcher) now() time.Time {
	if d.Now == nil {
		return time.Now()
	}
	return d.Now()
}
