package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
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

func (w *writer) commit(group []write) {
	ctx := context.Background() // a commit is not abandoned half-way
	w.committing.Lock()
	defer w.committing.Unlock()
	group, b, err := w.try(ctx, group, w.more)
	if err != nil && len(group) > 1 && !isDiskFault(err) {
		for _, op := range group { // one of them is at fault: the others go on without it
			_, b, err := w.try(ctx, []write{op}, nil)
			w.announce(b, err)
			w.answer(op, err)
		}
		return
	}
	w.announce(b, err)
	w.written.Add(int64(len(group)))
	for _, op := range group {
		w.answer(op, err)
	}
}

// announce makes a transaction known to those who follow.
func (w *writer) announce(b *batch, err error) {
	if err != nil {
		return
	}
	if b.before > w.s.lastRev.Load() { // another process has written in between, and may have removed something
		if err := w.s.noticeRemovals(context.Background()); err != nil {
			w.s.opts.Log.Error("store fault", "err", err)
		}
	}
	w.s.removals.add(b.removedRev, b.gone) // before anything of it can be seen
	w.s.recent.apply(b)
	if w.s.advance(b.rev) {
		w.s.bell.ring()
	}
}

func (w *writer) answer(op write, err error) {
	w.pending.Add(-1)
	if op.then != nil {
		op.then(err)
	}
	switch {
	case op.done != nil:
		op.done <- err
	case err != nil && !errors.Is(err, ErrNotFound): // what belongs to a deleted delivery may be lost
		w.s.opts.Log.Error("write lost", "err", err)
	}
}

// try runs the writes in one transaction. more, when not nil, adds those that
// queue up meanwhile; the group as run is returned. After a fault of the disk
// the connection is opened anew: what an fsync failed to write may be gone from
// the cache, and asking the same file handle again would not tell.
func (w *writer) try(ctx context.Context, group []write, more func([]write) []write) (_ []write, b *batch, err error) {
	if w.conn == nil {
		if w.conn, err = w.s.connect(ctx); err != nil {
			return group, nil, fmt.Errorf("reopen store: %w", err)
		}
	}
	defer func() {
		if err == nil {
			return
		}
		if _, e := w.conn.stmt[rollback].ExecContext(ctx); e != nil && !isNoTransaction(e) || isDiskFault(err) {
			w.s.opts.Log.Error("store fault", "err", err)
			w.conn.close() // its error would only repeat the fault
			w.conn = nil
		}
	}()
	if _, err := w.conn.stmt[begin].ExecContext(ctx); err != nil {
		return group, nil, fmt.Errorf("begin: %w", err)
	}
	b = &batch{writeConn: w.conn}
	if err := w.conn.stmt[readClock].QueryRowContext(ctx).Scan(&b.rev, &b.seq, &b.count, &b.bytes); err != nil {
		return group, nil, fmt.Errorf("read clock: %w", err)
	}
	b.before = b.rev
	stored := b.bytes
	for i := 0; i < len(group); i++ {
		if err := group[i].apply(ctx, b); err != nil {
			return group, nil, err
		}
		if more != nil && i == len(group)-1 {
			group = more(group)
		}
	}
	if err := w.s.prune(ctx, b); err != nil {
		return group, nil, err
	}
	if _, err := w.conn.stmt[writeClock].ExecContext(ctx, b.rev, b.seq, b.count, b.bytes); err != nil {
		return group, nil, fmt.Errorf("write clock: %w", err)
	}
	if _, err := w.conn.stmt[commit].ExecContext(ctx); err != nil {
		return group, nil, fmt.Errorf("commit: %w", err)
	}
	w.logged(ctx, b.bytes-stored+int64(len(group))*pagesPerWrite*4096)
	return group, b, nil
}

// isDiskFault reports whether err says that the file could not be written, as
// opposed to something wrong with one write.
func isDiskFault(err error) bool {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return false
	}
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY:
		return true
	}
	return false
}

// isNoTransaction recognises "cannot rollback - no transaction is active":
// SQLite has then rolled back by itself.
func isNoTransaction(err error) bool {
	var se *sqlite.Error
	return errors.As(err, &se) && se.Code() == sqlite3.SQLITE_ERROR
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
