package tunnel

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"pictap/tunnel/store"
	"pictap/tunnel/wire"
)

// newApp is the app as what forwards it knows it.
func (f *Forwarder) newApp() *wire.Client {
	return &wire.Client{Origin: f.Target, TLS: f.TLS, Allow: func(addr netip.Addr) error {
		if !f.AllowRemote && !addr.IsLoopback() {
			return fmt.Errorf("%s is not this machine", addr)
		}
		return nil
	}}
}

// attempt sends a delivery once and describes what came of it. The error, also
// in words in the Attempt, is one of [wire.Client.Do].
func (f *Forwarder) attempt(ctx context.Context, d *store.Delivery, kind string) (store.Attempt, error) {
	a := store.Attempt{Kind: kind, At: f.Now(), URL: f.Target.String()}
	start := time.Now() // a duration is real time
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	answer, err := f.app.Do(ctx, f.request(d, &a))
	a.Duration = time.Since(start)
	note(&a, answer)
	if err != nil {
		a.Error = reason(err)
	}
	return a, err
}

func (f *Forwarder) request(d *store.Delivery, a *store.Attempt) wire.Request {
	return wire.Request{URI: f.Target.RequestURI(), Host: f.Target.Host, Header: f.forwardFields(d, a), Body: d.Body}
}

// note writes the answer down.
func note(a *store.Attempt, answer wire.Answer) {
	a.Status, a.Header, a.BodySize = answer.Status, answer.Header, int64(len(answer.Body))
	a.Body = answer.Body[:min(len(answer.Body), store.AnswerLimit)]
	if answer.BrokenOff {
		a.Error = "the answer broke off"
	}
}
