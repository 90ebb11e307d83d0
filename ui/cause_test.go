package ui_test

import (
	"context"
	"strings"
	"testing"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

// The page says why a delivery does not verify, as text and nothing else, and is
// told nothing of one that does.
func TestPageExplains(t *testing.T) {
	st := openStore(t)
	good := record(t, st, sample(0), 200)
	bad := sample(1)
	bad.Verdict, bad.State = pictify.Mismatch, store.Kept
	bad = record(t, st, bad, 0)
	o := demoOptions(st)
	const change = `sign the very bytes <img src=x onerror="window.__pwn=1">`
	o.Explain = func(_ context.Context, d store.Delivery) *ui.Cause {
		if d.Seq != bad.Seq || len(d.Body) == 0 {
			t.Errorf("asked about %s, with %d bytes of body", d.ID(), len(d.Body))
		}
		return &ui.Cause{Sentence: "The body was written again.", Change: change}
	}
	s := serve(t, o)
	var one struct{ Cause *ui.Cause }
	token := s.login()
	s.do("GET", "/api/deliveries/"+bad.ID(), token, "").into(t, &one)
	if one.Cause == nil || one.Cause.Change != change {
		t.Errorf("the cause of %s is %+v", bad.ID(), one.Cause)
	}
	one.Cause = nil
	s.do("GET", "/api/deliveries/"+good.ID(), token, "").into(t, &one)
	if one.Cause != nil {
		t.Errorf("the cause of %s is %+v", good.ID(), one.Cause)
	}

	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelectorAll(".lines > .line").length === 2`)
	p.click("#" + bad.ID())
	p.wait(`document.querySelector(".detail .judgement")?.innerText.includes("The body was written again.")`)
	if text := eval[string](p, `document.querySelector(".detail .judgement").innerText`); !strings.Contains(text, "Change: "+change) {
		t.Errorf("the page says %q", text)
	}
	if eval[bool](p, `!!window.__pwn || !!document.querySelector(".judgement img")`) {
		t.Error("a cause became markup")
	}
	p.healthy()
}
