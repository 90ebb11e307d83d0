package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A SearchChange is a delivery that has changed, and whether it is one that a search
// chooses now. Before the change it may have been or not.
type SearchChange struct {
	Delivery Delivery // a summary
	Match    bool
}

// SearchSince is [Store.Since] for who follows a search: it returns at most limit
// deliveries that changed after rev, each once and as it is now, with whether s chooses
// it. next is the revision to go on from: up to there it is all that has changed. It is
// never one that has not been announced ([Store.Changed]), though the database may be
// further.
//
// s must have gone through [Store.Resolve], once for all calls and for the steps of
// [Store.SearchStep] that the changes are to go with.
func (st *Store) SearchSince(ctx context.Context, s Search, rev int64, limit int) (list []SearchChange, next int64, err error) {
	next = max(rev, st.lastRev.Load())
	changed, err := st.Since(ctx, rev, limit)
	if err != nil {
		return nil, rev, err
	}
	if len(changed) == limit || len(changed) > 0 && changed[len(changed)-1].Rev > next {
		next = changed[len(changed)-1].Rev
	}
	var columns, bodies Search
	for _, w := range s.words {
		if looksIntoBody(w.test) {
			bodies.words = append(bodies.words, w)
		} else {
			columns.words = append(columns.words, w)
		}
	}
	now := st.opts.Now()
	for _, d := range changed {
		c := SearchChange{Delivery: d, Match: columns.Match(d, now)}
		if c.Match && !bodies.IsAll() {
			err := st.read.QueryRowContext(ctx, "SELECT body FROM contents WHERE seq = ?", d.Seq).Scan(&d.Body)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return nil, rev, fmt.Errorf("search changes: %w", err)
			}
			c.Match = err == nil && bodies.Match(d, now) // removed meanwhile: not any more
		}
		list = append(list, c)
	}
	return list, next, nil
}
