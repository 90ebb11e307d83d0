package tunnel

import (
	"context"
	"errors"
	"net/http"
	"time"

	"pictap/tunnel/store"
	"pictap/tunnel/wire"
)

// relayWait is how long the app may take in relay mode: Pictify gives up after
// 30 s, and our own answer needs a little of that.
const relayWait = 25 * time.Second

// relay makes the attempt while the sender waits, and answers as the app did:
// its status, the start of its body, its Retry-After. An app that cannot be
// reached is 502, one that takes too long 504.
//
// When Serve breaks it off there is no answer, and the delivery is still waiting.
func (rc *Receiver) relay(w http.ResponseWriter, r *http.Request, d store.Delivery, j *job) {
	f := rc.Forwarder
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), relayWait)
	defer cancel()
	over, served := r.Context().Value(overKey{}).(context.Context)
	if served {
		defer context.AfterFunc(over, cancel)()
	}
	a, err := f.attempt(ctx, &d, store.Forward)
	if served && over.Err() != nil {
		f.q.finish(j)
		panic(http.ErrAbortHandler)
	}
	after := store.Failed
	if a.OK() {
		after = store.Done
	}
	f.note(ctx, d.Seq, a, after, func() { f.q.finish(j) })
	switch {
	case a.Status >= 200:
		if v := store.FieldValue(a.Header, "Retry-After"); v != "" {
			w.Header().Set("Retry-After", v)
		}
		if v := store.FieldValue(a.Header, "Location"); v != "" {
			w.Header().Set("Location", v)
		}
		if a.Status == http.StatusNoContent || a.Status == http.StatusNotModified {
			w.WriteHeader(a.Status)
			return
		}
		say(w, a.Status, string(a.Body))
	case errors.Is(err, wire.ErrTimeout):
		say(w, http.StatusGatewayTimeout, "the app did not answer in time")
	default:
		say(w, http.StatusBadGateway, "the app did not answer")
	}
}
