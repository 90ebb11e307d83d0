package store

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"time"
)

// The indexer keeps out of the way. It begins some time after the start, waits for a
// moment after each delivery since others may follow, and while many are written it
// does nothing: what it has not reached is read by searches, and it catches up later.
const (
	indexAfter = time.Second            // from the start, and from a delivery to its being indexed
	indexCalm  = 100 * time.Millisecond // it goes on when in such a time
	indexBusy  = 50                     // at most so many writes were committed
	indexRetry = time.Minute            // from a failure to the next try

	// indexBatch is how many deliveries share a transaction: about 60 ms of work,
	// which it ends at once when writes come in.
	indexBatch = 500
	indexBytes = 1 << 20 // likewise of their bodies
)

// run keeps the index up to date until the store is closed.
func (x *index) run() {
	ctx := x.s.ctx
	pause := time.NewTimer(indexAfter)
	defer pause.Stop()
	for {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
		changed := x.s.Changed() // before looking, so that nothing falls between the two
		if err := x.s.look(ctx, func(*census) {}); err != nil && ctx.Err() == nil {
			x.s.opts.Log.Warn("census", "err", err)
		}
		if err := x.catchUp(ctx, x.calm); err != nil && ctx.Err() == nil {
			x.s.opts.Log.Warn("search index", "err", err)
			pause.Reset(indexRetry)
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
		pause.Reset(indexAfter)
	}
}

// calm waits until hardly anything is written. The function that it returns tells for
// how long that is so.
func (x *index) calm(ctx context.Context) (still func() bool, err error) {
	w := x.s.writer
	tick := time.NewTicker(indexCalm)
	defer tick.Stop()
	for {
		before := w.written.Load()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if now := w.written.Load(); now-before <= indexBusy && w.pending.Load() == 0 {
			return func() bool {
				runtime.Gosched() // with one processor, a write would wait for it to be taken away from us
				return w.written.Load()-now <= indexBusy/2 && w.pending.Load() <= 1
			}, nil
		}
	}
}

// catchUp indexes all deliveries that are not, in batches, each when calm says so. An
// index that is not there, cannot be read or is not one of this database is replaced.
func (x *index) catchUp(ctx context.Context, calm func(context.Context) (func() bool, error)) error {
	x.filling.Lock()
	defer x.filling.Unlock()
	err := x.fill(ctx, calm)
	if err == nil || ctx.Err() != nil || isFull(err) {
		return err
	}
	if err := x.create(ctx); err != nil {
		return fmt.Errorf("begin anew: %w", err)
	}
	return x.fill(ctx, calm)
}

func (x *index) fill(ctx context.Context, calm func(context.Context) (func() bool, error)) error {
	if _, err := calm(ctx); err != nil {
		return err
	}
	if x.broken.Load() {
		return errStale
	}
	db := x.open()
	if err := x.trust(ctx, db); err != nil {
		return err
	}
	for more := true; more; {
		still, err := calm(ctx)
		if err != nil {
			return err
		}
		if more, err = x.batch(ctx, db, still); err != nil {
			return err
		}
	}
	return nil
}

// trust looks once whether the file is whole, before anybody reads it.
func (x *index) trust(ctx context.Context, db *sql.DB) error {
	x.mu.RLock()
	trusted := x.trusted
	x.mu.RUnlock()
	if trusted {
		return nil
	}
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrCorrupt, verdict)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.trusted = true
	return nil
}
