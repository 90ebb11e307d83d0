package mock_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

func TestJournal(t *testing.T) {
	hook := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(500)
		fmt.Fprint(w, `{"password":"hunter2","why":"database"}`)
	})
	api := &mock.Server{Faults: mock.Faults{Rules: faults(t, "GET /webhook-subscriptions/stats=503")}}
	c := start(t, api)
	sub := create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: hook.URL + "/in"})
	ask(t, c, "GET", "/api/webhook-subscriptions/stats?a=1&token=t0ps3cret&x%54oken=t0ps3cret", "", nil)
	ask(t, c, "POST", "/webhook-subscriptions", `{"event":5,"secret":"t0ps3cret"}`, nil)
	ask(t, c, "GET", "/health", "", http.Header{"Origin": {"http://evil.test"}})
	api.Emit(t.Context(), renderFailed)

	var lines []string
	for _, e := range api.Journal(0, 100) {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{sub.Secret.Reveal(), "t0ps3cret", "hunter2", "pk_test_1"} {
			if strings.Contains(string(text), secret) {
				t.Errorf("the journal tells a secret: %s", text)
			}
		}
		lines = append(lines, fmt.Sprintf("%d %s %s %s %d %q %s/%d %v", e.Seq, e.Kind, e.Method, strings.TrimPrefix(e.Path, hook.URL), e.Status, e.Fault, e.Event, e.Attempt, e.Next != nil))
	}
	want := []string{
		`1 request POST /webhook-subscriptions 201 "" /0 false`,
		`2 request GET /api/webhook-subscriptions/stats?a=1&token=[redacted]&x%54oken=[redacted] 503 "503" /0 false`,
		`3 request POST /webhook-subscriptions 400 "" /0 false`,
		`4 request GET /health 403 "" /0 false`,
		`5 delivery POST /in 500 "" render.failed/1 true`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("journal (-want +got)\n%s", diff)
	}
	made := api.Journal(0, 100)[0]
	if !regexp.MustCompile(`^{"event":"render\.failed","targetUrl":`).MatchString(made.Request) || !strings.Contains(made.Answer, `"secret":"[redacted]"`) || made.RequestBytes == 0 || made.AnswerBytes == 0 {
		t.Errorf("the first entry is %+v", made)
	}
	if got := api.Journal(3, 1); len(got) != 1 || got[0].Seq != 5 {
		t.Errorf("the newest after 3: %+v", got)
	}
	if got := api.Journal(99, 1); len(got) != 0 {
		t.Errorf("after what has not been: %+v", got)
	}
}

// The journal is bounded by count and by bytes, and so is each entry.
func TestJournalIsBounded(t *testing.T) {
	l := newLine(t, &mock.Server{}, 200)
	for range 1500 {
		l.call("GET", "/health", "")
	}
	all := l.Journal(0, 10_000)
	if len(all) != 1000 || all[0].Seq != 501 || all[999].Seq != 1500 {
		t.Errorf("%d entries, from %d to %d", len(all), all[0].Seq, all[len(all)-1].Seq)
	}
	long := strings.Repeat("x", 30_000)
	for range 1500 {
		l.call("POST", "/webhook-subscriptions?"+long, `{"event":"`+long+`"}`)
	}
	all, total := l.Journal(0, 10_000), 0
	for i, e := range all {
		total += len(e.Path) + len(e.Request) + len(e.Answer)
		if len(e.Path) > 1100 || len(e.Request) > 2048 || len(e.Answer) > 2048 {
			t.Fatalf("an entry has %d, %d and %d bytes", len(e.Path), len(e.Request), len(e.Answer))
		}
		if i > 0 && e.Seq != all[i-1].Seq+1 {
			t.Fatalf("entry %d follows %d", e.Seq, all[i-1].Seq)
		}
	}
	if total > 2<<20 || total < 1<<20 || all[len(all)-1].Seq != 3000 {
		t.Errorf("%d bytes in %d entries, the last is %d", total, len(all), all[len(all)-1].Seq)
	}
}

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":"b","secret":"c","d":[1,2]}`:                    `{"a":"b","secret":"[redacted]","d":[1,2]}`,
		`{"headers":{"X":"y","Z":["q",7,null,true]},"a":"b"}`: `{"headers":{"X":"[redacted]","Z":["[redacted]",[redacted],null,[redacted]]},"a":"b"}`,
		`{"secrets":[{"a":"b"}],"c":{"d":"e"}}`:               `{"secrets":[{"a":"[redacted]"}],"c":{"d":"e"}}`,
		`{"a":"secret","b":"token: \"x\""}`:                   `{"a":"secret","b":"token: \"x\""}`,
		`{"x":"whsec_ab"}`:                                    `{"x":"[redacted]"}`,
		`{ "Api_Key" : 5 , "n" : 5 }`:                         `{ "Api_Key" : [redacted] , "n" : 5 }`,
		`{"token":"breaks o`:                                  `{"token":"[redacted]"`,
		`{"token":"ends in \`:                                 `{"token":"[redacted]"`,
		`hello <b class="x">world</b>`:                        `hello <b class="x">world</b>`,
		`Bearer abc`:                                          `Bearer [redacted]`,
		``:                                                    ``,
		`a=1&token=b`:                                         `[redacted]`,
	} {
		if got := mock.Redact(in); got != want {
			t.Errorf("redact(%s)\n got %s\nwant %s", in, got, want)
		}
	}
}

// The control endpoints, as programs use them.
func TestControl(t *testing.T) {
	hook := newReceiver(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) })
	api := &mock.Server{Control: pictify.NewSecret("the control token")}
	c := start(t, api)
	sub := create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: hook.URL})
	id := api.Emit(t.Context(), renderFailed)[0].ID
	control := func(method, path, body string) (int, string) {
		status, _, answer := ask(t, c, method, path, body, http.Header{"Authorization": {"Bearer the control token"}})
		return status, answer
	}
	for _, path := range []string{mock.JournalPath, mock.StatePath, mock.DeliveriesPath, mock.LogPath(sub.UID), "/_mock/nothing"} {
		if status, _, answer := ask(t, c, "GET", path, "", nil); status != 401 {
			t.Errorf("%s with an API key: %d %s, want 401", path, status, answer)
		}
	}
	for _, tt := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", mock.JournalPath, 200, `"path":"/webhook-subscriptions"`},
		{"GET", mock.JournalPath + "?after=2", 200, `{"entries":[]}`},
		{"GET", mock.JournalPath + "?after=1&limit=1", 200, `"kind":"delivery"`},
		{"GET", mock.JournalPath + "?after=-1&limit=0&wait=2h", 400, `"field":"wait"`},
		{"POST", mock.JournalPath, 405, ""},
		{"GET", mock.DeliveriesPath, 200, `"state":"delayed","attempts":1,"due":"2026-01-29T10:31:00Z"}],"queue":{"active":0,`},
		{"GET", mock.LogPath(sub.UID), 200, `"attempt":1,"status":500,`},
		{"GET", mock.LogPath("wh_0"), 404, ""},
		{"GET", mock.AttemptPath(id), 405, ""},
		{"POST", mock.AttemptPath("del_0"), 404, "No delivery"},
		{"POST", mock.AttemptPath(id), 200, `"id":"` + id + `"`},
		{"GET", "/_mock/deliveries/", 404, ""},
		{"GET", "/_mock/subscriptions//log", 404, ""},
		{"GET", "/_mock/subscriptions/a/b/log", 404, ""},
		{"PUT", mock.StatePath, 400, "no state of pictap mock"},
		{"POST", mock.ResetPath, 200, "reset"},
		{"GET", mock.DeliveriesPath, 200, `{"deliveries":[],"queue":{"active":0,"completed":0,"deadLetter":0,"delayed":0,"failed":0,"waiting":0}}`},
		{"GET", mock.JournalPath, 200, `{"entries":[]}`},
	} {
		if tt.path == mock.ResetPath { // what was tried at once comes to an end first
			for until := time.Now().Add(time.Minute); time.Now().Before(until); {
				if _, answer := control("GET", mock.DeliveriesPath, ""); strings.Contains(answer, `"attempts":2`) {
					break
				}
			}
		}
		if status, answer := control(tt.method, tt.path, ""); status != tt.status || !strings.Contains(answer, tt.want) {
			t.Errorf("%s %s answered %d %s, want %d with %s", tt.method, tt.path, status, answer, tt.status, tt.want)
		}
	}
	if len(api.Subscriptions()) != 0 {
		t.Error("a reset leaves subscriptions")
	}
	// Who waits for the journal gets the next entry.
	last := "0"
	got := make(chan string, 1)
	go func() {
		_, answer := control("GET", mock.JournalPath+"?wait=1m&after="+last, "")
		got <- answer
	}()
	ask(t, c, "GET", "/health", "", nil)
	select {
	case answer := <-got:
		if !strings.Contains(answer, "/health") {
			t.Errorf("waited for %s", answer)
		}
	case <-time.After(time.Minute):
		t.Error("waits for ever")
	}
}
