package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
)

// ask looks at those deliveries of a part that the index proposes, and at those that it
// does not know. It returns early when it proposes nearly all.
func (f *finder) ask(ctx context.Context, part indexPartOf) error {
	p, err := f.propose(ctx, part)
	if err != nil {
		f.leaveIndex(ctx, err)
		return ctx.Err()
	}
	defer p.rows.Close()
	begun, asked := f.before, 0
	for !f.done() {
		seqs, err := p.next(pickRows)
		if err != nil {
			f.leaveIndex(ctx, err)
			return ctx.Err()
		}
		if len(seqs) == 0 {
			f.before = part.first
			f.look(scanRows)
			return nil
		}
		if err := f.pickThese(ctx, seqs); err != nil {
			return err
		}
		if asked += len(seqs); asked >= dense && begun-f.before < 4*dense {
			f.plain = denseFor // to read them in order is quicker
			f.st.index.dense.Store(&denseStretch{f.hint, f.before})
			return nil
		}
	}
	return nil
}

// After how many proposals the index is judged, and for how many deliveries the
// judgement holds that it proposes nearly all.
const (
	dense    = 2 * pickRows
	denseFor = 16 * scanRows
)

// A denseStretch is where the index has been found to propose nearly all. The next step
// of the same search begins in it, and need not find out again.
type denseStretch struct {
	hint   string
	before int64
}

// denseRows returns how many deliveries below before are to be read without asking the
// index.
func (x *index) denseRows(hint string, before int64) int {
	d := x.dense.Load()
	if d == nil || d.hint != hint || before > d.before || before <= d.before-denseFor {
		return 0
	}
	return int(before - d.before + denseFor)
}

// pickThese looks at deliveries by number.
func (f *finder) pickThese(ctx context.Context, seqs []int64) error {
	text, err := json.Marshal(seqs)
	if err != nil {
		return err
	}
	rows, err := f.rows(ctx, &f.pick, f.columns+" FROM json_each(?) j CROSS JOIN deliveries d ON d.seq = j.value"+f.contents+" WHERE 1 "+f.q.where,
		append([]any{string(text)}, f.q.args...)...)
	if err != nil {
		return err
	}
	if err := f.check(rows); err != nil || f.done() {
		return err
	}
	f.before = seqs[len(seqs)-1]
	f.look(len(seqs))
	return nil
}

// leaveIndex goes on without the index.
func (f *finder) leaveIndex(ctx context.Context, err error) {
	f.st.index.fault(ctx, err)
	f.view.release()
	f.view = nil
}

// proposals merges what the index proposes of a part with what is to be looked at in
// any case: deliveries that did not verify, and those with a long body.
type proposals struct {
	rows        *sql.Rows
	first, last int64   // what rows may have: from first to before last
	head        int64   // the next of rows, 0 at their end
	always      []int64 // the newest first
}

func (f *finder) propose(ctx context.Context, part indexPartOf) (*proposals, error) {
	large, err := f.view.large(ctx, part, f.before)
	if err != nil {
		return nil, err
	}
	unverified, err := f.tx.QueryContext(ctx, "SELECT seq FROM deliveries WHERE proof IS NULL AND seq >= ? AND seq < ? ORDER BY seq DESC", part.first, f.before)
	if err != nil {
		return nil, err
	}
	others, err := scanNumbers(unverified)
	if err != nil {
		return nil, err
	}
	p := &proposals{first: part.first, last: f.before, always: merge(large, others)}
	if p.rows, err = f.view.match(ctx, part, f.hint, f.before); err != nil {
		return nil, err
	}
	return p, p.advance()
}

func merge(a, b []int64) []int64 {
	var all []int64
	for len(a) > 0 && len(b) > 0 {
		if a[0] > b[0] {
			all, a = append(all, a[0]), a[1:]
		} else {
			all, b = append(all, b[0]), b[1:]
		}
	}
	return append(append(all, a...), b...)
}

func (p *proposals) advance() error {
	p.head = 0
	if !p.rows.Next() {
		return errors.Join(p.rows.Err(), p.rows.Close())
	}
	if err := p.rows.Scan(&p.head); err != nil {
		return err
	}
	if p.head < p.first || p.head >= p.last {
		return errIndexOrder
	}
	p.last = p.head
	return nil
}

// errIndexOrder says that the index is damaged: not even its order is kept.
var errIndexOrder = errors.New("index out of order")

// next returns at most n numbers, the newest first; none at the end of the part.
func (p *proposals) next(n int) ([]int64, error) {
	var seqs []int64
	for len(seqs) < n && (p.head > 0 || len(p.always) > 0) {
		if len(p.always) > 0 && p.always[0] > p.head {
			seqs, p.always = append(seqs, p.always[0]), p.always[1:]
			continue
		}
		seqs = append(seqs, p.head)
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	return seqs, nil
}
