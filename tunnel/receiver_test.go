package tunnel_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

func TestReceiverVerdicts(t *testing.T) {
	body := event(1)
	now := time.Now()
	tests := []struct {
		name, signature string
		status          int
		verdict         pictify.Verdict
	}{
		{"valid", sign(remoteKey, now, body), 200, pictify.Valid},
		{"missing", "", 401, pictify.Unsigned},
		{"another secret", sign(localKey, now, body), 401, pictify.Mismatch},
		{"another body", sign(remoteKey, now, event(2)), 401, pictify.Mismatch},
		{"garbage", "nonsense", 400, pictify.Malformed},
		{"blank after the comma", strings.Replace(sign(remoteKey, now, body), ",", ", ", 1), 400, pictify.Malformed},
		{"too old", sign(remoteKey, now.Add(-400*time.Second), body), 400, pictify.Stale},
		{"from the future", sign(remoteKey, now.Add(330*time.Second), body), 400, pictify.Stale}, // the test may take its time
		{"too old and wrong", sign(localKey, now.Add(-400*time.Second), body), 401, pictify.Mismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := startReceiver(t, &tunnel.Receiver{})
			if res := r.post(t, body, "X-Pictify-Signature", tt.signature); res.StatusCode != tt.status {
				t.Errorf("status %d, want %d", res.StatusCode, tt.status)
			}
			d := r.eventually(t, "it is recorded", func(l []store.Delivery) bool { return len(l) == 1 })[0]
			if d.Verdict != tt.verdict || d.State != store.Kept || string(d.Body) != string(body) {
				t.Errorf("recorded %s, %s, %d bytes, want %s, kept, %d bytes", d.Verdict, d.State, len(d.Body), tt.verdict, len(body))
			}
			if (tt.verdict == pictify.Valid) == (d.Reason != "") {
				t.Errorf("reason %q for verdict %s", d.Reason, d.Verdict)
			}
		})
	}
}

func TestReceiverTwoSignatureLinesAreAmbiguous(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{})
	body := string(event(1))
	good := sign(remoteKey, time.Now(), []byte(body))
	res := r.raw(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nX-Pictify-Signature: %s\r\nX-Pictify-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
		r.Hooks.Path(token), good, good, len(body), body))
	if res.StatusCode != 400 {
		t.Errorf("status %d, want 400", res.StatusCode)
	}
}

// Nothing but the exact path is ours, and what is not ours learns nothing.
func TestReceiverPaths(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{})
	r.Hooks.Set(tunnel.Hook{Token: "retired", Retired: true})
	path := r.Hooks.Path(token)
	tests := []struct {
		method, path string
		status       int
	}{
		{"POST", "/", 404}, {"GET", "/api/deliveries", 404}, {"GET", "/debug/pprof/", 404}, {"GET", "/metrics", 404},
		{"POST", "/" + path, 404}, {"POST", path + "/", 404}, {"POST", "/." + path, 404}, {"POST", "/x/.." + path, 404},
		{"POST", strings.Replace(path, "/in/", "/%69n/", 1), 404}, {"POST", strings.ToUpper(path), 404},
		{"POST", path[:len(path)-1] + "0", 404}, {"POST", path + "?x=1", 404}, {"POST", path + ";x", 404},
		{"POST", path + strings.Repeat("a", 8<<10), 404}, {"POST", "http://x" + path, 404},
		{"GET", path, 405}, {"HEAD", path, 405}, {"PUT", path, 405}, {"DELETE", path, 405}, {"OPTIONS", path, 405}, {"FOO", path, 405},
		{"POST", r.Hooks.Path("retired"), 410},
	}
	for _, tt := range tests {
		res := r.raw(t, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", tt.method, tt.path))
		if res.StatusCode != tt.status {
			t.Errorf("%s %.80s: status %d, want %d", tt.method, tt.path, res.StatusCode, tt.status)
		}
		if res.Header.Get("Server") != "" || res.Header.Get("Location") != "" {
			t.Errorf("%s %.80s: tells too much: %v", tt.method, tt.path, res.Header)
		}
	}
	if list := r.all(t); len(list) != 0 {
		t.Errorf("recorded %s, want nothing", states(list))
	}
}

func TestReceiverWithoutUsableSecretIsClosed(t *testing.T) {
	for name, hook := range map[string]tunnel.Hook{
		"no secret yet":        {Token: token, Source: store.FromPictify},
		"a short secret":       {Token: token, Source: store.FromPictify, Secret: pictify.NewSecret("whsec_short")},
		"no local secret":      {Token: token, Source: store.FromLocal},
		"an unknown source":    {Token: token},
		"registered, no local": {Token: token, Source: store.FromPictify},
	} {
		t.Run(name, func(t *testing.T) {
			r := startReceiver(t, &tunnel.Receiver{})
			r.Hooks.Set(hook)
			body := event(1)
			for _, key := range []string{"", "whsec_short", remoteKey} {
				res := r.post(t, body, "X-Pictify-Signature", sign(key, time.Now(), body))
				if res.StatusCode != 503 || res.Header.Get("Retry-After") != "60" {
					t.Errorf("signed with %q: status %d, Retry-After %q, want 503 and 60", key, res.StatusCode, res.Header.Get("Retry-After"))
				}
			}
		})
	}
}

func TestReceiverLocalHook(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{LocalSecret: pictify.NewSecret(localKey)})
	r.Hooks.Set(tunnel.Hook{Token: token, Source: store.FromLocal})
	body := event(1)
	if res := r.post(t, body, "X-Pictify-Signature", sign(localKey, time.Now(), body)); res.StatusCode != 200 {
		t.Fatalf("status %d, want 200", res.StatusCode)
	}
	if d := r.all(t)[0]; d.Source != store.FromLocal {
		t.Errorf("source %s, want local", d.Source)
	}
}

func TestReceiverBodyLimit(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{MaxBody: 100_000})
	for size, want := range map[int]int{0: 200, 1: 200, 16 << 10: 200, 100_000: 200, 100_001: 413} {
		if res := r.post(t, make([]byte, size)); res.StatusCode != want {
			t.Errorf("%d bytes: status %d, want %d", size, res.StatusCode, want)
		}
	}
	path := r.Hooks.Path(token)
	if res := r.raw(t, "POST "+path+" HTTP/1.1\r\nHost: x\r\nContent-Length: 1099511627776\r\n\r\n"); res.StatusCode != 413 {
		t.Errorf("a declared terabyte: status %d, want 413", res.StatusCode)
	}
	chunked := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", path, 100_001, make([]byte, 100_001))
	if res := r.raw(t, chunked); res.StatusCode != 413 {
		t.Errorf("chunked over the limit: status %d, want 413", res.StatusCode)
	}
}

func TestReceiverMemoryBound(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{MaxMemory: 64 << 10})
	if res := r.post(t, make([]byte, 60<<10)); res.StatusCode != 200 {
		t.Errorf("within the bound: status %d, want 200", res.StatusCode)
	}
	for range 3 { // what one request took has to come back
		if res := r.post(t, make([]byte, 100<<10)); res.StatusCode != 503 {
			t.Errorf("over the bound: status %d, want 503", res.StatusCode)
		}
	}
	if res := r.post(t, make([]byte, 50<<10)); res.StatusCode != 200 {
		t.Errorf("afterwards: status %d, want 200", res.StatusCode)
	}
}

func TestReceiverKeepsHeaderOrder(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{})
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// Several requests on one connection, the next one begun before the answer
	// to the last has been read: the order must survive keep-alive.
	var want [][]store.Field
	for n := range 20 {
		body := event(n)
		list := []store.Field{
			{Name: "zulu", Value: "1"}, {Name: "Host", Value: "hook.test"}, {Name: "X-Twice", Value: fmt.Sprint(n)}, {Name: "alpha", Value: ""},
			{Name: "X-Twice", Value: "second"}, {Name: "x-pictify-SIGNATURE", Value: sign(remoteKey, time.Now(), body)},
			{Name: "Content-Length", Value: fmt.Sprint(len(body))},
		}
		var b strings.Builder
		fmt.Fprintf(&b, "POST %s HTTP/1.1\r\n", r.Hooks.Path(token))
		for _, f := range list {
			fmt.Fprintf(&b, "%s: %s\r\n", f.Name, f.Value)
		}
		fmt.Fprintf(&b, "\r\n%s", body)
		if _, err := io.WriteString(c, b.String()); err != nil {
			t.Fatal(err)
		}
		r.eventually(t, "it is stored", func(l []store.Delivery) bool { return len(l) == n+1 })
		want = append(want, list)
	}
	for n, d := range r.all(t) {
		if diff := cmp.Diff(want[n], d.Header); diff != "" {
			t.Errorf("delivery %d (-sent +stored):\n%s", n, diff)
		}
	}
}

func TestReceiverPipelinedHeadersAreStillRight(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{})
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var b strings.Builder
	for n := range 5 {
		body := event(n)
		fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nX-N: %d\r\nHost: x\r\nX-Pictify-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
			r.Hooks.Path(token), n, sign(remoteKey, time.Now(), body), len(body), body)
	}
	if _, err := io.WriteString(c, b.String()); err != nil {
		t.Fatal(err)
	}
	list := r.eventually(t, "all are stored", func(l []store.Delivery) bool { return len(l) == 5 })
	for n, d := range list { // order may be lost here, values must not be
		if got := store.FieldValue(d.Header, "X-N"); got != fmt.Sprint(n) {
			t.Errorf("delivery %d has the header of %s", n, got)
		}
	}
}

func TestReceiverSlowBody(t *testing.T) {
	// The deadline itself belongs to net/http; what matters is that half a body
	// is never a delivery.
	r := startReceiver(t, &tunnel.Receiver{})
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	body := event(1)
	fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nX-Pictify-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
		r.Hooks.Path(token), sign(remoteKey, time.Now(), body), len(body)+1, body)
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.Copy(io.Discard, c) // until it hangs up
	c.Close()
	if list := r.all(t); len(list) != 0 {
		t.Errorf("recorded %s, want nothing", states(list))
	}
}

func TestReceiverStoreFault(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{})
	r.Store.Close()
	if res := r.post(t, event(1)); res.StatusCode != 503 || res.Header.Get("Retry-After") != "60" {
		t.Errorf("status %d, Retry-After %q, want 503 and 60: what is not stored is not acknowledged", res.StatusCode, res.Header.Get("Retry-After"))
	}
}

func TestReceiverOddBodies(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{})
	bodies := []string{"null", "[]", `"x"`, "1", "{}", `{"data":null}`, `{"event":{}}`, `{"event":"a","data":{"url":5}}`, "plain", "",
		"\xef\xbb\xbf{}", "\x00", "\xff\xfe", `{"event":"\u0000"}`, strings.Repeat("[", 100_000), `{"event":"x","event":"y"}`, `{"n":1e400}`}
	for _, b := range bodies {
		if res := r.post(t, []byte(b)); res.StatusCode != 200 {
			t.Errorf("%.20q: status %d, want 200", b, res.StatusCode)
		}
	}
	for i, d := range r.all(t) {
		if string(d.Body) != bodies[i] {
			t.Errorf("%.20q stored as %.20q", bodies[i], d.Body)
		}
	}
}

func TestReceiverRepeats(t *testing.T) {
	app := newApp(t, nil)
	r := startReceiver(t, &tunnel.Receiver{Forwarder: &tunnel.Forwarder{Target: target(t, app.URL), Secret: pictify.NewSecret(localKey)}})
	body := event(1)
	signature := sign(remoteKey, time.Now(), body)
	for range 5 {
		if res := r.post(t, body, "X-Pictify-Signature", signature, "X-Pictify-Delivery-Id", "del_1"); res.StatusCode != 200 {
			t.Fatalf("status %d, want 200", res.StatusCode)
		}
	}
	// the same signature under another id is still the same request
	r.post(t, body, "X-Pictify-Signature", signature, "X-Pictify-Delivery-Id", "del_2")
	list := r.eventually(t, "it is done", allDone(1))
	if list[0].Arrivals != 6 || len(app.requests()) != 1 {
		t.Errorf("arrivals %d, forwarded %d times, want 6 and once", list[0].Arrivals, len(app.requests()))
	}
}

func TestProbe(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{})
	other := startReceiver(t, &tunnel.Receiver{})
	if err := r.Probe(t.Context(), http.DefaultClient, "http://"+r.addr); err != nil {
		t.Errorf("own URL: %v", err)
	}
	if err := r.Probe(t.Context(), http.DefaultClient, "http://"+other.addr); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("somebody else's URL: %v, want ErrNotOurs with the status", err)
	}
	if list := r.all(t); len(list) != 0 {
		t.Errorf("a probe was recorded: %s", states(list))
	}
}

// net/http adds a field to requests with an old one: it is not the sender's.
func TestReceiverInventsNoHeader(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{})
	body := string(event(1))
	r.raw(t, fmt.Sprintf("POST %s HTTP/1.1\r\nzulu: 1\r\nPragma: no-cache\r\nHost: x\r\nX-Pictify-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
		r.Hooks.Path(token), sign(remoteKey, time.Now(), []byte(body)), len(body), body))
	var names []string
	for _, f := range r.all(t)[0].Header {
		names = append(names, f.Name)
	}
	if want := []string{"zulu", "Pragma", "Host", "X-Pictify-Signature", "Content-Length"}; !cmp.Equal(want, names) {
		t.Errorf("stored %v, want %v", names, want)
	}
}
