package store

import (
	"context"
	"fmt"
)

// Bounds of the ring of requests that did not verify. Whoever learns the public
// URL can fill it, but only it.
const (
	UnverifiedCount = 200
	UnverifiedBytes = 2 << 20
)

// pruneStep is how many rows one transaction removes at most, so that no caller
// waits long for a store that has just been given a smaller bound.
const pruneStep = 200

// prune removes the oldest verified deliveries that are over the bounds and do
// not wait for the app. If all of them wait, the store grows: they were
// acknowledged.
func (s *Store) prune(ctx context.Context, b *batch) error {
	over := b.count - s.opts.KeepCount
	if over <= 0 && b.bytes <= s.opts.KeepBytes {
		return nil
	}
	rows, err := b.conn.QueryContext(ctx, `SELECT seq, kept FROM deliveries
		WHERE proof IS NOT NULL AND state <> 'waiting' ORDER BY seq LIMIT ?`, pruneStep)
	if err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	defer rows.Close()
	var last int64
	for rows.Next() && (b.count > s.opts.KeepCount || b.bytes > s.opts.KeepBytes) {
		var kept int64
		if err := rows.Scan(&last, &kept); err != nil {
			return fmt.Errorf("prune: %w", err)
		}
		b.count--
		b.bytes -= kept
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	rows.Close()
	return b.remove(ctx, "proof IS NOT NULL AND state <> 'waiting' AND seq <= ?", last)
}

// pruneUnverified keeps the newest UnverifiedCount requests and
// UnverifiedBytes bytes of those that did not verify.
func pruneUnverified(ctx context.Context, b *batch) error {
	return b.remove(ctx, `proof IS NULL AND seq <= coalesce((SELECT max(seq) FROM (
		SELECT seq, row_number() OVER w AS n, sum(kept) OVER w AS total FROM deliveries WHERE proof IS NULL
		WINDOW w AS (ORDER BY seq DESC)) WHERE n > ? OR total > ?), 0)`, UnverifiedCount, UnverifiedBytes)
}

// remove deletes deliveries with all that belongs to them.
func (b *batch) remove(ctx context.Context, where string, args ...any) error {
	seqs := "(SELECT seq FROM deliveries WHERE " + where + ")"
	for _, q := range []string{
		"DELETE FROM attempts WHERE seq IN " + seqs,
		"DELETE FROM contents WHERE seq IN " + seqs,
		"DELETE FROM deliveries WHERE " + where,
	} {
		if _, err := b.conn.ExecContext(ctx, q, args...); err != nil {
			return fmt.Errorf("remove deliveries: %w", err)
		}
	}
	return nil
}
