package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
)

// What the columns say of a delivery, the census says too, and a hundred times quicker
// than the database: it sifts, so that SQL has to look only at what may be chosen.

// A sieve tells whether a test may hold for a delivery, by what the census knows of it.
// Where sure is false, holds says nothing.
type sieve func(p *point) (holds, sure bool)

// A siftBounds says what a step has sifted for it at most.
type siftBounds struct {
	points int // deliveries that are looked at: 200,000 in about 2 ms
	rows   int // of them, those that may be chosen
	few    int // so many are taken without a look at how many of all they are
}

var usualSift = siftBounds{points: 200_000, rows: 2_000, few: 4 * pickRows}

const (
	siftNews  = 500 // changes that the census is brought up to date with
	siftOften = 8   // when one in so many may be chosen, to read them in order is quicker
)

// sifted are the deliveries that a search may choose among those from next on, the
// newest first, as of a moment since the search began.
type sifted struct {
	seqs []int64
	next int64
}

// sift looks through the deliveries below before, but not below first. It returns nil
// when it can be of no help: the search asks for nothing that the census knows, the
// census has not been read or is far behind or cannot be brought up to date, or so much
// may be chosen that there is nothing gained. When the index can help to look into
// bodies, few must be left.
func (st *Store) sift(ctx context.Context, s Search, before, first int64, indexed bool) *sifted {
	c := &st.census
	if !slices.ContainsFunc(s.words, func(w searchWord) bool { return w.test.sieve(nil) != nil }) || !c.mu.TryLock() {
		return nil
	}
	defer c.mu.Unlock()
	tx, err := st.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil
	}
	defer tx.Rollback() // nothing was written
	if current, err := c.follow(ctx, tx, siftNews); err != nil || !current {
		return nil
	}
	found, looked := c.sift(s, before, first, st.sifting)
	many := len(found.seqs) > st.sifting.few
	if many && len(found.seqs)*siftOften > looked || indexed && s.NeedsBody() && (many || found.next > first) {
		return nil
	}
	return found
}

func (c *census) sift(s Search, before, first int64, most siftBounds) (found *sifted, looked int) {
	var tests []sieve
	var nots []bool
	for _, w := range s.words {
		if test := w.test.sieve(c); test != nil {
			tests, nots = append(tests, test), append(nots, w.not)
		}
	}
	end, _ := slices.BinarySearchFunc(c.points, before, func(p point, seq int64) int { return cmp.Compare(p.seq, seq) })
	found = &sifted{next: first}
	for ; end > 0 && c.points[end-1].seq >= first; end-- {
		if looked == most.points || len(found.seqs) == most.rows {
			found.next = c.points[end].seq
			break
		}
		p := &c.points[end-1]
		looked++
		passes := true
		for i, test := range tests {
			if holds, sure := test(p); sure && holds == nots[i] {
				passes = false
				break
			}
		}
		if passes {
			found.seqs = append(found.seqs, p.seq)
		}
	}
	return found, looked
}

// takeSifted looks at the next of what has been sifted. At its end a step with a budget
// is over, for the next one sifts again.
func (f *finder) takeSifted(ctx context.Context) error {
	s := f.sifted
	if n := min(pickRows, len(s.seqs)); n > 0 {
		seqs := s.seqs[:n]
		s.seqs = s.seqs[n:]
		return f.pickThese(ctx, seqs)
	}
	f.before, f.sifted = s.next, nil
	f.look(scanRows)
	f.spent = f.spent || !f.until.IsZero()
	return nil
}

func (t globTest) sieve(c *census) sieve {
	if t.column != "event" {
		return nil
	}
	var fits []bool // by number of the name
	if c != nil {
		for _, name := range c.names {
			fits = append(fits, slices.ContainsFunc(t.any, func(p pattern) bool { return p.match(name) }))
		}
	}
	return func(p *point) (bool, bool) { return fits[p.event], p.event != 0 }
}

func (t oneOfTest) sieve(*census) sieve {
	var fits [8]bool // by number of the word
	set := func(words []string) {
		for i, word := range words {
			fits[i+1] = slices.Contains(t.any, word)
		}
	}
	switch t.column {
	case "verdict":
		set(verdictWords)
		return func(p *point) (bool, bool) { return fits[p.verdict], p.verdict != 0 }
	case "state":
		set(stateWords)
		return func(p *point) (bool, bool) { return fits[p.state], p.state != 0 }
	default:
		set(sourceWords)
		return func(p *point) (bool, bool) { return fits[p.source], p.source != 0 }
	}
}

func (t statusTest) sieve(*census) sieve {
	return func(p *point) (bool, bool) { return inRanges(t.any, int64(p.status)), true }
}

func (t countTest) sieve(*census) sieve {
	switch t.column {
	case "attempts":
		return func(p *point) (bool, bool) { return inRanges(t.any, int64(p.attempts)), p.attempts < countedTo }
	case "arrivals":
		return func(p *point) (bool, bool) { return inRanges(t.any, int64(p.arrivals)), p.arrivals < countedTo }
	}
	return nil
}

func (t timeTest) sieve(*census) sieve {
	cut := t.at.UnixMicro()
	return func(p *point) (bool, bool) { return t.before == (p.at < cut), true }
}

func (idTest) sieve(*census) sieve   { return nil } // a finder begins and ends by itself where they do
func (pathTest) sieve(*census) sieve { return nil }
func (textTest) sieve(*census) sieve { return nil }
