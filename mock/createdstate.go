package mock

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"
)

// A savedAnswer is an answer that [created] keeps, in a snapshot. Its name is the hash of
// account and key, so that the snapshot does not have the keys in it.
type savedAnswer struct {
	Name    []byte    `json:"name"`
	Request []byte    `json:"request"` // SHA-256
	At      time.Time `json:"at"`
	Status  int       `json:"status"`
	Answer  string    `json:"answer"` // JSON; as a text it keeps its bytes
}

// save notes the answers that are still good at the moment now, oldest first. What is
// under way is not among them: for who restores the state it was not carried out.
func (cr *created) save(now time.Time) []savedAnswer {
	cr.mu.Lock()
	defer cr.mu.Unlock()
	saved := make([]savedAnswer, 0, len(cr.order))
	for _, name := range cr.order {
		if k := cr.answers[name]; k.status != 0 && now.Sub(k.at) < keepCreated {
			saved = append(saved, savedAnswer{[]byte(name), k.request[:], k.at, k.status, string(k.answer)})
		}
	}
	return saved
}

// load puts answers that were checked in the place of what there is. None is good for
// longer than from the moment now on.
func (cr *created) load(saved []savedAnswer, now time.Time) {
	cr.mu.Lock()
	defer cr.mu.Unlock()
	cr.answers, cr.order, cr.bytes = make(map[string]*kept, len(saved)), nil, 0
	done := make(chan struct{})
	close(done)
	for _, a := range saved {
		k := &kept{at: a.At, request: [sha256.Size]byte(a.Request), done: done, status: a.Status, answer: json.RawMessage(a.Answer)}
		if k.at.After(now) {
			k.at = now
		}
		cr.answers[string(a.Name)] = k
		cr.order = append(cr.order, string(a.Name))
		cr.bytes += len(k.answer)
	}
}

func checkAnswers(all []savedAnswer) error {
	bytes, seen := 0, map[string]bool{}
	for _, a := range all {
		ok := len(a.Name) == sha256.Size && !seen[string(a.Name)] && len(a.Request) == sha256.Size && a.Status/100 == 2 && json.Valid([]byte(a.Answer))
		if !ok {
			return corrupt(errors.New("an answer that no request got"))
		}
		seen[string(a.Name)] = true
		bytes += len(a.Answer)
	}
	if len(all) > maxCreated || bytes > maxCreatedBytes && len(all) > 1 {
		return corrupt(errors.New("too many answers"))
	}
	return nil
}
