package mock

import (
	"sync"
	"time"

	"pictap/tunnel/pictify"
)

// An Entry is a line of the journal: a request to the API and its answer, or an
// attempt to deliver a webhook.
type Entry struct {
	Seq        int64     `json:"seq"` // from 1, without gaps
	Time       time.Time `json:"time"`
	Kind       string    `json:"kind"` // "request" or "delivery"
	Method     string    `json:"method"`
	Path       string    `json:"path"` // with the query; for a delivery, the URL
	Status     int       `json:"status"`
	DurationMS float64   `json:"duration_ms"`

	RequestBytes int64  `json:"request_bytes,omitempty"` // that were read
	AnswerBytes  int64  `json:"answer_bytes,omitempty"`
	Request      string `json:"request,omitempty"` // the body's beginning, if it is text, without secrets
	Answer       string `json:"answer,omitempty"`  // the same
	Fault        string `json:"fault,omitempty"`   // what went wrong on request

	RequestHeader [][2]string `json:"request_header,omitempty"` // of a request: names and values, without secrets
	AnswerHeader  [][2]string `json:"answer_header,omitempty"`

	Subscription string            `json:"subscription,omitempty"` // of a delivery, as the following
	Delivery     string            `json:"delivery,omitempty"`
	Event        pictify.EventType `json:"event,omitempty"`
	Attempt      int               `json:"attempt,omitempty"`
	Error        string            `json:"error,omitempty"`
	Next         *time.Time        `json:"next_attempt,omitempty"`
	Wait         string            `json:"wait,omitempty"`
	GaveUp       bool              `json:"gave_up,omitempty"`
	Left         pictify.Status    `json:"subscription_status,omitempty"`
}

// Bounds of the journal.
const (
	maxEntries    = 1000
	maxEntryBytes = 2 << 20 // of all texts in it
	maxExcerpt    = 2 << 10 // bytes of one body
	maxPath       = 1 << 10
)

// size is what an entry takes, about.
func (e *Entry) size() int {
	return 200 + len(e.Method) + len(e.Path) + len(e.Request) + len(e.Answer) + len(e.Error) + len(e.Fault) +
		fieldsSize(e.RequestHeader) + fieldsSize(e.AnswerHeader)
}

// A journal keeps the newest entries. It may be used by several goroutines. The
// excerpts in it are as they were sent; secrets are taken out when it is read, which
// happens more rarely than requests do.
type journal struct {
	mu      sync.Mutex // guards all below
	entries []Entry    // a ring once it is full
	first   int        // the oldest in it
	count   int
	bytes   int
	seq     int64
	bell    chan struct{} // closed at the next entry; nil when nobody waits
}

// add gives e its number and keeps it.
func (j *journal) add(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	e.Seq = j.seq
	j.bytes += e.size()
	for j.count > 0 && (j.count == maxEntries || j.bytes > maxEntryBytes) {
		oldest := &j.entries[j.first]
		j.bytes -= oldest.size()
		*oldest = Entry{}
		j.first = (j.first + 1) % len(j.entries)
		j.count--
	}
	if j.count == len(j.entries) { // grow, in order
		bigger := make([]Entry, min(maxEntries, max(64, 2*j.count)))
		n := copy(bigger, j.entries[j.first:])
		copy(bigger[n:], j.entries[:j.first])
		j.entries, j.first = bigger, 0
	}
	j.entries[(j.first+j.count)%len(j.entries)] = e
	j.count++
	if j.bell != nil {
		close(j.bell)
		j.bell = nil
	}
}

// since returns the entries after the one numbered seq, oldest first, at most limit
// of them and then the newest, and a channel that is closed when there are more.
func (j *journal) since(seq int64, limit int) ([]Entry, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var entries []Entry
	fresh := j.count
	if after := j.seq - seq; after < int64(fresh) {
		fresh = int(max(0, after))
	}
	for i := j.count - min(fresh, limit); i < j.count; i++ {
		e := j.entries[(j.first+i)%len(j.entries)]
		e.Request, e.Answer = redact(e.Request), redact(e.Answer)
		entries = append(entries, e)
	}
	if j.bell == nil {
		j.bell = make(chan struct{})
	}
	return entries, j.bell
}

// clear forgets all entries; numbers go on.
func (j *journal) clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries, j.first, j.count, j.bytes = nil, 0, 0, 0
}

// AttemptEntry is an attempt as an entry of the journal, without a number.
func AttemptEntry(a Attempt) Entry {
	return Entry{
		Time: a.Time, Kind: "delivery", Method: "POST", Path: cutText(a.URL, maxPath), Status: a.Status, DurationMS: a.DurationMS, Answer: a.Body,
		Subscription: a.Subscription, Delivery: a.Delivery, Event: a.Event, Attempt: a.N, Error: a.Error,
		Next: a.Next, Wait: a.Wait, GaveUp: a.GaveUp, Left: a.Left,
	}
}

func cutText(s string, most int) string {
	if len(s) > most {
		return excerpt([]byte(s), most) + "…"
	}
	return s
}

// Journal returns the newest entries after the one numbered seq, oldest first, at
// most limit.
func (s *Server) Journal(seq int64, limit int) []Entry {
	entries, _ := s.journal.since(seq, limit)
	return entries
}
