package ui_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

// A neighbourhood is what is around the deliveries, as functions of the page see it.
type neighbourhood struct {
	st *store.Store
	h  *ui.Handler // to be woken

	mu     sync.Mutex // guards all below
	status ui.Status
	down   error
	drains int
	pauses []string
	refuse error
}

func newNeighbourhood(t *testing.T) *neighbourhood {
	n := &neighbourhood{st: openStore(t), status: demoStatus()}
	n.status.Held = 0
	return n
}

func (n *neighbourhood) options() ui.Options {
	o := demoOptions(n.st)
	o.Status = func() ui.Status {
		n.mu.Lock()
		defer n.mu.Unlock()
		s := n.status
		s.Subscriptions = append([]ui.SubscriptionStatus(nil), s.Subscriptions...)
		return s
	}
	var made atomic.Int64
	o.Trigger = func(ctx context.Context, e pictify.EventType) error {
		d := sample(1000 + int(made.Add(1)))
		d.Event, d.Source = e, store.FromLocal
		d, err := n.st.Record(ctx, d)
		if err == nil {
			_, err = n.st.AddAttempt(ctx, d.Seq, store.Attempt{Kind: store.Forward, At: time.Now(), Status: 200, Duration: time.Millisecond}, store.Done)
		}
		return err
	}
	o.Drain = func(ctx context.Context) error {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.drains++
		if n.down != nil {
			return n.down
		}
		held, err := n.st.Held(ctx, 1000)
		for _, d := range held {
			_, err = n.st.AddAttempt(ctx, d.Seq, store.Attempt{Kind: store.Forward, At: time.Now(), Status: 200, Duration: time.Millisecond}, store.Done)
		}
		n.status.Held, n.status.App, n.status.AppReason = 0, "answering", ""
		n.h.Wake()
		return err
	}
	o.SetPaused = func(_ context.Context, uid string, paused bool) error {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.pauses = append(n.pauses, fmt.Sprint(uid, " ", paused))
		for i := range n.status.Subscriptions {
			if s := &n.status.Subscriptions[i]; s.UID == uid && n.refuse == nil {
				s.Status = map[bool]string{true: "paused", false: "active"}[paused]
			}
		}
		n.h.Wake()
		return n.refuse
	}
	o.Run = func() ui.Run {
		return ui.Run{Started: time.Now().Add(-83 * time.Minute), StateDir: "/home/ada/.local/state/pictap", Database: n.st.Path(), Receiver: "127.0.0.1:4456",
			API: "https://api.pictify.io", Account: "live key pk_live_…7890", Ack: "record", Resign: true, OnExit: "delete"}
	}
	return o
}

func (n *neighbourhood) serve(t *testing.T) *server {
	s := serve(t, n.options())
	n.h = s.Handler
	return s
}

func (n *neighbourhood) set(change func(*ui.Status)) {
	n.mu.Lock()
	change(&n.status)
	n.mu.Unlock()
	n.h.Wake()
}

// lively fills a store with two hours of everything that a chart can show.
func lively(t *testing.T, st *store.Store) {
	t.Helper()
	for n := range 400 {
		d := sample(n % 4)
		d.DeliveryID = fmt.Sprint("del_l", n)
		d.Proof = fmt.Appendf(nil, "l%015d", n)
		d.ReceivedAt = time.Now().Add(-time.Duration(400-n)*18*time.Second - time.Duration(n*n*7919%17000)*time.Millisecond)
		d.Subscription = fmt.Sprintf("sub_%d7Hq2", n%4)
		status := 200
		switch {
		case n%31 == 0:
			d.Verdict, d.State, d.Proof, d.Reason = pictify.Mismatch, store.Kept, nil, pictify.ErrMismatch.Error()
			st.RecordUnverified(d)
			continue
		case n%23 == 0:
			status = 500
		case n > 394:
			record(t, st, d, 0)
			continue
		}
		d = record(t, st, d, 0)
		answer(t, st, d, store.Attempt{Kind: store.Forward, At: d.ReceivedAt, Status: status, Duration: time.Duration(2000+n*n*37%39000) * time.Microsecond})
	}
}

func TestOverviewLook(t *testing.T) {
	n := newNeighbourhood(t)
	lively(t, n.st)
	s := n.serve(t)
	n.set(func(s *ui.Status) {
		since := time.Now().Add(-90 * time.Second)
		s.App, s.AppReason, s.AppSince, s.Held = "down", "connection refused", &since, 5
		s.Subscriptions[1].Status, s.Subscriptions[1].Note = "paused", "from the page"
	})
	p := newTab(t)
	p.open(s.LaunchURL() + "&view=overview")
	p.wait(`document.querySelector(".plots canvas") && document.querySelector(".coverage tbody tr") && document.querySelector(".about dd")`)
	p.look("overview")
	eval[chromedp.Void](p, `void document.querySelector(".as-table summary").click()`)
	p.wait(`document.querySelectorAll(".as-table tbody tr").length > 50`)
	p.look("overview-table")
	p.healthy()

	empty := newNeighbourhood(t)
	es := empty.serve(t)
	empty.set(func(s *ui.Status) {
		s.Mode, s.Subscriptions, s.Tunnel, s.PublicURL = "local", nil, "local", "http://127.0.0.1:4456"
	})
	e := newTab(t)
	e.open(es.LaunchURL() + "&view=overview")
	e.wait(`document.querySelector(".plots canvas") && document.querySelector(".coverage tbody tr") && document.querySelector(".about dd")`)
	e.look("overview-empty")
	e.healthy()
}

// Types that the app has not taken are sent with one press.
func TestCoverage(t *testing.T) {
	n := newNeighbourhood(t)
	record(t, n.st, sample(0), 200)
	record(t, n.st, sample(1), 500)
	odd := sample(2)
	odd.Event = `render.<img src=x onerror=window.__pwn=1>"`
	record(t, n.st, odd, 200)
	s := n.serve(t)
	p := newTab(t)
	p.open(s.LaunchURL() + "&view=overview")
	lead := `document.querySelector("section[aria-label=Coverage] .lead")?.innerText`
	p.wait(lead + ` === "1 of 6 types seen by your handler"`)
	rows := eval[string](p, `[...document.querySelectorAll(".coverage tbody tr")].map(r => [...r.children].slice(0, 5).map(c => c.innerText.trim()).join(" ")).join("\n")`)
	want := "render.completed 1 1 1 200\nrender.failed 1 1 0 500\nbatch.completed 0 0 0 –\nbatch.failed 0 0 0 –\nbinding.updated 0 0 0 –\nbinding.failed 0 0 0 –\n" + string(odd.Event) + " 1 1 1 200"
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("coverage (-want +got):\n%s", diff)
	}
	p.click(`.coverage button[aria-label="Send batch.failed"]`)
	p.wait(lead + ` === "2 of 6 types seen by your handler"`)
	p.click(`section[aria-label=Coverage] header button`)
	p.wait(`document.querySelector(".notices p.ok")?.textContent === "Sent 4 test events."`) // it goes again, so it comes first
	p.wait(lead + ` === "6 of 6 types seen by your handler" && !document.querySelector("section[aria-label=Coverage] header button")`)
	p.click(`.coverage tbody tr:last-child a`)
	p.wait(`location.hash.startsWith("#q=event")`)
	search, err := store.ParseSearch(eval[string](p, `new URLSearchParams(location.hash.slice(1)).get("q")`))
	if err != nil {
		t.Fatal(err)
	}
	if list, err := n.st.Search(t.Context(), search, 0, 10); err != nil || len(list) != 1 || list[0].Seq != 3 {
		t.Errorf("the odd type leads to %d deliveries, %v", len(list), err)
	}
	if eval[bool](p, `window.__pwn === 1`) {
		t.Error("an event type became markup")
	}
	p.healthy()
}

// What waits is shown, and goes out when somebody looks for the app.
func TestHoldAndDrain(t *testing.T) {
	n := newNeighbourhood(t)
	for i := range 25 {
		record(t, n.st, sample(i), 0)
	}
	s := n.serve(t)
	n.mu.Lock()
	n.down = errors.New("connection refused")
	n.mu.Unlock()
	n.set(func(s *ui.Status) { s.App, s.AppReason, s.Held = "down", "connection refused", 25 })
	p := newTab(t)
	p.open(s.LaunchURL() + "&view=overview")
	hold := `document.querySelector("section[aria-label='Waiting for the app']")`
	p.wait(hold + `?.innerText.includes("25 deliveries wait") && ` + hold + `.innerText.includes("connection refused")`)
	if got := eval[string](p, `[...`+hold+`.querySelectorAll("tbody tr a")].map(a => a.title).join(" ")`); !strings.HasPrefix(got, "d1 d2 d3 ") || !strings.HasSuffix(got, " d20") {
		t.Errorf("the first that wait are %s", got)
	}
	p.click(`.strip .drain`)
	p.wait(`document.querySelector(".notices p.bad")?.textContent === "The app cannot be reached: connection refused. 25 deliveries wait on."`)
	n.mu.Lock()
	n.down = nil
	n.mu.Unlock()
	p.click(`section[aria-label='Waiting for the app'] header button`)
	p.wait(`document.querySelector(".notices p.ok")?.textContent === "The app answers: 25 deliveries are on the way."`)
	p.wait(hold + `.innerText.includes("Nothing waits.") && !document.querySelector(".strip .drain")`)
	if n.drains != 2 {
		t.Errorf("the app was looked for %d times, want 2", n.drains)
	}
	p.healthy()
}

// A subscription is paused and resumed, and it is said when that cannot be done.
func TestSubscriptionsArePaused(t *testing.T) {
	n := newNeighbourhood(t)
	d := sample(0)
	d.Subscription = n.status.Subscriptions[0].UID
	record(t, n.st, d, 200)
	s := n.serve(t)
	p := newTab(t)
	p.open(s.LaunchURL() + "&view=overview")
	p.wait(`document.querySelector("section[aria-label=Subscriptions] tbody tr td:nth-child(4)")?.textContent === "1"`)
	p.click(`button[aria-label="Pause render.completed"]`)
	p.wait(`document.querySelector(".notices p.ok")?.textContent.startsWith("render.completed is paused")`)
	p.wait(`document.querySelector(".strip .facts")?.innerText.includes("3 of 4 active")`)
	p.click(`button[aria-label="Resume render.completed"]`)
	p.wait(`document.querySelector("button[aria-label='Pause render.completed']") && document.querySelector(".strip .facts").innerText.includes("4 active")`)
	n.mu.Lock()
	n.refuse = &ui.Refusal{Text: "it is not paused: the API key may not do that; the dashboard can"}
	n.mu.Unlock()
	p.click(`button[aria-label="Pause render.completed"]`)
	p.wait(`document.querySelector(".notices p.bad")?.textContent === "render.completed: it is not paused: the API key may not do that; the dashboard can"`)
	uid := d.Subscription
	if diff := cmp.Diff([]string{uid + " true", uid + " false", uid + " true"}, n.pauses); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	s.stop() // the view stays, its buttons do not work
	p.wait(`document.querySelector(".connection.lost") && document.querySelector("button[aria-label='Pause render.completed']").disabled`)
	p.healthy()
}
