package ui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

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

	// A tab that is out of sight has no frames, and its icon changes all the same.
	eval[chromedp.Void](p, `void (window.frame = requestAnimationFrame, window.requestAnimationFrame = () => 0)`)
	answer(t, st, store.Delivery{Seq: 10}, store.Attempt{Kind: store.Replay, Status: 200})
	eval[chromedp.Void](p, `new Promise((done) => setInterval(() => `+icon+` === "icon-new.svg" && done(), 50))`)
	eval[chromedp.Void](p, `void (window.requestAnimationFrame = frame)`)
	answer(t, st, store.Delivery{Seq: 10}, store.Attempt{Kind: store.Replay, Status: 500})
	p.wait(icon + ` === "icon-bad.svg"`)

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
	if strings.Contains(text, "edit and send it") {
		t.Error("the help tells of what this page cannot do")
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
	// What is counted below must not go by itself meanwhile.
	eval[chromedp.Void](p, `void (window.setTimeout = ((late) => (f, ms, ...more) => late(f, ms === 5_000 ? 600_000 : ms, ...more))(window.setTimeout.bind(window)))`)
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
