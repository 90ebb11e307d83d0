package ui_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdptarget "github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

const (
	// treeLines are the lines of the payload's tree, as they are read.
	treeLines = `[...document.querySelectorAll(".detail section[aria-label=Payload] .tree .row")].map((e) => e.innerText.replace(/\s+/g, " ").trim())`
	activeRow = `document.getElementById(document.querySelector(".detail .tree").getAttribute("aria-activedescendant"))`
)

// clipboard is a stand-in that remembers the last text; the headless browser has none.
const clipboard = `void Object.defineProperty(navigator, "clipboard", { value: { writeText: async (s) => { window.copied = s } } })`

// withBody is a delivery with that body.
func withBody(n int, body string) store.Delivery {
	d := sample(n)
	d.Body, d.BodySize = []byte(body), int64(len(body))
	return d
}

// A payload is looked through with the keyboard alone, and its parts are taken along
// to the letter.
func TestTree(t *testing.T) {
	st := openStore(t)
	const body = `{"event":"render.completed","data":{"title":"Shipping","score":4.50,"big":12345678901234567890,"score":1e400,"author":{"name":"Ada \u202e","tags":["go","webhooks"]},"none":{},"a.b":"x","link":"https://cdn.pictify.io/a.png","l1":1,"l2":2,"l3":3}}`
	d := record(t, st, withBody(0, body), 200)
	s := serve(t, demoOptions(st))
	p := openedAt(t, s, d.ID())
	eval[chromedp.Void](p, clipboard)
	text := strings.Join(eval[[]string](p, treeLines), "\n")
	for _, want := range []string{`"score": 4.50,`, `"big": 12345678901234567890,`, `"score": 1e400,repeated`, `"name": "Ada \u202e",`, `"none": {},`, "}"} {
		if !strings.Contains(text, want) {
			t.Errorf("the tree has no %s:\n%s", want, text)
		}
	}

	eval[chromedp.Void](p, `void document.querySelector(".detail .tree").focus()`)
	p.press(kb.Home)
	p.wait(activeRow + `?.ariaLevel === "1"`)
	p.press(kb.ArrowDown + kb.ArrowDown)
	p.wait(activeRow + `?.innerText.startsWith("▸") && ` + activeRow + `.ariaExpanded === "true"`)
	p.press(kb.ArrowLeft)
	p.wait(activeRow + `?.ariaExpanded === "false"`)
	if lines := eval[[]string](p, treeLines); len(lines) != 4 || !strings.Contains(lines[2], "11 members") {
		t.Errorf("folded: %q", lines)
	}
	p.press(kb.ArrowRight + kb.ArrowRight)
	p.wait(activeRow + `?.innerText.startsWith('"title"') && document.querySelector(".tree-path .path").textContent === "data.title"`)
	press := func(words string) {
		t.Helper()
		eval[chromedp.Void](p, fmt.Sprintf(`void [...document.querySelectorAll(".tree-path button")].find((b) => b.textContent === %q).click()`, words))
	}
	press("copy path")
	p.wait(`window.copied === "data.title"`)
	press("copy value")
	p.wait(`window.copied === "Shipping"`)
	p.press(kb.ArrowLeft)
	p.wait(activeRow + `?.ariaLevel === "2"`)
	press("copy value")
	p.wait(fmt.Sprintf(`window.copied === %q`, body[strings.Index(body, `{"title"`):len(body)-1]))

	// Search: next, previous, round the end, and unfolding what is folded.
	eval[chromedp.Void](p, `void [...document.querySelectorAll(".folding button")][0].click()`)
	p.wait(`document.querySelectorAll(".detail .tree .row").length === 4`)
	eval[chromedp.Void](p, `void document.querySelector(".detail .find").focus()`)
	p.press("SCORE")
	p.wait(`document.querySelector(".found").textContent === "1 of 2" && document.querySelector(".tree mark")?.textContent === "score"`)
	p.press(enter)
	p.wait(`document.querySelector(".found").textContent === "2 of 2" && ` + activeRow + `.innerText.includes("1e400")`)
	p.press(enter)
	p.wait(`document.querySelector(".found").textContent === "1 of 2" && ` + activeRow + `.innerText.includes("4.50")`)
	eval[chromedp.Void](p, `void document.querySelector(".tree-tools button[aria-label='The match before']").click()`)
	p.wait(`document.querySelector(".found").textContent === "2 of 2"`)
	if eval[string](p, `location.hash`) != "#open="+d.ID() {
		t.Error("typing a search in the tree did something else, too")
	}
	p.press(escape)
	p.wait(`document.querySelector(".found").textContent === "" && document.querySelector(".detail")`)

	eval[chromedp.Void](p, `void document.activeElement.blur()`)
	p.press("f")
	// Chromium types an f; what drives it may type one more, into what has the focus by then.
	p.wait(`document.activeElement.matches(".detail .find") && ["", "f"].includes(document.activeElement.value)`)

	// A value becomes a search for its like.
	eval[chromedp.Void](p, `void [...document.querySelectorAll(".tree [role=treeitem]")].find((e) => e.innerText.startsWith('"a.b"')).click()`)
	p.wait(`document.querySelector(".tree-path .path").textContent === 'data."a.b"'`)
	press("search for this")
	p.wait(`new URLSearchParams(location.hash.slice(1)).get("q") === 'data."a.b":x'`)
	q := eval[string](p, `new URLSearchParams(location.hash.slice(1)).get("q")`)
	search, err := store.ParseSearch(q)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := st.Search(t.Context(), search, 0, 10); err != nil || len(list) != 1 {
		t.Errorf("%s finds %d deliveries, %v", q, len(list), err)
	}

	// Raw and hex are the very bytes.
	eval[chromedp.Void](p, `void document.querySelector(".detail .ways button:nth-child(2)").click()`)
	p.wait(`document.querySelector(".detail pre.raw")?.textContent.includes('"score":4.50,"big":12345678901234567890,"score":1e400')`)
	eval[chromedp.Void](p, `void document.querySelector(".detail .ways button:nth-child(3)").click()`)
	p.wait(`document.querySelector(".detail .hex pre")?.textContent.startsWith("000000  7b 22 65 76 65 6e 74 22 3a 22 72 65 6e 64 65 72  {\"event\":\"render\n000010  2e ")`)
	p.healthy()
}

// Searches that are made of any name and any value find the delivery that they are made of.
func TestSearchForAnyValue(t *testing.T) {
	st := openStore(t)
	names := []string{"a", "a.b", "a b", `a"b`, `a\b`, "a*b", "a,b", "a:b", "é", "🙂", "-x", "!x", "_", "d17", "0", "x\u202ey", "\t", "data", "constructor", "__proto__"}
	body := map[string]any{}
	for i, name := range names {
		body[name] = names[len(names)-1-i]
	}
	body["number"], body["minus"], body["yes"], body["nil"], body["empty"], body["list"] = 4.5, -3, true, nil, "", []any{"p", map[string]any{"q": "r,s"}}
	text, err := json.Marshal(map[string]any{"event": "render.completed", "data": body, "other": `say "hi" *`})
	if err != nil {
		t.Fatal(err)
	}
	d := record(t, st, withBody(0, string(text)), 200)
	record(t, st, sample(1), 200)
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.base)
	quoted, err := json.Marshal(string(text))
	if err != nil {
		t.Fatal(err)
	}
	searches := eval[[]string](p, `(async () => {
		const { Tree } = await import("/delivery/tree.js");
		const { searchFor } = await import("/delivery/treepath.js");
		const tree = new Tree(`+string(quoted)+`);
		return Array.from({ length: tree.count }, (_, n) => searchFor(tree, n)).filter((q) => q !== "");
	})()`)
	if len(searches) < len(names)+7 {
		t.Errorf("only %d searches: %q", len(searches), searches)
	}
	for _, q := range searches {
		search, err := store.ParseSearch(q)
		if err != nil {
			t.Errorf("%s: %v", q, err)
			continue
		}
		list, err := st.Search(t.Context(), search, 0, 10)
		found := false
		for _, one := range list {
			found = found || one.Seq == d.Seq
		}
		if err != nil || !found {
			t.Errorf("%s finds %d, and not the one that it is made of (%v)", q, len(list), err)
		}
	}
}

// A linked delivery opens although the list has not got it, follows its changes, and
// keeps what is read where it is.
func TestDetailBeyondTheList(t *testing.T) {
	st := openStore(t)
	old := record(t, st, sample(0), 0)
	writeMore(t, st, 1, 600)
	s := serve(t, demoOptions(st))
	p := openedAt(t, s, old.ID())
	if eval[bool](p, `!!document.querySelector("#d1")`) {
		t.Error("the list has it, so this proves nothing")
	}
	p.wait(`document.querySelector(".judgement").innerText.includes("Waiting for the app")`)
	const top = `document.querySelector(".detail section[aria-label=Request]").getBoundingClientRect().top`
	eval[chromedp.Void](p, `void (document.querySelector(".detail").scrollTop = 1e6)`)
	before := eval[float64](p, settled+`.then(() => `+top+`)`)
	answer(t, st, old, store.Attempt{Kind: store.Forward, Status: 500, Body: []byte("boom"), BodySize: 4})
	p.wait(`document.querySelector(".detail .attempt") && document.querySelector(".outlook")?.innerText.includes("would retry in 1 minute")`)
	if after := eval[float64](p, settled+`.then(() => `+top+`)`); after < before-2 || after > before+2 {
		t.Errorf("what was read moved from %v to %v", before, after)
	}
	answer(t, st, old, store.Attempt{Kind: store.Replay, Status: 200})
	p.wait(`document.querySelectorAll(".detail .attempt").length === 2 && document.querySelector(".outlook").innerText.includes("be done")`)

	p.open(s.base + "/#open=d99999")
	p.wait(`document.querySelector(".detail .trouble")?.textContent.includes("There is no d99999 here")`)
	p.click(".detail .close")
	p.wait(`!document.querySelector(".detail")`)
	p.healthy()
}

// Pictures are shown when somebody asks, and only what is one.
func TestPagePictures(t *testing.T) {
	st := openStore(t)
	var g gallery
	o := demoOptions(st)
	o.Media = g.get(t)
	names := []string{"good.png", "small.png", "moving.gif", "page.webp", "page.pdf", "svg.png", "html.png", "bomb.png", "broken.png", "polyglot.gif", "none.png", "blocked"}
	for n, name := range names {
		record(t, st, withPicture(n, name), 200)
	}
	batch := record(t, st, withBody(999, `{"event":"batch.completed","data":{"results":[{"url":"https://cdn.pictify.io/good.png"},{"url":"https://cdn.pictify.io/moving.gif"},{"url":"https://cdn.pictify.io/page.pdf"},{"url":"https://cdn.pictify.io/none.png"},{"url":"https://cdn.pictify.io/svg.png"}]}}`), 200)
	s := serve(t, o)
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector("#d1")`)
	eval[chromedp.Void](p, `void (window.violations = [], document.addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective + " " + e.blockedURI)))`)
	said := map[string]string{
		"good.png": "1200×630 as claimed", "small.png": "the payload says 1200×630, the picture is 600×315", "moving.gif": "24 frames", "page.webp": "WebP, 300×200 pixels",
		"page.pdf": "PDF, 595×842 points, 1 page", "svg.png": "It is not shown: this is no picture that may be shown", "html.png": "a web page", "bomb.png": "more pixels than a browser",
		"broken.png": "The file is damaged", "polyglot.gif": "It is not shown", "none.png": "It is not shown: a.test answered 404 Not Found.", "blocked": "evil.test is not a host of Pictify's <img src=x",
	}
	for n, name := range names {
		before := g.count()
		p.click(fmt.Sprintf("#d%d", n+1))
		p.wait(fmt.Sprintf(`document.querySelector(".detail[aria-label='Delivery d%d'] .pictures .picture-offer button")`, n+1))
		if g.count() != before {
			t.Fatalf("%s was fetched by itself", name)
		}
		if n == 0 {
			p.press("v") // both
			p.wait(`document.querySelectorAll(".pictures figure").length === 2 && ![...document.querySelectorAll(".pictures figure")].some((e) => e.innerText.includes("Fetching"))`)
		} else {
			p.click(".pictures .picture-offer button")
		}
		p.wait(fmt.Sprintf(`document.querySelector(".pictures figure")?.innerText.includes(%q)`, said[name]))
		shown := name == "good.png" || name == "small.png" || name == "moving.gif" || name == "page.webp"
		if shown {
			p.wait(`document.querySelector(".pictures img")?.naturalWidth > 0`)
		}
		if name == "broken.png" {
			continue // a browser may show a part of it
		}
		if got := eval[bool](p, `!!document.querySelector(".pictures img")`); got != shown {
			t.Errorf("%s: shown is %v", name, got)
		}
		if name == "page.pdf" {
			if href := eval[string](p, `document.querySelector(".pictures a.button").href`); !strings.HasPrefix(href, "blob:"+s.base+"/") {
				t.Errorf("the PDF is at %s", href)
			}
		}
	}
	p.click("#" + batch.ID())
	p.wait(`document.querySelectorAll(".detail .tile").length === 5`)
	eval[chromedp.Void](p, `void document.querySelectorAll(".tile").forEach((e) => e.click())`)
	p.wait(`document.querySelectorAll(".tile img").length === 2 && document.querySelectorAll(".pictures figure").length === 2 && document.querySelector(".tile:nth-child(3)").innerText.includes("PDF")`)
	p.click(".tile:nth-child(2)")
	p.wait(`document.querySelector(".pictures figure .canvas img")?.naturalWidth === 320`)
	if v := eval[[]string](p, `window.violations`); len(v) > 0 {
		t.Errorf("the policy had to step in: %q", v)
	}
	if eval[bool](p, `"__pwn" in window`) {
		t.Error("a picture ran")
	}
	p.healthy()
}

// A PDF opens in a tab of its own, as a document that can do nothing to the page.
func TestPDFOpens(t *testing.T) {
	st := openStore(t)
	var g gallery
	o := demoOptions(st)
	o.Media = g.get(t)
	d := record(t, st, withPicture(0, "page.pdf"), 200)
	s := serve(t, o)
	p := openedAt(t, s, d.ID())
	p.wait(`document.querySelector(".pictures .picture-offer button")`)
	p.click(".pictures .picture-offer button")
	p.wait(`document.querySelector(".pictures a.button")`)
	other := chromedp.WaitNewTarget(p.ctx, func(info *cdptarget.Info) bool { return strings.HasPrefix(info.URL, "blob:") })
	p.click(".pictures a.button")
	select {
	case id := <-other:
		q := openTab(t, p.ctx, chromedp.WithTargetID(id))
		got := ""
		look := time.NewTicker(50 * time.Millisecond)
		defer look.Stop()
		for end := time.Now().Add(patience); got != "application/pdf null" && time.Now().Before(end); <-look.C {
			got, _ = chromedp.Run(q.ctx, chromedp.Evaluate[string](`document.contentType + " " + window.opener`)) // what is there at first goes away
		}
		if got != "application/pdf null" {
			t.Errorf("the new tab has %s", got)
		}
		if *shots != "" {
			q.wait(`new Promise((done) => setTimeout(done, 3000, true))`) // for the viewer
			q.picture(filepath.Join(*shots, "pdf.png"))
		}
	case <-time.After(patience):
		t.Error("no tab has opened")
	}
	p.healthy()
}

// What is open in all its states, to be looked at.
func TestDetailLook(t *testing.T) {
	st := openStore(t)
	var g gallery
	o := demoOptions(st)
	o.Media = g.get(t)
	o.Explain = func(context.Context, store.Delivery) *ui.Cause {
		return &ui.Cause{Sentence: "The signature is of the body as JSON that was written again, not of the bytes that arrived.", Change: "sign the very bytes that are sent: encode once, keep the result, sign it and send it"}
	}
	at := time.Now().Add(-20 * time.Minute)
	good := withPicture(0, "clear.png")
	good.ReceivedAt = at
	good = record(t, st, good, 0)
	answer(t, st, good, store.Attempt{Kind: store.Forward, At: at.Add(2 * time.Millisecond), Duration: 18 * time.Millisecond, Status: 200})
	wrong := withPicture(1, "small.png")
	wrong.DeliveryID, wrong.ReceivedAt = "del_again", at
	wrong = record(t, st, wrong, 0)
	answer(t, st, wrong, store.Attempt{Kind: store.Forward, At: at.Add(2 * time.Millisecond), Duration: 400 * time.Microsecond, Error: "dial tcp 127.0.0.1:3000: connect: connection refused"})
	answer(t, st, wrong, store.Attempt{Kind: store.Forward, At: at.Add(40 * time.Second), Status: 200, Duration: 18 * time.Millisecond})
	answer(t, st, wrong, store.Attempt{Kind: store.Replay, At: at.Add(9 * time.Minute), Status: 401, Duration: 1240 * time.Millisecond,
		Header: []store.Field{{Name: "Content-Type", Value: "application/json; charset=utf-8"}, {Name: "X-Powered-By", Value: "Express"}}, Body: []byte(`{"error":"Invalid signature","received":null}`), BodySize: 45})
	again := withPicture(2, "small.png")
	again.DeliveryID = "del_again"
	record(t, st, again, 200)
	batch := record(t, st, withBody(996, `{"event":"batch.completed","timestamp":"2026-01-29T10:30:00Z","data":{"batchId":"batch_1","status":"partial","results":[{"url":"https://cdn.pictify.io/good.png"},{"url":"https://cdn.pictify.io/moving.gif"},{"url":"https://cdn.pictify.io/page.pdf"},{"url":"https://cdn.pictify.io/none.png"},{"url":"https://cdn.pictify.io/small.png"}]}}`), 200)
	stale := sample(30)
	stale.Verdict, stale.Reason, stale.State = pictify.Mismatch, pictify.ErrMismatch.Error(), store.Kept
	stale = record(t, st, stale, 0)
	binary := record(t, st, withBody(36, "\x89\x00\xff"+strings.Repeat("\x00\x01\x02\x7fABC", 900)), 500)
	s := serve(t, o)
	p := openedAt(t, s, good.ID())
	open := func(d store.Delivery) {
		t.Helper()
		eval[chromedp.Void](p, fmt.Sprintf(`void document.querySelector("#%s").click()`, d.ID()))
		p.wait(fmt.Sprintf(`document.querySelector(".detail[aria-label='Delivery %s'] .fields")`, d.ID()))
	}
	show := func() {
		t.Helper()
		p.wait(`document.querySelector(".picture-offer button")`)
		eval[chromedp.Void](p, `void document.querySelectorAll(".pictures > .picture-offer button").forEach((e) => e.click())`)
		p.wait(`!document.querySelector(".pictures > .picture-offer") && ![...document.querySelectorAll(".pictures figure")].some((e) => e.innerText.includes("Fetching"))`)
	}
	show()
	eval[chromedp.Void](p, `void [...document.querySelectorAll(".tree [role=treeitem]")][8].click()`)
	p.look("picture")
	open(wrong)
	p.look("attempts")
	show()
	eval[chromedp.Void](p, `void document.querySelector(".pictures").scrollIntoView()`)
	p.look("claims")
	eval[chromedp.Void](p, `void document.querySelector(".signature").scrollIntoView()`)
	p.look("signature")
	open(batch)
	p.wait(`document.querySelectorAll(".detail .tile").length === 5`)
	eval[chromedp.Void](p, `void document.querySelectorAll(".tile").forEach((e) => e.click())`)
	p.wait(`document.querySelectorAll(".tile img").length === 3 && document.querySelector(".pictures figure")`)
	p.look("batch")
	open(stale)
	p.look("unverified")
	open(binary)
	p.look("hex")
	p.healthy()
}
