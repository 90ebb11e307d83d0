package store

import (
	"context"
	"fmt"
	"time"
)

// Bounds of page grants: how many open pages a restart can be survived by, and
// for how long after they were last seen.
const (
	grantsKept  = 32
	grantsValid = 30 * 24 * time.Hour
)

// SaveGrant remembers the SHA-256 of a key that a page may exchange, once, for
// the token of a later run. The oldest beyond 32 are forgotten.
func (s *Store) SaveGrant(ctx context.Context, hash []byte) error {
	err := s.writer.do(ctx, write{apply: func(ctx context.Context, b *batch) error {
		if _, err := b.conn.ExecContext(ctx, "INSERT OR REPLACE INTO grants (hash, at) VALUES (?, ?)",
			hash, micros(s.opts.Now())); err != nil {
			return err
		}
		_, err := b.conn.ExecContext(ctx, "DELETE FROM grants WHERE hash NOT IN (SELECT hash FROM grants ORDER BY at DESC LIMIT ?)", grantsKept)
		return err
	}})
	if err != nil {
		return fmt.Errorf("save page grant: %w", err)
	}
	return nil
}

// TakeGrant reports whether hash was saved, and forgets it.
func (s *Store) TakeGrant(ctx context.Context, hash []byte) (bool, error) {
	var n int64
	err := s.writer.do(ctx, write{apply: func(ctx context.Context, b *batch) error {
		res, err := b.conn.ExecContext(ctx, "DELETE FROM grants WHERE hash = ? AND at >= ?",
			hash, micros(s.opts.Now().Add(-grantsValid)))
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	}})
	if err != nil {
		return false, fmt.Errorf("take page grant: %w", err)
	}
	return n > 0, nil
}
