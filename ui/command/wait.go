package command

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// Wait blocks until deliveries have arrived that a script waits for.
func Wait(env Env) *cli.Command {
	return &cli.Command{
		Name:  "wait",
		Usage: "block until a matching delivery has arrived, for scripts and CI",
		Description: `Prints the deliveries that it waited for as "events list" does, and exits 0; when the time is over
before that, it says what came instead and exits 5. What has arrived since the running listen began
counts too, so that nothing is missed between the cause and the wait; --since moves that moment.

The first word may be an event, or a pattern of events; the rest is a search.
` + searchHelp,
		UsageText: `pictap wait render.completed
			pictap wait render.* status:2xx template:tmpl_welcome --timeout 2m
			pictap wait batch.completed 'data.failedCount:0' --output json --with-body
			pictap wait render.completed -n 20 --since now`,
		ArgsUsage: "[event] [search]…",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "count", Aliases: []string{"n"}, Value: 1, Usage: "wait for `N` deliveries"},
			&cli.DurationFlag{Name: "timeout", Value: time.Minute, Usage: "wait no longer than `DURATION`; 0 waits for ever"},
			&cli.StringFlag{Name: "since", Value: "start", Usage: "count what arrived since `TIME`: start of the running listen, now, -10m or 2026-01-29T10:30:00Z"},
			&cli.BoolFlag{Name: "with-body", Usage: "add the body to each line of JSON"},
		},
		Action: env.action(env.wait),
	}
}

func (e Env) wait(c *cli.Context, p *printer) error {
	switch {
	case c.Int("count") < 1:
		return usagef("--count must be more than 0")
	case c.Duration("timeout") < 0:
		return usagef("--timeout must not be less than 0")
	case c.Bool("with-body") && !p.json:
		return usagef("--with-body needs --output json")
	}
	search, err := waitSearch(c.Args().Slice())
	if err != nil {
		return err
	}
	begin, err := e.waitSince(c, p)
	if err != nil {
		return err
	}
	st, err := e.openStore(c)
	if err != nil {
		return err
	}
	defer st.Close()
	since, err := store.ParseSearch("after:" + begin.UTC().Format(time.RFC3339Nano))
	if err != nil {
		return err
	}
	if search, err = st.Resolve(c.Context, search.And(since)); err != nil {
		return err
	}
	w := waiter{store: st, search: search, since: since, want: c.Int("count"), found: make(map[int64]bool)}
	w.show = func(d store.Delivery) {
		if p.json {
			p.emit(newListedLine(d, c.Bool("with-body")))
		} else {
			p.data(listedText(p, d))
		}
	}
	if err := w.look(c.Context); err != nil { // what has arrived counts, however short the timeout
		return err
	}
	ctx, cancel := c.Context, context.CancelFunc(func() {})
	if timeout := c.Duration("timeout"); timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, timeout)
	}
	defer cancel()
	if err := w.follow(ctx); err != nil {
		return w.failed(c, p, err)
	}
	return st.Close()
}

// eventLike is what can only be meant as an event: two words and a dot, or a pattern.
var eventLike = regexp.MustCompile(`^!?([a-z*]+(\.[a-z*]+)+|\*)$`)

// waitSearch reads the arguments: a search whose first word may be an event.
func waitSearch(args []string) (store.Search, error) {
	if len(args) == 0 || !eventLike.MatchString(args[0]) {
		return parseSearch(args)
	}
	types, err := pickTypes(pictify.EventTypes(), args[:1]) // a typo would wait in vain
	if err != nil {
		return store.Search{}, err
	}
	rest, err := parseSearch(args[1:])
	if err != nil || len(types) == len(pictify.EventTypes()) {
		return rest, err
	}
	text := "event:" + string(types[0])
	for _, t := range types[1:] {
		text += "," + string(t)
	}
	events, err := store.ParseSearch(text)
	return rest.And(events), err
}

// waitSince is the moment from which on deliveries count.
func (e Env) waitSince(c *cli.Context, p *printer) (time.Time, error) {
	since := c.String("since")
	if since != "start" {
		return parseMoment("since", since, e.now())
	}
	st, err := e.state(c)
	if err != nil {
		return time.Time{}, err
	}
	h, listening, err := store.Listening(st.dir)
	switch {
	case err != nil:
		return time.Time{}, err
	case !listening:
		p.note("No pictap listens with this state directory yet; waiting for what arrives from now on.")
	case !h.Started.IsZero():
		return h.Started, nil
	}
	return e.now(), nil
}

// A waiter waits until enough deliveries match.
type waiter struct {
	store  *store.Store
	search store.Search // resolved; since is a part of it
	since  store.Search // arrivals before do not count
	want   int
	show   func(store.Delivery) // told each match, once
	found  map[int64]bool       // by seq
	rev    int64                // changes up to this have been looked at
}

// look takes what has arrived already.
func (w *waiter) look(ctx context.Context) (err error) {
	w.rev, err = w.store.LastRev(ctx) // before the list is read, so that nothing falls between the two
	if err != nil {
		return fmt.Errorf("wait: %w", err)
	}
	seqs, err := newest(ctx, w.store, w.search, math.MaxInt)
	if err != nil {
		return fmt.Errorf("wait: %w", err)
	}
	for _, seq := range slices.Backward(seqs) {
		if err := w.take(ctx, seq); err != nil {
			return fmt.Errorf("wait: %w", err)
		}
	}
	return nil
}

// follow returns when enough has arrived, or with the error of ctx.
func (w *waiter) follow(ctx context.Context) error {
	for len(w.found) < w.want {
		changed := w.store.Changed() // taken before reading, so that no ring is missed
		list, next, err := w.store.SearchSince(ctx, w.search, w.rev, listPage)
		if err != nil {
			return fmt.Errorf("wait: %w", err)
		}
		for _, c := range list {
			if !c.Match {
				continue
			}
			if err := w.take(ctx, c.Delivery.Seq); err != nil {
				return fmt.Errorf("wait: %w", err)
			}
		}
		if w.rev = next; len(list) > 0 {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// take counts and shows a delivery that matches, the first time and if more are wanted.
func (w *waiter) take(ctx context.Context, seq int64) error {
	if len(w.found) >= w.want || w.found[seq] {
		return nil
	}
	d, err := w.store.Get(ctx, seq)
	if errors.Is(err, store.ErrNotFound) {
		return nil // removed in between
	}
	if err == nil {
		w.found[seq] = true
		w.show(d)
	}
	return err
}

// othersShown is how many of those that came instead are told.
const othersShown = 3

// failed is the error of a wait that ended before enough had arrived. Of what came
// instead the last ones are told, for that is what people look for next.
func (w *waiter) failed(c *cli.Context, p *printer, err error) error {
	if c.Context.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if seqs, err := newest(c.Context, w.store, w.since, othersShown+len(w.found)); err == nil {
		seqs = slices.DeleteFunc(seqs, func(seq int64) bool { return w.found[seq] })
		for _, seq := range slices.Backward(seqs[:min(len(seqs), othersShown)]) {
			if d, err := w.store.Get(c.Context, seq); err == nil {
				p.note("Came, but does not match: %s", listedText(p, d))
			}
		}
	}
	err = fmt.Errorf("waited %v for %s, and %d came", c.Duration("timeout"), count(w.want, "delivery"), len(w.found))
	return withHint(withCode(exitTimeout, err), "--timeout waits longer; pictap events list shows what was recorded")
}
