package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

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
				to, err := st.resolveRef(ctx, r.to, maxSeq)
				if err != nil {
					return Search{}, err
				}
				if r.from == r.to || r.to.last && to.n == maxSeq {
					from = to // maxSeq is nobody's number, and one that can be written
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
// What is between them is left to Go.
func (t globTest) where(not bool) (cond string, args []any, exact bool) {
	var e either
	exact = true
	for _, p := range t.any {
		switch len(p) {
		case 1:
			e.add("d."+t.column+" = ?", p[0])
		case 2:
			e.addEnds("CAST(d."+t.column+" AS BLOB)", p[0], p[1])
		default:
			if not {
				return "", nil, false
			}
			e.addEnds("CAST(d."+t.column+" AS BLOB)", p[0], p[len(p)-1])
			exact = false
		}
	}
	cond, args, _ = e.sql(not)
	return cond, args, exact
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
		e.add("+d.seq BETWEEN ? AND ?", r.from.n, r.to.n) // with + it is not taken for where to look, which a finder knows better
	}
	return e.sql(not)
}

// numbers returns the lowest and the highest number that the search may choose; it
// must be resolved.
func (s Search) numbers() (first, last int64) {
	first, last = 1, maxSeq-1
	for _, w := range s.words {
		if t, ok := w.test.(idTest); ok && !w.not {
			low, high := int64(maxSeq), int64(0)
			for _, r := range t.any {
				low, high = min(low, r.from.n), max(high, r.to.n)
			}
			first, last = max(first, low), min(last, high)
		}
	}
	return first, last
}

func (t pathTest) where(bool) (string, []any, bool) { return "", nil, false }
func (t textTest) where(bool) (string, []any, bool) { return "", nil, false }
