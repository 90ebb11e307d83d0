package mock_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

// faults reads rules as the flag --fault does.
func faults(t *testing.T, rules ...string) (all []mock.Fault) {
	t.Helper()
	for _, text := range rules {
		f, err := mock.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

// try makes one request on a connection of its own; unlike ask it lets it fail.
func try(t *testing.T, c *pictify.Client, method, path string, header http.Header) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.BaseURL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Authorization", "Bearer "+c.Key.Reveal())
	resp, err := c.HTTP.Transport.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

// Each way as a client sees it, whether the request asks for it or a rule deals it.
func TestFaultKinds(t *testing.T) {
	const stats = "/webhook-subscriptions/stats"
	plain := start(t, &mock.Server{})
	_, whole, err := try(t, plain, "GET", stats, nil)
	if err != nil {
		t.Fatal(err)
	}
	for what, check := range map[string]func(resp *http.Response, body []byte, err error) bool{
		"500":       func(resp *http.Response, _ []byte, err error) bool { return err == nil && resp.StatusCode == 500 },
		"gone@1ns":  func(resp *http.Response, _ []byte, err error) bool { return err == nil && resp.StatusCode == 404 },
		"reset":     func(_ *http.Response, _ []byte, err error) bool { return errors.Is(err, syscall.ECONNRESET) },
		"empty":     func(_ *http.Response, _ []byte, err error) bool { return errors.Is(err, io.EOF) },
		"hang@20ms": func(_ *http.Response, _ []byte, err error) bool { return errors.Is(err, io.EOF) },
		"truncate": func(_ *http.Response, body []byte, err error) bool {
			return errors.Is(err, io.ErrUnexpectedEOF) && string(body) == string(whole[:len(whole)/2])
		},
		"slow@20ms": func(resp *http.Response, body []byte, err error) bool {
			return err == nil && string(body) == string(whole) && resp.ContentLength == int64(len(whole))
		},
		"type": func(resp *http.Response, body []byte, err error) bool {
			return err == nil && string(body) == string(whole) && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
		},
	} {
		var passed clock
		now := func() time.Time { passed.advance(1); return passed.now() } // for gone
		byRule := start(t, &mock.Server{Faults: mock.Faults{Rules: faults(t, "GET "+stats+"="+what)}, Now: now})
		if what == "gone@1ns" {
			if resp, _, err := try(t, byRule, "GET", stats, nil); err != nil || resp.StatusCode != 200 {
				t.Errorf("gone: the first request already: %v", err)
			}
		}
		if resp, body, err := try(t, byRule, "GET", stats, nil); !check(resp, body, err) {
			t.Errorf("%s by a rule: %+v %s %v", what, resp, body, err)
		}
		if resp, body, err := try(t, byRule, "POST", "/webhook-subscriptions/wh_0/pause", nil); err != nil || resp.StatusCode != 404 {
			t.Errorf("%s by a rule hit another path: %+v %s %v", what, resp, body, err)
		}
		if resp, body, err := try(t, plain, "GET", stats, http.Header{"X-Mock-Fault": {what}}); !check(resp, body, err) {
			t.Errorf("%s by a header: %+v %s %v", what, resp, body, err)
		}
	}
}

// What answers nothing is not carried out; what spoils the answer is.
func TestFaultsAndWhatTheyLeave(t *testing.T) {
	for what, want := range map[string]int{"500": 0, "reset": 0, "empty": 0, "hang@1ms": 0, "truncate": 1, "type": 1, "slow@1ms": 1} {
		api := &mock.Server{Faults: mock.Faults{Rules: faults(t, "POST /webhook-subscriptions="+what)}}
		c := start(t, api)
		c.HTTP.Transport.(*http.Transport).DisableKeepAlives = true
		c.Create(t.Context(), pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: target}, "") // whatever comes of it
		if got := len(api.Subscriptions()); got != want {
			t.Errorf("%s: %d subscriptions, want %d", what, got, want)
		}
	}
}

func TestPrefer(t *testing.T) {
	c := start(t, &mock.Server{})
	for header, want := range map[string]int{
		"code=429": 429, `code="503"`: 503, "respond-async, code=404": 404, "Code=500; foo": 500, "return=minimal": 200, "": 200, "code": 400, "code=200": 400, "code=hang": 400, "code=9999": 400,
	} {
		status, got, body := ask(t, c, "GET", "/webhook-subscriptions", "", http.Header{"Prefer": {header}})
		if status != want {
			t.Errorf("Prefer: %s answered %d %s, want %d", header, status, body, want)
		}
		if want == 429 && header == "code=429" && (got.Get("Retry-After") != "1" || !strings.Contains(body, `"retryAfter":1,"retry_after":1`)) {
			t.Errorf("429 with Retry-After %q: %s", got.Get("Retry-After"), body)
		}
	}
	for _, header := range []string{"nonsense", "500:10%", "slow@2h", "200", "reset@1s"} {
		if status, _, body := ask(t, c, "GET", "/webhook-subscriptions", "", http.Header{"X-Mock-Fault": {header}}); status != 400 || !strings.Contains(body, "X-Mock-Fault: ") {
			t.Errorf("X-Mock-Fault: %s answered %d %s, want 400", header, status, body)
		}
	}
}

// The same seed deals the same faults, each rule has its own, and a reset begins anew.
func TestChanceIsSeeded(t *testing.T) {
	deal := func(l *line) string {
		var fate strings.Builder
		for range 200 {
			code, _ := l.call("GET", "/v1/webhook-subscriptions", "")
			fmt.Fprintf(&fate, "%d", code/100)
		}
		return fate.String()
	}
	server := func(seed uint64, rules ...string) *line {
		return newLine(t, &mock.Server{Faults: mock.Faults{Seed: seed, Rules: faults(t, rules...)}}, 200)
	}
	l := server(1, "GET /webhook-subscriptions=500:10%")
	first := deal(l)
	if n := strings.Count(first, "5"); n != 23 {
		t.Errorf("seed 1 deals %d faults in 200 requests, and dealt 23 when this was written", n)
	}
	if deal(l) == first {
		t.Error("the next 200 requests have the same fate: the dice do not roll")
	}
	l.Reset()
	if again := deal(l); again != first {
		t.Error("after a reset the fate is another one")
	}
	if other := deal(server(1, "GET /webhook-subscriptions=500:10%", "POST /image=404:50%")); other != first {
		t.Error("a rule for other requests changes the fate of these")
	}
	if other := deal(server(2, "GET /webhook-subscriptions=500:10%")); other == first {
		t.Error("another seed deals the same")
	}
	if both := deal(server(1, "*=500:50%", "*=404:50%")); strings.Count(both, "5") < 70 || strings.Count(both, "4") < 30 || strings.Count(both, "2") < 30 {
		t.Errorf("two rules with half of the chance each: %s", both)
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, &mock.Server{Faults: mock.Faults{Seed: 1, Latency: mock.Latency{Min: 50 * time.Millisecond, Max: 200 * time.Millisecond}}}, 200)
		defer l.Close()
		took := map[time.Duration]bool{}
		for range 50 {
			begin := time.Now()
			l.must("GET", "/webhook-subscriptions", "")
			d := time.Since(begin)
			took[d] = true
			if d < 50*time.Millisecond || d > 200*time.Millisecond {
				t.Errorf("an answer took %s", d)
			}
		}
		if len(took) < 40 {
			t.Errorf("%d different latencies in 50 requests", len(took))
		}
	})
}

// What hangs or drips ends with the mock.
func TestReleaseEndsWhatHangs(t *testing.T) {
	api := &mock.Server{}
	c := start(t, api)
	failed := make(chan error, 3)
	for _, what := range []string{"hang", "slow@1h", "hang@1h"} {
		go func() {
			_, _, err := try(t, c, "GET", "/webhook-subscriptions", http.Header{"X-Mock-Fault": {what}})
			failed <- err
		}()
	}
	for len(api.Journal(0, 10)) < 1 { // none of them is over: ask for something that is
		ask(t, c, "GET", "/health", "", nil)
	}
	api.Release()
	for range 3 {
		select {
		case err := <-failed:
			if err == nil {
				t.Error("a request that hung was answered whole")
			}
		case <-time.After(time.Minute):
			t.Fatal("something hangs still")
		}
	}
}

// What is asked for by its status is what the mock answers when it comes to that by itself.
func TestPreferIsAsDocumented(t *testing.T) {
	prefer := func(c *pictify.Client, code string) (http.Header, object) {
		status, header, body := ask(t, c, "GET", "/webhook-subscriptions", "", http.Header{"Prefer": {"code=" + code}})
		if fmt.Sprint(status) != code {
			t.Fatalf("Prefer: code=%s answered %d", code, status)
		}
		var o object
		decodeInto(t, body, &o)
		return header, o
	}
	c := start(t, &mock.Server{Key: pictify.NewSecret("pk_test_1")})
	_, unauthorized := prefer(c, "401")
	refused := api(t, &pictify.Client{BaseURL: c.BaseURL, Key: pictify.NewSecret("wrong"), HTTP: c.HTTP}, 401, "GET /webhook-subscriptions", "")
	if diff := cmp.Diff(refused, unauthorized); diff != "" || refused.text("message") != "Invalid Request" {
		t.Errorf("code=401 is not how a wrong key is refused (-refused +got)\n%s", diff)
	}
	quota := api(t, c, 429, "POST /image", `{"html":"x","variables":{"fail":"QUOTA_EXCEEDED"}}`)
	_, unpaid := prefer(c, "402")
	for _, name := range []string{"code", "message", "type"} {
		if unpaid.text(name) != quota.text(name) {
			t.Errorf("code=402 has the %s %q, want %q as a quota has it", name, unpaid.text(name), quota.text(name))
		}
	}
	for limit, api := range map[string]*mock.Server{
		"300": {}, "60": {NoWebhooks: true}, "7": {Faults: mock.Faults{Limit: mock.Rate{Count: 7, Per: time.Minute}}},
	} {
		header, _ := prefer(start(t, api), "429")
		if got := rateOf(t, header); got != limit+" 0 1769682601 1" {
			t.Errorf("code=429 has the headers %q, want the limit %s", got, limit)
		}
	}
}

// rateOf is what the headers say of a limit: its size, what is left, when it ends, and
// when to come again. One that is there twice fails the test.
func rateOf(t *testing.T, h http.Header) string {
	t.Helper()
	var all []string
	for _, name := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After"} {
		if len(h.Values(name)) > 1 {
			t.Errorf("%s is there twice: %q", name, h.Values(name))
		}
		all = append(all, h.Get(name))
	}
	return strings.Join(all, " ")
}

func TestRateLimit(t *testing.T) {
	var clock clock
	c := start(t, &mock.Server{Now: clock.now, Faults: mock.Faults{Limit: mock.Rate{Count: 3, Per: time.Minute}}})
	get := func(key string) (int, string, string) {
		status, h, body := ask(t, c, "GET", "/webhook-subscriptions", "", http.Header{"Authorization": {key}})
		return status, rateOf(t, h), body
	}
	const reset = "1769682660" // testNow and a minute
	for i, want := range []string{"3 2 " + reset + " ", "3 1 " + reset + " ", "3 0 " + reset + " "} {
		if status, head, _ := get("Bearer a"); status != 200 || head != want {
			t.Errorf("request %d: %d %q, want 200 %q", i+1, status, head, want)
		}
	}
	clock.advance(12500 * time.Millisecond)
	status, head, body := get("Bearer a")
	if status != 429 || head != "3 0 "+reset+" 48" || !strings.Contains(body, "/errors/rate-limit-exceeded") || !strings.Contains(body, `"retryAfter":48,"retry_after":48`) {
		t.Errorf("one too many: %d %q %s", status, head, body)
	}
	if status, head, _ := get("Bearer b"); status != 200 || !strings.HasPrefix(head, "3 2 ") {
		t.Errorf("another key: %d %q", status, head)
	}
	if status, head, _ := get(""); status != 401 || head != "   " {
		t.Errorf("no key: %d %q", status, head)
	}
	clock.advance(47500 * time.Millisecond)
	if status, head, _ := get("Bearer a"); status != 200 || head != "3 2 1769682720 " {
		t.Errorf("in the next window: %d %q", status, head)
	}
	// An answer that is kept back and spoiled says the same.
	if _, h, _ := ask(t, start(t, &mock.Server{Faults: mock.Faults{Limit: mock.Rate{Count: 3, Per: time.Minute}, Rules: faults(t, "*=type")}}), "GET", "/webhook-subscriptions", "", nil); rateOf(t, h) != "3 2 "+reset+" " {
		t.Errorf("with a fault as well: %q", rateOf(t, h))
	}
	for i := range 3000 { // keys that nobody has
		get(fmt.Sprint("Bearer ", i))
	}
}

// Handlers that are out to hurt: each costs its own deliveries and nothing else.
func TestHostileTargets(t *testing.T) {
	stop := make(chan struct{})
	var self atomic.Pointer[string]
	for name, handle := range map[string]http.HandlerFunc{
		"hangs": func(w http.ResponseWriter, r *http.Request) { <-stop },
		"redirects": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, *self.Load(), http.StatusTemporaryRedirect)
		},
		"sends without end": func(w http.ResponseWriter, r *http.Request) {
			for block := bytes.Repeat([]byte("x"), 1<<16); ; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		},
		"drips": func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := w.Write([]byte("x")); err != nil || http.NewResponseController(w).Flush() != nil {
					return
				}
				select {
				case <-stop:
					return
				case <-r.Context().Done():
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		},
		"hangs up": func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			bad, good := newReceiver(t, handle), newReceiver(t, nil)
			self.Store(&bad.URL)
			if name == "hangs" {
				t.Cleanup(func() { close(stop) })
			}
			api := &mock.Server{Dispatcher: &mock.Dispatcher{Timeout: 3 * time.Second}, Ladder: mock.Ladder{Waits: []time.Duration{}}}
			c := start(t, api)
			create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: bad.URL})
			create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: good.URL})
			all := api.Emit(t.Context(), renderFailed)
			if len(all) != 2 || !all[1].OK() || len(good.all()) != 1 {
				t.Fatalf("outcomes %+v", all)
			}
			if sub := api.Subscriptions()[0]; name != "sends without end" && name != "drips" && sub.Status != pictify.Failed {
				t.Errorf("the bad one is %s", sub.Status)
			}
			if len(all[0].Body) > 64<<10 || len(bad.all()) != 1 {
				t.Errorf("%d bytes were kept of the answer, %d requests made", len(all[0].Body), len(bad.all()))
			}
		})
	}
}

// Every attempt is signed anew, with the same id and body.
func TestEachAttemptIsSignedAnew(t *testing.T) {
	var clock clock
	came := make(chan struct{}, 6)
	hook := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		clock.advance(10 * time.Minute)
		w.WriteHeader(500)
		came <- struct{}{}
	})
	api := &mock.Server{Now: clock.now, Ladder: mock.Ladder{Scale: 1e9}}
	sub := create(t, start(t, api), pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: hook.URL})
	first := api.Emit(t.Context(), renderFailed)[0]
	for range 6 {
		select {
		case <-came:
		case <-time.After(time.Minute):
			t.Fatal("an attempt does not come")
		}
	}
	var bodies []string
	at := testNow
	for _, got := range hook.all() {
		if want := signature(sub.Secret.Reveal(), at, got.body); got.header.Get("X-Pictify-Signature") != want {
			t.Errorf("attempt %d is signed %s, want %s", len(bodies)+1, got.header.Get("X-Pictify-Signature"), want)
		}
		if id := got.header.Get("X-Pictify-Delivery-Id"); id != first.ID {
			t.Errorf("attempt %d has the id %s, want %s", len(bodies)+1, id, first.ID)
		}
		bodies = append(bodies, string(got.body))
		at = at.Add(10 * time.Minute)
	}
	want := strings.Repeat(bodies[0]+"\n", 6)
	if diff := cmp.Diff(want, strings.Join(bodies, "\n")+"\n"); diff != "" {
		t.Errorf("bodies (-want +got)\n%s", diff)
	}
}

// Faults of pictures are about all that a URL of a picture leads to, and nothing else.
func TestMediaFaultsByPath(t *testing.T) {
	f, err := mock.ParseMediaFault("503")
	if err != nil {
		t.Fatal(err)
	}
	c := start(t, &mock.Server{Faults: mock.Faults{Rules: []mock.Fault{f}}})
	made := api(t, c, 201, "POST /bindings", `{"templateId":"XL13XACH2V","dataSource":{"type":"static","data":{"n":1}},"mapping":{"name":"n"}}`).text("binding.uid")
	image := path(t, c, api(t, c, 200, "POST /image", `{"html":"x","width":9,"height":9}`).text("url"))
	for path, want := range map[string]int{
		image: 503, "/media/bindings/" + made + ".png": 503, "/media/templates/XL13XACH2V.png": 503, "/b/" + made + ".png": 503, "/v1/b/" + made + ".webp": 503,
		"/r/XL13XACH2V.png?token=x": 503, "/api/r/XL13XACH2V.pdf?token=x": 503,
		"/b/" + made + ".png/url": 200, "/image": 200, "/gif": 200, "/bindings": 200, "/render": 200, "/templates/XL13XACH2V": 200,
	} {
		if got, _, body := ask(t, c, "GET", path, "", nil); got != want {
			t.Errorf("GET %s answered %d %.200s, want %d", path, got, body, want)
		}
	}
}

// Pictures need no key and are not limited.
func TestMediaFaults(t *testing.T) {
	f, err := mock.ParseMediaFault("503:50%")
	if err != nil {
		t.Fatal(err)
	}
	l := newLine(t, &mock.Server{Faults: mock.Faults{Seed: 1, Rules: []mock.Fault{f}, Limit: mock.Rate{Count: 1, Per: time.Hour}}}, 200)
	hit := map[int]int{}
	for range 100 {
		code, _ := l.call("GET", "/media/a/b.png", "")
		hit[code]++
	}
	if hit[503] < 30 || hit[503] > 70 || hit[429] != 0 {
		t.Errorf("answers %v, want half of them 503 and none 429", hit)
	}
	l.must("GET", "/webhook-subscriptions", "")
	if code, _ := l.call("GET", "/webhook-subscriptions", ""); code != 429 {
		t.Errorf("the second API request answered %d, want 429", code)
	}
	if got := l.Journal(0, 1); len(got) != 1 || got[0].Fault != "rate limit" {
		t.Errorf("the journal says %+v", got)
	}
}
