package ui_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"go.uber.org/goleak"

	"pictap/tunnel/leaktest"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

// toyVolleys make what they are asked for out of nothing, and send it at a walking pace
// until they are let go.
type toyVolleys struct {
	schema string
	text   string // in all places where text can stand
	fail   error
	let    chan struct{}

	mu    sync.Mutex // guards all below
	asked []ui.Volley
	ended int
}

func (v *toyVolleys) functions() *ui.Volleys {
	t := v.text
	return &ui.Volleys{
		Most: 10_000, Tampers: []ui.TamperKind{{Name: t, Why: t, Want: t}},
		Scenarios: []ui.Scenario{{Name: t, About: t, Requests: 2, Steps: []ui.ScenarioStep{{Name: t, About: t}}}},
		Shape:     func(pictify.EventType) (json.RawMessage, error) { return json.RawMessage(v.schema), nil },
		Sample: func(w ui.Volley, n int) (ui.VolleySample, error) {
			if w.Strict {
				return ui.VolleySample{}, &ui.Refusal{Text: t}
			}
			return ui.VolleySample{Seed: 5, At: "2026-01-29T10:30:00Z", Total: 3, N: n, Event: w.Event, DeliveryID: t, Tamper: t, Made: v.made(), Body: []byte(v.made()),
				Header: [][2]string{{t, t}}, Command: t}, nil
		},
		Send: v.send,
	}
}

// made has the text in all places of its own.
func (v *toyVolleys) made() string {
	quoted, _ := json.Marshal(v.text)
	return fmt.Sprintf(`{"event":%[1]s,"data":{%[1]s:%[1]s}}`, quoted)
}

func (v *toyVolleys) send(ctx context.Context, w ui.Volley, tell func(ui.VolleyProgress)) error {
	v.mu.Lock()
	v.asked = append(v.asked, w)
	v.mu.Unlock()
	defer func() {
		v.mu.Lock()
		v.ended++
		v.mu.Unlock()
	}()
	tell(ui.VolleyProgress{Total: 3, Sent: 1, Statuses: map[string]int{"200": 1}, Steps: []ui.StepProgress{{Name: v.text, Total: 2, Sent: 1, Statuses: map[string]int{v.text: 1}}}})
	select {
	case <-v.let:
		return v.fail
	case <-ctx.Done():
		return nil
	}
}

// until looks again and again at what is being sent: no request waits for its end for long.
func (s *server) until(token string, j volleyJSON, is func(volleyJSON) bool) volleyJSON {
	s.t.Helper()
	for id, end := j.ID, time.Now().Add(patience); !is(j); {
		if time.Now().After(end) {
			s.t.Fatalf("it stays %+v", j)
		}
		j = volleyJSON{}
		s.do("GET", "/api/trigger/"+id, token, "").into(s.t, &j)
	}
	return j
}

func ended(j volleyJSON) bool { return j.State != "running" }

type volleyJSON struct {
	ID, State, Error, Search string
	Sent                     int
	First                    []string
	Seed                     int64
}

// One at a time; what is sent ends when it is stopped, and with the page; nothing is left running.
func TestVolleyJobs(t *testing.T) {
	ignored := goleak.IgnoreCurrent()
	func() {
		st, err := store.Open(filepath.Join(t.TempDir(), store.FileName), store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		v := &toyVolleys{schema: "{}", text: "x", let: make(chan struct{})}
		o, c := noting(st)
		o.Volleys = v.functions()
		s := serve(t, o)
		token := s.login()
		post := func(path, body string, want int) volleyJSON {
			t.Helper()
			var j volleyJSON
			res := s.do("POST", path, token, body)
			if res.status != want {
				t.Fatalf("POST %s %s = %d %s, want %d", path, body, res.status, res.body, want)
			}
			res.into(t, &j)
			return j
		}
		post("/api/trigger", `{"event":"render.completed"}`, 202)
		if _, triggered := c.get(); len(triggered) != 1 || len(v.asked) != 0 {
			t.Errorf("the short form triggered %v, and sent %v", triggered, v.asked)
		}
		j := post("/api/trigger", `{"event":"render.completed","count":3}`, 202)
		if j = s.until(token, j, func(j volleyJSON) bool { return j.Sent == 1 }); j.ID != "1" || j.State != "running" || j.Sent != 1 || j.Seed != 5 {
			t.Errorf("started: %+v", j)
		}
		refused := post("/api/trigger", `{"event":"render.failed","count":3}`, 409)
		if !strings.Contains(refused.Error, "stop it") {
			t.Errorf("a second one: %+v", refused)
		}
		if j = s.until(token, post("/api/trigger/1/stop", "{}", 200), ended); j.State != "stopped" || j.First == nil {
			t.Errorf("stopped: %+v", j)
		}
		post("/api/trigger/1/stop", "{}", 200)
		post("/api/trigger/2/stop", "{}", 404)
		post("/api/trigger", `{"event":"render.completed","strict":true}`, 400)

		v.fail = &ui.Refusal{Text: "the moon is in the way"}
		close(v.let)
		if j = s.until(token, post("/api/trigger", `{"scenario":"x"}`, 202), ended); j.State != "failed" || j.Error != "the moon is in the way" {
			t.Errorf("failed: %+v", j)
		}
		v.fail = errors.New("dial 10.0.0.1: secret")
		if j = s.until(token, post("/api/trigger", `{"scenario":"x"}`, 202), ended); j.State != "failed" || strings.Contains(j.Error, "secret") {
			t.Errorf("failed with a cause of its own: %+v", j)
		}
		v.fail, v.let = nil, make(chan struct{})
		post("/api/trigger", `{"event":"render.completed","count":3}`, 202)
		s.StopSending()
		if v.mu.Lock(); v.ended != len(v.asked) || v.ended != 4 {
			t.Errorf("%d of %d have ended", v.ended, len(v.asked))
		}
		v.mu.Unlock()
		post("/api/trigger", `{"event":"render.completed","count":3}`, 503)
		s.stop()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}()
	leaktest.None(t, ignored, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// What came of a volley is found by numbers, also what did not verify.
func TestVolleyIsFound(t *testing.T) {
	st := openStore(t)
	record(t, st, sample(0), 0)
	for name, tt := range map[string]struct {
		local, others, refused int
		search                 string
	}{
		"nothing": {0, 0, 0, ""}, "one": {1, 0, 0, "d%d source:local"}, "many": {12, 3, 0, "d%d..d%d source:local"}, "refused": {0, 0, 2, "d%d..d%d source:local"},
	} {
		v := &toyVolleys{schema: "{}", text: "x", let: make(chan struct{})}
		o := demoOptions(st)
		o.Volleys = v.functions()
		before, err := st.Newest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		o.Volleys.Send = func(context.Context, ui.Volley, func(ui.VolleyProgress)) error {
			for n := range tt.local + tt.others + tt.refused {
				d := sample(1000*int(before) + n + 1)
				if n >= tt.others {
					d.Source = store.FromLocal
				}
				if tt.refused > 0 {
					d.Verdict = pictify.Mismatch
					st.RecordUnverified(d)
					continue
				}
				record(t, st, d, 0)
			}
			return nil
		}
		s := serve(t, o)
		token := s.login()
		var j volleyJSON
		s.do("POST", "/api/trigger", token, `{"event":"render.completed","count":3}`).into(t, &j)
		j = s.until(token, j, ended)
		if n := strings.Count(tt.search, "%d"); n > 0 {
			tt.search = fmt.Sprintf(tt.search, []any{before + 1, before + int64(tt.local+tt.others+tt.refused)}[:n]...)
		}
		first := min(10-tt.others, tt.local+tt.refused)
		if name == "nothing" {
			first = 0
		}
		if j.State != "done" || j.Search != tt.search || len(j.First) != first {
			t.Errorf("%s: %+v, want %q and %d", name, j, tt.search, first)
		}
		for i, id := range j.First {
			if want := fmt.Sprintf("d%d", int(before)+1+tt.others+i); id != want {
				t.Errorf("%s: number %d is %s, want %s", name, i, id, want)
			}
		}
	}
}

// Text in schemas, in what is made up and in what is typed is text.
func TestTriggerHostile(t *testing.T) {
	for i := 0; i < len(payloads); i += 12 {
		text := strings.Join(payloads[i:min(i+12, len(payloads))], " ")
		quoted, _ := json.Marshal(text)
		schema := fmt.Sprintf(`{"description":%[1]s,"properties":{"event":{"const":%[1]s},"data":{"required":[%[1]s,1],"properties":{
			%[1]s:{"type":"string","description":%[1]s,"examples":[%[1]s],"pattern":"(","$comment":%[1]s},"__proto__":{"type":%[1]s,"description":%[1]s},
			"choice":{"type":"string","enum":[%[1]s,"a"],"description":{}},"constructor":{"type":["object","null"],"examples":[{"x":%[1]s}]}}}}}`, quoted)
		v := &toyVolleys{schema: schema, text: text, let: make(chan struct{})}
		o := demoOptions(openStore(t))
		o.Volleys = v.functions()
		s := serve(t, o)
		p := newTab(t)
		p.open(s.LaunchURL())
		p.wait(live)
		p.chord("gt")
		p.wait(fresh + ` && document.querySelectorAll(".leaf").length === 5`)
		p.set(`[data-path="data.choice"] select`, text)
		p.click(`.others > button`)
		p.set(`.other input[aria-label^=Path]`, text)
		p.set(`.other input[aria-label^=Value]`, text)
		eval[chromedp.Void](p, `void document.querySelectorAll(".leaf input:not([readonly])").forEach((e) => { e.value = `+string(quoted)+`; e.dispatchEvent(new Event("input", { bubbles: true })); })`)
		p.wait(fresh)
		p.click(`.headers summary`)
		p.click(".sending .primary")
		p.wait(`document.querySelector(".sending [role=progressbar]")`)
		p.click(`.volley-source .tick:last-child input`) // and what is refused
		p.wait(`document.querySelector(".sending .wrong")`)
		wrong := eval[[]string](p, `(() => {
			const wrong = [...document.querySelectorAll("#page *")].filter((e) => !/^(header|nav|main|section|div|span|p|h[1-4]|dl|dt|dd|ol|li|button|table|thead|tbody|tr|th|td|small|em|b|i|pre|details|summary|code|a|input|select|option|textarea|datalist|label)$/.test(e.localName)).map((e) => e.localName);
			for (const e of document.querySelectorAll("#page *")) for (const a of e.attributes) if (/^on|^src|^srcdoc|^action|^formaction/.test(a.name)) wrong.push(a.name);
			const unseen = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;
			for (let walk = document.createTreeWalker(document.querySelector("#page"), NodeFilter.SHOW_TEXT), n; (n = walk.nextNode()); ) if (unseen.test(n.data) && !n.parentElement.closest("textarea, select")) wrong.push("unseen in " + n.parentElement.className);
			if (window.__pwn) wrong.push("it ran");
			if (document.documentElement.scrollWidth > innerWidth) wrong.push("it is too wide");
			return wrong;
		})()`)
		for _, w := range wrong {
			t.Errorf("with payloads from %d: %s", i, w)
		}
		p.healthy()
		s.StopSending()
	}
}

// Ctrl Enter sends from anywhere in the form; it does nothing while something is being sent.
func TestTriggerKeyboard(t *testing.T) {
	v := &toyVolleys{schema: `{"properties":{"event":{"type":"string"}}}`, text: "x", let: make(chan struct{})}
	o := demoOptions(openStore(t))
	o.Volleys = v.functions()
	s := serve(t, o)
	p := newTab(t)
	p.open(s.LaunchURL())
	p.wait(live)
	p.chord("gt")
	p.wait(fresh)
	eval[chromedp.Void](p, `document.querySelector(".volley-source input").focus()`)
	for range 2 {
		eval[chromedp.Void](p, `void document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true }))`)
		p.wait(`document.querySelector(".sending [role=progressbar]")`)
	}
	v.mu.Lock()
	asked := len(v.asked)
	v.mu.Unlock()
	if asked != 1 {
		t.Errorf("%d were sent", asked)
	}
	close(v.let)
	p.wait(resulted + `.includes("Sent 1 request")`)
	s.stop()
	p.wait(`document.querySelector(".connection.lost") && document.querySelector(".sending .primary").disabled`)
	p.healthy()
}
