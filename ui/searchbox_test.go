package ui_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"pictap/tunnel/store"
)

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
	p.command("/")
	p.wait(`document.activeElement === document.querySelector(".search input")`)
	length := eval[int](p, `history.length`)
	p.press("tmpl_missing")
	p.wait(fmt.Sprintf(lineIDs+` === %q && `+countText+` === "4 of 24"`, found(t, st, "tmpl_missing")))
	p.wait(`location.hash === "#q=tmpl_missing"`)
	if n := eval[int](p, `history.length`); n > length+1 {
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
	eval[chromedp.Void](p, `(() => { // all at once: the half of it would be a search, too
		const input = document.querySelector(".search input");
		input.value += " verdict:vlid x";
		input.dispatchEvent(new InputEvent("input", { bubbles: true }));
	})()`)
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
	sister.letIn()
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

// One key leads into the search box from every view, at once.
func TestSearchKey(t *testing.T) {
	st := openStore(t)
	demo(t, st)
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector(".lines > .line")`)
	for _, view := range []string{"d", "o", "t"} {
		p.chord("g" + view)
		p.command("/")
		p.wait(`document.activeElement.matches(".search input")`)
		p.press("abc")
		if got := eval[string](p, `document.activeElement.value`); got != "abc" {
			t.Errorf("after g %s: %q is in the box", view, got)
		}
		p.click(".search .clear")
		eval[chromedp.Void](p, `document.activeElement.blur()`)
	}
	p.healthy()
}
