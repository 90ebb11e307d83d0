package ui_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

const (
	live    = `!!document.querySelector(".connection.live")`
	enter   = "\r"
	escape  = "\x1b"
	lineIDs = `[...document.querySelectorAll(".lines > .line")]
		.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex).map((l) => l.id).join(" ")`
)

// calls notes what the page asked for.
type calls struct {
	mu        sync.Mutex // guards all below
	replayed  []int64
	triggered []pictify.EventType
}

func (c *calls) get() ([]int64, []pictify.EventType) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.replayed, c.triggered
}

// noting makes the page's buttons work on st, and notes each press.
func noting(st *store.Store) (ui.Options, *calls) {
	c := &calls{}
	o := demoOptions(st)
	replay := o.Replay
	o.Replay = func(ctx context.Context, seq int64) (store.Attempt, error) {
		c.mu.Lock()
		c.replayed = append(c.replayed, seq)
		c.mu.Unlock()
		return replay(ctx, seq)
	}
	o.Trigger = func(_ context.Context, e pictify.EventType) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.triggered = append(c.triggered, e)
		return nil
	}
	return o, c
}

// stored returns the ids of the store's list, as lineIDs gives the page's.
func stored(t *testing.T, st *store.Store, limit int) string {
	t.Helper()
	list, err := st.List(t.Context(), store.Query{Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, d := range list {
		ids = append(ids, d.ID())
	}
	return strings.Join(ids, " ")
}

// A working day in small: deliveries arrive, are looked at, replayed, triggered.
func TestPage(t *testing.T) {
	st := openStore(t)
	o, c := noting(st)
	s := serve(t, o)
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector(".empty")`)
	eval[chromedp.Void](p, `void (window.untouched = true)`) // gone if anything loads the page again
	if at := eval[string](p, `location.href`); at != s.base+"/" {
		t.Errorf("the address is %s: the code is still there", at)
	}

	p.click(`.empty .event-buttons button:nth-child(2)`)
	p.wait(`document.querySelector(".notices p.ok")`)
	for n := range 3 {
		record(t, st, sample(n), 200+n) // 200, 201, 202
	}
	p.wait(lineIDs + ` === "d3 d2 d1"`)
	p.wait(`/render\.completed.*1200×630.*valid.*200.*3\.1 ms/.test(document.querySelector("#d1").textContent)`)
	d := record(t, st, sample(4), 0)
	p.wait(`document.querySelector("#d4 .answer.warn")?.textContent === "waiting"`)
	answer(t, st, d, store.Attempt{Kind: store.Forward, Status: 500, Duration: 40 * time.Millisecond, Body: []byte("boom"), BodySize: 4})
	p.wait(`document.querySelector("#d4 .answer.bad")?.textContent === "500"`)

	p.click(`#d1`)
	p.wait(`document.querySelector(".detail h2")?.textContent === "render.completed" && document.querySelector(".detail .tree")`)
	for _, want := range []string{`"templateId": "tmpl_blog_card"`, `"score": 4.50`, "The signature is valid", "X-Pictify-Signature"} {
		if !strings.Contains(eval[string](p, `document.querySelector(".detail").innerText`), want) {
			t.Errorf("the detail does not say %q", want)
		}
	}
	headers := eval[string](p, `[...document.querySelectorAll(".detail section[aria-label=Request] th")].map(e => e.textContent).join()`)
	if want := "Host,User-Agent,Content-Type,X-Pictify-Event,X-Pictify-Delivery-Id,X-Pictify-Signature,X-Forwarded-For,X-Forwarded-Proto"; headers != want {
		t.Errorf("headers are %s, want %s", headers, want)
	}
	p.click(`.detail .body .ways button:nth-child(2)`)
	p.wait(`document.querySelector(".detail pre").textContent.startsWith('{"event":"render.completed","timestamp"')`)

	// Keyboard: d1 is the oldest, so k goes up to d4, and stays there.
	p.press("kkkkk")
	p.wait(`document.querySelector(".line.selected")?.id === "d4" && document.querySelector(".detail h2")?.textContent === "binding.failed"`)
	p.wait(`document.querySelector(".detail .attempt[open]")?.textContent.includes("boom")`) // a failure shows its answer
	p.press("j")
	p.wait(`document.querySelector(".line.selected")?.id === "d3"`)
	p.press(escape)
	p.wait(`!document.querySelector(".detail") && location.hash === ""`)
	eval[chromedp.Void](p, `history.back()`) // to what was open, which is where the keyboard had gone to
	p.wait(`document.querySelector(".detail .facts-line .mono")?.textContent === "d3" && location.hash === "#open=d3"`)
	eval[chromedp.Void](p, `history.forward()`)
	p.wait(`!document.querySelector(".detail")`)
	p.press("k" + enter)
	p.wait(`document.querySelector(".detail h2")?.textContent === "binding.failed"`)
	p.press("r")
	p.wait(`document.querySelector("#d4 .answer.ok")?.textContent === "200" && document.querySelector("#d4 .tries").textContent === "2×"`)
	p.wait(`document.querySelectorAll(".detail .attempt").length === 2`)
	p.click(`.detail button.primary`)
	p.wait(`document.querySelectorAll(".detail .attempt").length === 3`)

	p.click(`.toolbar .trigger > button`)
	p.click(`#trigger button:nth-child(5)`)
	p.wait(`document.querySelector(".notices p.ok")?.textContent === "Sent binding.updated."`)
	p.press(escape)
	p.wait(`!document.querySelector("#trigger")`)

	replayed, triggered := c.get()
	if diff := cmp.Diff([]int64{4, 4}, replayed); diff != "" {
		t.Errorf("replayed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]pictify.EventType{pictify.RenderFailed, pictify.BindingUpdated}, triggered); diff != "" {
		t.Errorf("triggered (-want +got):\n%s", diff)
	}
	if !eval[bool](p, `window.untouched === true`) {
		t.Error("the page was loaded again")
	}
	p.healthy()
}

// The page says the truth about its connection, and comes back by itself: after
// cuts, and to another run of pictap on the same port and state.
func TestPageSurvivesRestart(t *testing.T) {
	st := openStore(t)
	for n := range 5 {
		record(t, st, sample(n), 200)
	}
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelectorAll(".lines > .line").length === 5`)
	eval[chromedp.Void](p, `void (window.untouched = true)`)
	for round := range 3 {
		s.stop()
		p.wait(`document.querySelector(".connection.lost")?.textContent.includes("not connected since")`)
		for n := range 4 {
			record(t, st, sample(5+4*round+n), 200)
		}
		answer(t, st, store.Delivery{Seq: 1}, store.Attempt{Kind: store.Replay, Status: 500 + round})
		l := s.port()
		s = serveOn(t, l, demoOptions(st))
		p.wait(live)
		p.wait(fmt.Sprintf(lineIDs+` === %q`, stored(t, st, 100)))
		p.wait(fmt.Sprintf(`document.querySelector("#d1 .answer").textContent === "%d"`, 500+round))
	}
	if !eval[bool](p, `window.untouched === true`) {
		t.Error("the page was loaded again")
	}

	// Another state on the same port is another story: the page is locked, and keeps what it shows.
	s.stop()
	l := s.port()
	empty := openStore(t)
	s = serveOn(t, l, demoOptions(empty))
	p.wait(`document.querySelector(".connection.locked")`)
	eval[chromedp.Void](p, `void (location.hash = "code=`+s.code()+`")`)
	p.wait(live + ` && document.querySelector(".empty")`)
	p.healthy()
}

// A second tab of the same person gets in through the first; a third without
// anybody's help does not.
func TestPageInvitesItsSister(t *testing.T) {
	st := openStore(t)
	record(t, st, sample(0), 200)
	s := serve(t, ui.Options{Store: st})
	p := newTab(t)
	link := s.LaunchURL()
	p.open(link)
	p.wait(live)
	sister := p.sister()
	sister.open(link) // used, as when somebody clicks it twice
	sister.letIn()
	sister.wait(live + ` && document.querySelector("#d1")`)
	stranger := newTab(t)
	stranger.open(link)
	stranger.wait(`document.querySelector(".locked")`)
	if text := eval[string](stranger, `document.body.innerText`); !strings.Contains(text, "needs its link") {
		t.Errorf("a locked page says %q", text)
	}
	eval[chromedp.Void](stranger, `void (location.hash = "code=`+s.code()+`")`)
	stranger.wait(live + ` && document.querySelector("#d1")`)

	// Both locked out, by another state on the same port: one link lets both in.
	s.stop()
	s = serveOn(t, s.port(), demoOptions(openStore(t)))
	p.wait(`document.querySelector(".connection.locked")`)
	sister.wait(`document.querySelector(".connection.locked")`)
	eval[chromedp.Void](p, `void (location.hash = "code=`+s.code()+`")`)
	p.wait(live + ` && document.querySelector(".empty")`)
	sister.wait(live + ` && document.querySelector(".empty")`)
	p.healthy()
	sister.healthy()
}

// 12,000 deliveries: few lines in the document, older ones on demand, nothing
// moves under the reader's eyes, and a burst does not freeze the page.
func TestPageManyRows(t *testing.T) {
	st := openStore(t)
	writeDeliveries(t, st, 12_000, 32, nil)
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector("#d12000")`)
	if n := eval[int](p, `document.querySelectorAll("*").length`); n > 2000 {
		t.Errorf("%d elements in the document, want 2,000 at most", n)
	}
	// To the very end, page by page.
	p.wait(`(() => { const l = document.querySelector(".list"); l.scrollTop = l.scrollHeight; return document.querySelector("#d1") && l.textContent.includes("That is all: 12,000") })()`)
	if n := eval[int](p, `document.querySelectorAll("*").length`); n > 2000 {
		t.Errorf("%d elements in the document after scrolling, want 2,000 at most", n)
	}
	// In the middle, while others arrive: what is read stays where it is.
	eval[chromedp.Void](p, `void (document.querySelector(".list").scrollTop = 32 * 6000 + 7)`)
	p.wait(`document.querySelector("#d6000")`)
	const where = `document.querySelector("#d6000").getBoundingClientRect().top`
	before := eval[float64](p, where)
	writeMore(t, st, 12_000, 500)
	p.wait(`document.querySelector(".unseen")?.textContent === "↑ 500 new"`)
	if after := eval[float64](p, settled+`.then(() => `+where+`)`); after != before {
		t.Errorf("the line that is read moved from %v to %v", before, after)
	}
	p.click(".unseen")
	p.wait(`document.querySelector("#d12500") && !document.querySelector(".unseen") && document.querySelector(".list").scrollTop === 0`)
	// Following again, the page lets go of the oldest.
	writeMore(t, st, 12_500, 20)
	p.wait(`document.querySelector("#d12520")`)
	p.wait(`document.querySelector(".toolbar small").textContent === "12,520"`)
	p.wait(`document.querySelector(".lines").clientHeight === 32 * 10_000`)
	p.healthy()
}

func writeMore(t *testing.T, st *store.Store, from, n int) {
	t.Helper()
	for i := range n {
		record(t, st, sample(from+i), 0)
	}
}

// Another origin, though on this machine and with a browser that is let in,
// reads nothing and does nothing.
func TestForeignPage(t *testing.T) {
	st := openStore(t)
	record(t, st, sample(0), 200)
	o, c := noting(st)
	s := serve(t, o)
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live)

	page, err := os.ReadFile(filepath.Join("testdata", "foreign.html"))
	if err != nil {
		t.Fatal(err)
	}
	foreign := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(strings.ReplaceAll(string(page), "TARGET", s.addr)))
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); foreign.Serve(l) }()
	defer func() { foreign.Close(); <-done }()

	for _, origin := range []string{"http://" + l.Addr().String(), "http://" + strings.Replace(l.Addr().String(), "127.0.0.1", "evil.test", 1)} {
		tab := p.sister() // the same profile: it shares whatever a profile shares
		tab.open(origin)
		tab.wait(`window.results`)
		results := eval[map[string]string](tab, `window.results`)
		if len(results) < 12 {
			t.Errorf("%s tried only %v", origin, results)
		}
		for try, outcome := range results {
			if outcome != "refused" {
				t.Errorf("from %s: %s: %s", origin, try, outcome)
			}
		}
	}
	// DNS rebinding: our own server by a foreign name.
	rebound := p.sister()
	rebound.open("http://" + strings.Replace(s.addr, "127.0.0.1", "evil.test", 1) + "/")
	if text := eval[string](rebound, `document.body.innerText`); !strings.Contains(text, "not the page's address") {
		t.Errorf("by a foreign name the server says %q", text)
	}
	if replayed, triggered := c.get(); len(replayed)+len(triggered) > 0 {
		t.Errorf("foreign pages replayed %v, triggered %v", replayed, triggered)
	}
	p.healthy()
}
