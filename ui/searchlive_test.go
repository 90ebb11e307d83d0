package ui_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"pictap/tunnel/store"
	"pictap/ui"
)

// Two pages with different searches follow the same live changes, through a cut, a
// restart, and so many changes that they have to begin anew.
func TestSearchFollows(t *testing.T) {
	st := openStore(t)
	for n := range 30 {
		record(t, st, sample(n), 0)
	}
	s := serve(t, demoOptions(st))
	searches := []string{"state:held event:render.*", "tmpl_xyz789 !state:held"}
	var pages []*tab
	for i, q := range searches {
		p := newTab(t)
		if i > 0 {
			p = pages[0].sister()
		}
		p.open(s.LaunchURL())
		p.wait(live)
		p.typing(q + enter)
		pages = append(pages, p)
	}
	agree := func(when string) {
		t.Helper()
		for i, p := range pages {
			p.wait(live)
			want := found(t, st, searches[i])
			if lines := strings.Fields(want); len(lines) > 20 {
				want = strings.Join(lines[:20], " ") // the others are not in the document
			}
			p.wait(fmt.Sprintf(`(%s).split(" ").slice(0, 20).join(" ") === %q`, lineIDs, want))
			p.wait(fmt.Sprintf(countText+`.startsWith("%d of ")`, len(strings.Fields(found(t, st, searches[i])))))
			t.Logf("%s: %s", when, eval[string](p, countText))
		}
	}
	next := 30
	change := func() {
		for range 12 { // new ones, and answers that make some leave one list and enter the other
			record(t, st, sample(next), 0)
			answer(t, st, store.Delivery{Seq: int64(next - 20)}, store.Attempt{Kind: store.Forward, Status: 200})
			next++
		}
	}
	agree("at first")
	change()
	agree("live")
	for range 2 {
		s.stop()
		pages[0].wait(`document.querySelector(".connection.lost")`)
		change()
		l := s.port()
		s = serveOn(t, l, demoOptions(st))
		change()
		agree("after a restart")
	}
	s.stop()
	pages[0].wait(`document.querySelector(".connection.lost")`)
	for range 2 * ui.BehindLimit / 100 { // answers of the same hundred, again and again: the lists keep their size
		for i := range 50 {
			if _, err := st.AddAttempt(t.Context(), int64(1+i), store.Attempt{Kind: store.Replay, Status: 200, At: time.Now()}, store.Done); err != nil {
				t.Fatal(err)
			}
		}
	}
	l := s.port()
	serveOn(t, l, demoOptions(st))
	agree("after a reset")
	change()
	agree("live again")
	for _, p := range pages {
		p.healthy()
	}
}

// Text that would do something if anything took it for more than text, in the
// search box, in what is proposed, and in the address.
func TestSearchHostile(t *testing.T) {
	st := openStore(t)
	for n, text := range payloads {
		record(t, st, hostile(n, text), 200)
	}
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector(".lines > .line")`)
	eval[chromedp.Void](p, `(window.violations = [], document.addEventListener("securitypolicyviolation", (e) => violations.push(e.blockedURI + " " + e.violatedDirective)), void 0)`)
	elements := `document.querySelectorAll("script, iframe, object, embed, base, form, img, video, svg, math, link:not(head link)").length`
	p.click(".search input")
	before := eval[int](p, elements)
	write := `((text) => { const i = document.querySelector(".search input"); i.value = text; i.dispatchEvent(new InputEvent("input", { bubbles: true })); })`
	for _, text := range payloads {
		for _, q := range []string{text, "event:" + text, `"` + text, text + ":x"} {
			eval[chromedp.Void](p, fmt.Sprintf(`void %s(%s)`, write, quoted(q)))
			eval[chromedp.Void](p, settled)
		}
		p.wait(`!document.querySelector(".search").matches(":empty")`)
	}
	eval[chromedp.Void](p, fmt.Sprintf(`void %s("event:")`, write))
	p.wait(`document.querySelectorAll(".proposals li").length > 5`)
	for _, text := range payloads[:12] { // by the address, as a link would
		eval[chromedp.Void](p, fmt.Sprintf(`void (history.pushState(null, "", "/#" + new URLSearchParams({ q: %s })), dispatchEvent(new PopStateEvent("popstate")))`, quoted(text)))
		p.wait(fmt.Sprintf(`document.querySelector(".search input").value === %s`, quoted(text)))
	}
	if n := eval[int](p, elements); n != before {
		t.Errorf("%d elements that text may not make, want %d", n, before)
	}
	if eval[bool](p, `"__pwn" in window`) {
		t.Error("a payload ran")
	}
	if v := eval[[]string](p, `window.violations`); len(v) > 0 {
		t.Errorf("the policy had to step in: %q", v)
	}
	p.healthy()
}

// quoted is a text as JavaScript writes it.
func quoted(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // it is a string
	}
	return string(data)
}
