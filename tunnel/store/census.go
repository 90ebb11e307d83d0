package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"

	"pictap/tunnel/pictify"
)

// A census knows of every stored delivery what an overview counts and a search sifts
// by: when it came, what it was, and what became of it. It takes some 4 MB for 100,000
// of them.
//
// It reads all of them when it is asked for the first time, which takes a fifth of
// a second for so many, and later only what has changed since. The alternative,
// counting by SQL each time with indexes to help, took as long for each look at a
// busy day, and would have had every write pay for the indexes.
type census struct {
	mu     sync.Mutex // guards all below
	rev    int64      // everything up to here is in points
	points []point    // ascending by seq
	names  []string   // of events and subscriptions, by number; the first is ""
	number map[string]uint16
}

// A point is one delivery.
type point struct {
	seq     int64
	at      int64 // received, in microseconds
	took    int64 // of the last answer, in microseconds
	event   uint16
	sub     uint16
	status  int16 // of the last answer; 0 for none
	outcome Outcome

	verdict, state, source uint8 // by number of the word; 0 for one that is not ours
	attempts, arrivals     uint8 // at most countedTo, which stands for more as well
}

const countedTo = 255

// The words of ours, by number less one.
var (
	verdictWords = words(pictify.Valid, pictify.Unsigned, pictify.Malformed, pictify.Stale, pictify.Mismatch, pictify.UnknownSecret)
	stateWords   = words(Waiting, Done, Failed, Kept)
	sourceWords  = words(FromPictify, FromLocal)
)

func number(words []string, word sql.RawBytes) uint8 {
	for i, w := range words {
		if w == string(word) {
			return uint8(i + 1)
		}
	}
	return 0
}

// An Outcome is what has become of a delivery, as overviews count it.
type Outcome uint8

// The outcomes. A delivery has exactly one.
const (
	Taken      Outcome = iota // the app answered 2xx
	Refused                   // the app answered something else
	Unanswered                // it waits for the app, or the app broke off
	Recorded                  // there is no app to hand it to
	Unverified                // its signature did not hold, so it is not handed on
	outcomes
)

func outcomeOf(verdict, state string, status int16) Outcome {
	switch {
	case verdict != "valid":
		return Unverified
	case State(state) == Done:
		return Taken
	case State(state) == Kept:
		return Recorded
	case State(state) == Failed && status != 0:
		return Refused
	}
	return Unanswered
}

// maxNames bounds the names that are told apart. Events of more types than that are
// counted as if they had none; only a test of ours, or an attack, has so many.
const maxNames = 4096

func (c *census) name(s string) uint16 {
	n, known := c.number[s]
	if !known && len(c.names) < maxNames {
		n = uint16(len(c.names))
		c.names = append(c.names, s)
		c.number[s] = n
	}
	return n
}

func (c *census) reset() {
	c.rev, c.points, c.names, c.number = 0, nil, []string{""}, map[string]uint16{"": 0}
}

// look brings the census up to date and has f look at it.
func (s *Store) look(ctx context.Context, f func(*census)) error {
	c := &s.census
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.catchUp(ctx, s.read); err != nil {
		return fmt.Errorf("count deliveries: %w", err)
	}
	f(c)
	return nil
}

// catchUp reads what has changed, all as of one moment.
func (c *census) catchUp(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() // nothing was written
	if _, err := c.follow(ctx, tx, maxSeq); err != nil {
		return err
	}
	var stored int64
	err = tx.QueryRowContext(ctx, "SELECT count + (SELECT count(*) FROM deliveries WHERE proof IS NULL) FROM clock").Scan(&stored)
	if err != nil || int64(len(c.points)) == stored {
		return err
	}
	return c.forget(ctx, tx)
}

// follow reads what has changed, but for what has been removed, unless that are more
// than most changes: then it reads nothing and returns false.
func (c *census) follow(ctx context.Context, tx *sql.Tx, most int64) (bool, error) {
	var rev int64
	if err := tx.QueryRowContext(ctx, "SELECT rev FROM clock").Scan(&rev); err != nil {
		return false, err
	}
	if c.names == nil || len(c.names) == maxNames {
		c.reset()
	}
	if rev-c.rev > most {
		return false, nil
	}
	if rev == c.rev {
		return true, nil
	}
	if err := c.readAfter(ctx, tx, c.rev); err != nil {
		return false, err // what is in already is read once more next time, and is the same then or newer
	}
	c.rev = rev
	return true, nil
}

func (c *census) readAfter(ctx context.Context, tx *sql.Tx, rev int64) error {
	from := "deliveries d" // by the index of revisions
	if rev == 0 {
		from += " NOT INDEXED"
	}
	rows, err := tx.QueryContext(ctx, `SELECT d.seq, d.received_at, d.event, d.subscription, d.verdict, d.state, d.source,
		min(d.attempts, ?1), min(d.arrivals, ?1), coalesce(a.status, 0), coalesce(a.duration, 0)
		FROM `+from+" LEFT JOIN attempts a ON a.seq = d.seq AND a.n = d.attempts WHERE d.rev > ?2", countedTo, rev)
	if err != nil {
		return err
	}
	defer rows.Close()
	var event, sub, verdict, state, source sql.RawBytes
	for rows.Next() {
		var p point
		if err := rows.Scan(&p.seq, &p.at, &event, &sub, &verdict, &state, &source, &p.attempts, &p.arrivals, &p.status, &p.took); err != nil {
			return err
		}
		p.event, p.sub = c.name(string(event)), c.name(string(sub))
		p.verdict, p.state, p.source = number(verdictWords, verdict), number(stateWords, state), number(sourceWords, source)
		p.outcome = outcomeOf(string(verdict), string(state), p.status)
		c.put(p)
	}
	return errors.Join(rows.Err(), rows.Close())
}

// put adds a delivery, or replaces what was known of it.
func (c *census) put(p point) {
	if n := len(c.points); n == 0 || c.points[n-1].seq < p.seq {
		c.points = append(c.points, p)
		return
	}
	i, known := slices.BinarySearchFunc(c.points, p.seq, func(q point, seq int64) int { return cmp.Compare(q.seq, seq) })
	if known {
		c.points[i] = p
	} else {
		c.points = slices.Insert(c.points, i, p)
	}
}

// forget drops what is not stored any more. The index of revisions has the numbers
// of all that are, and is a twentieth of the table.
func (c *census) forget(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, "SELECT seq FROM deliveries INDEXED BY deliveries_rev WHERE rev > 0")
	if err != nil {
		return err
	}
	defer rows.Close()
	stored := make(map[int64]bool, len(c.points))
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return err
		}
		stored[seq] = true
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	c.points = slices.DeleteFunc(c.points, func(p point) bool { return !stored[p.seq] })
	return nil
}
