package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Search returns summaries of at most limit deliveries that s chooses and that have
// a smaller Seq than before, the newest first; before 0 means from the newest,
// limit 0 means 100. The Seq of the last one is the next page's before; for pages of
// one search that agree on what "last" and "10m" mean, [Store.Resolve] it first.
//
// What the columns can say, SQL decides; bodies are read only for words that look
// into them, and only of deliveries that the other words leave, one at a time.
func (st *Store) Search(ctx context.Context, s Search, before int64, limit int) ([]Delivery, error) {
	if limit <= 0 {
		limit = 100
	}
	if before <= 0 {
		before = maxSeq
	}
	s, err := st.Resolve(ctx, s)
	if err != nil {
		return nil, err
	}
	q := s.query()
	if len(q.rest) == 0 {
		return st.summaries(ctx, "WHERE d.seq < ? "+q.where+" ORDER BY d.seq DESC LIMIT ?", append(append([]any{before}, q.args...), limit)...)
	}
	seqs, err := st.find(ctx, q, before, limit)
	if err != nil || len(seqs) == 0 {
		return nil, err
	}
	text, err := json.Marshal(seqs)
	if err != nil {
		return nil, fmt.Errorf("search deliveries: %w", err)
	}
	return st.summaries(ctx, "WHERE d.seq IN (SELECT value FROM json_each(?)) ORDER BY d.seq DESC", string(text))
}

// Resolve returns s with what depends on the moment settled: "last" becomes the
// number that it stands for now, and "10m" ago a time.
func (st *Store) Resolve(ctx context.Context, s Search) (Search, error) {
	resolved := Search{make([]searchWord, len(s.words))}
	for i, w := range s.words {
		switch t := w.test.(type) {
		case timeTest:
			if t.text != "" {
				w.test = timeTest{before: t.before, at: st.opts.Now().Add(-t.ago).UTC()}
			}
		case idTest:
			ids := idTest{make([]idRange, len(t.any))}
			for j, r := range t.any {
				from, err := st.resolveRef(ctx, r.from, 1)
				if err != nil {
					return Search{}, err
				}
				to, err := st.resolveRef(ctx, r.to, 0)
				if err != nil {
					return Search{}, err
				}
				if r.from == r.to {
					from = to
				}
				ids.any[j] = idRange{from, to}
			}
			w.test = ids
		}
		resolved.words[i] = w
	}
	return resolved, nil
}

// resolveRef gives "last~2" its number, or none when there are not so many deliveries.
func (st *Store) resolveRef(ctx context.Context, ref idRef, none int64) (idRef, error) {
	if !ref.last {
		return ref, nil
	}
	var seq int64
	err := st.read.QueryRowContext(ctx, "SELECT seq FROM deliveries ORDER BY seq DESC LIMIT 1 OFFSET ?", ref.n).Scan(&seq)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return idRef{n: none}, nil
	case err != nil:
		return idRef{}, fmt.Errorf("look for %s: %w", ref, err)
	}
	return idRef{n: seq}, nil
}

// A searchQuery is a search as the database takes it.
type searchQuery struct {
	where string // "AND …", or ""
	args  []any
	rest  []searchWord // those that where does not decide
	body  bool         // some of the rest look into the body
}

func (s Search) query() searchQuery {
	var q searchQuery
	for _, w := range s.words {
		cond, args, exact := w.test.where(w.not)
		if cond != "" {
			q.where += " AND (" + cond + ")"
			q.args = append(q.args, args...)
		}
		if !exact {
			q.rest = append(q.rest, w)
			q.body = q.body || looksIntoBody(w.test)
		}
	}
	return q
}

// searchRows is how many rows are looked at in one transaction: a long one would
// keep the log from being emptied.
const searchRows = 1000

// find returns the numbers of what q chooses.
func (st *Store) find(ctx context.Context, q searchQuery, before int64, limit int) ([]int64, error) {
	from, body := "deliveries d", "NULL"
	if q.body {
		from, body = "deliveries d CROSS JOIN contents c ON c.seq = d.seq", "c.body" // deliveries is the outer one
	}
	text := "SELECT d.seq, d.event, d.delivery_id, d.subscription, " + body + " FROM " + from +
		" WHERE d.seq < ? " + q.where + " ORDER BY d.seq DESC LIMIT ?"
	var seqs []int64
	for {
		found, next, err := st.findSome(ctx, text, q, before, limit-len(seqs))
		if err != nil {
			return nil, fmt.Errorf("search deliveries: %w", err)
		}
		seqs = append(seqs, found...)
		if next == 0 || len(seqs) == limit {
			return seqs, nil
		}
		before = next
	}
}

// findSome looks at searchRows rows; next is where to go on, 0 at the end.
func (st *Store) findSome(ctx context.Context, text string, q searchQuery, before int64, limit int) (seqs []int64, next int64, err error) {
	rows, err := st.read.QueryContext(ctx, text, append(append([]any{before}, q.args...), searchRows)...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	n := 0
	rest := Search{q.rest}
	c := candidate{Delivery: new(Delivery), now: st.opts.Now()}
	for ; rows.Next() && len(seqs) < limit; n++ {
		if err := rows.Scan(&c.Seq, &c.Event, &c.DeliveryID, &c.Subscription, (*sql.RawBytes)(&c.Body)); err != nil {
			return nil, 0, err
		}
		next = c.Seq
		if rest.holds(&c) {
			seqs = append(seqs, c.Seq)
		}
	}
	if n < searchRows {
		next = 0
	}
	return seqs, next, rows.Err()
}

// either joins the conditions of alternatives, each with its arguments.
type either struct {
	conds []string
	args  []any
}

func (e *either) add(cond string, args ...any) {
	e.conds = append(e.conds, cond)
	e.args = append(e.args, args...)
}

// addEnds asks how value begins and ends. It mentions no empty end, since substr
// makes NULL of an empty blob.
func (e *either) addEnds(value, begin, end string) {
	cond := "length(" + value + ") >= ?"
	args := []any{len(begin) + len(end)}
	if begin != "" {
		cond += " AND substr(" + value + ", 1, ?) = ?"
		args = append(args, len(begin), []byte(begin))
	}
	if end != "" {
		cond += " AND substr(" + value + ", -?) = ?"
		args = append(args, len(end), []byte(end))
	}
	e.add(cond, args...)
}

func (e *either) sql(not bool) (string, []any, bool) {
	cond := strings.Join(e.conds, " OR ")
	if not {
		cond = "NOT (" + cond + ")"
	}
	return cond, e.args, true
}

// where compares bytes: GLOB stops at a NUL, and takes very long over several stars.
// Those are left to Go.
func (t globTest) where(not bool) (string, []any, bool) {
	var e either
	for _, p := range t.any {
		switch len(p) {
		case 1:
			e.add("d."+t.column+" = ?", p[0])
		case 2:
			e.addEnds("CAST(d."+t.column+" AS BLOB)", p[0], p[1])
		default:
			return "", nil, false
		}
	}
	return e.sql(not)
}

func (t oneOfTest) where(not bool) (string, []any, bool) {
	var e either
	for _, word := range t.any {
		e.add("d."+t.column+" = ?", word)
	}
	return e.sql(not)
}

func (t statusTest) where(not bool) (string, []any, bool) {
	const last = "coalesce((SELECT a.status FROM attempts a WHERE a.seq = d.seq ORDER BY a.n DESC LIMIT 1), 0)"
	return rangesWhere(last, t.any, not)
}

func (t countTest) where(not bool) (string, []any, bool) {
	return rangesWhere("d."+t.column, t.any, not)
}

func rangesWhere(value string, ranges []numberRange, not bool) (string, []any, bool) {
	var e either
	for _, r := range ranges {
		e.add(value+" BETWEEN ? AND ?", r.low, r.high)
	}
	return e.sql(not)
}

func (t timeTest) where(not bool) (string, []any, bool) {
	if t.before != not {
		return "d.received_at < ?", []any{t.at.UnixMicro()}, true
	}
	return "d.received_at >= ?", []any{t.at.UnixMicro()}, true
}

func (t idTest) where(not bool) (string, []any, bool) {
	var e either
	for _, r := range t.any {
		e.add("d.seq BETWEEN ? AND ?", r.from.n, r.to.n)
	}
	return e.sql(not)
}

func (t pathTest) where(bool) (string, []any, bool) { return "", nil, false }
func (t textTest) where(bool) (string, []any, bool) { return "", nil, false }
