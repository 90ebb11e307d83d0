package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

const (
	queueSize = 1024 // writes that wait for the writer; more callers block
	groupSize = 256  // writes that share one transaction at most

	// Writes that nobody waits for are put off while there are others, until so
	// many have gathered or the last ones were written so long ago: together
	// they change fewer pages, and those who wait are answered sooner.
	laterMany = 64
	laterAge  = 10 * time.Millisecond
)

// pagesPerWrite is how many pages one write changes, about, beside those of the
// body: rows and indexes. It decides only when the log is copied.
const pagesPerWrite = 2

// A write is one caller's part of a transaction. apply may run more than once:
// when a group fails, its writes are tried again one by one.
type write struct {
	apply func(context.Context, *batch) error
	then  func(error)  // after the commit or its failure, in order; may be nil
	done  chan<- error // nil: nobody waits, the log is told
}

// A batch is the transaction that a write is part of.
type batch struct {
	*writeConn
	before       int64 // newest revision when it began
	rev, seq     int64 // newest given out
	count, bytes int64 // stored

	changes                []change // for Store.recent
	prunedTo, unverifiedTo int64    // deliveries up to here that did not wait, or verify, were removed
	removedRev             int64    // of the last removal that somebody asked for; 0 for none
	gone                   []int64  // what it removed
}

func (b *batch) nextRev() int64 { b.rev++; return b.rev }

// A writer owns the writing connection.
type writer struct {
	s     *Store
	conn  *writeConn // nil after a failure of the disk, until it can be opened again
	queue chan write // writes that somebody waits for
	later chan write // the others

	wroteLater time.Time // when the last of the others were written; the writer's

	mu     sync.RWMutex // held for reading while a write is queued, for writing to close
	closed bool

	wal       chan struct{} // says that the log has grown
	finish    atomic.Bool   // the checkpointer has done its part
	unwritten int64         // estimate of what the log has grown by since, in bytes; the writer's

	written atomic.Int64 // writes so far, for those who keep out of their way
	pending atomic.Int64 // writes that are queued or under way, likewise

	committing sync.Mutex // held from before a commit until it is announced
}

func newWriter(s *Store, c *writeConn) *writer {
	return &writer{s: s, conn: c, queue: make(chan write, queueSize), later: make(chan write, queueSize), wal: make(chan struct{}, 1)}
}

// enqueue hands w to the writer. It blocks while the queue is full.
func (w *writer) enqueue(ctx context.Context, op write) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return ErrClosed
	}
	queue := w.queue
	if op.done == nil {
		queue = w.later
	}
	select {
	case queue <- op:
		w.pending.Add(1)
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// do runs a write in a transaction, together with whatever else is queued, and
// returns once it is durable. If ctx ends first, the write may still happen.
func (w *writer) do(ctx context.Context, op write) error {
	done := make(chan error, 1)
	op.done = done
	if err := w.enqueue(ctx, op); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.closed = true
		close(w.queue)
		close(w.later)
	}
}

// run commits queued writes in groups until the queues are closed and empty.
//
// A group is whatever has queued up while the last one was committed: alone, a
// write waits for nobody; under load, many share one fsync.
func (w *writer) run() {
	defer close(w.wal)
	group := make([]write, 0, groupSize)
	for {
		op, ok := w.first()
		if !ok {
			return
		}
		group = append(group[:0], op)
		w.commit(group)
		clear(group)
	}
}

// first waits for a write; one that somebody waits for comes first.
func (w *writer) first() (op write, ok bool) {
	select {
	case op, ok = <-w.queue:
	default:
		select {
		case op, ok = <-w.queue:
		case op, ok = <-w.later:
		}
	}
	if !ok { // closed: what is left in either
		if op, ok = <-w.queue; !ok {
			op, ok = <-w.later
		}
	}
	return op, ok
}

// more appends writes that are queued now, without waiting.
func (w *writer) more(group []write) []write {
	group = take(w.queue, group)
	if n := len(w.later); group[0].done == nil || n >= laterMany || n > 0 && time.Since(w.wroteLater) > laterAge {
		group = take(w.later, group)
		w.wroteLater = time.Now()
	}
	return group
}

func take(queue chan write, group []write) []write {
	for len(group) < groupSize {
		select {
		case op, ok := <-queue:
			if !ok {
				return group
			}
			group = append(group, op)
		default:
			return group
		}
	}
	return group
}

// scanOne runs a prepared query for one row; ok is false when there is none.
func scanOne(ctx context.Context, st *sql.Stmt, args []any, to ...any) (ok bool, err error) {
	switch err := st.QueryRowContext(ctx, args...).Scan(to...); {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, nil
}
