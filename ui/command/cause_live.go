package command

import (
	"context"
	"sync"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

// Bounds of what a running listen explains: it prints in one goroutine, and a
// flood of forged requests must not hold up the others. Explaining 4 KiB, which
// is what is kept of a request that did not verify, takes some 50 ms then.
const (
	causesPerSecond = 4
	causeBudget     = 16 << 20 // bytes hashed for one
)

// A causer explains deliveries that did not verify, some of them per second.
// It is used by one goroutine.
type causer struct {
	store *store.Store
	local pictify.Secret
	now   func() time.Time

	second time.Time // that spent counts for
	spent  int
}

// cause is why d does not verify; nil if it does.
func (x *causer) cause(ctx context.Context, d store.Delivery) *causeLine {
	if d.Verdict == pictify.Valid {
		return nil
	}
	now := x.now()
	if since := now.Sub(x.second); since >= time.Second || since < 0 {
		x.second, x.spent = now, 0
	}
	if x.spent++; x.spent > causesPerSecond {
		return notExamined(`Too many at once; "pictap explain --delivery ` + d.ID() + `" looks for the cause.`)
	}
	whole, err := x.store.Get(ctx, d.Seq)
	if err != nil {
		return notExamined("It is not stored any more.")
	}
	book, err := bookOf(ctx, x.store, x.local)
	if err != nil {
		return notExamined("The known secrets could not be read.")
	}
	return book.cause(whole, causeBudget)
}

// cause is why a stored delivery did not verify when it arrived; nil if it did.
func (b secretBook) cause(d store.Delivery, budget int64) *causeLine {
	if d.Verdict == pictify.Valid {
		return nil
	}
	in := inputOf(d)
	if err := b.complete(&in, false); err != nil {
		return notExamined("The known secrets could not be read.")
	}
	in.q.Budget = budget
	line := newCauseLine(pictify.Explain(in.q))
	if in.q.Cut && line != nil && line.Code == "unknown" {
		line.Sentence = "The cause is not known: only the beginning of the body was kept."
	}
	return line
}

// An explainer explains deliveries that somebody opens on the page, one at a time.
type explainer struct {
	mu    sync.Mutex // held while one is explained
	store *store.Store
	local pictify.Secret
}

// explain is why d, with its body, does not verify; nil if it does.
func (x *explainer) explain(ctx context.Context, d store.Delivery) *ui.Cause {
	x.mu.Lock()
	defer x.mu.Unlock()
	book, err := bookOf(ctx, x.store, x.local)
	if err != nil {
		return nil // the reason stands beside it
	}
	line := book.cause(d, causeBudget)
	if line == nil {
		return nil
	}
	return &ui.Cause{Sentence: line.Sentence, Change: line.Change}
}
