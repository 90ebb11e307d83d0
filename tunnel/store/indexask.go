package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"slices"
	"strings"
)

// appendText appends what the index keeps of a delivery: everything that a word may
// look for, in lower case. A text that is written with escapes is there a second time
// without.
func appendText(text []byte, c *candidate) []byte {
	for _, field := range []string{string(c.Event), c.DeliveryID, c.Subscription} {
		text = append(appendLower(text, []byte(field)), '\n')
	}
	text = appendLower(text, c.Body)
	if bytes.IndexByte(c.Body, '\\') >= 0 {
		for literal := range literalsOf(c.Body) {
			var s string
			if bytes.IndexByte(literal, '\\') >= 0 && json.Unmarshal(literal, &s) == nil {
				text = appendLower(append(text, '\n'), []byte(s))
			}
		}
	}
	return noNUL(text)
}

// noNUL puts another character in the place of NUL, at which SQLite would stop or
// which it would pass over.
func noNUL(text []byte) []byte {
	return bytes.ReplaceAll(text, []byte{0}, []byte("\uFFFD"))
}

// maxGrams is how many groups of one literal are asked for: the rest would hardly
// make the answer shorter.
const maxGrams = 8

// grams returns an FTS5 expression for texts that have all of these in them, ""
// when all are too short.
func grams(literals []string) string {
	var list []string
	for _, literal := range literals {
		runes := []rune(string(noNUL(appendLower(nil, []byte(literal)))))
		n := len(runes) - 2
		for i := range min(n, maxGrams) {
			if n > maxGrams { // spread over the whole
				i = i * (n - 1) / (maxGrams - 1)
			}
			gram := `"` + strings.ReplaceAll(string(runes[i:i+3]), `"`, `""`) + `"`
			if !slices.Contains(list, gram) {
				list = append(list, gram)
			}
		}
	}
	return allOf(list)
}

// allOf and anyOf join FTS5 expressions. "" stands for all texts.
func allOf(exprs []string) string {
	exprs = slices.DeleteFunc(slices.Clone(exprs), func(e string) bool { return e == "" })
	return strings.Join(exprs, " AND ")
}

func anyOf(exprs []string) string {
	if slices.Contains(exprs, "") || len(exprs) > maxHints {
		return ""
	}
	return "((" + strings.Join(exprs, ") OR (") + "))"
}

// maxHints is how many words and alternatives the index is asked for.
const maxHints = 16

// hint returns an FTS5 expression for deliveries that the search may choose, "" when
// the index cannot help.
func (s Search) hint() string {
	var list []string
	for _, w := range s.words {
		if !w.not && len(list) < maxHints {
			list = append(list, w.test.hint())
		}
	}
	return allOf(list)
}

func (t textTest) hint() string { return grams(t.lower) }

func (t globTest) hint() string {
	var list []string
	for _, p := range t.any {
		list = append(list, grams(p))
	}
	return anyOf(list)
}

func (t pathTest) hint() string {
	var values, list []string
	for _, v := range t.any {
		values = append(values, v.hint())
	}
	for _, path := range t.paths {
		exprs := []string{anyOf(values)}
		for _, step := range path {
			if !step.isAnything() && !isIndex(step[0]) { // else it may be the number of an element
				exprs = append(exprs, grams(step))
			}
		}
		list = append(list, allOf(exprs))
	}
	return anyOf(list)
}

// hint is "" for a number, which can be written otherwise.
func (t valueTest) hint() string {
	if t.op != "=" || len(t.want) == 1 && isNumber(t.want[0]) {
		return ""
	}
	return grams(t.want)
}

func (oneOfTest) hint() string  { return "" }
func (statusTest) hint() string { return "" }
func (countTest) hint() string  { return "" }
func (timeTest) hint() string   { return "" }
func (idTest) hint() string     { return "" }

// An indexView is the index at one moment. A nil one covers nothing.
type indexView struct {
	indexState
	x  *index
	tx *sql.Tx
}

// view returns the index as it is now, nil if there is none that can be read. It must
// be released.
func (x *index) view(ctx context.Context) *indexView {
	if !x.beginReading() {
		return nil
	}
	v := &indexView{x: x} // beginReading has taken the lock
	var err error
	if v.tx, err = x.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err == nil {
		v.indexState, err = readIndex(ctx, v.tx)
	}
	if err != nil {
		x.fault(ctx, err)
		v.release()
		return nil
	}
	return v
}

func (v *indexView) release() {
	if v == nil {
		return
	}
	if v.tx != nil {
		v.tx.Rollback() // nothing was written
	}
	v.x.mu.RUnlock()
}

// beginReading makes sure that there is a file to be read, and then keeps it there until mu is
// unlocked for reading.
func (x *index) beginReading() bool {
	x.mu.RLock()
	if x.readable() {
		return true
	}
	x.mu.RUnlock()
	x.openReader()
	x.mu.RLock()
	if x.readable() {
		return true
	}
	x.mu.RUnlock()
	return false
}

func (x *index) readable() bool { return x.db != nil && x.trusted && !x.broken.Load() }

func (x *index) openReader() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.db != nil || !x.trusted || x.s.ctx.Err() != nil {
		return
	}
	if info, err := os.Lstat(x.path); err == nil && info.Mode().IsRegular() && info.Size() >= smallestFile {
		// Not read-only: whoever closes it last must be able to remove its log.
		x.db = openDB(dsn(x.path, "query_only(1)", "cache_size(-500)"))
		x.db.SetMaxOpenConns(2)
		x.db.SetConnMaxIdleTime(indexIdle)
	}
}

// at returns the part that has seq in it, or the numbers around it that no part has.
func (v *indexView) at(seq int64) (part indexPartOf, first int64, ok bool) {
	if v == nil {
		return part, 1, false
	}
	for _, p := range v.parts {
		if seq > p.last {
			return p, p.last + 1, false
		}
		if seq >= p.first {
			return p, p.first, true
		}
	}
	return part, 1, false
}

// match returns the numbers below before that the part proposes, the newest first.
func (v *indexView) match(ctx context.Context, p indexPartOf, expr string, before int64) (*sql.Rows, error) {
	t := p.table()
	return v.tx.QueryContext(ctx, "SELECT rowid FROM "+t+" WHERE "+t+" MATCH ? AND rowid < ? ORDER BY rowid DESC", expr, before)
}

// large returns the numbers of those that are too long for the part, the newest first.
func (v *indexView) large(ctx context.Context, p indexPartOf, before int64) ([]int64, error) {
	rows, err := v.tx.QueryContext(ctx, "SELECT seq FROM large WHERE seq >= ? AND seq < ? ORDER BY seq DESC", p.first, before)
	if err != nil {
		return nil, err
	}
	return scanNumbers(rows)
}
