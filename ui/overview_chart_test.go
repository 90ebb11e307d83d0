package ui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"pictap/tunnel/store"
)

// sum adds up the numbers of the chart's legend.
const sum = `[...document.querySelectorAll(".legend span:not(.latency) b")].reduce((n, e) => n + Number(e.textContent.replace(/\D/g, "")), 0)`

// What a bar shows is what the search finds that it leads to, and back leads back.
func TestChartLeadsToDeliveries(t *testing.T) {
	n := newNeighbourhood(t)
	begin := time.Now().Add(-40 * time.Minute).Truncate(30 * time.Second)
	for i := range 30 {
		d := sample(i)
		d.ReceivedAt = begin.Add(time.Duration(i) * time.Second) // 30 in one step of the hour
		record(t, n.st, d, []int{200, 200, 500}[i%3])
	}
	d := sample(31)
	d.ReceivedAt = begin.Add(10 * time.Minute)
	record(t, n.st, d, 0)
	s := n.serve(t)
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live)
	eval[chromedp.Void](p, `void (Date.now = ((t) => () => t)(Date.now()), location.hash = "view=overview")`) // its hour stands still
	p.wait(`document.querySelector(".plots canvas") && ` + sum + ` === 31`)
	legend := eval[string](p, `document.querySelector(".legend").innerText.replace(/\s+/g, " ")`)
	if want := "31 deliveries taken 20 waiting 1 refused 10"; !strings.HasPrefix(legend, want) {
		t.Errorf("the legend is %q, want %q", legend, want)
	}
	found := func() string {
		t.Helper()
		p.wait(`location.hash.startsWith("#q=")`)
		q := eval[string](p, `new URLSearchParams(location.hash.slice(1)).get("q")`)
		search, err := store.ParseSearch(q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		list, err := n.st.Search(t.Context(), search, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		eval[chromedp.Void](p, `history.back()`)
		p.wait(`document.querySelector(".plots canvas") && ` + sum + ` === 31`)
		return fmt.Sprint(len(list))
	}

	// By the keyboard: from the last step back to the bar of 30, and enter.
	eval[chromedp.Void](p, `document.querySelector(".plots").focus()`)
	p.press(kb.ArrowLeft)
	p.wait(sum + ` === 0`)
	for range 200 {
		if eval[int](p, settled+`.then(() => `+sum+`)`) == 30 {
			break
		}
		p.press(kb.ArrowLeft)
	}
	p.wait(`/ to /.test(document.querySelector(".legend > b").textContent) && /p50\s*3\.1 ms/.test(document.querySelector(".legend").innerText)`)
	// Time goes on below it: it stays the step that was chosen.
	eval[chromedp.Void](p, `void (window.began = performance.now(), Date.now = ((t) => () => t)(Date.now() + 90_000))`)
	p.wait(`performance.getEntriesByType("resource").some((r) => r.name.includes("/api/chart") && r.startTime > window.began)`)
	eval[chromedp.Void](p, settled)
	p.wait(`document.querySelector(".legend > b").textContent.includes(" to ")`)
	if got := eval[int](p, sum); got != 30 {
		t.Errorf("a minute and a half later the step has %d deliveries, want 30", got)
	}
	p.press(enter)
	if got := found(); got != "30" {
		t.Errorf("the bar of 30 leads to %s deliveries", got)
	}

	// By the mouse: where the bar is, and over everything.
	box := eval[struct{ X, Y, Width, Height float64 }](p, `(({x, y, width, height}) => ({x, y, width, height}))(document.querySelector(".plots .u-over").getBoundingClientRect())`)
	var x float64
	for end := time.Now().Add(patience); ; { // a step more may be drawn meanwhile
		x = eval[float64](p, `(async () => {
			const { columns } = await import("/overview/charting.js");
			const { call } = await import("/state/session.js");
			const c = columns(await call("GET", "/api/chart?from=" + (Date.now() - 3600000)));
			const box = document.querySelector(".plots .u-over").getBoundingClientRect();
			return box.x + (box.width * (c.steps.findIndex((s) => s?.taken === 20) + 0.5)) / c.starts.length;
		})()`)
		p.run(chromedp.MouseEvent(chromedp.MouseMoved, x, box.Y+box.Height/2))
		if eval[int](p, settled+`.then(() => `+sum+`)`) == 30 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the bar of 30 is not where it should be")
		}
	}
	p.run(chromedp.MouseClickXY(x, box.Y+box.Height/2))
	if got := found(); got != "30" {
		t.Errorf("a click on the bar of 30 leads to %s deliveries", got)
	}
	y := box.Y + box.Height/2
	p.run(
		chromedp.MouseEvent(chromedp.MouseMoved, box.X+5, y),
		chromedp.MouseEvent(chromedp.MousePressed, box.X+5, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseMoved, box.X+200, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseMoved, box.X+box.Width-5, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseReleased, box.X+box.Width-5, y, chromedp.ButtonLeft),
	)
	if got := found(); got != "31" {
		t.Errorf("dragging over all leads to %s deliveries", got)
	}

	// As a table, the newest first, with links that lead to the same.
	eval[chromedp.Void](p, `void document.querySelector(".as-table summary").click()`)
	p.wait(`document.querySelectorAll(".as-table tbody tr").length === 2`)
	if got := eval[string](p, `document.querySelector(".as-table tbody tr:last-child").innerText.replace(/\s+/g, " ")`); !strings.HasSuffix(got, " 20 0 10 3.1 ms 3.1 ms") {
		t.Errorf("the table's last row is %q", got)
	}
	p.click(`.as-table tbody tr:last-child a`)
	if got := found(); got != "30" {
		t.Errorf("the table leads to %s deliveries", got)
	}

	// Live, and another range, which is remembered.
	record(t, n.st, sample(40), 200)
	p.wait(sum + ` === 32`)
	p.click(`.choices button:first-child`)
	p.wait(`document.querySelector(".choices button:first-child").ariaPressed === "true" && ` + sum + ` === 1`)
	p.open(s.base + "/#view=overview")
	p.wait(sum + ` === 1`)
	p.click(`.choices button:last-child`)
	p.wait(sum + ` === 32`)
	p.theme("dark")
	p.wait(`document.querySelectorAll(".plots canvas").length === 2`)
	p.healthy()
}
