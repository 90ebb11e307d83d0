package ui_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Whatever was sent is text in the editor and in a comparison too.
func TestActHostile(t *testing.T) {
	st := openStore(t)
	for n, text := range payloads {
		record(t, st, hostile(2*n+1+n%2, strings.ReplaceAll(text, "CANARY", "127.0.0.1:9")), 200)
	}
	o, _ := acting(st)
	s := serve(t, o)
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector(".lines > .line")`)
	eval[chromedp.Void](p, `void (window.violations = [], document.addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective + " " + e.blockedURI)))`)
	const inspect = `(() => {
		const wrong = [...document.querySelectorAll("#page .detail *")].filter((e) => !/^(header|section|article|div|span|p|h[1-3]|button|small|b|i|pre|del|ins|label|input|select|option|textarea|datalist)$/.test(e.localName)).map((e) => e.localName);
		for (const e of document.querySelectorAll("#page .detail *")) for (const a of e.attributes) if (/^on|^src|^srcdoc|^action|^formaction|^href/.test(a.name)) wrong.push(a.name);
		const unseen = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;
		if (unseen.test(document.querySelector("#page .detail").textContent)) wrong.push("unseen characters in the text");
		return wrong;
	})()`
	for i := range payloads {
		for _, pane := range []string{"edit", "compare&with=d" + fmt.Sprint((i+1)%len(payloads)+1)} {
			eval[chromedp.Void](p, fmt.Sprintf(`void (location.hash = "open=d%d&pane=%s")`, i+1, pane))
			ready := `document.querySelector(".edit[aria-label='Edit d%d'] :is(textarea, .trouble)")`
			if pane != "edit" {
				ready = `document.querySelector(".compare[aria-label='Compare d%d'] section")`
			}
			p.wait(fmt.Sprintf(ready, i+1))
			eval[chromedp.Void](p, settled)
			for _, w := range eval[[]string](p, inspect) {
				t.Errorf("d%d, %s: %s", i+1, pane, w)
			}
		}
	}
	if v := eval[[]string](p, `window.violations`); len(v) > 0 {
		t.Errorf("the policy had to step in: %q", v)
	}
	if eval[bool](p, `"__pwn" in window`) {
		t.Error("a payload ran")
	}
	p.healthy()
}

// Huge bodies do not hold up the editor or a comparison.
func TestActHuge(t *testing.T) {
	st := openStore(t)
	for n, body := range []string{
		strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		`{"k":"` + strings.Repeat("a", 900_000) + `"}`,
		`[` + strings.Repeat("1,", 400_000) + `1]`,
		`[` + strings.Repeat("2,\n", 300_000) + `1]`,
		`{"k":"` + strings.Repeat("a", 9<<20) + `"}`,
	} {
		d := sample(n)
		d.Body, d.BodySize = []byte(body), int64(len(body))
		record(t, st, d, 200)
	}
	o, _ := acting(st)
	s := serve(t, o)
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector("#d5")`)
	for id := 1; id <= 5; id++ {
		for _, pane := range []string{"edit", fmt.Sprintf("compare&with=d%d", id%5+1)} {
			took := eval[float64](p, fmt.Sprintf(`(async () => {
				const start = performance.now();
				location.hash = "open=d%[1]d&pane=%[2]s";
				while (!document.querySelector(".%[4]s[aria-label$=' d%[1]d'] :is(textarea, section, .trouble)")) await %[3]s;
				await %[3]s;
				return performance.now() - start;
			})()`, id, pane, settled, pane[:min(len(pane), len("compare"))]))
			t.Logf("d%d, %s, shown after %.0f ms", id, pane, took)
			if took > 60_000 {
				t.Errorf("d%d, %s, shown after %.0f ms", id, pane, took)
			}
		}
	}
	p.healthy()
}
