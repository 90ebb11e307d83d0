package ui_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

func TestListFunctions(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t)})
	p := newTab(t)
	p.open(s.base)
	source, err := os.ReadFile(filepath.Join("testdata", "list.js"))
	if err != nil {
		t.Fatal(err)
	}
	got := eval[struct {
		Checks   int
		Failures []string
	}](p, string(source))
	for _, f := range got.Failures {
		t.Error(f)
	}
	if got.Checks < 40 {
		t.Errorf("%d checks ran, want more", got.Checks)
	}
}

const countText = `document.querySelector(".count")?.textContent`

// typing puts text into the search box as a keyboard does.
func (p *tab) typing(text string) {
	p.t.Helper()
	p.click(".search input")
	p.press(text)
}

// found returns the ids that the store finds, as lineIDs gives the page's.
func found(t *testing.T, st *store.Store, q string) string {
	t.Helper()
	search, err := store.ParseSearch(q)
	if err != nil {
		t.Fatal(err)
	}
	list, err := st.Search(t.Context(), search, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, d := range list {
		ids = append(ids, d.ID())
	}
	return strings.Join(ids, " ")
}

func TestSearchBox(t *testing.T) {
	st := openStore(t)
	for n := range 24 {
		record(t, st, sample(n), 200)
	}
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelectorAll(".lines > .line").length === 24 && ` + countText + ` === "24"`)

	// Letters search, enter makes it a place of its own.
	p.press("/")
	p.wait(`document.activeElement === document.querySelector(".search input")`)
	length := eval[int](p, `history.length`)
	p.press("tmpl_missing")
	p.wait(fmt.Sprintf(lineIDs+` === %q && `+countText+` === "4 of 24"`, found(t, st, "tmpl_missing")))
	p.wait(`location.hash === "#q=tmpl_missing"`)
	if n := eval[int](p, `history.length`); n != length+1 {
		t.Errorf("twelve letters made %d places, want 1", n-length)
	}
	p.press(enter + " !d2" + enter)
	p.wait(countText + ` === "3 of 24"`)
	eval[chromedp.Void](p, `history.back()`)
	p.wait(countText + ` === "4 of 24" && document.querySelector(".search input").value === "tmpl_missing"`)
	eval[chromedp.Void](p, `history.back()`)
	p.wait(countText + ` === "24" && document.querySelector(".search input").value === "" && location.hash === ""`)
	eval[chromedp.Void](p, `history.forward()`)
	p.wait(countText + ` === "4 of 24"`)

	// A mistake is shown at its place, and what was found last stays.
	p.typing(` verdict:vlid x`)
	p.wait(`document.querySelector(".search-trouble mark")?.textContent === "verdict:vlid" || document.querySelector(".search-trouble mark")?.textContent === "vlid"`)
	if text := eval[string](p, `document.querySelector(".search-trouble").innerText`); !strings.Contains(text, `There is no verdict "vlid"`) || !strings.Contains(text, "Did you mean valid?") {
		t.Errorf("a mistake is shown as %q", text)
	}
	if got := eval[string](p, countText); got != "4 of 24" {
		t.Errorf("with a mistake the list has %s, want what was found last", got)
	}
	if eval[string](p, `document.querySelector(".search input").getAttribute("aria-invalid")`) != "true" {
		t.Error("the box does not say that it is invalid")
	}
	p.click(".search .clear")
	p.wait(countText + ` === "24" && !document.querySelector(".search-trouble")`)

	// Nothing matches: it says so, and offers the way back.
	p.typing("event:nothing.*" + enter)
	p.wait(`document.querySelector(".none h3")?.textContent === "Nothing matches"`)
	p.click(".none button")
	p.wait(countText + ` === "24" && document.querySelector(".search input").value === ""`)

	// Chips: two of one kind mean either, two of different kinds both.
	p.click(`.chip:nth-of-type(4)`)
	p.wait(`document.querySelector(".search input").value === "event:render.*" && ` + countText + ` === "8 of 24"`)
	p.click(`.chip:nth-of-type(5)`)
	p.wait(`document.querySelector(".search input").value === "event:render.*,batch.*" && ` + countText + ` === "16 of 24"`)
	p.click(`.chip:nth-of-type(2)`)
	p.wait(countText + ` === "0 of 24"`)
	if got := eval[string](p, `[...document.querySelectorAll(".chip[aria-pressed=true]")].map(c => c.textContent.trim()).join()`); got != "Held,Render,Batch" {
		t.Errorf("pressed are %s", got)
	}
	eval[chromedp.Void](p, `history.back()`)
	p.wait(countText + ` === "16 of 24"`)

	// A link to a search opens it.
	sister := p.sister()
	sister.open(s.base + "/#q=event%3Abatch.*+!d3&open=d6")
	sister.wait(live + ` && ` + countText + ` === "7 of 24" && document.querySelector(".detail[aria-label='Delivery d6'] .fields")`)
	sister.wait(fmt.Sprintf(lineIDs+` === %q`, found(t, st, "event:batch.* !d3")))
	p.healthy()
	sister.healthy()
}

func TestSearchCompletes(t *testing.T) {
	st := openStore(t)
	for n := range 12 {
		record(t, st, sample(n), 200)
	}
	odd := sample(12)
	odd.Event = `odd "one",\ two`
	record(t, st, odd, 200)
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelectorAll(".lines > .line").length === 13`)
	const options = `[...document.querySelectorAll(".proposals li code")].map((e) => e.textContent).join("|")`
	const value = `document.querySelector(".search input").value`

	// By keyboard.
	p.typing("ev")
	p.wait(options + ` === "event:"`)
	p.run(chromedp.KeyEvent(kb.ArrowDown))
	p.wait(`document.querySelector(".search input").getAttribute("aria-activedescendant") === "proposal-0"`)
	p.press(enter)
	p.wait(value + ` === "event:" && document.querySelector(".proposals li")`)
	p.press("batch.")
	p.wait(options + ` === "batch.*|batch.completed|batch.failed"`)
	p.run(chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown))
	p.press("\t")
	p.wait(value + ` === "event:batch.completed " && ` + countText + ` === "2 of 13"`)
	p.press(escape)
	p.wait(`document.querySelector(".proposals").hidden`)

	// By mouse, and with what was seen: it comes from outside, so it comes in quotes.
	p.click(".search .clear")
	p.press("event:odd")
	p.wait(`document.querySelectorAll(".proposals li").length === 1`)
	p.click(".proposals li")
	p.wait(value + ` === 'event:"odd \\"one\\",\\\\ two" ' && ` + countText + ` === "1 of 13" && document.activeElement === document.querySelector(".search input")`)
	p.press(enter)

	// In an empty box, what was searched for before.
	p.click(".search .clear")
	p.run(chromedp.KeyEvent(kb.ArrowDown))
	p.wait(`document.querySelector(".proposals li")?.textContent.includes("searched for before")`)
	p.healthy()
}

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
		l, err := net.Listen("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
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
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	s = serveOn(t, l, demoOptions(st))
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
		l, err := net.Listen("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
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

// What was opened is read, what is pinned has a star, and both outlive the page.
func TestMarks(t *testing.T) {
	st := openStore(t)
	for n := range 6 {
		record(t, st, sample(n), 200)
	}
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelectorAll(".lines > .line").length === 6`)
	const unreadIDs = `[...document.querySelectorAll(".lines > .line.unread")].sort((a, b) => a.ariaRowIndex - b.ariaRowIndex).map((l) => l.id).join(" ")`
	const icon = `document.querySelector("link[rel=icon]").getAttribute("href")`
	p.wait(unreadIDs + ` === "" && document.title === "pictap · 1 waiting" && ` + icon + ` === "icon.svg"`)
	for n := range 3 {
		record(t, st, sample(6+n), 200)
	}
	p.wait(unreadIDs + ` === "d9 d8 d7" && document.title === "(3) pictap · 1 waiting" && ` + icon + ` === "icon-new.svg"`)
	record(t, st, sample(9), 500)
	p.wait(unreadIDs + ` === "d10 d9 d8 d7" && ` + icon + ` === "icon-bad.svg"`)

	p.press("j" + enter) // the newest
	p.wait(unreadIDs + ` === "d9 d8 d7" && ` + icon + ` === "icon-new.svg"`)
	p.press("p" + escape + "jjp")
	p.wait(`document.querySelectorAll(".star[aria-pressed=true]").length === 2`)
	p.click("#d3 .star")
	p.wait(`document.querySelectorAll(".star[aria-pressed=true]").length === 3 && !document.querySelector(".detail")`)
	p.press("u") // d8 was only selected
	p.wait(unreadIDs + ` === "d9 d7"`)
	p.press("u")
	p.wait(unreadIDs + ` === "d9 d8 d7"`)

	chip := func(name string) {
		t.Helper()
		eval[chromedp.Void](p, `void [...document.querySelectorAll(".chip")].find((c) => c.textContent.trim() === "`+name+`").click()`)
	}
	chip("Pinned")
	p.wait(lineIDs + ` === "d10 d8 d3"`)
	chip("Pinned")
	chip("Unread")
	p.wait(lineIDs + ` === "d9 d8 d7"`)
	record(t, st, sample(10), 200)
	p.wait(lineIDs + ` === "d11 d9 d8 d7"`)
	p.click("#d9")
	p.wait(unreadIDs + ` === "d11 d8 d7" && ` + lineIDs + ` === "d11 d9 d8 d7"`) // it stays where it was
	chip("Unread")
	p.wait(`document.querySelectorAll(".lines > .line").length === 11`)

	sister := p.sister() // of the same browser: it knows
	sister.open(s.LaunchURL())
	sister.wait(live + ` && ` + unreadIDs + ` === "d11 d8 d7" && document.querySelectorAll(".star[aria-pressed=true]").length === 3`)
	sister.click(".see-all")
	sister.wait(unreadIDs + ` === "" && document.querySelector(".see-all").disabled`)
	p.wait(unreadIDs + ` === "" && document.title === "pictap · 1 waiting"`)
	p.press(escape)
	p.open(s.base)
	p.wait(live + ` && document.querySelectorAll(".star[aria-pressed=true]").length === 3 && ` + unreadIDs + ` === ""`)
	p.healthy()
	sister.healthy()
}

// The help is made from the keys themselves, and neither it nor a text field lets
// keys through to the list.
func TestHelpAndKeys(t *testing.T) {
	st := openStore(t)
	for n := range 6 {
		record(t, st, sample(n), 200)
	}
	o, c := noting(st)
	s := serve(t, o)
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelectorAll(".lines > .line").length === 6`)
	p.press("j?")
	p.wait(`document.querySelector("dialog.help[open]") && /event:/.test(document.querySelector("dialog.help").textContent)`)
	text := eval[string](p, `document.querySelector("dialog.help").innerText`)
	for _, want := range []string{"replay", "send it to the app again", "pin it", "search", "go to deliveries", "pause the list", "a path into the JSON body"} {
		if want != "replay" && !strings.Contains(text, want) {
			t.Errorf("the help does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "compare it") {
		t.Error("the help tells of a key that nobody provides")
	}
	p.press("rjjp")
	p.press(escape)
	p.wait(`!document.querySelector("dialog")`)
	p.typing("rjpu.?")
	p.wait(`document.querySelector(".search input").value === "rjpu.?"`)
	if replayed, _ := c.get(); len(replayed) > 0 || eval[bool](p, `!!document.querySelector("dialog, .star[aria-pressed=true], .pause[aria-pressed=true]")`) {
		t.Errorf("keys went through: %v", replayed)
	}
	p.wait(`document.querySelector(".none")`)
	p.click(".search .clear")
	p.wait(`document.querySelector(".lines > .line")`)
	p.press(escape)
	p.wait(`document.activeElement === document.querySelector(".list")`)
	p.wait(`document.querySelector(".line.selected")?.id === "d6"`)
	p.press("]")
	p.wait(`document.querySelector(".line.selected")?.id === "d1"`)
	p.press("[r")
	p.wait(`document.querySelector("#d6 .tries").textContent === "2×"`)
	p.press(enter)
	p.wait(`document.querySelector(".detail")`)
	p.press("gd") // goes to the deliveries, where we are: d alone would be another key
	p.press(".")
	p.wait(`document.querySelector(".unseen.paused")`)
	p.press(" ")
	p.wait(`!document.querySelector(".unseen.paused")`)
	if replayed, _ := c.get(); !slices.Equal(replayed, []int64{6}) {
		t.Errorf("replayed %v, want d6", replayed)
	}
	p.healthy()
}

// The colours follow the system until somebody chooses, and the choice is kept.
func TestTheme(t *testing.T) {
	s := serve(t, demoOptions(openStore(t)))
	p := newTab(t)
	p.theme("dark")
	p.open(s.LaunchURL())
	p.wait(live)
	const colours = `document.documentElement.dataset.theme + " " + getComputedStyle(document.body).backgroundColor`
	const dark, light = "dark rgb(23, 24, 27)", "light rgb(253, 253, 252)"
	want := func(colour string) {
		t.Helper()
		p.wait(fmt.Sprintf(colours+" === %q", colour))
	}
	want(dark)
	p.theme("light")
	want(light)
	p.click(".theme") // auto to light
	p.theme("dark")
	want(light)
	p.click(".theme") // to dark
	p.theme("light")
	want(dark)
	p.open(s.base)
	p.wait(live)
	want(dark)
	p.click(".theme") // to auto
	want(light)
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
	p.healthy()
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

// Notices wait for each other and can be sent away; notifications only come when
// somebody has asked for them, and only while the page is out of sight.
func TestNoticesAndNotifications(t *testing.T) {
	st := openStore(t)
	record(t, st, sample(0), 200)
	o := demoOptions(st)
	s := serve(t, o)
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector("#d1")`)
	eval[chromedp.Void](p, `void (() => {
		window.shown = [];
		window.asked = 0;
		window.Notification = class { constructor(title, o) { shown.push(title + " / " + o.body) } close() {} };
		Notification.permission = "default";
		Notification.requestPermission = async () => { asked++; return (Notification.permission = "granted") };
	})()`)
	bad := func(n int) {
		d := sample(n)
		d.Verdict, d.Reason, d.State, d.Proof = pictify.Mismatch, "signature does not match", store.Kept, nil
		st.RecordUnverified(d)
	}
	p.press("jr")
	p.wait(`document.querySelector(".notices p.ok")?.textContent.startsWith("Replayed d1: 200")`)
	eval[chromedp.Void](p, `void Object.defineProperty(document, "hidden", { value: true, configurable: true })`)
	bad(1)
	p.wait(`document.querySelector("#d2")`)
	if n := eval[int](p, `shown.length + asked`); n > 0 {
		t.Errorf("nobody has asked, and %d notifications or questions came", n)
	}
	p.click(".alerts")
	p.wait(`document.querySelector(".alerts[aria-pressed=true]") && document.querySelectorAll(".notice").length === 2`)
	p.click(".notice.ok .dismiss")
	p.wait(`document.querySelectorAll(".notice").length === 1`)
	bad(2)
	p.wait(`shown.length === 1`)
	record(t, st, sample(3), 200)
	p.wait(`document.querySelector("#d4 .answer.ok")`)
	eval[chromedp.Void](p, `void Object.defineProperty(document, "hidden", { value: false, configurable: true })`)
	bad(4)
	p.wait(`document.querySelector("#d5")`)
	got := eval[[]string](p, `window.shown`)
	if diff := cmp.Diff([]string{"batch.completed needs a look / d3 · signature: mismatch"}, got); diff != "" {
		t.Errorf("notifications (-want +got):\n%s", diff)
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

// The search, the help and the notices in all their states, as TestLook.
func TestListLook(t *testing.T) {
	st := openStore(t)
	demo(t, st)
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelectorAll(".lines > .line").length > 20`)
	look := func(name string) {
		t.Helper()
		for _, size := range []struct {
			name          string
			width, height int64
		}{{"wide", 1440, 900}, {"narrow", 480, 900}} {
			for _, theme := range []string{"light", "dark"} {
				p.theme(theme)
				p.resize(size.width, size.height)
				if over := eval[int](p, settled+`.then(() => document.documentElement.scrollWidth - innerWidth)`); over > 0 {
					t.Errorf("%s, %s: the page is %d px wider than the window", name, size.name, over)
				}
				if size.name == "wide" || theme == "light" {
					p.accessible(name + ", " + size.name + ", " + theme)
				}
				if *shots != "" {
					p.picture(filepath.Join(*shots, name+"-"+size.name+"-"+theme+".png"))
				}
			}
		}
		p.resize(1440, 900)
	}
	for n := range 4 {
		record(t, st, sample(60+n), 200+300*(n%2))
	}
	p.wait(`document.querySelectorAll(".line.unread").length === 4`)
	p.press("jjp")
	p.wait(`document.querySelector(".star[aria-pressed=true]")`)
	look("unread")
	p.typing("ev")
	p.wait(`document.querySelector(".proposals li")`)
	p.run(chromedp.KeyEvent(kb.ArrowDown))
	look("keys")
	p.press(enter)
	p.run(chromedp.KeyEvent(kb.ArrowDown))
	p.run(chromedp.KeyEvent(kb.ArrowDown))
	look("values")
	p.press(enter)
	p.wait(countText + `.includes(" of ")`)
	look("search")
	p.press(" hello verdict:vlid")
	p.wait(`document.querySelector(".search-trouble")`)
	p.press(escape)
	look("trouble")
	p.click(".search .clear")
	p.press("nothing-like-that" + enter)
	p.wait(`document.querySelector(".none")`)
	look("nothing")
	p.click(".none button")
	p.wait(`document.querySelector(".lines > .line")`)
	p.press(".")
	record(t, st, sample(70), 200)
	p.wait(`/1 new/.test(document.querySelector(".unseen").textContent)`)
	look("paused")
	p.press("?")
	p.wait(`document.querySelector("dialog") && /event:/.test(document.querySelector("dialog").textContent)`)
	look("help")
	p.press(escape)
	p.wait(`!document.querySelector("dialog")`)
	p.press("r")
	p.wait(`document.querySelector(".notice")`)
	s.stop()
	p.wait(`document.querySelector(".connection.lost")`)
	p.press("r")
	p.wait(`document.querySelectorAll(".notice").length === 2`)
	look("notices")
	p.healthy()
}
