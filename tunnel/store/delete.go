package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sync"

	sqlite3 "modernc.org/sqlite/lib"
)

// removeStep is how many deliveries one transaction removes at most: whoever
// records meanwhile waits for no more than that.
const removeStep = 500

// removalsTable holds one number, the revision of the newest removal that somebody
// asked for. It is made by the first one, because files of this schema have
// been written without it, and one that nothing was removed from needs none.
const removalsTable = "CREATE TABLE IF NOT EXISTS removals (id INTEGER PRIMARY KEY CHECK (id = 1), rev INTEGER NOT NULL) STRICT"

// Delete removes deliveries with all that belongs to them, whatever their state:
// one that waits for the app is then not handed to it. It returns how many there
// were; one that is gone already is no error. When it returns, the removal is
// durable and [Store.Removed] tells of it. If it fails on the way, some of many
// may be gone.
//
// The file does not shrink: the space is used for what comes.
func (s *Store) Delete(ctx context.Context, seqs ...int64) (n int, err error) {
	for len(seqs) > 0 {
		step := seqs[:min(len(seqs), removeStep)]
		seqs = seqs[len(step):]
		removed := 0
		err := s.writer.do(ctx, write{apply: func(ctx context.Context, b *batch) (err error) {
			removed, err = removeSeqs(ctx, s, b, step)
			return err
		}})
		if err != nil {
			return n, fmt.Errorf("delete deliveries: %w", err)
		}
		n += removed
	}
	return n, nil
}

// Clear deletes the deliveries that q chooses, as of the call: what is recorded
// while it works stays. It returns how many there were.
func (s *Store) Clear(ctx context.Context, q Search) (n int, err error) {
	err = s.eachFound(ctx, q, func(seqs []int64) error {
		removed, err := s.Delete(ctx, seqs...)
		n += removed
		return err
	})
	return n, err
}

// CountFound returns how many deliveries Clear would delete.
func (s *Store) CountFound(ctx context.Context, q Search) (n int, err error) {
	err = s.eachFound(ctx, q, func(seqs []int64) error {
		n += len(seqs)
		return nil
	})
	return n, err
}

// eachFound calls f with the numbers of what q chooses as of now, some at a time.
func (s *Store) eachFound(ctx context.Context, q Search, f func(seqs []int64) error) error {
	q, err := s.Resolve(ctx, q)
	if err != nil {
		return fmt.Errorf("look for deliveries: %w", err)
	}
	newest, err := s.Newest(ctx)
	if err != nil {
		return fmt.Errorf("look for deliveries: %w", err)
	}
	for before := newest + 1; before > 1; {
		list, err := s.Search(ctx, q, before, removeStep)
		if err != nil || len(list) == 0 {
			return err
		}
		seqs := make([]int64, len(list))
		for i, d := range list {
			seqs[i] = d.Seq
		}
		before = seqs[len(seqs)-1]
		if err := f(seqs); err != nil {
			return err
		}
	}
	return nil
}

// Removed returns the revision of the newest removal that somebody asked for, with
// [Store.Delete] or [Store.Clear] in this or in another process; 0 if there was
// none. Whoever follows the changes and knows less than it may have deliveries that
// are gone. Pruning does not count: it takes what nobody looks at any more.
//
// It never lags behind what [Store.Since] has returned.
func (s *Store) Removed() int64 { return s.removals.newest() }

// RemovedSince returns the numbers of the deliveries that were removed after rev.
// ok is false when it is not known which they are: another process removed them,
// or an earlier one, or there are too many.
func (s *Store) RemovedSince(rev int64) (seqs []int64, ok bool) { return s.removals.since(rev) }

// removeSeqs is Delete's part of a transaction.
func removeSeqs(ctx context.Context, s *Store, b *batch, seqs []int64) (n int, err error) {
	list, err := json.Marshal(seqs)
	if err != nil {
		return 0, err
	}
	const chosen = "seq IN (SELECT value FROM json_each(?))"
	var verified, kept int64
	err = b.conn.QueryRowContext(ctx, "SELECT count(*), count(proof), coalesce(sum(kept) FILTER (WHERE proof IS NOT NULL), 0) FROM deliveries WHERE "+chosen, string(list)).Scan(&n, &verified, &kept)
	if err != nil || n == 0 {
		return 0, err
	}
	if err := b.remove(ctx, chosen, string(list)); err != nil {
		return 0, err
	}
	b.count -= verified
	b.bytes -= kept
	b.removedRev = b.nextRev()
	b.gone = append(b.gone, seqs...)
	s.lookAgain = 0 // what kept prune from looking may be gone
	if _, err := b.conn.ExecContext(ctx, removalsTable); err != nil {
		return 0, fmt.Errorf("note removal: %w", err)
	}
	_, err = b.conn.ExecContext(ctx, "INSERT INTO removals VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET rev = excluded.rev", b.removedRev)
	return n, err
}

// noticeRemovals reads whether other processes have removed anything.
func (s *Store) noticeRemovals(ctx context.Context) error {
	rev, err := readRemovals(ctx, s.read)
	if err != nil {
		return fmt.Errorf("read removals: %w", err)
	}
	s.removals.foreign(rev)
	return nil
}

func readRemovals(ctx context.Context, db *sql.DB) (rev int64, err error) {
	err = db.QueryRowContext(ctx, "SELECT coalesce(max(rev), 0) FROM removals").Scan(&rev)
	if isCode(err, sqlite3.SQLITE_ERROR) { // no such table: nothing was ever removed
		return 0, nil
	}
	return rev, err
}

// removalsKept is how many numbers of removed deliveries are remembered. Whoever
// missed more reads the list anew.
const removalsKept = 4096

// removals are what was removed lately, for those who follow.
type removals struct {
	mu    sync.RWMutex // guards all below
	floor int64        // what was removed up to here is not known by number
	list  []removal    // ascending by rev
	count int          // of the numbers in list
}

type removal struct {
	rev  int64
	seqs []int64
}

func (r *removals) newest() int64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if n := len(r.list); n > 0 {
		return r.list[n-1].rev
	}
	return r.floor
}

// add notes a removal of this process; none when rev is 0.
func (r *removals) add(rev int64, seqs []int64) {
	if rev == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, removal{rev, seqs})
	r.count += len(seqs)
	for r.count > removalsKept {
		r.floor = r.list[0].rev
		r.count -= len(r.list[0].seqs)
		r.list = r.list[1:]
	}
}

// foreign notes that the database knows of a removal at rev.
func (r *removals) foreign(rev int64) {
	if rev <= r.newest() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.floor, r.list, r.count = rev, nil, 0
}

func (r *removals) since(rev int64) (seqs []int64, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, one := range r.list {
		if one.rev > rev {
			seqs = append(seqs, one.seqs...)
		}
	}
	return seqs, rev >= r.floor
}
