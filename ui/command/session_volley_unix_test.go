//go:build unix

package command_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pictap/mock"
)

// listening starts a listen without a tunnel, and opens its page.
func listening(t *testing.T, app string, more ...string) (pageClient, []string) {
	t.Helper()
	env := []string{"PICTAP_STATE_DIR=" + filepath.Join(t.TempDir(), "state"), "PICTAP_UI_ADDR=127.0.0.1:0", "PICTAP_RECEIVER_ADDR=127.0.0.1:0"}
	l := start(t, env, append([]string{"listen", app, "--tunnel", "none"}, more...)...)
	return openPage(t, l.nextType("ready").str("inspector")), env
}

// An anApp takes everything and counts it.
func anApp(t *testing.T) (url string, taken *atomic.Int64) {
	t.Helper()
	taken = new(atomic.Int64)
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { taken.Add(1) }))
	t.Cleanup(app.Close)
	return app.URL, taken
}

type sampleJSON struct {
	Seed        int64
	At          string
	N, Total    int
	Event       string
	Delivery_ID string
	Tamper      string
	Made        string
	Header      [][2]string
	Body        *string
	Body_Base64 []byte
	Bytes       int
	Command     string
}

type jobJSON struct {
	ID, State, Search, Error       string
	Total, Sent, Accepted, Refused int
	Dropped, Unexpected            int
	Statuses                       map[string]int
	First                          []string
	Seed                           int64
	Seconds                        float64
	Steps                          []struct {
		Name                    string
		Total, Sent, Unexpected int
	}
}

// ended waits for the end of what was started.
func (p pageClient) ended(j jobJSON) jobJSON {
	p.t.Helper()
	if !comesTrue(func() bool {
		p.into(&j, "GET", "/api/trigger/"+j.ID, "")
		return j.State != "running"
	}) {
		p.t.Fatalf("it does not end: %+v", j)
	}
	return j
}

// taken waits until the app has taken n of it.
func (p pageClient) taken(j jobJSON, n int) jobJSON {
	p.t.Helper()
	if !comesTrue(func() bool {
		p.into(&j, "GET", "/api/trigger/"+j.ID, "")
		return j.Accepted >= n
	}) {
		p.t.Fatalf("%d are not taken: %+v", n, j)
	}
	return j
}

// What the page shows is what is sent, and what the command sends that it shows, whatever
// is in it.
func TestVolleySampleIsWhatIsSent(t *testing.T) {
	app, _ := anApp(t)
	page, env := listening(t, app)
	const at = `"at":"2026-01-29T10:30:00Z"`
	for name, body := range map[string]string{
		"plain":              `{"event":"render.completed","seed":7,` + at + `}`,
		"no time":            `{"event":"batch.failed"}`,
		"of a type":          `{"event":"render.completed","seed":-3,"type":"pdf",` + at + `,"strict":true}`,
		"edits":              `{"event":"render.completed","seed":7,` + at + `,"edits":[{"path":"data.userStorageUrl","remove":true},{"path":"data.width","value":"640"},{"path":"data.variables.title","value":"It's \"new\" $(touch x) ` + "`id`" + ` ! \\\\ \u00e9\u202e\ud83d\ude00"},{"path":"data.extra.deep","value":"{\"a\": [1.50, 1e400]}","new":true}]}`,
		"a string of digits": `{"event":"render.failed","seed":1,` + at + `,"edits":[{"path":"data.error","value":"\"640\""},{"path":"data.errorCode","value":""},{"path":"data.variables","value":" null "}]}`,
		"lines":              `{"event":"render.failed","seed":1,` + at + `,"edits":[{"path":"data.error","value":"one\ntwo\ttabs -- ~ *"},{"path":"data.odd name\\.x","value":"-x","new":true}]}`,
		"another event":      `{"event":"render.failed","seed":1,` + at + `,"edits":[{"path":"event","value":"made.up"}]}`,
		"own id":             `{"event":"binding.updated","seed":2,` + at + `,"id":"del_'x'"}`,
		"broken":             `{"event":"binding.failed","seed":2,` + at + `,"tamper":["truncated"]}`,
		"of many":            `{"event":"binding.failed","seed":2,` + at + `,"tamper":["body","empty"],"count":7,"duplicate":2,"shuffle":true,"drop":12.5,"rate":2.5,"delay":"0-1s","concurrency":3,"n":19}`,
		"a scenario":         `{"scenario":"forger","seed":4,"n":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			var s sampleJSON
			page.into(&s, "POST", "/api/sample", body)
			cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(s.Command, "pictap", pictap(t), 1)+" --dry-run --output json")
			cmd.Env = append([]string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir()}, env[0])
			cmd.Dir = t.TempDir()
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%s: %v %s", s.Command, err, out)
			}
			shown, made := deref(s.Body), dryRun(t, out, s.N)
			if name == "no time" || name == "a scenario" { // then the times differ
				shown, made = clockText.ReplaceAllString(shown, "T"), clockText.ReplaceAllString(made, "T")
			}
			if shown != made {
				t.Errorf("%s makes\n%s, want\n%s", s.Command, made, shown)
			}
			if files, _ := filepath.Glob(filepath.Join(cmd.Dir, "*")); len(files) > 0 {
				t.Errorf("%s left %v", s.Command, files)
			}
			if name == "a scenario" || strings.Contains(name, "many") {
				return
			}
			// And it is what arrives.
			pinned := strings.Replace(body, `{`, fmt.Sprintf(`{"seed":%d,"at":%q,`, s.Seed, s.At), 1)
			if strings.Contains(body, `"seed"`) {
				pinned = body
			}
			var j jobJSON
			page.into(&j, "POST", "/api/trigger", pinned)
			if j = page.ended(j); len(j.First) != 1 {
				t.Fatalf("sent: %+v", j)
			}
			var d struct{ Body *string }
			page.into(&d, "GET", "/api/deliveries/"+j.First[0], "")
			if name != "no time" && (d.Body == nil || *d.Body != *s.Body) {
				t.Errorf("what has arrived is\n%s, want\n%s", deref(d.Body), *s.Body)
			}
		})
	}
}

// clockText is a time of day in UTC, with or without milliseconds.
var clockText = regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z`)

func deref(s *string) string {
	if s == nil {
		return "nothing"
	}
	return *s
}

// dryRun is the body of request n in what a --dry-run has printed.
func dryRun(t *testing.T, out []byte, n int) string {
	t.Helper()
	for text := range strings.Lines(string(out)) {
		var request struct {
			N    int
			Body *string
		}
		if err := json.Unmarshal([]byte(text), &request); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if request.N == n {
			return deref(request.Body)
		}
	}
	t.Fatalf("there is no request %d in %s", n, out)
	return ""
}

// Each way to break a delivery goes through our own receiver, which judges it.
func TestVolleyTampersAreJudged(t *testing.T) {
	app, taken := anApp(t)
	page, _ := listening(t, app)
	want := map[string][2]string{ // status and verdict
		"body": {"401", "mismatch"}, "signature": {"401", "mismatch"}, "secret": {"401", "mismatch"}, "timestamp": {"400", "stale"}, "missing": {"401", "unsigned"},
		"malformed": {"400", "malformed"}, "truncated": {"401", "mismatch"}, "empty": {"200", "valid"}, "content-type": {"200", "valid"}, "oversize": {"413", ""}, "event": {"200", "valid"},
	}
	var kit struct {
		Tampers []struct{ Name, Why, Want string }
	}
	page.into(&kit, "GET", "/api/volleys", "")
	if len(kit.Tampers) != len(mock.Tampers()) {
		t.Fatalf("the page knows %d ways, want %d", len(kit.Tampers), len(mock.Tampers()))
	}
	for i, k := range kit.Tampers {
		if k.Why == "" || k.Want == "" {
			t.Errorf("%s is not explained", k.Name)
		}
		var j jobJSON
		page.into(&j, "POST", "/api/trigger", fmt.Sprintf(`{"event":"render.completed","seed":%d,"tamper":[%q]}`, i, k.Name))
		j = page.ended(j)
		w := want[k.Name]
		if j.State != "done" || j.Sent != 1 || j.Statuses[w[0]] != 1 {
			t.Errorf("%s: %+v, want status %s", k.Name, j, w[0])
			continue
		}
		if w[1] == "" {
			if len(j.First) != 0 || j.Search != "" {
				t.Errorf("%s: there is nothing to show, but %v %q", k.Name, j.First, j.Search)
			}
			continue
		}
		var d struct{ Verdict, Source string }
		page.into(&d, "GET", "/api/deliveries/"+j.First[0], "")
		if d.Verdict != w[1] || d.Source != "local" || j.Search != j.First[0]+" source:local" {
			t.Errorf("%s is judged %s from %s, found by %q", k.Name, d.Verdict, d.Source, j.Search)
		}
		if d.Verdict == "mismatch" {
			if code, text := page.ask("POST", "/api/deliveries/"+j.First[0]+"/replay", "{}"); code != 409 || !strings.Contains(text, "not signed again") {
				t.Errorf("replay of %s: %d %s, want 409 that says why", k.Name, code, text)
			}
		}
	}
	if !comesTrue(func() bool { return taken.Load() == 3 }) {
		t.Errorf("the app has got %d, want the 3 that are rightly signed", taken.Load())
	}
}

// Many at a rate, stopped in the middle; one at a time; then all there is to say of it.
func TestVolleyOfMany(t *testing.T) {
	app, _ := anApp(t)
	page, _ := listening(t, app)
	var j, other jobJSON
	page.into(&j, "POST", "/api/trigger", `{"event":"batch.completed","count":10000,"rate":50}`)
	if j.State != "running" || j.Total != 10_000 || j.Seed == 0 {
		t.Fatalf("started: %+v", j)
	}
	if code, text := page.ask("POST", "/api/trigger", `{"event":"batch.completed","seed":1}`); code != 409 || !strings.Contains(text, "stop it") {
		t.Errorf("a second one: %d %s", code, text)
	}
	if code, text := page.ask("POST", "/api/trigger", `{"event":"batch.completed"}`); code != 202 || text != "{}" {
		t.Errorf("the quick button meanwhile: %d %s", code, text)
	}
	j = page.taken(j, 30)
	page.into(&j, "POST", "/api/trigger/"+j.ID+"/stop", "{}")
	j = page.ended(j)
	if j.State != "stopped" || j.Sent < 30 || j.Sent > 5000 || j.Accepted != j.Sent || len(j.First) != 10 || !strings.HasPrefix(j.Search, j.First[0]+"..d") {
		t.Errorf("stopped: %+v", j)
	}
	page.into(&other, "POST", "/api/trigger", `{"event":"render.failed","seed":3,"count":200,"duplicate":2,"tamper":["body"]}`)
	other = page.ended(other)
	if other.State != "done" || other.Sent != 400 || other.Refused != 400 || other.Unexpected != 0 || other.Statuses["401"] != 400 {
		t.Errorf("200 forgeries, twice: %+v", other)
	}
	if code, _ := page.ask("GET", "/api/trigger/"+j.ID, ""); code != 404 {
		t.Errorf("one before the last: %d", code)
	}
	// The same again is the same deliveries.
	const fixed = `{"event":"render.failed","seed":3,"at":"2026-01-29T10:30:00Z"}`
	page.into(&j, "POST", "/api/trigger", fixed)
	page.ended(j)
	page.into(&other, "POST", "/api/trigger", fixed)
	if other = page.ended(other); len(other.First) != 0 || !strings.HasPrefix(other.Search, `delivery:"del_`) {
		t.Errorf("the same once more: %+v", other)
	}
}

// What makes no sense is refused in words, and nothing is sent.
func TestVolleyBounds(t *testing.T) {
	app, _ := anApp(t)
	page, _ := listening(t, app)
	for body, want := range map[string]string{
		`{"event":"render.completed","count":0}`:                                                  "from 1 to 10000",
		`{"event":"render.completed","count":-1}`:                                                 "from 1 to 10000",
		`{"event":"render.completed","count":1000000000}`:                                         "from 1 to 10000",
		`{"event":"render.completed","count":"5"}`:                                                "not understood",
		`{"event":"render.completed","count":5000,"duplicate":3}`:                                 "more than 10000 requests",
		`{"event":"render.completed","count":5000,"tamper":["all"]}`:                              "more than 10000 requests",
		`{"event":"render.completed","duplicate":0}`:                                              "from 1 to 1000",
		`{"event":"render.completed","rate":0}`:                                                   "the rate",
		`{"event":"render.completed","rate":-5}`:                                                  "the rate",
		`{"event":"render.completed","rate":1e7}`:                                                 "the rate",
		`{"event":"render.completed","rate":1e999}`:                                               "not understood",
		`{"event":"render.completed","rate":"fast"}`:                                              "not understood",
		`{"event":"render.completed","drop":101}`:                                                 "percent",
		`{"event":"render.completed","drop":-1}`:                                                  "percent",
		`{"event":"render.completed","delay":"soon"}`:                                             "delay is",
		`{"event":"render.completed","delay":"9999h"}`:                                            "delay is",
		`{"event":"render.completed","concurrency":0}`:                                            "at once",
		`{"event":"render.completed","concurrency":9999}`:                                         "at once",
		`{"event":"render.completed","tamper":["boddy"]}`:                                         "did you mean body?",
		`{"event":"render.completed","tamper":["` + strings.Repeat(`body","`, 11_000) + `body"]}`: "not understood",
		`{"event":"render.completed","type":"svg"}`:                                               "type is",
		`{"event":"batch.failed","type":"gif"}`:                                                   "only renders",
		`{"event":"render.completed","at":"yesterday"}`:                                           "no time",
		`{"event":"render.completed","id":"two words"}`:                                           "200 characters",
		`{"event":"render.completed","seed":9007199254740994}`:                                    "the seed",
		`{"event":"render.completed","seed":1.5}`:                                                 "not understood",
		`{"event":"made.up","seed":1}`:                                                            "no such type",
		`{"event":"","seed":1}`:                                                                   "no such type",
		`{"event":"render.completed","secret":"x"}`:                                               "not understood",
		`{"event":"render.completed","target":"http://evil.test"}`:                                "not understood",
		`{"scenario":"nonsense"}`:                                                                 "no scenario",
		`{"scenario":"../../etc/passwd"}`:                                                         "no scenario",
		`{"scenario":"forger","count":5}`:                                                         "only the seed",
		`{"scenario":"forger","event":"render.completed"}`:                                        "only the seed",
		`{"event":"render.completed","edits":[{"path":"data.widht","value":"1"}]}`:                "did you mean data.width?",
		`{"event":"render.completed","edits":[{"path":"","value":"1"}]}`:                          "needs a path",
		`{"event":"render.completed","edits":[{"path":"data..x","value":"1","new":true}]}`:        "empty",
		`{"event":"render.completed","edits":[{"path":"data.width.x","value":"1"}]}`:              "no parts",
		`{"event":"render.completed","edits":[{"path":"a=b","value":"1","new":true}]}`:            "cannot be edited here",
		`{"event":"render.completed","edits":[{"path":"data.x","value":"\u0000","new":true}]}`:    "cannot be edited here",
		`{"event":"render.completed","edits":[` + strings.Repeat(`{"path":"data.width","value":"1"},`, 200) + `{"path":"data.width","value":"1"}]}`: "up to 200",
	} {
		for _, path := range []string{"/api/sample", "/api/trigger"} {
			if code, text := page.ask("POST", path, body); code != 400 || !strings.Contains(text, want) {
				t.Errorf("POST %s %.100s = %d %.300s, want 400 and %q", path, body, code, text, want)
			}
		}
	}
	for _, n := range []string{"-1", "1", "99999999"} {
		if code, text := page.ask("POST", "/api/sample", `{"event":"render.completed","n":`+n+`}`); code != 400 || !strings.Contains(text, "no request") {
			t.Errorf("request %s: %d %s", n, code, text)
		}
	}
	if code, _ := page.ask("GET", "/api/schema/made.up", ""); code != 404 {
		t.Errorf("schema of no event: %d", code)
	}
	var list struct{ Deliveries []json.RawMessage }
	if page.into(&list, "GET", "/api/deliveries", ""); len(list.Deliveries) != 0 {
		t.Errorf("%d deliveries have come of it", len(list.Deliveries))
	}
}

// Every scenario that is built in plays to its end, as it is described.
func TestVolleyScenarios(t *testing.T) {
	app, _ := anApp(t)
	page, _ := listening(t, app)
	var kit struct {
		Scenarios []struct {
			Name, About string
			Requests    int
			Steps       []struct{ Name, About string }
		}
	}
	page.into(&kit, "GET", "/api/volleys", "")
	if len(kit.Scenarios) < 2 {
		t.Fatalf("there are %d scenarios", len(kit.Scenarios))
	}
	for _, sc := range kit.Scenarios {
		var j jobJSON
		page.into(&j, "POST", "/api/trigger", fmt.Sprintf(`{"scenario":%q,"seed":11}`, sc.Name))
		j = page.ended(j)
		if j.State != "done" || j.Sent != sc.Requests || j.Unexpected != 0 || len(j.Steps) != len(sc.Steps) || sc.About == "" {
			t.Errorf("%s: %+v, want %d requests", sc.Name, j, sc.Requests)
		}
		for i, st := range j.Steps {
			if st.Name != sc.Steps[i].Name || st.Sent != st.Total || sc.Steps[i].About == "" {
				t.Errorf("%s: step %+v, want %+v", sc.Name, st, sc.Steps[i])
			}
		}
	}
}

// A volley ends with the session, whether or not anybody has stopped it, and before what has
// come of it is handed on: otherwise there would be no end to that.
func TestVolleyEndsWithTheSession(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { // some are always under way
		select {
		case <-time.After(50 * time.Millisecond):
		case <-r.Context().Done():
		}
	}))
	defer app.Close()
	env := []string{"PICTAP_STATE_DIR=" + filepath.Join(t.TempDir(), "state"), "PICTAP_UI_ADDR=127.0.0.1:0", "PICTAP_RECEIVER_ADDR=127.0.0.1:0"}
	l := start(t, env, "listen", app.URL, "--tunnel", "none")
	page := openPage(t, l.nextType("ready").str("inspector"))
	var j jobJSON
	page.into(&j, "POST", "/api/trigger", `{"event":"batch.completed","count":10000,"rate":100}`)
	page.taken(j, 9)
	l.interrupt()
	if bye := l.nextType("bye"); bye["waiting"] != 0.0 || bye["deliveries"].(float64) < 9 {
		t.Errorf("the last line is %v", bye)
	}
}
