package mock

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	keepCreated     = 24 * time.Hour // authentication page, Idempotency-Key
	maxCreated      = 1000
	maxCreatedBytes = 16 << 20
)

// created remembers the answers to POSTs that had an Idempotency-Key, so that a
// caller who lost one gets the same again, with the secret that is shown only
// once. The zero created is empty.
type created struct {
	mu      sync.Mutex // guards what follows
	answers map[string]*kept
	order   []string // names of answers, oldest first
	bytes   int      // of all answers
}

type kept struct {
	at      time.Time
	request [sha256.Size]byte
	done    chan struct{} // closed when the request is through
	status  int           // 0: it was refused, and may be tried again
	answer  json.RawMessage
}

// once carries a call out, unless the same was done before under the same
// Idempotency-Key: then it answers what was answered then. A refusal is not kept.
func (s *Server) once(r *route, c call) (int, any, error) {
	key := c.Header.Get("Idempotency-Key")
	if key == "" || c.Method != http.MethodPost {
		return r.do(s, c)
	}
	name, request := nameOf(key, c), sha256.Sum256([]byte(c.URL.Path+"\n"+string(c.body)))
	k, mine := s.created.claim(name, request, s.now())
	if !mine {
		return k.again(c, request)
	}
	var answer json.RawMessage
	var status int
	defer func() { s.created.settle(name, k, status, answer) }()
	status, body, err := r.do(s, c)
	if _, raw := body.(http.HandlerFunc); err != nil || raw {
		return status, body, err
	}
	if answer, err = encode(body); err != nil {
		return 0, nil, err
	}
	return status, answer, nil
}

// again answers what was answered before, when that is known.
func (k *kept) again(c call, request [sha256.Size]byte) (int, any, error) {
	if k.request != request {
		return 0, nil, refusal{status: http.StatusConflict, slug: "idempotency-key-reused", title: "Idempotency key reused", detail: "this Idempotency-Key belongs to another request"}
	}
	select {
	case <-k.done:
	case <-c.Context().Done():
		return 0, nil, fmt.Errorf("wait for the first request with this key: %w", c.Context().Err())
	}
	if k.status == 0 {
		return 0, nil, refusal{status: http.StatusConflict, slug: "idempotency-key-in-use", title: "Idempotency key in use", detail: "the first request with this Idempotency-Key was not carried out"}
	}
	return k.status, k.answer, nil
}

// claim returns what is kept under a name; mine when the caller is the one to do
// and settle it.
func (cr *created) claim(name string, request [sha256.Size]byte, now time.Time) (k *kept, mine bool) {
	cr.mu.Lock()
	defer cr.mu.Unlock()
	if k := cr.answers[name]; k != nil && now.Sub(k.at) < keepCreated {
		return k, false
	}
	if cr.answers == nil {
		cr.answers = make(map[string]*kept)
	}
	cr.forget(name)
	k = &kept{at: now, request: request, done: make(chan struct{})}
	cr.answers[name] = k
	cr.order = append(cr.order, name)
	return k, true
}

// settle keeps an answer, or nothing when there was none, and forgets the oldest
// when there are too many.
func (cr *created) settle(name string, k *kept, status int, answer json.RawMessage) {
	cr.mu.Lock()
	defer cr.mu.Unlock()
	defer close(k.done)
	switch {
	case answer == nil:
		if cr.answers[name] == k {
			cr.forget(name)
		}
		return
	case cr.answers[name] == k: // else it was one too many meanwhile
		cr.bytes += len(answer)
	}
	k.status, k.answer = status, answer
	for len(cr.order) > maxCreated || cr.bytes > maxCreatedBytes && len(cr.order) > 1 {
		cr.forget(cr.order[0])
	}
}

// forget drops what is kept under a name. cr.mu must be held.
func (cr *created) forget(name string) {
	k := cr.answers[name]
	if k == nil {
		return
	}
	cr.bytes -= len(k.answer)
	delete(cr.answers, name)
	i := slices.Index(cr.order, name)
	cr.order = slices.Delete(cr.order, i, i+1)
}

// clear forgets everything. What is under way is not kept then.
func (cr *created) clear() {
	cr.mu.Lock()
	defer cr.mu.Unlock()
	cr.answers, cr.order, cr.bytes = nil, nil, 0
}

// nameOf separates the keys of different accounts. It is a hash because both
// parts are the caller's to choose, as long as they like.
func nameOf(key string, c call) string {
	sum := sha256.Sum256([]byte(c.Header.Get("Authorization") + "\n" + key))
	return string(sum[:])
}
