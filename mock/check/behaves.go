package check

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"pictap/tunnel/pictify"
)

const (
	crowd   = 50 // deliveries at once
	inTurn  = 4  // deliveries over one connection
	pieces  = 10 // that the slow sender sends a body in
	timings = 3
)

func behaves() []Case {
	return []Case{
		{Group: Behaves, Name: "time", Title: "three ordinary deliveries, timed", Expect: "2xx within 8 s, and never after 30 s", Docs: docsConcepts, Requests: timings, run: timely,
			Why: "Pictify waits 30 s, by another page 10 s, and then counts the delivery as failed, whatever you do after that.", Fix: "Answer first and work later: put the event in a queue, or in a table that a worker reads."},
		{Group: Behaves, Name: "fifty-at-once", Title: "50 deliveries at once", Expect: "2xx for each", Docs: docsGuide + "#queue-processing", Requests: crowd, run: crowded,
			Why: "A batch sends one event for each of its items, hundreds within seconds.", Fix: "Do little before the answer; check the pool of database connections and any rate limit on the route."},
		{Group: Behaves, Name: "connection-reuse", Title: "four deliveries over one connection", Expect: "2xx, and the connection stays open", Docs: docsConcepts, Requests: inTurn, run: reuse,
			Why: "A server that closes after each answer makes every delivery pay for a new handshake.", Fix: "Serve HTTP/1.1 with keep-alive, and read the body to its end before you answer."},
		{Group: Behaves, Name: "slow-sender", Title: "a body that arrives in ten pieces over 2 s", Expect: "2xx", Docs: docsConcepts, Requests: 1, run: slow,
			Why: "Networks stall. A handler that takes the first chunk for the whole body computes another signature.", Fix: "Read until the body ends (Content-Length), and give it a few seconds."},
		{Group: Behaves, Name: "get", Title: "GET on the route, without a signature", Expect: "405, or anything but a crash", Docs: docsGuide, Requests: 2, run: func(ctx context.Context, r *round) verdict { return look(ctx, r, "GET") },
			Why: "Scanners, link previews and uptime checks look at every URL.", Fix: "Answer 405 to what is no POST, before the body is touched."},
		{Group: Behaves, Name: "head", Title: "HEAD on the route, without a signature", Expect: "405, or anything but a crash", Docs: docsGuide, Requests: 2, run: func(ctx context.Context, r *round) verdict { return look(ctx, r, "HEAD") },
			Why: "Scanners, link previews and uptime checks look at every URL.", Fix: "Answer 405 to what is no POST, before the body is touched."},
		{Group: Behaves, Name: "redirects", Title: "a delivery as Node's fetch sends it", Expect: "2xx, and no redirect", Docs: docsConcepts, Requests: 1, run: asFetch,
			Why: "Middleware that looks at Accept or User-Agent sends some callers to a login or another host. A redirected POST arrives as a GET, or not at all.", Fix: "Exempt the route from logins, locale and host redirects; register the final URL."},
	}
}

func timely(ctx context.Context, r *round) verdict {
	var slowest time.Duration
	for range timings {
		e := r.plain(ctx, r.base)
		if !e.accepted() {
			return verdict{status: Fail, said: e.words()}
		}
		slowest = max(slowest, e.Duration)
		if slowest >= r.Slow {
			return verdict{status: Warn, said: fmt.Sprintf("took %s to answer; from %s it is close to the limit of %s", rough(slowest), rough(r.Slow), rough(r.Timeout))}
		}
	}
	return verdict{status: Pass, said: "the slowest took " + rough(slowest)}
}

func rough(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(100 * time.Microsecond).String()
}

func crowded(ctx context.Context, r *round) verdict {
	client := r.newClient()
	defer client.CloseIdle()
	all := make([]Exchange, crowd)
	var wg sync.WaitGroup
	for i := range all {
		s := r.ordinary()
		wg.Go(func() {
			all[i] = r.fire(ctx, shot{what: "one of fifty", message: r.signed(s), client: client, atOnce: true})
		})
	}
	wg.Wait()
	bad := slices.DeleteFunc(slices.Clone(all), Exchange.accepted)
	slowest := slices.MaxFunc(all, func(a, b Exchange) int { return int(a.Duration - b.Duration) }).Duration
	switch i := slices.IndexFunc(bad, Exchange.crashed); {
	case i >= 0:
		return verdict{status: Fail, said: fmt.Sprintf("%d of %d were not taken; one %s", len(bad), crowd, bad[i].words())}
	case len(bad) > 0:
		return verdict{status: Warn, said: fmt.Sprintf("%d of %d were not taken; one %s, and Pictify sends those again", len(bad), crowd, bad[0].words())}
	case slowest >= r.Slow:
		return verdict{status: Warn, said: fmt.Sprintf("took all, the slowest in %s", rough(slowest))}
	}
	return verdict{status: Pass, said: fmt.Sprintf("took all, the slowest in %s", rough(slowest))}
}

func reuse(ctx context.Context, r *round) verdict {
	client := r.newClient()
	defer client.CloseIdle()
	reused := 0
	for range inTurn {
		e := r.fire(ctx, shot{what: "one of four", message: r.signed(r.ordinary()), client: client, atOnce: true})
		if !e.accepted() {
			return verdict{status: Fail, said: e.words()}
		}
		if e.reused {
			reused++
		}
	}
	if reused == 0 {
		return verdict{status: Warn, said: "it closed the connection after each answer"}
	}
	return verdict{status: Pass, said: fmt.Sprintf("%d of %d came over a connection that was kept", reused, inTurn)}
}

func slow(ctx context.Context, r *round) verdict {
	client := r.newClient()
	defer client.CloseIdle()
	e := r.fire(ctx, shot{what: "the delivery, in pieces", message: r.signed(r.ordinary()), client: client, send: r.inPieces})
	switch {
	case e.accepted():
		return verdict{status: Pass, said: e.words()}
	case e.Status == 408:
		return verdict{status: Warn, said: e.words()}
	}
	return verdict{status: Fail, said: e.words()}
}

func (r *round) inPieces(ctx context.Context, w io.Writer, head, body []byte) error {
	_, err := w.Write(head)
	for i := range pieces {
		if err != nil || !wait(ctx, r.Pace/pieces) {
			return first(err, ctx.Err())
		}
		_, err = w.Write(body[len(body)*i/pieces : len(body)*(i+1)/pieces])
	}
	return err
}

// look asks for the route as a browser would.
func look(ctx context.Context, r *round, method string) verdict {
	e := r.fire(ctx, shot{what: method + " of the route", method: method})
	next := r.plain(ctx, r.base)
	switch {
	case e.crashed():
		return verdict{status: Fail, said: e.words()}
	case !next.accepted():
		return verdict{status: Fail, said: e.words() + ", but then it did not take an ordinary delivery: " + next.words()}
	}
	return verdict{status: Pass, said: e.words()}
}

func asFetch(ctx context.Context, r *round) verdict {
	m := r.signed(r.ordinary())
	for _, f := range [][2]string{{"Accept", "*/*"}, {"Accept-Language", "*"}, {"Sec-Fetch-Mode", "cors"}, {"User-Agent", "node"}, {"Accept-Encoding", "gzip, deflate"}} {
		m.Header = append(m.Header, pictify.Field{Name: f[0], Value: f[1]})
	}
	e := r.fire(ctx, shot{what: "the delivery", message: m})
	if e.accepted() {
		return verdict{status: Pass, said: e.words()}
	}
	return verdict{status: Fail, said: e.words()}
}

// eventHeader is among what must be refused or seen through: the header is not signed, so
// it may say anything.
func eventHeader() Case {
	return Case{Group: Rejects, Name: "event-header", Title: "rightly signed, but X-Pictify-Event names another type", Expect: "handled as what the body says, or a 4xx", Docs: docsConcepts, Requests: 2,
		Why: "The signature does not cover the header. A handler that lets it decide can be made to skip an event, or to take it for another.", Fix: "Take the type from the event member of the verified body.",
		run: func(ctx context.Context, r *round) verdict {
			ordinary, v, ok := r.control(ctx)
			if !ok {
				return v
			}
			m := r.signed(r.ordinary())
			setField(m.Header, pictify.EventHeader, strings.Replace(string(r.base.Event), ".", ".not_", 1))
			before := r.read(ctx)
			e := r.fire(ctx, shot{what: "the delivery", message: m})
			switch {
			case e.crashed():
				return verdict{status: Fail, said: e.words()}
			case e.refused():
				return verdict{status: Pass, said: e.words()}
			case !ordinary.known:
				v := unknown(e.words(), ordinary)
				v.said = strings.Replace(v.said, "whether it acted once", "which type it took it for", 1)
				return v
			}
			d := r.change(ctx, before)
			switch {
			case !d.known:
				return unknown(e.words(), d)
			case d.isZero():
				return verdict{status: Fail, said: e.words() + ", but did nothing: it believed the header"}
			}
			return verdict{status: Pass, said: e.words() + ", and acted on it as on any other"}
		}}
}
