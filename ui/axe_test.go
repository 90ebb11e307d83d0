package ui_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A violation is one thing that axe finds wrong with the page.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

// accessible fails the test for everything on the page as it is now that axe
// calls serious or critical.
func (p *tab) accessible(screen string) {
	p.t.Helper()
	for _, v := range p.violations() {
		var where strings.Builder
		for _, n := range v.Nodes {
			fmt.Fprintf(&where, "\n\t%s\n\t\t%s", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", "\n\t\t"))
		}
		p.t.Errorf("%s: %s (%s, %s)%s", screen, v.Help, v.ID, v.Impact, where.String())
	}
}

func (p *tab) violations() []violation {
	p.t.Helper()
	if !eval[bool](p, `"axe" in window`) {
		source, err := os.ReadFile("testdata/axe/axe.min.js")
		if err != nil {
			p.t.Fatal(err)
		}
		eval[chromedp.Void](p, string(source)+";undefined")
	}
	return eval[[]violation](p, `axe.run(document, { resultTypes: ["violations"] }).then((r) => r.violations
		.filter((v) => v.impact === "serious" || v.impact === "critical")
		.map((v) => ({ id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map((n) => ({ html: n.html.slice(0, 300), failureSummary: n.failureSummary })) })))`)
}

// What judges the page does find something: a page with faults of several kinds.
func TestAxeFinds(t *testing.T) {
	s := serve(t, demoOptions(openStore(t)))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(`document.querySelector(".empty button")`)
	p.accessible("empty")
	eval[chromedp.Void](p, `void (() => {
		const button = document.createElement("button");
		const faint = document.createElement("p");
		faint.textContent = "hardly to be read";
		faint.style.color = "#ddd";
		faint.style.background = "#fff";
		document.querySelector(".empty").append(button, faint);
	})()`)
	found := map[string]bool{}
	for _, v := range p.violations() {
		found[v.ID] = true
	}
	for _, want := range []string{"button-name", "color-contrast"} {
		if !found[want] {
			t.Errorf("axe does not find %s, only %v", want, found)
		}
	}
}
