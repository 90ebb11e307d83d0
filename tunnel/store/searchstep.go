package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// Search returns summaries of at most limit deliveries that s chooses and that have
// a smaller Seq than before, the newest first; before 0 means from the newest,
// limit 0 means 100. The Seq of the last one is the next page's before; for pages of
// one search that agree on what "last" and "10m" mean, [Store.Resolve] it first.
//
// It returns when it has all of them. What may take long where many are stored is
// better done with [Store.SearchStep].
func (st *Store) Search(ctx context.Context, s Search, before int64, limit int) ([]Delivery, error) {
	s, err := st.Resolve(ctx, s)
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = defaultLimit
	}
	var list []Delivery
	for page := (SearchPage{Before: before, Budget: snapshotTime}); ; {
		page.Limit = limit - len(list)
		found, err := st.SearchStep(ctx, s, page)
		if err != nil {
			return nil, err
		}
		list = append(list, found.Deliveries...)
		if len(list) >= limit || !found.More {
			return list, nil
		}
		page.Before = found.Next
	}
}

const (
	defaultLimit = 100

	// snapshotTime is for how long the database is read as of one moment: longer would
	// keep its log from being emptied.
	snapshotTime = 100 * time.Millisecond
)

// A SearchPage says how far a step of a search goes. The zero value means the newest
// hundred, however long it takes.
type SearchPage struct {
	Before int64         // only deliveries with a smaller Seq; 0 means from the newest
	Limit  int           // 0 means 100
	Budget time.Duration // the step ends when it has taken so long, by Options.Now; 0 means never
}

// A SearchFound is what a step came to.
type SearchFound struct {
	Deliveries []Delivery // summaries, the newest first
	Next       int64      // Before of the next step: all from there on have been looked at
	More       bool       // there is a next step; it may find nothing
}

// SearchStep does a step of a search: it goes from page.Before towards the oldest
// delivery until it has found page.Limit or used up page.Budget. At least one delivery
// is looked at, so that going on with Next comes to an end. A step that ends for its
// budget may have found nothing.
//
// What depends on the moment must be settled once for all steps: pass what
// [Store.Resolve] makes of the search.
//
// What the columns can say, SQL decides, of few deliveries when the census has sifted
// them. Bodies are read only for words that look into them, one at a time, of deliveries
// that the other words leave and that the index proposes or does not know. The budget is looked at after each of them, after each
// thousand rows and after each part of the index, which is some milliseconds too late
// at most; only one body of megabytes takes longer.
func (st *Store) SearchStep(ctx context.Context, s Search, page SearchPage) (SearchFound, error) {
	s, err := st.Resolve(ctx, s)
	if err != nil {
		return SearchFound{}, err
	}
	now := st.opts.Now()
	f := finder{st: st, q: s.query(), c: candidate{Delivery: new(Delivery), now: now}, before: page.Before, limit: page.Limit}
	if page.Budget > 0 {
		f.until = now.Add(page.Budget)
	}
	first, last := s.numbers()
	if f.before <= 0 || f.before > last {
		f.before = last + 1
	}
	f.first = first
	if f.limit <= 0 {
		f.limit = defaultLimit
	}
	found, err := f.find(ctx, s)
	if err != nil {
		return SearchFound{}, fmt.Errorf("search deliveries: %w", err)
	}
	return found, nil
}

// A finder does one step.
type finder struct {
	st    *Store
	q     searchQuery
	c     candidate // the delivery that is looked at
	until time.Time // zero: no end
	limit int

	tx                *sql.Tx
	columns, contents string // parts of the queries
	bound, scan, pick *sql.Stmt
	view              *indexView
	hint              string
	sifted            *sifted

	before int64   // deliveries from here on have been looked at
	first  int64   // none before it is chosen
	plain  int     // so many are to be read without asking the index
	seqs   []int64 // found
	looked int     // deliveries
	spent  bool    // the budget is
}

// Of how many rows SQL decides in one go, and how many numbers from the index are
// looked up together.
const (
	scanRows = 1000
	pickRows = 64

	// leastRows are looked at in any step: on a machine that is so busy that to ask the
	// index takes the whole budget, steps must come to an end, too.
	leastRows = 16
)

func (f *finder) find(ctx context.Context, s Search) (found SearchFound, err error) {
	// The index and the census first: then the database knows all that they know.
	if f.hint = s.hint(); f.hint != "" {
		f.view = f.st.index.view(ctx)
		defer func() { f.view.release() }()
	}
	f.sifted = f.st.sift(ctx, s, f.before, f.first, f.view != nil)
	if f.tx, err = f.st.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
		return found, err
	}
	defer f.tx.Rollback() // nothing was written
	if err := f.prepare(ctx); err != nil {
		return found, err
	}
	f.plain = f.st.index.denseRows(f.hint, f.before)
	for f.before > f.first && !f.done() {
		part, first, ok := f.view.at(f.before - 1)
		if f.sifted != nil {
			err = f.takeSifted(ctx)
		} else if ok && f.plain <= 0 {
			err = f.ask(ctx, part)
		} else {
			err = f.read(ctx, max(first, f.first))
		}
		if err != nil {
			return found, err
		}
	}
	found.Next, found.More = f.before, f.before > f.first
	if len(f.seqs) == 0 {
		return found, nil
	}
	text, err := json.Marshal(f.seqs)
	if err != nil {
		return found, err
	}
	found.Deliveries, err = summaries(ctx, f.tx, "WHERE d.seq IN (SELECT value FROM json_each(?)) ORDER BY d.seq DESC", string(text))
	return found, err
}

func (f *finder) done() bool { return f.spent || len(f.seqs) >= f.limit }

// look notes that so many more have been looked at, and when the budget is used up.
func (f *finder) look(rows int) {
	f.looked += rows
	f.spent = f.looked >= leastRows && !f.until.IsZero() && !f.st.opts.Now().Before(f.until)
}

// prepare begins to read the database, and leaves an index that is not its own.
func (f *finder) prepare(ctx context.Context) error {
	var rev, newest int64
	if err := f.tx.QueryRowContext(ctx, "SELECT rev, seq FROM clock").Scan(&rev, &newest); err != nil {
		return err
	}
	f.before = min(f.before, newest+1)
	if f.view != nil && !f.view.fits(f.st.epoch, rev) {
		f.leaveIndex(ctx, errStale)
	}
	f.columns = "SELECT d.seq, d.event, d.delivery_id, d.subscription, "
	if f.q.body {
		f.columns, f.contents = f.columns+"c.body", " CROSS JOIN contents c ON c.seq = d.seq" // the outer one is deliveries
	} else {
		f.columns += "NULL"
	}
	return nil
}

// rows runs a query that may come again, prepared the first time.
func (f *finder) rows(ctx context.Context, st **sql.Stmt, text string, args ...any) (_ *sql.Rows, err error) {
	if *st == nil {
		if *st, err = f.tx.PrepareContext(ctx, text); err != nil {
			return nil, err
		}
	}
	return (*st).QueryContext(ctx, args...)
}

// read looks at the next thousand deliveries, but none before first.
func (f *finder) read(ctx context.Context, first int64) error {
	if f.before-first > scanRows { // else there cannot be more
		rows, err := f.rows(ctx, &f.bound, "SELECT seq FROM deliveries WHERE seq < ? ORDER BY seq DESC LIMIT 1 OFFSET ?", f.before, scanRows-1)
		if err != nil {
			return err
		}
		bound, err := scanNumbers(rows)
		if err != nil {
			return err
		}
		if len(bound) > 0 {
			first = max(first, bound[0])
		}
	}
	rows, err := f.rows(ctx, &f.scan, f.columns+" FROM deliveries d"+f.contents+" WHERE d.seq < ? AND d.seq >= ? "+f.q.where+" ORDER BY d.seq DESC",
		append([]any{f.before, first}, f.q.args...)...)
	if err != nil {
		return err
	}
	if err := f.check(rows); err != nil || f.done() {
		return err
	}
	f.before = first
	f.plain -= scanRows
	f.look(scanRows)
	return nil
}

// check tries the words on each row until the step is done.
func (f *finder) check(rows *sql.Rows) error {
	defer rows.Close()
	c, rest := &f.c, Search{f.q.rest}
	for !f.done() && rows.Next() {
		if err := rows.Scan(&c.Seq, &c.Event, &c.DeliveryID, &c.Subscription, (*sql.RawBytes)(&c.Body)); err != nil {
			return err
		}
		f.before = c.Seq
		if rest.holds(c) {
			f.seqs = append(f.seqs, c.Seq)
		}
		f.look(1)
	}
	return rows.Err()
}
