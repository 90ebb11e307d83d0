package store

import (
	"context"
	"errors"
	"fmt"

	"pictap/tunnel/pictify"
)

// Bounds of the ring of requests that did not verify. Whoever learns the public
// URL can fill it, but only it.
const (
	UnverifiedCount = 200
	UnverifiedBytes = 2 << 20
)

// pruneStep bounds how many rows are removed at once, so that no caller waits
// long for a store that has just been given a smaller bound.
const pruneStep = 200

// prune removes the oldest verified deliveries that are over the bounds and do
// not wait for the app. If all of them wait, the store grows: they were
// acknowledged.
//
// It looks only each time the store has grown by another hundredth, at most 200
// deliveries, over the bound: a look passes over all that wait.
func (s *Store) prune(ctx context.Context, b *batch) error {
	slack := min(s.opts.KeepCount/100, pruneStep)
	over := b.count > s.opts.KeepCount+slack || b.bytes > s.opts.KeepBytes+s.opts.KeepBytes/100
	if !over || b.count < s.lookAgain {
		return nil
	}
	rows, err := b.conn.QueryContext(ctx, `SELECT seq, kept FROM deliveries
		WHERE proof IS NOT NULL AND state <> 'waiting' ORDER BY seq LIMIT ?`, 2*pruneStep)
	if err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	defer rows.Close()
	var last int64
	for (b.count > s.opts.KeepCount || b.bytes > s.opts.KeepBytes) && rows.Next() {
		var kept int64
		if err := rows.Scan(&last, &kept); err != nil {
			return fmt.Errorf("prune: %w", err)
		}
		b.count--
		b.bytes -= kept
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	if last == 0 { // all wait: no use in looking at each of them again soon
		s.lookAgain = b.count + slack
		return nil
	}
	s.lookAgain, b.prunedTo = 0, last
	return b.remove(ctx, "proof IS NOT NULL AND state <> 'waiting' AND seq <= ?", last)
}

// pruneUnverified keeps the newest UnverifiedCount requests and
// UnverifiedBytes bytes of those that did not verify.
func pruneUnverified(ctx context.Context, b *batch) error {
	err := b.conn.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM (
		SELECT seq, row_number() OVER w AS n, sum(kept) OVER w AS total FROM deliveries WHERE proof IS NULL
		WINDOW w AS (ORDER BY seq DESC)) WHERE n > ? OR total > ?`, UnverifiedCount, UnverifiedBytes).Scan(&b.unverifiedTo)
	if err != nil {
		return fmt.Errorf("prune unverified: %w", err)
	}
	return b.remove(ctx, "proof IS NULL AND seq <= ?", b.unverifiedTo)
}

// removed reports whether the transaction has pruned a delivery.
func (b *batch) removed(d Delivery) bool {
	if d.Verdict == pictify.Valid {
		return d.Seq <= b.prunedTo && d.State != Waiting
	}
	return d.Seq <= b.unverifiedTo
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
