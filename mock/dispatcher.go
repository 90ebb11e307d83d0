package mock

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"pictap/tunnel/pictify"
)

const (
	deliveryTimeout = 30 * time.Second // concepts: "2xx within 30 seconds"
	maxReply        = 64 << 10         // bytes of a receiver's answer
)

// A Dispatcher signs events and POSTs them. The zero Dispatcher is ready to use;
// set the fields before. It may be used by several goroutines.
//
// It follows no redirects and takes no proxy from the environment: a delivery
// goes where it was sent or nowhere.
type Dispatcher struct {
	Strict    bool              // leaves data.deliveryId out, as documented payloads do
	Timeout   time.Duration     // for a delivery, its answer included; 0 means 30 s
	RootCAs   *x509.CertPool    // whom an https target's certificate must come from; nil means the system's
	Transport http.RoundTripper // replaces the connections of its own, and RootCAs; nil is the usual
	Now       func() time.Time  // nil means time.Now

	once   sync.Once
	client *http.Client
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
	At        time.Time     // when it was signed and sent
	Duration  time.Duration // until the answer was read
	Status    int           // of the answer, 0 when there was none
	Body      []byte        // of the answer, its first 64 KiB
	Truncated bool          // there was more, or it broke off
	Err       error         // why there was no answer; nil when there was one, whatever its status
}

// OK reports whether the delivery counts as received: any 2xx does.
func (r Result) OK() bool { return r.Status/100 == 2 }

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
	result := Result{At: d.now()}
	if del.Secret.IsZero() {
		result.Err = errors.New("no secret to sign with")
		return result
	}
	e := del.Event
	if del.ID != "" && !d.Strict {
		e = e.WithDeliveryID(del.ID)
	}
	body := e.Body()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, del.URL, bytes.NewReader(body))
	if err != nil {
		result.Err = fmt.Errorf("deliver: %w", cause(err))
		return result
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(pictify.SignatureHeader, pictify.Sign(del.Secret, result.At, body))
	req.Header.Set(pictify.EventHeader, string(e.Type))
	if del.ID != "" {
		req.Header.Set(pictify.DeliveryIDHeader, del.ID)
	}
	req.Header.Set("User-Agent", "pictap-mock") // the real one is not documented
	d.send(req, &result)
	result.Duration = d.now().Sub(result.At)
	return result
}

// send makes the request and notes the answer.
func (d *Dispatcher) send(req *http.Request, result *Result) {
	d.once.Do(d.connect)
	resp, err := d.client.Do(req)
	if err != nil {
		result.Err = cause(err)
		return
	}
	defer resp.Body.Close()
	result.Status = resp.StatusCode
	result.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if len(result.Body) > maxReply {
		result.Body, result.Truncated = result.Body[:maxReply], true
	}
	result.Truncated = result.Truncated || err != nil
}

func (d *Dispatcher) connect() {
	d.client = &http.Client{
		Transport:     d.Transport,
		Timeout:       d.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if d.client.Timeout == 0 {
		d.client.Timeout = deliveryTimeout
	}
	if d.client.Transport == nil {
		d.client.Transport = &http.Transport{
			DialContext:            dial,
			TLSClientConfig:        &tls.Config{RootCAs: d.RootCAs},
			DisableCompression:     true, // it would ask for gzip in a header that is not documented
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConnsPerHost:    16,
			IdleConnTimeout:        30 * time.Second,
		}
	}
}

// dial finds names below localhost on this machine, as browsers do (RFC 6761);
// not every resolver does.
func dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(addr); err == nil && strings.HasSuffix(strings.ToLower(host), ".localhost") {
		addr = net.JoinHostPort("localhost", port)
	}
	return new(net.Dialer).DialContext(ctx, network, addr)
}

// Close closes idle connections. The Dispatcher may be used again.
func (d *Dispatcher) Close() error {
	d.once.Do(d.connect)
	d.client.CloseIdleConnections()
	return nil
}

func (d *Dispatcher) now() time.Time {
	if d.Now == nil {
		return time.Now()
	}
	return d.Now()
}

// cause removes the method and URL that net/http puts before it: the URL of a
// receiver has a token in it.
func cause(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
