package ui_test

import (
	"context"
	"fmt"
	"net/http"
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

// acting makes everything that one does with a delivery work on st, and notes it.
func acting(st *store.Store) (ui.Options, func() []string) {
	var mu sync.Mutex
	var did []string
	note := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		did = append(did, fmt.Sprintf(format, args...))
	}
	o := demoOptions(st)
	var n atomic.Int64
	n.Store(1000)
	o.Acts = ui.Acts{
		Validate: func(event pictify.EventType, body []byte) []ui.Problem {
			if i := strings.Index(string(body), `"640"`); i >= 0 {
				return []ui.Problem{{Line: 1 + strings.Count(string(body[:i]), "\n"), Column: 12, Path: "data.width", Text: "is a string, but must be a whole number"}}
			}
			return nil
		},
		Send: func(ctx context.Context, out ui.Outgoing) (int64, error) {
			note("send %s %s of d%d", out.Event, out.Body, out.Of)
			d := sample(int(n.Add(1)))
			d.Body, d.BodySize, d.Event, d.Source = out.Body, int64(len(out.Body)), out.Event, store.FromLocal
			d, err := st.Record(ctx, d)
			return d.Seq, err
		},
		Copy: func(_ context.Context, d store.Delivery, form string) (string, string, error) {
			note("copy %s %s", d.ID(), form)
			return "curl -sS " + d.ID(), "", nil
		},
		CopyForms: []ui.Choice{{Name: "curl", Title: "curl"}, {Name: "httpie", Title: "HTTPie"}, {Name: "node", Title: "Node (fetch)"}, {Name: "python", Title: "Python (urllib)"}, {Name: "go", Title: "Go (net/http)"}, {Name: "http", Title: ".http file"}},
		Fixture: func(_ context.Context, d store.Delivery, name string, exact bool) (string, error) {
			note("fixture %s %v %q", d.ID(), exact, name)
			switch name {
			case "":
				return "testdata/pictify/render.completed-" + d.ID() + ".json", nil
			case "taken":
				return "", &ui.Refusal{Code: http.StatusConflict, Text: "testdata/pictify/taken.json exists already; nothing was overwritten"}
			}
			return "testdata/pictify/" + name + ".json", nil
		},
		Export: func(_ context.Context, e ui.Export) error {
			note("export %s %v %q", e.Form, e.IDs, e.Search)
			_, err := e.To.Write([]byte("{}"))
			return err
		},
		ExportForms: []ui.Choice{{Name: "har", Title: "HTTP archive (.har)"}, {Name: "html", Title: "one page to show (.html)"}, {Name: "jsonl", Title: "JSON lines (.jsonl)"}},
	}
	return o, func() []string {
		mu.Lock()
		defer mu.Unlock()
		out := did
		did = nil
		return out
	}
}

const (
	said   = `document.querySelector(".notices p")?.textContent`
	opened = `document.querySelector(".detail .facts-line .mono")?.textContent`
)

// choose presses the n-th item of an open menu.
func (p *tab) choose(n int) {
	p.t.Helper()
	p.wait(`document.querySelector("[role=menu]")`)
	p.click(fmt.Sprintf(`[role=menu] [role=menuitem]:nth-child(%d)`, n))
}

// Everything that one does with a delivery, by mouse and by key.
func TestPageActions(t *testing.T) {
	st := openStore(t)
	for n := range 8 {
		record(t, st, sample(n), 200)
	}
	o, did := acting(st)
	s := serve(t, o)
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector("#d8")`)
	eval[chromedp.Void](p, `void (window.clip = [], navigator.clipboard.writeText = async (t) => void clip.push(t), HTMLAnchorElement.prototype.click = function () { (window.saved ??= []).push(this.download) })`)
	did1 := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, did()); diff != "" {
			t.Errorf("did (-want +got):\n%s", diff)
		}
	}

	// c opens the menu with the keyboard in it; escape leaves it, and nothing else.
	p.press("jj" + enter)
	p.wait(opened + ` === "d7"`)
	p.press("c")
	p.wait(`document.activeElement?.textContent.trim() === "curl" && document.activeElement.role === "menuitem"`)
	p.press(escape)
	p.wait(`!document.querySelector("[role=menu]") && document.activeElement?.textContent.startsWith("Copy as") && ` + opened + ` === "d7"`)
	p.press("c")
	p.wait(`document.activeElement?.role === "menuitem"`)
	p.press("n")
	p.wait(`document.activeElement?.textContent.trim() === "Node (fetch)"`)
	p.press(enter)
	p.wait(said + `?.startsWith("Copied d7 as Node (fetch).")`)
	if got := eval[[]string](p, `clip`); len(got) != 1 || got[0] != "curl -sS d7" {
		t.Errorf("the clipboard has %q", got)
	}
	did1("copy d7 node")

	// From the list, a key opens the delivery first.
	p.press(escape)
	p.wait(`!document.querySelector(".detail")`)
	p.press("c")
	p.wait(opened + ` === "d7" && document.activeElement?.role === "menuitem"`)
	p.press(escape)

	more := `.detail .actions .menu:last-child > button`
	p.click(more)
	p.choose(1)
	p.wait(`window.saved?.[0] === "d7.json"`)
	p.click(more)
	p.choose(2)
	p.wait(said + `?.startsWith("Saved as testdata/pictify/render.completed-d7.json, with fakes")`)
	p.click(more)
	p.choose(3)
	p.wait(said + `?.endsWith("byte for byte.")`)
	p.click(more)
	p.choose(5)
	p.wait(`window.saved?.[1]?.endsWith(".har")`)
	did1(`fixture d7 false ""`, `fixture d7 true ""`, `export har [7] ""`)

	// A name is asked for in a dialog, which stays while it is refused and takes the keys.
	const naming = `document.querySelector("dialog.naming[open]")`
	p.click(more)
	p.choose(4)
	p.wait(naming + ` && document.activeElement?.name === "name"`)
	p.press("taken" + enter)
	p.wait(naming + `.querySelector("[role=alert]").textContent === "Not saved: testdata/pictify/taken.json exists already; nothing was overwritten"`)
	p.accessible("the dialog for a name")
	eval[chromedp.Void](p, `void document.querySelector(".naming input").select()`)
	p.press("timeout" + enter)
	p.wait(`!document.querySelector("dialog") && ` + said + ` === "Saved as testdata/pictify/timeout.json, with fakes for what is personal."`)
	p.click(more)
	p.choose(4)
	p.wait(naming + ` && document.activeElement?.name === "name"`)
	p.press("whole")
	p.click(`.naming [type=checkbox]`)
	p.click(`.naming .primary`)
	p.wait(`!document.querySelector("dialog") && ` + said + ` === "Saved as testdata/pictify/whole.json, byte for byte."`)
	p.click(more)
	p.choose(4)
	p.wait(naming)
	p.press(escape)
	p.wait(`!document.querySelector("dialog") && ` + opened + ` === "d7"`)
	did1(`fixture d7 false "taken"`, `fixture d7 false "timeout"`, `fixture d7 true "whole"`)

	// Deleting takes two presses, and the keyboard goes on below.
	p.press("x")
	p.wait(said + `?.startsWith("Press again to delete d7")`)
	p.press("x")
	p.wait(`!document.querySelector("#d7") && !document.querySelector(".detail") && ` + said + ` === "Deleted d7."`)
	p.wait(`document.querySelector(".line.selected")?.id === "d6"`)
	p.press("x")
	p.wait(said + `?.startsWith("Press again to delete d6")`)
	p.press("kx") // another one: the first press does not count for it
	p.wait(said + `?.startsWith("Press again to delete d8")`)
	if _, err := st.Get(t.Context(), 6); err != nil {
		t.Errorf("d6 is gone: %v", err)
	}

	// What another page deletes goes here too, and what is open closes.
	p.press(enter)
	p.wait(opened + ` === "d8"`)
	if _, err := st.Delete(t.Context(), 8, 2); err != nil {
		t.Fatal(err)
	}
	p.wait(`!document.querySelector("#d8") && !document.querySelector("#d2") && !document.querySelector(".detail")`)

	list := `.toolbar .menu > button`
	p.click(list)
	p.choose(2)
	p.wait(said + ` === "Exported."`)
	did1(`export html [] ""`)
	p.click(list)
	p.choose(4)
	p.wait(said + `?.startsWith("Press again to delete 5 deliveries, everything that was recorded")`)
	p.choose(4)
	p.wait(`document.querySelector(".empty")`)
	p.healthy()
}

// An event is changed, checked while it is typed, and sent as a new delivery.
func TestPageEdit(t *testing.T) {
	st := openStore(t)
	d := sample(0)
	d.Body = []byte(`{"event":"render.completed","data":{"width":12345678901234567890,"title":"<b>é</b>"}}`)
	d.BodySize = int64(len(d.Body))
	record(t, st, d, 200)
	lf := sample(1)
	lf.Body = []byte("{\r\n  \"event\": \"render.failed\"\r\n}")
	lf.BodySize = int64(len(lf.Body))
	record(t, st, lf, 200)
	odd := sample(2)
	odd.Body = []byte("\xff\x00")
	odd.BodySize = 2
	record(t, st, odd, 200)
	o, did := acting(st)
	s := serve(t, o)
	p := newTab(t)
	p.open(s.LaunchURL() + "&open=d1&pane=edit")
	const text = `document.querySelector(".edit textarea")?.value`
	p.wait(live + ` && ` + text + `?.includes('"width": 12345678901234567890')`)
	p.wait(`document.querySelector(".problems p").textContent.startsWith("It is as Pictify")`)
	if layer := eval[bool](p, `document.querySelector(".layer").textContent === `+text+` + "\n" && document.querySelectorAll(".layer .json-number").length === 1`); !layer {
		t.Error("the coloured layer is not the text")
	}
	// Nothing changed: the exact bytes.
	p.press(`!`)
	eval[chromedp.Void](p, `void (() => { const a = document.querySelector(".edit textarea"); a.focus(); a.select(); document.execCommand("undo") })()`)
	set := func(s string) {
		t.Helper()
		eval[chromedp.Void](p, fmt.Sprintf(`void (() => { const a = document.querySelector(".edit textarea"); a.focus(); a.select(); document.execCommand("insertText", false, %q) })()`, s))
	}
	set("{\n \"event\": \"render.completed\",\n \"width\":  \"640\"}")
	p.wait(`document.querySelector(".problem")?.textContent.replace(/\s+/g, " ").trim() === "3:12 data.width is a string, but must be a whole number"`)
	p.wait(`document.querySelector(".gutter .bad")?.textContent === "3"`)
	p.click(".problem")
	p.wait(`document.activeElement?.tagName === "TEXTAREA" && document.activeElement.value.slice(document.activeElement.selectionStart).startsWith("\"640")`)

	// Escape goes back to the delivery, and keeps what was begun.
	p.press(escape)
	p.wait(opened + ` === "d1" && [...document.querySelectorAll(".detail button")].some((b) => b.textContent === "Edit, begun")`)
	p.press("j")
	p.wait(opened + ` === "d1"`)
	p.click(`.detail .actions.row button:nth-of-type(2)`)
	p.wait(text + `?.includes('"640"')`)
	eval[chromedp.Void](p, `void (() => { const i = document.querySelector(".edit input[list]"); i.value = "custom.thing"; i.dispatchEvent(new Event("input")) })()`)
	p.wait(`document.querySelector(".edit .note")?.textContent.includes("documents no type “custom.thing”")`)
	p.run(chromedp.Focus(chromedp.CSS(".edit textarea")))
	eval[chromedp.Void](p, `void document.querySelector(".edit textarea").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }))`)
	p.wait(opened + ` === "d4" && ` + said + ` === "Sent: it is d4, signed anew with the local secret."`)
	if diff := cmp.Diff([]string{`send custom.thing {"event":"render.completed","width":"640"} of d1`}, did()); diff != "" {
		t.Errorf("did (-want +got):\n%s", diff)
	}

	// Reset takes two presses.
	eval[chromedp.Void](p, `void (location.hash = "open=d1&pane=edit")`)
	p.wait(text + `?.includes('"width": 12345678901234567890')`)
	set("x")
	p.wait(`!document.querySelector(".edit .row button:last-child").disabled`)
	p.click(".edit .row button:last-child")
	p.wait(`document.querySelector(".edit button.sure")`)
	p.click(".edit button.sure")
	p.wait(text + `?.includes('"width": 12345678901234567890')`)
	p.click(".edit .primary")
	p.wait(opened + ` === "d5"`)
	if diff := cmp.Diff([]string{"send render.completed " + string(d.Body) + " of d1"}, did()); diff != "" {
		t.Errorf("unchanged (-want +got):\n%s", diff)
	}

	// Line ends of two characters are sent as they came, though the editor has others.
	eval[chromedp.Void](p, `void (location.hash = "open=d2&pane=edit")`)
	p.wait(text + `?.includes("render.failed")`)
	p.click(".edit .primary")
	p.wait(opened + ` === "d6"`)
	if diff := cmp.Diff([]string{"send render.failed " + string(lf.Body) + " of d2"}, did()); diff != "" {
		t.Errorf("CRLF (-want +got):\n%s", diff)
	}
	eval[chromedp.Void](p, `void (location.hash = "open=d3&pane=edit")`)
	p.wait(`document.querySelector(".edit .trouble")?.textContent.includes("no text")`)
	p.healthy()
}

func TestPageCompare(t *testing.T) {
	st := openStore(t)
	first, second, other := sample(0), sample(6), sample(1)
	for _, d := range []store.Delivery{first, other, second} {
		record(t, st, d, 200)
	}
	answer(t, st, store.Delivery{Seq: 3}, store.Attempt{Kind: store.Replay, Status: 500, Duration: 30 * time.Millisecond, Body: []byte(`{"error":"boom"}`), BodySize: 16})
	o, _ := acting(st)
	s := serve(t, o)
	p := newTab(t)
	p.open(s.LaunchURL() + "&open=d3&pane=compare")
	const diffs = `[...document.querySelectorAll(".compare section[aria-label=Payload] :is(del, ins)")].map((e) => e.textContent.trim()).join("|")`
	p.wait(live + ` && document.querySelector(".compare select")?.selectedOptions[0].textContent === "the one before of its type (d1)" && document.querySelector(".compare del")`)
	want := `-     "imageId": "img_0000",|+     "imageId": "img_0006",|-     "url": "https://cdn.pictify.io/renders/0000.png",|+     "url": "https://cdn.pictify.io/renders/0006.png",|` +
		`-     "userStorageUrl": "https://your-bucket.s3.amazonaws.com/0000.png",|+     "userStorageUrl": "https://your-bucket.s3.amazonaws.com/0006.png",`
	if got := eval[string](p, diffs); got != want {
		t.Errorf("the payload differs in\n%s\nwant\n%s", got, want)
	}
	p.click(".compare .row label:nth-of-type(1) input")
	p.wait(`!document.querySelector(".compare .volatile") && document.querySelector(".compare del")`)
	p.wait(`!document.querySelector(".compare section[aria-label=Payload]").textContent.includes("Shipping")`)
	p.click(".compare .row label:nth-of-type(2) input")
	p.wait(`document.querySelector(".compare section[aria-label=Payload]").textContent.includes("Shipping")`)

	// Its own attempts.
	eval[chromedp.Void](p, `void (location.hash = "open=d3&pane=compare&with=d3")`)
	p.wait(`document.querySelector(".compare section[aria-label=Answer] ins")?.textContent.includes('{"error":"boom"}') || document.querySelector(".compare section[aria-label=Answer]")?.textContent.includes("boom")`)
	p.wait(`[...document.querySelectorAll(".compare section[aria-label=Outcome] :is(del, ins)")].some((e) => e.textContent.includes("Answer: 500"))`)
	p.press(escape)
	p.wait(opened + ` === "d3"`)

	// d on one, d on another.
	p.press("d")
	p.wait(said + `?.startsWith("d3 is marked")`)
	p.press("j")
	p.wait(opened + ` === "d2" && [...document.querySelectorAll(".detail button")].some((b) => b.textContent === "Compare with d3")`)
	p.press("d")
	p.wait(`location.hash === "#open=d2&pane=compare&with=d3" && document.querySelector(".compare del")`)
	eval[chromedp.Void](p, `void (location.hash = "open=d2&pane=compare&with=d2")`)
	p.wait(`document.querySelector(".compare .trouble")?.textContent.startsWith("It was handed to the app once")`)
	// The first of a type has none before it.
	eval[chromedp.Void](p, `void (location.hash = "open=d1&pane=compare")`)
	p.wait(`document.querySelector(".compare .trouble")?.textContent.startsWith("There is no earlier delivery")`)
	p.healthy()
}

// The menus, the editor and a comparison, light and dark, wide and narrow.
func TestActLook(t *testing.T) {
	st := openStore(t)
	demo(t, st)
	o, _ := acting(st)
	s := serve(t, o)
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelectorAll(".lines > .line").length > 20`)
	at := func(place, ready string) func() {
		return func() {
			eval[chromedp.Void](p, fmt.Sprintf(`void (location.hash = %q)`, place))
			p.wait(ready)
			eval[chromedp.Void](p, settled)
		}
	}
	p.look("act-detail", at("open=d43", opened+` === "d43" && document.querySelector(".detail .fields")`))
	p.look("act-copy", func() {
		at("open=d43", opened+` === "d43"`)()
		eval[chromedp.Void](p, `void (document.querySelector("[role=menu]") || [...document.querySelectorAll(".detail .menu > button")].find((b) => b.textContent.startsWith("Copy")).click())`)
		p.wait(`document.querySelector("[role=menu]")`)
	})
	const named = `[...document.querySelectorAll("[role=menuitem]")].find((i) => i.textContent.startsWith("Save as fixture, named"))`
	p.look("act-more", func() {
		eval[chromedp.Void](p, `void (`+named+` || document.querySelector(".detail .actions .menu:last-child > button").click())`)
		p.wait(named)
	})
	p.look("act-name", func() {
		eval[chromedp.Void](p, `void (document.querySelector("dialog") || `+named+`.click())`)
		p.wait(`document.querySelector("dialog.naming[open]")`)
	})
	p.press(escape)
	p.wait(`!document.querySelector("dialog")`)
	p.look("act-edit", func() {
		at("open=d43&pane=edit", `document.querySelector(".edit textarea")`)()
		eval[chromedp.Void](p, `void (() => { const a = document.querySelector(".edit textarea"); a.focus(); a.value = a.value.replace("1200", '"640"'); a.dispatchEvent(new Event("input")) })()`)
		p.wait(`document.querySelector(".problem")`)
	})
	p.look("act-compare", at("open=d43&pane=compare", `document.querySelector(".compare del")`))
	twice := eval[string](p, `[...document.querySelectorAll(".line")].find((l) => /2×/.test(l.textContent)).id`)
	p.look("act-attempts", at("open="+twice+"&pane=compare&with="+twice, `document.querySelector(".compare del")`))
	eval[chromedp.Void](p, `void (location.hash = "")`)
	p.look("act-all", func() {
		eval[chromedp.Void](p, `void (document.querySelector("[role=menu]") || document.querySelector(".toolbar .menu > button").click())`)
		p.wait(`document.querySelector("[role=menu]")`)
	})
	p.healthy()
}
