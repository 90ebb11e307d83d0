package tunnel

import (
	"slices"
	"sync"

	"pictap/tunnel/store"
)

// queueMemory is how many bytes of bodies the queue keeps in memory. Deliveries
// beyond it are read from the store when their turn comes.
const queueMemory = 16 << 20

// A job is a delivery that is to be handed to the app.
type job struct {
	seq     int64
	d       *store.Delivery // nil: read it from the store
	ready   bool            // acknowledged, may be sent
	crashes int             // times the app broke the connection instead of answering
}

// A queue holds jobs in order of arrival. While it is held, nothing is taken:
// the app is down, and the next delivery would fail like the last one.
type queue struct {
	mu     sync.Mutex // guards all below
	wake   *sync.Cond
	jobs   []*job         // ascending by seq
	all    map[int64]*job // queued or in flight
	bytes  int64          // of bodies in memory
	held   bool
	closed bool
}

func newQueue() *queue {
	q := &queue{all: make(map[int64]*job)}
	q.wake = sync.NewCond(&q.mu)
	return q
}

// add queues a delivery that is not queued yet. d may be nil. It reports
// whether the queue is held.
func (q *queue) add(seq int64, d *store.Delivery, ready bool) (held bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, there := q.all[seq]; there {
		return q.held
	}
	j := &job{seq: seq, d: d, ready: ready}
	if d != nil && q.bytes+d.BodySize > queueMemory {
		j.d = nil
	}
	q.insert(j)
	return q.held
}

// insert puts j where its seq belongs, which is nearly always the end.
func (q *queue) insert(j *job) {
	q.all[j.seq] = j
	if j.d != nil {
		q.bytes += j.d.BodySize
	}
	i := len(q.jobs)
	for i > 0 && q.jobs[i-1].seq > j.seq {
		i--
	}
	q.jobs = append(q.jobs, nil)
	copy(q.jobs[i+1:], q.jobs[i:])
	q.jobs[i] = j
	q.wake.Broadcast()
}

// claim makes the caller the one who hands a delivery on, until finish: it is
// taken out of the line, or will not get into it. claim returns nil when somebody
// is handing it on already.
func (q *queue) claim(seq int64) *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.all[seq]
	if j == nil {
		j = &job{seq: seq, ready: true}
		q.all[seq] = j
		return j
	}
	i := slices.Index(q.jobs, j)
	if i < 0 {
		return nil
	}
	q.jobs = slices.Delete(q.jobs, i, i+1)
	if j.d != nil {
		q.bytes -= j.d.BodySize
	}
	return j
}

func (q *queue) release(seq int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if j := q.all[seq]; j != nil && !j.ready {
		j.ready = true
		q.wake.Broadcast()
	}
}

// take waits for the oldest job and removes it from the line; it remains known
// until finish or putBack. It returns nil when the queue is closed.
func (q *queue) take() *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed && (q.held || len(q.jobs) == 0 || !q.jobs[0].ready) {
		q.wake.Wait()
	}
	if q.closed {
		return nil
	}
	j := q.jobs[0]
	q.jobs[0] = nil
	q.jobs = q.jobs[1:]
	if j.d != nil {
		q.bytes -= j.d.BodySize
	}
	return j
}

// finish forgets a job.
func (q *queue) finish(j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.all, j.seq)
	q.wake.Broadcast()
}

// putBack returns a job to its place in the line and holds the queue. What it
// held in memory is let go: when the app is back, the store knows better
// whether the delivery still waits.
func (q *queue) putBack(j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j.d = nil
	q.held = true
	q.insert(j)
}

// line returns the numbers of the jobs that wait to be taken, in ascending order.
func (q *queue) line() []int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	seqs := make([]int64, len(q.jobs))
	for i, j := range q.jobs {
		seqs[i] = j.seq
	}
	return seqs
}

// drop takes jobs out of the line and forgets them; those in flight are not touched.
func (q *queue) drop(seqs map[int64]bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = slices.DeleteFunc(q.jobs, func(j *job) bool {
		if !seqs[j.seq] {
			return false
		}
		delete(q.all, j.seq)
		if j.d != nil {
			q.bytes -= j.d.BodySize
		}
		return true
	})
	q.wake.Broadcast()
}

// resume lets jobs be taken again.
func (q *queue) resume() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held = false
	q.wake.Broadcast()
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake.Broadcast()
}

// waiting returns how many jobs are queued or in flight.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.all)
}

// idle waits until nothing is queued or in flight, or the queue is held or
// closed. It reports whether nothing is left.
func (q *queue) idle() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.all) > 0 && !q.held && !q.closed {
		q.wake.Wait()
	}
	return len(q.all) == 0
}
