package ui_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"pictap/ui"
)

// stillMock is one in which nothing happens.
func stillMock() *ui.Mock {
	return &ui.Mock{
		Journal: func(int64, int) []ui.MockEntry { return nil },
		State:   func() ui.MockState { return ui.MockState{} },
		Attempt: func(string) error { return nil },
		Resume:  func(string) error { return nil },
	}
}

// A toyMock shows what it is given, and notes what is asked of it.
type toyMock struct {
	mu      sync.Mutex // guards all below
	entries []ui.MockEntry
	state   ui.MockState
	refuse  error
	asked   []string
	after   []int64
}

func (m *toyMock) functions() *ui.Mock {
	note := func(what string) func(string) error {
		return func(name string) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.asked = append(m.asked, what+" "+name)
			return m.refuse
		}
	}
	return &ui.Mock{
		Journal: func(after int64, limit int) []ui.MockEntry {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.after = append(m.after, after)
			var list []ui.MockEntry
			for _, e := range m.entries {
				if e.Seq > after {
					list = append(list, e)
				}
			}
			return list[max(0, len(list)-limit):]
		},
		State: func() ui.MockState {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.state
		},
		Attempt: note("attempt"),
		Resume:  note("resume"),
	}
}

func (m *toyMock) add(e ui.MockEntry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e.Seq = int64(len(m.entries)) + 1
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	m.entries = append(m.entries, e)
}

const target = "http://127.0.0.1:4456/in/5f0c77f0a1b24c9e8d3f6a7b8c9d0e1f/2f6d1c9a7be04c552f6d1c9a7be04c55"

// busyMock is a mock in the middle of a bad day.
func busyMock() *toyMock {
	m := &toyMock{}
	now := time.Now()
	at := func(ago time.Duration) time.Time { return now.Add(-ago) }
	due := now.Add(42 * time.Minute) // far enough, however long it takes to come to look
	tried := func(n, status int, ago time.Duration, err string) ui.MockAttempt {
		return ui.MockAttempt{N: n, Time: at(ago), Status: status, DurationMS: 3.4, Error: err, Answer: "TypeError: cannot read properties of undefined"}
	}
	m.state = ui.MockState{
		URL: "http://127.0.0.1:4010", Scale: 60, Waits: []string{"1m", "5m", "30m", "2h", "24h"}, Faults: []string{"POST /image=500:10%", "* /renders/*=slow@2s"},
		Queue: ui.MockQueue{Delayed: 1, Active: 1, Completed: 37, Failed: 1},
		Deliveries: []ui.MockDelivery{
			{ID: "del_8c0e17b2f4", Event: "render.completed", Subscription: "wh_1", URL: target, State: "active", CanAttempt: false, Due: &now,
				Remaining: []ui.MockWait{{Said: "1m", MS: 1000}, {Said: "5m", MS: 5000}, {Said: "30m", MS: 30_000}, {Said: "2h", MS: 120_000}, {Said: "24h", MS: 1_440_000}}},
			{ID: "del_51aa0c99d1", Event: "render.failed", Subscription: "wh_2", URL: target, State: "delayed", Made: 2, CanAttempt: true, Due: &due,
				Attempts:  []ui.MockAttempt{tried(1, 500, 80*time.Second, ""), tried(2, 0, 79*time.Second, "connection refused")},
				Remaining: []ui.MockWait{{Said: "30m", MS: 30_000}, {Said: "2h", MS: 120_000}, {Said: "24h", MS: 1_440_000}}},
			{ID: "del_0b7d3e5a60", Event: "binding.failed", Subscription: "wh_3", URL: target, State: "failed", Made: 6, CanAttempt: true,
				Attempts: []ui.MockAttempt{tried(5, 401, 500*time.Second, ""), tried(6, 401, 100*time.Second, "")}},
			{ID: "del_7e7e7e7e7e", Event: "batch.completed", Subscription: "wh_4", URL: target, State: "received", Made: 1, Attempts: []ui.MockAttempt{tried(1, 200, 9*time.Second, "")}},
		},
		Subscriptions: []ui.MockSubscription{
			{UID: "wh_1", Event: "render.completed", URL: target, Status: "active", Deliveries: 31},
			{UID: "wh_2", Event: "render.failed", URL: target, Status: "active", Deliveries: 4, Failures: 2},
			{UID: "wh_3", Event: "binding.failed", URL: target, Status: "failed", Deliveries: 1, Failures: 6},
			{UID: "wh_4", Event: "batch.completed", URL: target, Status: "paused", Deliveries: 3},
		},
	}
	for i := range 30 {
		ago := time.Duration(30-i) * 3 * time.Second
		switch i % 5 {
		case 0:
			m.add(ui.MockEntry{Time: at(ago), Kind: "request", Method: "POST", Path: "/image", Status: 200, DurationMS: 84.2, RequestBytes: 64, AnswerBytes: 91,
				Request: `{"template":"XL13XACH2V","variables":{"name":"Ada","company":"Analytical"}}`, Answer: `{"url":"http://127.0.0.1:4010/renders/1.png","id":"img_1","secret":"[redacted]"}`,
				RequestHeader: [][2]string{{"Accept", "*/*"}, {"Authorization", "[redacted]"}, {"Content-Type", "application/json"}}, AnswerHeader: [][2]string{{"Content-Type", "application/json"}, {"X-Ratelimit-Limit", "60"}}})
		case 1:
			m.add(ui.MockEntry{Time: at(ago), Kind: "delivery", Method: "POST", Path: target, Status: 200, DurationMS: 3.1, Event: "render.completed", Delivery: fmt.Sprint("del_", i), Subscription: "wh_1", Attempt: 1, Answer: "ok"})
		case 2:
			m.add(ui.MockEntry{Time: at(ago), Kind: "request", Method: "GET", Path: "/renders/1.png", Status: 200, DurationMS: 41, AnswerBytes: 48_211})
		case 3:
			m.add(ui.MockEntry{Time: at(ago), Kind: "request", Method: "POST", Path: "/image", Status: 500, DurationMS: .4, RequestBytes: 2, Request: "{}", Answer: `{"title":"Internal error"}`, AnswerBytes: 26, Fault: "500"})
		case 4:
			m.add(ui.MockEntry{Time: at(ago), Kind: "delivery", Method: "POST", Path: target, Status: 0, DurationMS: .8, Event: "render.failed", Delivery: "del_51aa0c99d1", Subscription: "wh_2", Attempt: 2, Error: "dial tcp 127.0.0.1:3000: connect: connection refused", Wait: "5m"})
		}
	}
	return m
}

func TestMockLook(t *testing.T) {
	st := openStore(t)
	o := demoOptions(st)
	o.Mock = busyMock().functions()
	p := newTab(t)
	p.open(serve(t, o).LaunchURL() + "&view=mock")
	p.wait(`document.querySelectorAll(".entry").length === 30 && document.querySelectorAll(".ladder").length === 4`)
	p.click(`.entry:nth-child(5) .entry-line`)
	p.wait(`document.querySelector(".entry-more [role=tree]")`)
	p.look("mock")
	p.healthy()

	o.Mock = stillMock()
	e := newTab(t)
	e.open(serve(t, o).LaunchURL() + "&view=mock")
	e.wait(`document.querySelector(".journal") && /Nothing has been asked/.test(document.querySelector(".mock").innerText)`)
	e.look("mock-empty")
	e.healthy()
}

// The mock's view: live, its ladders can be climbed, and it is a place.
func TestMockView(t *testing.T) {
	m := busyMock()
	o := demoOptions(openStore(t))
	o.Mock = m.functions()
	s := serve(t, o)
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelectorAll(".tabs nav button").length === 3`)
	p.click(`.tabs nav button:nth-child(3)`)
	p.wait(`location.hash === "#view=mock" && document.querySelectorAll(".entry").length === 30`)
	ladder := func(n int) string {
		return eval[string](p, fmt.Sprintf(`[...document.querySelectorAll(".ladder:nth-child(%d) .rung")].map(r => r.innerText.replace(/\s+/g, " ").replace(/ \d\d:\d\d:\d\d$/, "")).join("|")`, n))
	}
	for n, want := range []string{"1 now|+1m|+5m|+30m|+2h|+24h|give up", "1 500|2 no answer|3 in ", "4 earlier attempts|5 401|6 401", "1 200"} {
		if got := ladder(n + 1); !strings.HasPrefix(got, want) {
			t.Errorf("ladder %d is %s, want %s", n+1, got, want)
		}
	}
	first := eval[string](p, `document.querySelector(".rung.next:not(:first-child)").innerText`)
	p.wait(`document.querySelector(".rung.next:not(:first-child)").innerText !== ` + fmt.Sprintf("%q", first)) // it counts down

	// What happens shows by itself, and only what is new is asked for.
	m.add(ui.MockEntry{Kind: "request", Method: "DELETE", Path: "/webhook-subscriptions/wh_1", Status: 200, DurationMS: 1})
	p.wait(`document.querySelector(".entry .what")?.textContent === "DELETE /webhook-subscriptions/wh_1"`)
	m.mu.Lock()
	if last := m.after[len(m.after)-1]; last < 30 {
		t.Errorf("the journal was asked for all after %d", last)
	}
	m.state.Deliveries = m.state.Deliveries[1:]
	m.mu.Unlock()
	p.wait(`document.querySelectorAll(".ladder").length === 3`)

	p.click(`button[aria-label="attempt now: del_51aa0c99d1"]`)
	p.wait(`document.querySelector(".notices p.ok")?.textContent === "The mock tries del_51aa0c99d1 now."`)
	m.mu.Lock()
	m.refuse = &ui.Refusal{Text: "The subscription is failed: resume it first"}
	m.mu.Unlock()
	p.click(`button[aria-label="attempt now: del_0b7d3e5a60"]`)
	p.wait(`document.querySelector(".notices p.bad")?.textContent === "del_0b7d3e5a60: The subscription is failed: resume it first"`)
	m.mu.Lock()
	m.refuse = nil
	m.mu.Unlock()
	p.click(`button[aria-label="Resume binding.failed"]`)
	p.wait(`document.querySelector(".notices p.ok")?.textContent === "binding.failed is active again."`)
	m.mu.Lock()
	if diff := cmp.Diff([]string{"attempt del_51aa0c99d1", "attempt del_0b7d3e5a60", "resume wh_3"}, m.asked); diff != "" {
		t.Errorf("asked of the mock (-want +got):\n%s", diff)
	}
	m.mu.Unlock()

	p.click(`.mock .choices button:nth-child(3)`)
	p.wait(`document.querySelectorAll(".entry").length === 12`)
	p.click(`.mock .choices button:nth-child(2)`)
	p.wait(`document.querySelectorAll(".entry").length === 19`)
	p.click(`.entry:nth-child(2) .entry-line`)
	p.wait(`/"title": "Internal error"/.test(document.querySelector(".entry-more").innerText) && document.querySelector(".entry-line[aria-expanded=true]")`)

	p.click(`.tabs nav button:nth-child(2)`)
	p.wait(`location.hash === "#view=overview" && document.querySelector(".overview")`)
	eval[chromedp.Void](p, `history.back()`)
	p.wait(`location.hash === "#view=mock" && document.querySelectorAll(".entry").length === 31`)
	p.healthy()

	bare := serve(t, demoOptions(openStore(t)))
	q := newTab(t)
	q.open(bare.LaunchURL() + "&view=mock")
	q.wait(`/No mock runs inside/.test(document.querySelector("main").innerText) && document.querySelectorAll(".tabs nav button").length === 2`)
	q.healthy()
}

// Whatever was sent to the mock, or answered to it, is text on the page.
func TestMockViewIsNotFooled(t *testing.T) {
	m := &toyMock{}
	for _, evil := range payloads {
		m.add(ui.MockEntry{Kind: "request", Method: evil, Path: evil, Request: evil, Answer: evil, Fault: evil, RequestHeader: [][2]string{{evil, evil}}, AnswerHeader: [][2]string{{evil, evil}}, RequestBytes: 9, AnswerBytes: 9})
		m.add(ui.MockEntry{Kind: "delivery", Method: "POST", Path: evil, Event: evil, Delivery: evil, Subscription: evil, Error: evil, Wait: evil, Answer: evil, GaveUp: true})
		m.state.Deliveries = append(m.state.Deliveries, ui.MockDelivery{ID: evil, Event: evil, Subscription: evil, URL: evil, State: evil, CanAttempt: true,
			Attempts: []ui.MockAttempt{{N: 1, Error: evil, Answer: evil}}, Remaining: []ui.MockWait{{Said: evil}}})
		m.state.Subscriptions = append(m.state.Subscriptions, ui.MockSubscription{UID: evil, Event: evil, URL: evil, Status: evil})
		m.state.Faults, m.state.Waits = append(m.state.Faults, evil), append(m.state.Waits, evil)
	}
	m.state.URL = payloads[0]
	o := demoOptions(openStore(t))
	o.Mock = m.functions()
	p := newTab(t)
	p.open(serve(t, o).LaunchURL() + "&view=mock")
	p.wait(fmt.Sprintf(`document.querySelectorAll(".entry").length === %d`, 2*len(payloads)))
	for n := range min(6, len(m.entries)) {
		p.click(fmt.Sprintf(`.entry:nth-child(%d) .entry-line`, n+1))
		p.wait(fmt.Sprintf(`document.querySelector(".entry:nth-child(%d) .entry-more")`, n+1))
	}
	eval[chromedp.Void](p, `document.querySelector(".ladder .attempt-now").click()`)
	p.wait(`document.querySelector(".notices p")`)
	if found := eval[string](p, `[...document.querySelectorAll("main script, main img, main iframe, main object, main embed, main svg, main a[href^='javascript:']")].map(e => e.outerHTML).join()`); found != "" {
		t.Errorf("text became markup: %s", found)
	}
	if eval[bool](p, `!!window.__pwn`) {
		t.Error("text was run")
	}
	if odd := eval[string](p, `document.querySelector("main").innerText.match(/[\u202a-\u202e\u2066-\u2069\u200b\0\x1b]/)?.[0].codePointAt(0).toString(16) ?? ""`); odd != "" {
		t.Errorf("U+%s is on the page unseen", odd)
	}
	p.healthy()
}
