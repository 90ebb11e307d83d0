package ui_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"pictap/tunnel/store"
)

// Pause: the list stays, arrivals are counted, and afterwards nothing is missing.
func TestPause(t *testing.T) {
	st := openStore(t)
	for n := range 10 {
		record(t, st, sample(n), 0)
	}
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelectorAll(".lines > .line").length === 10`)
	next := 10
	for _, q := range []string{"", "event:batch.*"} {
		p.typing(q + enter + escape)
		p.wait(fmt.Sprintf(lineIDs+` === %q`, found(t, st, q)))
		before := found(t, st, q)
		p.press(".")
		p.wait(`document.querySelector(".pause[aria-pressed=true]") && document.querySelector(".unseen.paused")`)
		for range 8 {
			d := record(t, st, sample(next), 0)
			next++
			answer(t, st, d, store.Attempt{Kind: store.Forward, Status: 200})
		}
		p.wait(`document.querySelector(".unseen").textContent === "Paused · 8 new · resume"`)
		s.stop() // a cut does not end the pause
		p.wait(`document.querySelector(".connection.lost")`)
		answer(t, st, store.Delivery{Seq: 1}, store.Attempt{Kind: store.Replay, Status: 418})
		l := s.port()
		s = serveOn(t, l, demoOptions(st))
		p.wait(live)
		record(t, st, sample(next), 0)
		p.wait(`document.querySelector(".unseen").textContent === "Paused · 9 new · resume"`)
		if got := eval[string](p, lineIDs); got != before {
			t.Errorf("while paused the list went from %s to %s", before, got)
		}
		p.click(".unseen")
		p.wait(fmt.Sprintf(lineIDs+` === %q && !document.querySelector(".unseen")`, found(t, st, q)))
		record(t, st, sample(next+1), 0)
		next += 2
		p.wait(fmt.Sprintf(lineIDs+` === %q`, found(t, st, q)))
	}
	p.press(".") // what is open is told about while the list is not
	p.wait(`document.querySelector(".unseen.paused")`)
	last := strings.Fields(found(t, st, ""))[0]
	eval[chromedp.Void](p, `void document.querySelector("#`+last+`").click()`)
	p.wait(`document.querySelector(".detail .fields")`)
	p.press("r")
	p.wait(`document.querySelector(".detail .attempt")`)
	p.healthy()
}

// A delivery that is linked to is shown although the list is far from it, and one
// that is no longer stored is said to be missing.
func TestLinkBeyondTheList(t *testing.T) {
	st := openStore(t)
	writeDeliveries(t, st, 1500, 32, nil)
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.base + "/#code=" + s.code() + "&open=d3")
	p.wait(live + ` && document.querySelector(".detail[aria-label='Delivery d3'] .fields") && !document.querySelector("#d3")`)
	answer(t, st, store.Delivery{Seq: 3}, store.Attempt{Kind: store.Replay, Status: 503})
	p.wait(`document.querySelector(".detail .attempt .answer.bad")?.textContent === "503"`) // it is told of changes, too
	p.press("r")
	p.wait(`document.querySelectorAll(".detail .attempt").length === 3`)
	eval[chromedp.Void](p, `void (history.pushState(null, "", "/#open=d99999"), dispatchEvent(new PopStateEvent("popstate")))`)
	p.wait(`document.querySelector(".detail .trouble")?.textContent.includes("no d99999")`)
	eval[chromedp.Void](p, `history.back()`)
	p.wait(`document.querySelectorAll(".detail .attempt").length === 3`)
	p.click("#d1500")
	p.wait(`document.querySelector(".detail[aria-label='Delivery d1500'] .fields")`)
	eval[chromedp.Void](p, `history.back()`)
	p.wait(`document.querySelector(".detail[aria-label='Delivery d3'] .fields")`) // it is read once more
	p.healthy()
}

// Whoever reads further down is not moved: not by what arrives, and not when the line at
// the top goes. Whoever comes back to the list is at its newest end, where nothing is news.
func TestListHoldsStill(t *testing.T) {
	st := openStore(t)
	writeDeliveries(t, st, 300, 32, nil)
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector("#d300")`)
	eval[chromedp.Void](p, `void (document.querySelector(".list").scrollTop = 32 * 50 + 10)`)
	const where = `Math.round(document.querySelector("#d240").getBoundingClientRect().top)`
	p.wait(`document.querySelector("#d240")`)
	before := eval[int](p, where)
	same := func(line int) {
		t.Helper()
		p.wait(fmt.Sprintf(`document.querySelector("#d240").ariaRowIndex === "%d"`, line+2))
		if now := eval[int](p, where); now != before {
			t.Errorf("d240 was at %d and is at %d", before, now)
		}
	}
	same(60)
	for n := range 3 {
		record(t, st, sample(1000+n), 200)
	}
	same(63)
	if _, err := st.Delete(t.Context(), 250, 302); err != nil { // the line at the top, and one above
		t.Fatal(err)
	}
	p.wait(`document.querySelector("#d240").ariaRowIndex === "63"`)
	before = eval[int](p, where) // what was below the one that went has moved up, as it should
	for n := range 4 {
		record(t, st, sample(1010+n), 200)
	}
	same(65)
	p.wait(`/7 new|6 new/.test(document.querySelector(".unseen")?.textContent)`)
	p.chord("go")
	p.wait(`document.querySelector(".overview")`)
	p.chord("gd")
	p.wait(`document.querySelector("#d307")`)
	p.wait(`!document.querySelector(".unseen")`)
	record(t, st, sample(1020), 200)
	p.wait(`document.querySelector("#d308") && !document.querySelector(".unseen")`)
	p.healthy()
}

// A part of the page that cannot be loaded while pictap is away is there when pictap is
// back, and until then nobody asks again and again.
func TestPartsComeLater(t *testing.T) {
	st := openStore(t)
	writeDeliveries(t, st, 5, 5, nil)
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector("#d5")`)
	s.stop()
	p.wait(`document.querySelector(".connection.lost")`)
	p.chord("go")
	p.wait(`document.querySelector(".trouble")?.textContent.includes("could not be loaded")`)
	asked := eval[int](p, `new Promise((done) => {
		const count = () => performance.getEntriesByType("resource").filter((r) => r.name.includes("overview")).length;
		const before = count();
		setTimeout(() => done(count() - before), 500);
	})`)
	if asked > 0 {
		t.Errorf("it was asked for %d times more", asked)
	}
	l := s.port()
	serveOn(t, l, demoOptions(st))
	p.wait(live)
	p.wait(`document.querySelector(".overview .chart")`)
}

// The list of 15,000 is read to its end and back: what is far loses its content,
// and has it again when somebody comes.
func TestFarRows(t *testing.T) {
	st := openStore(t)
	writeDeliveries(t, st, 15_000, 32, nil)
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector("#d15000")`)
	p.wait(`(() => { const l = document.querySelector(".list"); l.scrollTop = l.scrollHeight; return document.querySelector("#d1") && l.textContent.includes("That is all: 15,000") })()`)
	for _, line := range []int{14_000, 7_000, 10, 9_000} {
		seq := 15_000 - line
		answer(t, st, store.Delivery{Seq: int64(seq)}, store.Attempt{Kind: store.Replay, Status: 404}) // while it may be hollow
		eval[chromedp.Void](p, fmt.Sprintf(`void (document.querySelector(".list").scrollTop = 32 * %d)`, line))
		p.wait(fmt.Sprintf(`document.querySelector("#d%d .answer")?.textContent === "404" && ![...document.querySelectorAll(".lines .event")].some((e) => e.title === "…")`, seq))
	}
	p.healthy()
}

// The search, the help and the notices in all their states, as TestLook.
func TestListLook(t *testing.T) {
	st := openStore(t)
	demo(t, st)
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelectorAll(".lines > .line").length > 20`)
	for n := range 4 {
		record(t, st, sample(60+n), 200+300*(n%2))
	}
	p.wait(`document.querySelectorAll(".line.unread").length === 4`)
	p.press("jjp")
	p.wait(`document.querySelector(".star[aria-pressed=true]")`)
	p.look("unread")
	p.typing("ev")
	p.wait(`document.querySelector(".proposals li")`)
	p.run(chromedp.KeyEvent(kb.ArrowDown))
	p.look("keys")
	p.press(enter)
	p.run(chromedp.KeyEvent(kb.ArrowDown))
	p.run(chromedp.KeyEvent(kb.ArrowDown))
	p.look("values")
	p.press(enter)
	p.wait(countText + `.includes(" of ")`)
	p.look("search")
	p.press(" hello verdict:vlid")
	p.wait(`document.querySelector(".search-trouble")`)
	p.press(escape)
	p.look("trouble")
	p.click(".search .clear")
	p.press("nothing-like-that" + enter)
	p.wait(`document.querySelector(".none")`)
	p.look("nothing")
	p.click(".none button")
	p.wait(`document.querySelector(".lines > .line")`)
	p.press(".")
	record(t, st, sample(70), 200)
	p.wait(`/1 new/.test(document.querySelector(".unseen")?.textContent)`)
	p.look("paused")
	p.press("?")
	p.wait(`document.querySelector("dialog") && /event:/.test(document.querySelector("dialog").textContent)`)
	p.look("help")
	p.press(escape)
	p.wait(`!document.querySelector("dialog")`)
	p.press("r")
	p.wait(`document.querySelector(".notice")`)
	s.stop()
	p.wait(`document.querySelector(".connection.lost")`)
	p.press("r")
	p.wait(`document.querySelector(".notice.bad")`)
	p.look("notices")
	p.healthy()
}
