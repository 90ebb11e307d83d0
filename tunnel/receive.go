package tunnel

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"strings"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

func (rc *Receiver) receive(w http.ResponseWriter, r *http.Request, hook Hook) {
	var head []byte
	if c := headOf(r.Context()); c != nil {
		head = c.take()
	}
	body, taken, err := readBody(w, r, rc.MaxBody, &rc.budget)
	defer rc.budget.give(taken)
	if err != nil {
		rc.refuseBody(w, err)
		return
	}
	finishHead(r)

	d := store.Delivery{
		ReceivedAt: rc.Now(), Hook: hook.Token, Subscription: hook.Subscription, Source: hook.Source,
		Method: r.Method, Path: r.RequestURI, Remote: r.RemoteAddr,
		DeliveryID: atMost(r.Header.Get(pictify.DeliveryIDHeader), longestName),
		Header:     fields(r, head), Body: body, BodySize: int64(len(body)),
	}
	describe(&d)
	if err := rc.verify(r.Header, hook, &d); err != nil {
		rc.turnAway(w, d, err)
		return
	}
	rc.accept(w, r, d)
}

func (rc *Receiver) refuseBody(w http.ResponseWriter, err error) {
	w.Header().Set("Connection", "close")
	var timeout net.Error
	switch {
	case errors.Is(err, errTooLarge):
		say(w, http.StatusRequestEntityTooLarge, "body too large")
	case errors.Is(err, errBusy):
		busy(w, "busy")
	case errors.As(err, &timeout) && timeout.Timeout():
		say(w, http.StatusRequestTimeout, "body too slow")
	default:
		say(w, http.StatusBadRequest, "body not readable")
	}
}

// describe fills in what the body says of itself. It proves nothing before the
// signature does.
func describe(d *store.Delivery) {
	if e, err := pictify.ParseEvent(d.Body); err == nil {
		d.Event, d.About = pictify.EventType(atMost(string(e.Type), longestName)), e.About()
	}
}

// atMost returns the first n bytes of s, in memory of their own.
func atMost(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.Clone(strings.ToValidUTF8(s[:n], ""))
}

func countFields(h http.Header) (n int) {
	for _, values := range h {
		n += len(values)
	}
	return n
}

// verify sets the delivery's verdict, reason and proof.
func (rc *Receiver) verify(header http.Header, hook Hook, d *store.Delivery) error {
	secret := hook.Secret
	if secret.IsZero() && hook.Source == store.FromLocal {
		secret = rc.LocalSecret
	}
	signature, err := signatureHeader(header)
	if err == nil {
		if len(secret.Reveal()) < minSecret {
			err = pictify.ErrUnknownSecret
		} else {
			err = pictify.Verify(secret, signature, d.Body, d.ReceivedAt)
		}
	}
	d.Verdict = pictify.VerdictOf(err)
	if err != nil {
		d.Reason = err.Error()
		return err
	}
	d.Proof = proof(hook.Token, signature)
	return nil
}

// signatureHeader returns the one signature header. Two of them are ambiguous:
// the sender's verifier and ours might each pick another.
func signatureHeader(h http.Header) (string, error) {
	switch values := h[pictify.SignatureHeader]; len(values) {
	case 0:
		return "", pictify.ErrUnsigned
	case 1:
		return values[0], nil
	default:
		return "", pictify.ErrMalformed
	}
}

// proof stands for a hook and a signature that verified. It begins with the
// signature's time, so that new proofs lie next to each other in the index.
func proof(token, signature string) []byte {
	sum := sha256.Sum256([]byte(token + "\n" + signature))
	p := sum[:16]
	if s, err := pictify.ParseSignature(signature); err == nil {
		binary.BigEndian.PutUint32(p, uint32(s.At))
	}
	return p
}

// turnAway records what did not verify in the bounded ring, and refuses it.
func (rc *Receiver) turnAway(w http.ResponseWriter, d store.Delivery, err error) {
	keep := unverifiedBody
	if errors.Is(err, pictify.ErrStale) {
		keep = staleBody // Pictify's own, so worth looking at whole
	}
	d.Body = append([]byte(nil), d.Body[:min(len(d.Body), keep)]...)
	d.Header = boundFields(d.Header, unverifiedBody)
	rc.Store.RecordUnverified(d)
	switch {
	case errors.Is(err, pictify.ErrUnknownSecret):
		busy(w, "not ready")
	case errors.Is(err, pictify.ErrUnsigned), errors.Is(err, pictify.ErrMismatch):
		say(w, http.StatusUnauthorized, "invalid signature")
	case errors.Is(err, pictify.ErrStale):
		say(w, http.StatusBadRequest, "signature too old or too new")
	default:
		say(w, http.StatusBadRequest, "malformed signature")
	}
}

// boundFields returns the first fields that fit into limit bytes.
func boundFields(list []store.Field, limit int) []store.Field {
	n := 0
	for i, f := range list {
		if n += len(f.Name) + len(f.Value); n > limit {
			return list[:i]
		}
	}
	return list
}

// accept commits, acknowledges and hands on.
func (rc *Receiver) accept(w http.ResponseWriter, r *http.Request, d store.Delivery) {
	f := rc.Forwarder
	d.State = store.Waiting
	switch {
	case f == nil:
		d.State = store.Kept
		if _, ok := rc.commit(w, r, d, nil); ok {
			acknowledge(w)
		}
	case rc.Relay:
		var claimed *job
		stored, ok := rc.commit(w, r, d, func(d store.Delivery) { claimed = f.claim(d) })
		switch {
		case !ok:
		case claimed != nil:
			rc.relay(w, r, stored, claimed)
		case stored.State == store.Waiting: // the same delivery came twice
			busy(w, "the app has it and has not answered yet")
		default:
			acknowledge(w)
		}
	default:
		// Put in line in the order of arrival, before anybody else can be.
		if stored, ok := rc.commit(w, r, d, f.reserve); ok {
			defer f.release(stored.Seq)
			acknowledge(w)
		}
	}
}

// commit stores a delivery, or refuses it when that cannot be done. The commit is
// not abandoned when the sender hangs up: it may already be under way, and then
// the delivery has to be handed on.
func (rc *Receiver) commit(w http.ResponseWriter, r *http.Request, d store.Delivery, then func(store.Delivery)) (stored store.Delivery, ok bool) {
	stored, err := rc.Store.RecordThen(context.WithoutCancel(r.Context()), d, then)
	if err != nil {
		rc.Log.Error("delivery not stored, answered 503", "err", err)
		busy(w, "cannot store it now")
	}
	return stored, err == nil
}

// acknowledge answers 200 before anything else is done: the app may take its time.
func acknowledge(w http.ResponseWriter) {
	say(w, http.StatusOK, "ok")
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}
