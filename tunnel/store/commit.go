package store

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

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
