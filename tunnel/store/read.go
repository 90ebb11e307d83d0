package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// summaryColumns are read by scanSummary, in this order.
const summaryColumns = `d.seq, d.rev, d.first_rev, d.received_at, d.event, d.about, d.delivery_id, d.hook, d.subscription,
	d.source, d.verdict, d.reason, d.state, d.arrivals, d.attempts, d.method, d.path, d.remote, d.size`

const attemptColumns = "a.n, a.rev, a.kind, a.at, a.url, a.status, a.duration, a.error, a.size"

// A scanner is a *sql.Row or *sql.Rows.
type scanner interface{ Scan(...any) error }

func scanSummary(row scanner, d *Delivery, more ...any) error {
	var at int64
	err := row.Scan(append([]any{&d.Seq, &d.Rev, &d.FirstRev, &at, &d.Event, &d.About, &d.DeliveryID, &d.Hook, &d.Subscription,
		&d.Source, &d.Verdict, &d.Reason, &d.State, &d.Arrivals, &d.AttemptCount, &d.Method, &d.Path, &d.Remote, &d.BodySize}, more...)...)
	d.ReceivedAt = fromMicros(at)
	return err
}

func scanAttempt(row scanner, a *Attempt, more ...any) error {
	var at, us int64
	err := row.Scan(append([]any{&a.N, &a.Rev, &a.Kind, &at, &a.URL, &a.Status, &us, &a.Error, &a.BodySize}, more...)...)
	a.At, a.Duration = fromMicros(at), time.Duration(us)*time.Microsecond
	return err
}

// wholeAttempts is of how many attempts of one delivery the answers are kept.
const wholeAttempts = 50

// Get returns one delivery whole, but for the answers to all but its newest 50
// attempts, which are not kept. [ErrNotFound] if there is none.
func (s *Store) Get(ctx context.Context, seq int64) (Delivery, error) {
	return get(ctx, s.read, seq)
}

func get(ctx context.Context, db *sql.DB, seq int64) (Delivery, error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // row and attempts of one moment
	if err != nil {
		return Delivery{}, fmt.Errorf("get d%d: %w", seq, err)
	}
	defer tx.Rollback() // nothing was written
	var d Delivery
	var header []byte
	row := tx.QueryRowContext(ctx, "SELECT "+summaryColumns+", c.header, c.body FROM deliveries d JOIN contents c USING (seq) WHERE d.seq = ?", seq)
	if err := scanSummary(row, &d, &header, &d.Body); err != nil {
		if err == sql.ErrNoRows {
			err = ErrNotFound
		}
		return Delivery{}, fmt.Errorf("get d%d: %w", seq, err)
	}
	d.Header = decodeFields(header)
	rows, err := tx.QueryContext(ctx, "SELECT "+attemptColumns+", a.header, a.body FROM attempts a WHERE a.seq = ? ORDER BY a.n", seq)
	if err != nil {
		return Delivery{}, fmt.Errorf("get attempts of d%d: %w", seq, err)
	}
	defer rows.Close()
	for rows.Next() {
		var a Attempt
		if err := scanAttempt(rows, &a, &header, &a.Body); err != nil {
			return Delivery{}, fmt.Errorf("get attempts of d%d: %w", seq, err)
		}
		a.Header = decodeFields(header)
		d.Attempts = append(d.Attempts, a)
	}
	return d, rows.Err()
}

// A Query chooses deliveries. The zero value means all.
type Query struct {
	Before  int64  // only those with a smaller Seq; 0 means from the newest
	Limit   int    // 0 means 100
	Event   string // exact type; "" means any
	Verdict string // exact verdict; "" means any
}

// List returns summaries, the newest arrival first.
func (s *Store) List(ctx context.Context, q Query) ([]Delivery, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	return s.summaries(ctx, `WHERE (?1 = 0 OR d.seq < ?1) AND (?2 = '' OR d.event = ?2) AND (?3 = '' OR d.verdict = ?3)
		ORDER BY d.seq DESC LIMIT ?4`, q.Before, q.Event, q.Verdict, q.Limit)
}

// WithDeliveryID returns summaries of at most limit deliveries that name id as the
// sender's, the newest first.
func (s *Store) WithDeliveryID(ctx context.Context, id string, limit int) ([]Delivery, error) {
	// In two halves, each with the index that it has.
	return s.summaries(ctx, `WHERE d.seq IN (
			SELECT seq FROM deliveries WHERE delivery_id = ?1 AND proof IS NOT NULL UNION ALL
			SELECT seq FROM deliveries WHERE delivery_id = ?1 AND proof IS NULL)
		ORDER BY d.seq DESC LIMIT ?2`, id, limit)
}

// Since returns summaries of at most limit deliveries that changed after rev,
// the oldest change first, each once and as it is now. The Rev of the last one
// is where to go on; an empty answer means that there is nothing newer.
func (s *Store) Since(ctx context.Context, rev int64, limit int) ([]Delivery, error) {
	last := s.lastRev.Load() // what is newer comes when it is announced, with the removals before it
	if rev >= last {
		return nil, nil
	}
	if list, ok := s.recent.since(rev, limit); ok {
		return list, nil
	}
	return s.summaries(ctx, "WHERE d.rev > ? AND d.rev <= ? ORDER BY d.rev LIMIT ?", rev, last, limit)
}

// summaries runs a query for summaries and adds their attempts, both as of one
// moment.
func (s *Store) summaries(ctx context.Context, where string, args ...any) ([]Delivery, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	defer tx.Rollback() // nothing was written
	return summaries(ctx, tx, where, args...)
}

func summaries(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]Delivery, error) {
	rows, err := tx.QueryContext(ctx, "SELECT "+summaryColumns+" FROM deliveries d "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	defer rows.Close()
	var list []Delivery
	for rows.Next() {
		var d Delivery
		if err := scanSummary(rows, &d); err != nil {
			return nil, fmt.Errorf("list deliveries: %w", err)
		}
		list = append(list, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return list, addAttempts(ctx, tx, list)
}

// addAttempts fills in the attempts of those deliveries that have any.
func addAttempts(ctx context.Context, tx *sql.Tx, list []Delivery) error {
	st, err := tx.PrepareContext(ctx, "SELECT "+attemptColumns+" FROM attempts a WHERE a.seq = ? AND a.n > ? ORDER BY a.n")
	if err != nil {
		return fmt.Errorf("list attempts: %w", err)
	}
	defer st.Close()
	for i := range list {
		if d := &list[i]; d.AttemptCount > 0 {
			if d.Attempts, err = attempts(ctx, st, d.Seq, d.AttemptCount-SummaryAttempts); err != nil {
				return fmt.Errorf("list attempts of d%d: %w", d.Seq, err)
			}
		}
	}
	return nil
}

func attempts(ctx context.Context, st *sql.Stmt, seq int64, after int) ([]Attempt, error) {
	rows, err := st.QueryContext(ctx, seq, after)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Attempt
	for rows.Next() {
		var a Attempt
		if err := scanAttempt(rows, &a); err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

// Waiting returns the numbers of at most limit deliveries that still wait for
// the app and arrived after seq, the oldest first.
func (s *Store) Waiting(ctx context.Context, after int64, limit int) ([]int64, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT seq FROM deliveries WHERE state = 'waiting' AND seq > ? ORDER BY seq LIMIT ?", after, limit)
	if err != nil {
		return nil, fmt.Errorf("list waiting: %w", err)
	}
	return scanNumbers(rows)
}

// scanNumbers reads what is left of rows of one number each, and closes them.
func scanNumbers(rows *sql.Rows) ([]int64, error) {
	defer rows.Close()
	var list []int64
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, rows.Err()
}

// Newest returns the number of the newest delivery stored, 0 if there is none.
func (s *Store) Newest(ctx context.Context) (int64, error) {
	var seq sql.NullInt64
	err := s.read.QueryRowContext(ctx, "SELECT max(seq) FROM deliveries").Scan(&seq)
	return seq.Int64, err
}

// Counts are totals of what is stored.
type Counts struct {
	Deliveries int64 // verified ones
	Bytes      int64 // of their bodies and headers
	Waiting    int64
	Unverified int64
}

// Count returns the totals.
func (s *Store) Count(ctx context.Context) (Counts, error) {
	var c Counts
	err := s.read.QueryRowContext(ctx, `SELECT count, bytes,
		(SELECT count(*) FROM deliveries WHERE state = 'waiting'),
		(SELECT count(*) FROM deliveries WHERE proof IS NULL) FROM clock`).Scan(&c.Deliveries, &c.Bytes, &c.Waiting, &c.Unverified)
	if err != nil {
		return c, fmt.Errorf("count deliveries: %w", err)
	}
	return c, nil
}
