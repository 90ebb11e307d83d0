package store

import (
	"cmp"
	"slices"
	"sort"
	"sync"
)

// recentKept is how many changed deliveries are kept in memory. Whoever follows
// closely is answered from there, so that ten listeners cost hardly more than
// one; who comes from further back is answered by the database.
const recentKept = 8192

// A change is what one write did, for those who follow.
type change struct {
	d       Delivery // whole for a new delivery; else only what says which, and its new state
	attempt *Attempt // the attempt that was added; its N is set when it becomes known
	repeat  bool
}

// recent holds the newest changes of this process. It answers only where it
// knows all of them: everything after floor.
type recent struct {
	mu    sync.RWMutex // guards all below
	floor int64        // what changed up to here is not, or not all, in memory
	log   []logEntry   // ascending by rev
	bySeq map[int64]*Delivery
}

type logEntry struct{ rev, seq int64 }

// reset forgets everything up to rev.
func (r *recent) reset(rev int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.floor, r.log, r.bySeq = rev, nil, make(map[int64]*Delivery)
}

// foreign notes that the database is at rev by the work of another process: up to
// there, only it can answer.
func (r *recent) foreign(rev int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rev > r.top() {
		r.floor, r.log = rev, nil
		clear(r.bySeq)
	}
}

// apply adds the changes of a committed transaction, and gives attempts their
// numbers. A gap means that another process has written in between; a change of
// a delivery that is not here cannot be shown whole. Both make the memory begin
// anew.
func (r *recent) apply(b *batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b.before != r.top() {
		r.floor, r.log = b.before, nil
		clear(r.bySeq)
	}
	for _, c := range b.changes {
		r.applyOne(c)
	}
	for _, seq := range b.gone {
		delete(r.bySeq, seq)
	}
	if b.prunedTo > 0 || b.unverifiedTo > 0 {
		for seq, d := range r.bySeq {
			if b.removed(*d) {
				delete(r.bySeq, seq)
			}
		}
	}
	if r.top() < b.rev { // a change of something else
		r.log = append(r.log, logEntry{rev: b.rev})
	}
	r.trim()
}

// top is the newest revision known here.
func (r *recent) top() int64 {
	if n := len(r.log); n > 0 {
		return r.log[n-1].rev
	}
	return r.floor
}

func (r *recent) applyOne(c change) {
	if c.attempt == nil && !c.repeat {
		d := c.d
		d.Header, d.Body, d.Proof = nil, nil, nil
		r.bySeq[d.Seq] = &d
		r.log = append(r.log, logEntry{d.Rev, d.Seq})
		return
	}
	old := r.bySeq[c.d.Seq]
	if old == nil {
		r.floor, r.log = c.d.Rev, nil
		clear(r.bySeq)
		return
	}
	d := *old // those who have been given the old one keep it
	d.Rev, d.State = c.d.Rev, cmp.Or(c.d.State, old.State)
	if c.repeat {
		d.Arrivals = c.d.Arrivals
	} else {
		c.attempt.N = d.AttemptCount + 1
		a := *c.attempt
		a.Header, a.Body = nil, nil
		d.AttemptCount = a.N
		d.Attempts = append(slices.Clip(d.Attempts), a)
		d.Attempts = d.Attempts[max(0, len(d.Attempts)-SummaryAttempts):]
	}
	r.bySeq[d.Seq] = &d
	r.log = append(r.log, logEntry{d.Rev, d.Seq})
}

// trim drops the oldest half when there is too much.
func (r *recent) trim() {
	if len(r.log) <= 2*recentKept {
		return
	}
	cut := len(r.log) - recentKept
	r.floor = r.log[cut-1].rev
	for _, e := range r.log[:cut] {
		if d := r.bySeq[e.seq]; d != nil && d.Rev == e.rev {
			delete(r.bySeq, e.seq)
		}
	}
	r.log = append([]logEntry(nil), r.log[cut:]...)
}

// since returns what Store.Since does; ok is false when the memory does not
// reach back to rev.
func (r *recent) since(rev int64, limit int) (list []Delivery, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if rev < r.floor {
		return nil, false
	}
	from := sort.Search(len(r.log), func(i int) bool { return r.log[i].rev > rev })
	for _, e := range r.log[from:] {
		if len(list) == limit {
			break
		}
		if d := r.bySeq[e.seq]; d != nil && d.Rev == e.rev { // not changed again since
			list = append(list, *d)
		}
	}
	return list, true
}
