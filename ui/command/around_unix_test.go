//go:build unix

package command_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pictap/tunnel/pictify"
)

// A pageClient speaks to the page's API, as the page does.
type pageClient struct {
	t           testing.TB
	base, token string
}

// openPage exchanges the code in the link that listen prints.
func openPage(t testing.TB, link string) pageClient {
	t.Helper()
	base, code, found := strings.Cut(link, "/#code=")
	if !found {
		t.Fatalf("the link to the page is %q", link)
	}
	p := pageClient{t: t, base: base}
	var grant struct{ Token string }
	p.into(&grant, "POST", "/api/session", fmt.Sprintf(`{"code":%q}`, code))
	p.token = grant.Token
	return p
}

func (p pageClient) ask(method, path, body string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// into reads an answer that is no refusal.
func (p pageClient) into(v any, method, path, body string) {
	p.t.Helper()
	status, text := p.ask(method, path, body)
	if status/100 != 2 {
		p.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		p.t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
}

// until asks again and again until an answer contains a text.
func (p pageClient) until(path, want string) {
	p.t.Helper()
	text := ""
	if !comesTrue(func() bool {
		_, text = p.ask("GET", path, "")
		return strings.Contains(text, want)
	}) {
		p.t.Fatalf("%s never says %s, but %s", path, want, text)
	}
}

// comesTrue asks again and again, and reports whether it was told yes in time.
func comesTrue(is func() bool) bool {
	end := time.NewTimer(patience)
	defer end.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-end.C:
			return false
		}
	}
	return true
}

type mockPage struct {
	Scale      float64
	Waits      []string
	Deliveries []struct {
		ID, State   string
		Made        int
		Attempts    []struct{ N, Status int }
		Due         time.Time
		Can_Attempt bool
		Remaining   []struct {
			Said string
			MS   float64
		}
	}
	Subscriptions []struct{ UID, Event, Status string }
	Queue         struct{ Delayed, Completed, Failed int }
}

// The page looks into the mock that runs inside: a delivery that the app refused
// stands on its ladder, and is tried at once when somebody wants that.
func TestPageLooksIntoTheMock(t *testing.T) {
	var status atomic.Int32
	status.Store(500)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(int(status.Load())) }))
	defer app.Close()
	env := []string{"PICTAP_STATE_DIR=" + filepath.Join(t.TempDir(), "state"), "PICTAP_UI_ADDR=127.0.0.1:0", "PICTAP_RECEIVER_ADDR=127.0.0.1:0"}
	l := start(t, env, "listen", app.URL, "--mock", "--ack", "relay", "-e", "render.*")
	ready := l.nextType("ready")
	page := openPage(t, ready.str("inspector"))
	run(t, env, "trigger", "render.failed", "--via", "mock") // fails, as the app does

	var m mockPage
	page.into(&m, "GET", "/api/mock", "")
	if len(m.Deliveries) != 1 || len(m.Subscriptions) != 2 || m.Scale != 1 || strings.Join(m.Waits, " ") != "1m 5m 30m 2h 24h" {
		t.Fatalf("the mock is %+v", m)
	}
	d := m.Deliveries[0]
	if d.State != "delayed" || d.Made != 1 || !d.Can_Attempt || len(d.Attempts) != 1 || d.Attempts[0].Status != 500 || d.Attempts[0].N != 1 || time.Until(d.Due) < 30*time.Second {
		t.Errorf("the delivery is %+v", d)
	}
	if len(d.Remaining) != 4 || d.Remaining[0].Said != "5m" || d.Remaining[0].MS != 300_000 || d.Remaining[3].Said != "24h" {
		t.Errorf("what remains is %+v", d.Remaining)
	}
	attempt := "/api/mock/deliveries/" + d.ID + "/attempt"
	if code, text := page.ask("POST", attempt, "{}"); code != 200 {
		t.Errorf("attempt: %d %s", code, text)
	}
	page.until("/api/mock", `"made":2`)
	status.Store(204)
	if !comesTrue(func() bool { // not while one is under way
		code, text := page.ask("POST", attempt, "{}")
		if code != 200 && (code != 502 || !strings.Contains(text, "under way")) {
			t.Fatalf("attempt: %d %s", code, text)
		}
		return code == 200
	}) {
		t.Fatal("an attempt is under way for ever")
	}
	page.until("/api/mock", `"state":"received","made":3`)
	if code, text := page.ask("POST", attempt, "{}"); code != 502 || !strings.Contains(text, "No delivery of that id is due") {
		t.Errorf("an attempt at what was received: %d %s", code, text)
	}
	page.into(&m, "GET", "/api/mock", "")
	if m.Queue.Completed != 1 || m.Queue.Delayed != 0 {
		t.Errorf("the queue is %+v", m.Queue)
	}

	var journal struct {
		Entries []struct {
			Seq                int64
			Kind, Method, Path string
			Answer             string
			Status             int
		}
	}
	page.into(&journal, "GET", "/api/mock/journal?after=0", "")
	sent, made := 0, 0
	for i, e := range journal.Entries {
		if e.Seq != int64(i)+1 || strings.Contains(e.Answer, "whsec_") {
			t.Errorf("entry %d is %+v", i, e)
		}
		if e.Kind == "delivery" {
			sent++
		}
		if e.Method == "POST" && e.Path == "/webhook-subscriptions" && e.Status == 201 {
			made++
		}
	}
	if sent != 3 || made != 2 {
		t.Errorf("the journal has %d attempts and %d creates: %+v", sent, made, journal.Entries)
	}
	page.into(&journal, "GET", fmt.Sprint("/api/mock/journal?after=", len(journal.Entries)), "")
	if len(journal.Entries) != 0 {
		t.Errorf("and after the last %+v", journal.Entries)
	}

	// What pictap counts is the same: one delivery, taken in the end, sent three times.
	page.until("/api/coverage", `"event":"render.failed","known":true,"can_send":true,"taken":1`)
	if _, text := page.ask("GET", "/api/chart", ""); !strings.Contains(text, `"taken":1,"refused":0`) {
		t.Errorf("the chart is %s", text)
	}
	if _, text := page.ask("GET", "/api/run", ""); !strings.Contains(text, `"ack":"relay"`) || !strings.Contains(text, `"on_exit":"delete"`) || !strings.Contains(text, `"deliveries":1`) {
		t.Errorf("the run is %s", text)
	}

	// One that is disabled at the mock is resumed there.
	uid := m.Subscriptions[0].UID
	api := apiClient{t, ready.str("base_url")}
	api.ask("POST", "/webhook-subscriptions/"+uid+"/pause", "")
	if code, text := page.ask("POST", "/api/mock/subscriptions/"+uid+"/resume", "{}"); code != 200 || api.status(uid) != "active" {
		t.Errorf("resume: %d %s, and it is %s", code, text, api.status(uid))
	}
	if code, text := page.ask("POST", "/api/mock/subscriptions/wh_0/resume", "{}"); code != 502 || !strings.Contains(text, "no such subscription") {
		t.Errorf("resume of none: %d %s", code, text)
	}
	l.interrupt()
}

// From the page a subscription is paused, and only one of ours.
func TestPausedFromThePage(t *testing.T) {
	w := newWorld(t)
	l := w.listen("-e", "render.*")
	page := openPage(t, l.nextType("ready").str("inspector"))
	var list struct {
		Subscriptions []struct{ UID, Event, Status string }
	}
	page.into(&list, "GET", "/api/subscriptions", "")
	if len(list.Subscriptions) != 2 {
		t.Fatalf("subscriptions are %+v", list)
	}
	uid := list.Subscriptions[0].UID
	of := func(uid string) pictify.Status {
		for _, s := range w.mock.Subscriptions() {
			if s.UID == uid {
				return s.Status
			}
		}
		return "gone"
	}
	var now struct{ UID, Status, Note string }
	page.into(&now, "POST", "/api/subscriptions/"+uid+"/pause", "{}")
	if now.UID != uid || now.Status != "paused" || of(uid) != pictify.Paused {
		t.Errorf("paused, it is %+v, and at the service %s", now, of(uid))
	}
	if line := l.nextType("subscription"); line.str("status") != "paused" || line.str("subscription") != uid {
		t.Errorf("the terminal says %v", line)
	}
	page.until("/api/status", `"status":"paused"`)
	page.into(&now, "POST", "/api/subscriptions/"+uid+"/resume", "{}")
	if now.Status != "active" || of(uid) != pictify.Active {
		t.Errorf("resumed, it is %+v, and at the service %s", now, of(uid))
	}
	if code, text := page.ask("POST", "/api/subscriptions/"+w.other.UID+"/pause", "{}"); code != 404 {
		t.Errorf("a teammate's: %d %s", code, text)
	}
	// Somebody gives ours another target: it is theirs.
	w.mock.Edit(uid, func(s *pictify.Subscription) { s.TargetURL = "https://staging.example.com/hook" })
	if code, text := page.ask("POST", "/api/subscriptions/"+uid+"/pause", "{}"); code != 502 || !strings.Contains(text, "it is not paused: it has another target now") {
		t.Errorf("what is theirs now: %d %s", code, text)
	}
	l.interrupt()
}

// What waits for the app goes out when somebody has it looked for.
func TestDrainedFromThePage(t *testing.T) {
	addr, listen := reservedPort(t)
	env := []string{"PICTAP_STATE_DIR=" + filepath.Join(t.TempDir(), "state"), "PICTAP_UI_ADDR=127.0.0.1:0", "PICTAP_RECEIVER_ADDR=127.0.0.1:0"}
	l := start(t, env, "listen", "http://"+addr, "--tunnel", "none")
	page := openPage(t, l.nextType("ready").str("inspector"))
	for range 3 {
		if code, text := page.ask("POST", "/api/trigger", `{"event":"render.completed"}`); code != 202 {
			t.Fatalf("trigger: %d %s", code, text)
		}
	}
	page.until("/api/hold", `"waiting":3`)
	page.until("/api/status", `"app_reason":"connection refused"`)
	var got struct {
		App, Reason string
		Waiting     int
	}
	page.into(&got, "POST", "/api/drain", "{}")
	if got.App != "down" || got.Reason != "connection refused" || got.Waiting != 3 {
		t.Errorf("while nobody is there: %+v", got)
	}
	app := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go app.Serve(listen())
	defer app.Close()
	page.into(&got, "POST", "/api/drain", "{}")
	if got.App != "answering" {
		t.Errorf("when it is there: %+v", got)
	}
	page.until("/api/hold", `"waiting":0`)
	page.until("/api/coverage", `"event":"render.completed","known":true,"can_send":true,"taken":3`)
	page.into(&struct{}{}, "GET", "/api/subscriptions", "")
	if code, _ := page.ask("GET", "/api/mock", ""); code != 404 {
		t.Errorf("a mock that is not there: %d", code)
	}
	if code, _ := page.ask("POST", "/api/subscriptions/x/pause", "{}"); code != 404 {
		t.Errorf("pause where nothing is registered: %d", code)
	}
	l.interrupt()
}
