package mock

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"time"
)

const (
	keepCreated = 24 * time.Hour // authentication page, Idempotency-Key
	maxCreated  = 1000
)

// created remembers the answers to creates that had an Idempotency-Key, so that a
// caller who lost one gets the same again, with the secret that is shown only once.
type created struct {
	answers map[string]kept
	order   []string // names of answers, oldest first
}

type kept struct {
	at      time.Time
	request [sha256.Size]byte
	answer  json.RawMessage
}

// find returns the answer to a call that was made before with this key, nil when
// there was none. The same key for another request is refused.
func (cr *created) find(key string, c call, now time.Time) (json.RawMessage, error) {
	k, ok := cr.answers[nameOf(key, c)]
	switch {
	case key == "" || !ok || now.Sub(k.at) >= keepCreated:
		return nil, nil
	case k.request != sha256.Sum256(c.body):
		return nil, refusal{status: http.StatusConflict, slug: "idempotency-key-reused", title: "Idempotency key reused", detail: "this Idempotency-Key belongs to another request"}
	}
	return k.answer, nil
}

// keep remembers an answer, and forgets the oldest when there are too many.
func (cr *created) keep(key string, c call, answer json.RawMessage, now time.Time) {
	if key == "" {
		return
	}
	if cr.answers == nil {
		cr.answers = make(map[string]kept)
	}
	name := nameOf(key, c)
	if _, ok := cr.answers[name]; !ok {
		cr.order = append(cr.order, name)
	}
	if len(cr.order) > maxCreated {
		delete(cr.answers, cr.order[0])
		cr.order = cr.order[1:]
	}
	cr.answers[name] = kept{at: now, request: sha256.Sum256(c.body), answer: answer}
}

// nameOf separates the keys of different accounts. It is a hash because both
// parts are the caller's to choose, as long as they like.
func nameOf(key string, c call) string {
	sum := sha256.Sum256([]byte(c.Header.Get("Authorization") + "\n" + key))
	return string(sum[:])
}
