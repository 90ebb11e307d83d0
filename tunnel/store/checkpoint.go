package store

import (
	"context"
	"os"
)

// Sizes of the write-ahead log. At checkpointBytes it is copied into the
// database beside the writer, which does not wait; at truncateBytes, where busy
// readers have kept that from catching up, the writer is made to wait.
const (
	checkpointBytes = 16 << 20
	truncateBytes   = 64 << 20
)

// checkpoints copies the log into the database whenever it has grown, until the
// writer has ended. What the writer adds in the meantime it copies itself, a few
// pages: then all is copied, and SQLite begins the log anew in the same place.
// Writing over a file is quicker to sync than making it grow.
func (w *writer) checkpoints() {
	ctx := context.Background()
	db := openDB(dsn(w.s.path, "synchronous(FULL)", "wal_autocheckpoint(0)", "checkpoint_fullfsync(1)", "cache_size(-500)"))
	defer db.Close()
	db.SetMaxOpenConns(1)
	for range w.wal {
		mode := "PASSIVE"
		if w.s.walSize() >= truncateBytes {
			mode = "TRUNCATE"
		}
		if _, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint("+mode+")"); err != nil {
			w.s.opts.Log.Warn("checkpoint", "mode", mode, "err", err)
			continue
		}
		w.finish.Store(true)
	}
}

// logged is called after each commit with an estimate of its size. It has the log copied when
// there is enough of it, and finishes what the checkpointer has begun.
func (w *writer) logged(ctx context.Context, bytes int64) {
	w.unwritten += bytes
	if w.finish.CompareAndSwap(true, false) {
		if _, err := w.conn.conn.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
			w.s.opts.Log.Warn("finish checkpoint", "err", err)
		}
		w.unwritten = 0
	}
	if w.unwritten >= checkpointBytes {
		select {
		case w.wal <- struct{}{}:
			w.unwritten = 0
		default: // one is under way
		}
	}
}

func (s *Store) walSize() int64 {
	info, err := os.Stat(s.path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}
