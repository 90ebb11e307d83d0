package store

import (
	"context"
	"os"
)

// Sizes of the write-ahead log. At checkpointBytes it is copied into the
// database beside the writer, which does not wait; at truncateBytes, where busy
// readers have kept that from catching up, the writer itself is made to wait.
const (
	checkpointBytes = 4 << 20
	truncateBytes   = 64 << 20
)

// checkpoints copies the log into the database whenever it has grown, until the
// writer has ended.
func (w *writer) checkpoints() {
	ctx := context.Background()
	db := openDB(dsn(w.s.path, "synchronous(FULL)", "wal_autocheckpoint(0)", "checkpoint_fullfsync(1)", "cache_size(-500)"))
	defer db.Close()
	db.SetMaxOpenConns(1)
	var done int64 // size of the log at the last checkpoint
	for range w.wal {
		size := w.s.walSize()
		if size < done { // the writer has begun it anew
			done = 0
		}
		if size-done < checkpointBytes {
			continue
		}
		mode := "PASSIVE"
		if size >= truncateBytes {
			mode = "TRUNCATE"
		}
		if _, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint("+mode+")"); err != nil {
			w.s.opts.Log.Warn("checkpoint", "mode", mode, "err", err)
			continue
		}
		done = w.s.walSize()
	}
}

func (s *Store) walSize() int64 {
	info, err := os.Stat(s.path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}
