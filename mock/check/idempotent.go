package check

import (
	"context"
	"fmt"
	"io"
	"sync"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

const (
	onceFix = "Remember X-Pictify-Delivery-Id in the same transaction as the work, in a column that is unique; answer 200 to one that is known."
	raceFix = "Insert the id first and let the database decide: INSERT … ON CONFLICT DO NOTHING. To look first and insert later is a race."
	newFix  = "Deduplicate by the header X-Pictify-Delivery-Id. The guide's sample reads data.deliveryId, which no documented payload has: undefined equals undefined."
	askFix  = "Measure it: --effect-url URL or --effect-cmd CMD, which tell how many deliveries have been acted on."
	rounds  = 5 // of two at once: a race shows by chance
)

func idempotent() []Case {
	docs := docsGuide + "#idempotent-handlers"
	return []Case{
		{Group: Idempotent, Name: "distinct", Title: "a new delivery after others", Expect: "2xx, and an effect", Docs: docs, Fix: newFix, Requests: 1, run: distinct,
			Why: "A handler that deduplicates by something that is always the same acts on the first delivery and on none after it."},
		{Group: Idempotent, Name: "twice", Title: "one delivery, and again with the same id", Expect: "2xx both times, and one effect", Docs: docs, Fix: onceFix, Requests: 3, run: twice,
			Why: "Pictify delivers again whenever it did not see your answer in time. Mails go out twice, credits are booked twice."},
		{Group: Idempotent, Name: "at-once", Title: "one delivery twice at the same moment", Expect: "2xx both times, and one effect", Docs: docs, Fix: raceFix, Requests: 1 + 2*rounds, run: atOnce,
			Why: "A retry can meet an attempt that is still under way; look-then-insert lets both pass."},
		{Group: Idempotent, Name: "after-timeout", Title: "one delivery whose sender gives up waiting, and again", Expect: "2xx, and one effect", Docs: docs, Fix: onceFix, Requests: 3, run: afterTimeout,
			Why: "After a timeout Pictify does not know whether you have acted, and delivers again."},
	}
}

// unknown is the verdict when answers are well and effects are not known.
func unknown(said string, d reading) verdict {
	why := "whether it acted once was not measured"
	if d.err != nil {
		why = "the effect could not be measured: " + d.err.Error()
	}
	return verdict{status: Unmeasured, said: said + "; " + why, fix: askFix}
}

// control sends an ordinary delivery and returns what it changes. Unless ok the verdict says why
// nothing can be learned from changes.
func (r *round) control(ctx context.Context) (d reading, v verdict, ok bool) {
	before := r.read(ctx)
	e := r.plain(ctx, r.base)
	if !e.accepted() {
		return d, verdict{status: Unmeasured, said: "an ordinary delivery before it was not accepted: " + e.words()}, false
	}
	if d = r.change(ctx, before); d.isZero() {
		return d, noEffect(e), false
	}
	return d, verdict{}, true
}

func noEffect(e Exchange) verdict {
	return verdict{status: Unmeasured, said: e.words() + ", but the effect did not change, so it measures nothing here",
		fix: "Let the effect count what deliveries cause. If it does, restart the handler: it may take all deliveries for duplicates."}
}

func distinct(ctx context.Context, r *round) verdict {
	if r.Effect == nil {
		e := r.plain(ctx, r.base)
		if !e.accepted() {
			return verdict{status: Fail, said: e.words()}
		}
		return unknown(e.words(), reading{})
	}
	d, v, ok := r.control(ctx)
	switch {
	case d.isZero() && r.unit.known && !r.unit.isZero():
		return verdict{status: Fail, said: "the first delivery of all had an effect, and a new one with another id had none"}
	case !ok:
		return v
	case !d.known:
		return unknown("took it", d)
	}
	return verdict{status: Pass, said: "took it, and the effect changed"}
}

// again is a delivery with its id, signed anew, as Pictify retries.
func (r *round) again(ctx context.Context, what string, s fixtures.Sample) Exchange {
	return r.fire(ctx, shot{what: what, message: s.Message(pictify.NewSigner(r.Secret), r.Now())})
}

func twice(ctx context.Context, r *round) verdict {
	s, before := r.ordinary(), r.read(ctx)
	e := r.again(ctx, "the delivery", s)
	if !e.accepted() {
		return verdict{status: Unmeasured, said: "not even the first was accepted: " + e.words()}
	}
	one := r.change(ctx, before)
	middle := r.read(ctx)
	e = r.again(ctx, "the same again", s)
	switch {
	case !e.accepted():
		return verdict{status: Fail, said: "the second time it " + e.words() + ", so Pictify goes on trying", fix: "Answer 200 to what you have already."}
	case !one.known:
		return unknown("took both", one)
	case one.isZero():
		return noEffect(e)
	}
	more := r.still(ctx, middle, one.after)
	switch {
	case !more.known:
		return unknown("took both", more)
	case !more.isZero():
		return verdict{status: Fail, said: "it acted twice: the second one changed the effect again"}
	}
	return verdict{status: Pass, said: "took both, and acted once"}
}

// once compares the change of a delivery that came several times with that of one that came once.
func once(ordinary, d reading) verdict {
	switch {
	case !d.known || !ordinary.known:
		return unknown("took them", reading{err: first(ordinary.err, d.err)})
	case !d.isNum || !ordinary.isNum:
		return verdict{status: Unmeasured, said: "took them; the effect is no number, so once and twice look the same", fix: "Let the effect be a number: how many deliveries have been acted on."}
	case d.isZero():
		return verdict{status: Fail, said: "it took them, and never acted: the delivery is lost", fix: "Mark a delivery as done with the work, not before it: in one transaction."}
	case d.number != ordinary.number:
		return verdict{status: Fail, said: fmt.Sprintf("it acted more than once: the effect changed by %s, and by %s for one ordinary delivery", d.text, ordinary.text)}
	}
	return verdict{status: Pass, said: "took them, and acted once"}
}

func atOnce(ctx context.Context, r *round) (v verdict) {
	ordinary, v, ok := r.control(ctx)
	if !ok {
		return v
	}
	for range rounds {
		before := r.read(ctx)
		pair := r.pair(ctx)
		for _, e := range pair {
			if !e.accepted() {
				return verdict{status: Fail, said: "one of the two was not taken: it " + e.words(), fix: "Answer 200 to what is being worked on already, or wait for it; a unique constraint that is violated is no error."}
			}
		}
		if v = once(ordinary, r.change(ctx, before)); v.status != Pass {
			return v
		}
	}
	return v
}

// pair sends one delivery twice, so that both become complete at one moment: the
// last byte of the heads waits, and goes out with the body in one piece.
func (r *round) pair(ctx context.Context) (pair [2]Exchange) {
	s := r.ordinary()
	var ready sync.WaitGroup
	ready.Add(len(pair))
	both := make(chan struct{})
	go func() { ready.Wait(); close(both) }()
	var wg sync.WaitGroup
	for i := range pair {
		client := r.newClient()
		defer client.CloseIdle()
		wg.Go(func() {
			arrive := sync.OnceFunc(ready.Done)
			defer arrive() // when it did not get as far
			pair[i] = r.fire(ctx, shot{what: "one of the two", message: s.Message(pictify.NewSigner(r.Secret), r.Now()), client: client, atOnce: true,
				send: func(ctx context.Context, w io.Writer, head, body []byte) error {
					if _, err := w.Write(head[:len(head)-1]); err != nil {
						return err
					}
					arrive()
					select {
					case <-both:
					case <-ctx.Done():
						return ctx.Err()
					}
					_, err := w.Write(append(head[len(head)-1:], body...))
					return err
				}})
		})
	}
	wg.Wait()
	return pair
}

func afterTimeout(ctx context.Context, r *round) verdict {
	ordinary, v, ok := r.control(ctx)
	if !ok {
		return v
	}
	s, before := r.ordinary(), r.read(ctx)
	client := r.newClient()
	gone, leave := context.WithCancel(ctx)
	defer leave()
	r.fire(gone, shot{what: "the delivery, given up", message: s.Message(pictify.NewSigner(r.Secret), r.Now()), client: client,
		send: func(ctx context.Context, w io.Writer, head, body []byte) error {
			_, err := w.Write(append(head, body...))
			wait(ctx, r.GiveUp) // only now, however long it took to connect: the handler must have the delivery
			leave()
			return err
		}})
	client.CloseIdle()
	e := r.again(ctx, "the same again", s)
	if !e.accepted() {
		return verdict{status: Fail, said: "the second time it " + e.words() + ", so Pictify goes on trying", fix: "Answer 200 to what you have already."}
	}
	return once(ordinary, r.change(ctx, before))
}
