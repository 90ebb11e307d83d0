package tunnel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pictap/mock"
	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

const publicURL = "https://abc.ngrok.app" // of our tunnel, and of a colleague's now and then

// An account is a team's account at the mock: other people's subscriptions are
// in it, and what is asked of it is counted and can go wrong.
type account struct {
	*mock.Server
	client *pictify.Client
	others []pictify.Subscription

	mu     sync.Mutex
	asked  []string                            // "POST", "GET", …
	keys   []string                            // idempotency keys of creates
	pauses []time.Duration                     // waited by registrars
	news   []tunnel.SubscriptionNotice         // told by registrars
	fault  func(*http.Request) *mock.Trouble   // nil: all is well
	edit   func(*http.Request, []byte) []byte  // changes answers; nil: none
	hold   func(*http.Request) <-chan struct{} // answers only when that is closed; nil: at once
}

// lookalikes are target URLs that resemble ours in every way but the one that
// counts.
var lookalikes = []string{
	publicURL + "/in/ffffffffffffffffffffffffffffffff/" + token, // a colleague on the same static domain
	publicURL + "/in/" + install + "0/" + token,
	publicURL + "/in/" + install + "/" + token + "?for=them",
	publicURL + "/in/0" + install + "/" + token,
	publicURL + "/in/" + install,
	publicURL + "/in/" + install + "/",
	publicURL + "/in/" + install + "/" + token + "/more",
	publicURL + "/in/" + strings.ToUpper(install) + "/" + token,
	publicURL + "/in/%30" + install[1:] + "/" + token,
	publicURL + "/IN/" + install + "/" + token,
	publicURL + "/theirs/in/" + install + "/" + token,
	publicURL + "//in/" + install + "/" + token,
	publicURL + "/hook?next=/in/" + install + "/" + token,
	"https://in." + install + ".example.com/" + token,
	"https://example.com/" + install,
}

// newAccount has a few subscriptions of teammates in it.
func newAccount(t testing.TB) *account {
	t.Helper()
	a := emptyAccount(t)
	for _, u := range lookalikes[:3] {
		a.teammate(t, u)
	}
	return a
}

func emptyAccount(t testing.TB) *account {
	t.Helper()
	a := &account{Server: &mock.Server{}}
	a.Trouble = func(r *http.Request) *mock.Trouble {
		a.mu.Lock()
		a.asked = append(a.asked, r.Method)
		if r.Method == "POST" {
			a.keys = append(a.keys, r.Header.Get("Idempotency-Key"))
		}
		fault := a.fault
		a.mu.Unlock()
		if fault == nil {
			return nil
		}
		return fault(r)
	}
	srv := httptest.NewServer(a)
	t.Cleanup(func() { srv.Close(); a.Close() })
	a.client = a.newClient(t, srv.URL)
	return a
}

func (a *account) newClient(t testing.TB, base string) *pictify.Client {
	transport := &http.Transport{DisableKeepAlives: true} // net/http repeats requests on kept ones by itself
	t.Cleanup(transport.CloseIdleConnections)
	return &pictify.Client{BaseURL: base, Key: pictify.NewSecret("pk_test_1"), HTTP: &http.Client{Transport: transport}}
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	edit, hold := a.edit, a.hold
	a.mu.Unlock()
	if hold != nil {
		if c := hold(r); c != nil {
			io.Copy(io.Discard, r.Body) // only then is it noticed when the client hangs up
			select {
			case <-c:
			case <-r.Context().Done():
			}
			return
		}
	}
	if edit == nil {
		a.Server.ServeHTTP(w, r)
		return
	}
	rec := httptest.NewRecorder()
	a.Server.ServeHTTP(rec, r)
	w.WriteHeader(rec.Code)
	w.Write(edit(r, rec.Body.Bytes()))
}

func (a *account) teammate(t testing.TB, target string) {
	t.Helper()
	_, err := a.client.Create(t.Context(), pictify.NewSubscription{Event: pictify.RenderCompleted, TargetURL: target}, "")
	if err != nil {
		t.Fatal(err)
	}
	a.others = a.Subscriptions()
	a.set(nil)
}

// set makes things go wrong, or right again, from here on.
func (a *account) set(fault func(*http.Request) *mock.Trouble) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fault, a.asked, a.keys = fault, nil, nil
}

// change makes answers, and the moment of answers, different from here on.
func (a *account) change(edit func(*http.Request, []byte) []byte, hold func(*http.Request) <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.edit, a.hold = edit, hold
}

// told returns what registrars told, and forgets it.
func (a *account) told() []tunnel.SubscriptionNotice {
	a.mu.Lock()
	defer a.mu.Unlock()
	news := a.news
	a.news = nil
	return news
}

func (a *account) count(method string) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range a.asked {
		if method == "" || m == method {
			n++
		}
	}
	return n
}

func (a *account) methods() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

// whats are what registrars told, without what recurs on each wait.
func (a *account) whats() (list []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range a.news {
		if n.What != "waiting" {
			list = append(list, n.What)
		}
	}
	return list
}

// ours returns the subscriptions that are not other people's, and fails the
// test when one of those has been touched.
func (a *account) ours(t testing.TB) (list []pictify.Subscription) {
	t.Helper()
	var others []pictify.Subscription
	for _, sub := range a.Subscriptions() {
		if slices.ContainsFunc(a.others, func(o pictify.Subscription) bool { return o.UID == sub.UID }) {
			others = append(others, sub)
		} else {
			list = append(list, sub)
		}
	}
	if diff := cmp.Diff(a.others, others, cmpopts.EquateComparable()); diff != "" {
		t.Errorf("other people's subscriptions (-before +after):\n%s", diff)
	}
	return list
}

func (a *account) mustBeAsBefore(t testing.TB) {
	t.Helper()
	for _, sub := range a.ours(t) {
		t.Errorf("left behind: %s %s %s %s", sub.UID, sub.Event, sub.Status, sub.TargetURL)
	}
}

// A home is one installation: its database, its paths and its receiver.
type home struct {
	*tunnel.Registrar
	*account
	rc *tunnel.Receiver
}

// emptyDatabase is a database of an installation that has its local paths. To
// copy it is quicker than to make it, a hundred times.
var emptyDatabase = sync.OnceValue(func() []byte {
	dir, err := os.MkdirTemp("", "pictap")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, store.FileName)
	s, err := store.Open(path, store.Options{})
	if err == nil {
		err = tunnel.LoadHooks(context.Background(), s, &tunnel.Hooks{Install: install})
	}
	if err != nil {
		panic(err)
	}
	if err := s.Close(); err != nil {
		panic(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return data
})

// newHome opens the database in the file path, "" for a new one.
func (a *account) newHome(t testing.TB, path string) *home {
	t.Helper()
	if path == "" {
		path = filepath.Join(t.TempDir(), store.FileName)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(path, emptyDatabase(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := openStore(t, path)
	hooks := &tunnel.Hooks{Install: install}
	if err := tunnel.LoadHooks(t.Context(), s, hooks); err != nil {
		t.Fatal(err)
	}
	return &home{
		Registrar: &tunnel.Registrar{
			API: a.client, Store: s, Hooks: hooks, Types: pictify.Subscribable(),
			Wait: func(ctx context.Context, d time.Duration) error {
				a.mu.Lock()
				defer a.mu.Unlock()
				a.pauses = append(a.pauses, d)
				return ctx.Err()
			},
			Notify: func(n tunnel.SubscriptionNotice) {
				a.mu.Lock()
				defer a.mu.Unlock()
				a.news = append(a.news, n)
			},
		},
		account: a,
		rc:      &tunnel.Receiver{Hooks: hooks, Store: s},
	}
}

func (h *home) start(t testing.TB) {
	t.Helper()
	if err := h.Start(t.Context(), publicURL); err != nil {
		t.Fatalf("Start: %v", err)
	}
}

// rows returns the registered subscriptions in the store that are not retired.
func (h *home) rows(t testing.TB) (list []store.Subscription) {
	t.Helper()
	all, err := h.Store.Subscriptions(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range all {
		if row.Kind == store.Registered && row.State != store.Retired {
			list = append(list, row)
		}
	}
	return list
}

// deliver sends a delivery to a target URL, signed with key, and returns the
// receiver's status.
func (h *home) deliver(target, key string) int {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	body := event(1)
	r := httptest.NewRequest("POST", u.Path, bytes.NewReader(body))
	r.Header.Set("X-Pictify-Signature", sign(key, time.Now(), body))
	w := httptest.NewRecorder()
	h.rc.ServeHTTP(w, r)
	return w.Code
}

// mustDeliver fails the test unless there is exactly one active subscription for
// each of types, its path is open, and its secret alone opens it.
func (h *home) mustDeliver(t testing.TB, public string, types ...pictify.EventType) {
	t.Helper()
	var got []pictify.EventType
	for _, sub := range h.ours(t) {
		got = append(got, sub.Event)
		if sub.Status != pictify.Active || !strings.HasPrefix(sub.TargetURL, public+"/in/"+install+"/") {
			t.Errorf("%s is %s at %s", sub.Event, sub.Status, sub.TargetURL)
		}
		if code := h.deliver(sub.TargetURL, sub.Secret.Reveal()); code != 200 {
			t.Errorf("a delivery of %s is answered %d, want 200", sub.Event, code)
		}
		if code := h.deliver(sub.TargetURL, "whsec_somebody_elses_0123"); code != 401 {
			t.Errorf("a forged delivery of %s is answered %d, want 401", sub.Event, code)
		}
	}
	slices.Sort(got)
	slices.Sort(types)
	if diff := cmp.Diff(types, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("subscribed (-want +got):\n%s", diff)
	}
	var live []pictify.EventType
	for _, row := range h.Live() {
		live = append(live, row.Event)
	}
	if slices.Sort(live); !slices.Equal(live, got) {
		t.Errorf("Live has %s, Pictify %s", live, got)
	}
}

// mustBeClosed fails the test if a path of ours accepts anything, whatever it
// may be signed with, or the store still counts on a subscription.
func (h *home) mustBeClosed(t testing.TB) {
	t.Helper()
	if rows := h.rows(t); len(rows) != 0 {
		t.Errorf("the store still has %+v", rows)
	}
	all, err := h.Store.Subscriptions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range all {
		if row.Kind != store.Registered {
			continue
		}
		for _, key := range []string{"", "short", "whsec_short_one"} {
			// 401 where there was a secret: paths that were open go on verifying
			if code := h.deliver(row.TargetURL, key); code != 410 && code != 401 {
				t.Errorf("the path of %s answers %d, want 410 or 401", row.Event, code)
			}
		}
	}
	if len(h.Live()) != 0 {
		t.Errorf("Live still has %d", len(h.Live()))
	}
}

// on makes a fault for requests of one method only, from the first-th to before
// the end-th of them; end 0 means for ever.
func on(method string, first, end int, fault mock.Trouble) func(*http.Request) *mock.Trouble {
	var mu sync.Mutex
	n := 0
	return func(r *http.Request) *mock.Trouble {
		if r.Method != method {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if n++; n >= first && (n < end || end == 0) {
			return &fault
		}
		return nil
	}
}

func TestStartSubscribesToWhatIsAccepted(t *testing.T) {
	a := newAccount(t)
	for _, u := range lookalikes {
		a.teammate(t, u)
	}
	h := a.newHome(t, "")
	h.Types = pictify.EventTypes()
	a.set(func(r *http.Request) *mock.Trouble {
		if r.Method != "POST" {
			return nil
		}
		// At this moment the intent is on disk, and the path exists but is closed.
		var n pictify.NewSubscription
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err := errors.Join(err, json.Unmarshal(body, &n)); err != nil {
			t.Error(err)
		}
		row := h.rows(t)[len(h.rows(t))-1]
		if row.State != store.Intended || row.TargetURL != n.TargetURL || row.Event != n.Event || row.IdempotencyKey != r.Header.Get("Idempotency-Key") {
			t.Errorf("the store has %+v while %+v is asked for", row, n)
		}
		for _, key := range []string{"", remoteKey} {
			if code := h.deliver(n.TargetURL, key); code != 503 {
				t.Errorf("the path of %s answers %d before its secret is known, want 503", n.Event, code)
			}
		}
		return nil
	})
	h.start(t)
	h.mustDeliver(t, publicURL, pictify.Subscribable()...)
	for i, sub := range a.ours(t) {
		row := h.rows(t)[i]
		if row.State != store.Live || row.UID != sub.UID || !row.Secret.Equal(sub.Secret) || row.API != a.client.BaseURL {
			t.Errorf("the store has %+v of %s", row, sub.UID)
		}
	}
	want := []string{"created", "created", "refused", "refused", "created", "created"}
	if diff := cmp.Diff(want, a.whats()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	for _, n := range a.told() {
		if n.What == "refused" && (!strings.HasPrefix(string(n.Event), "batch.") || !errors.Is(n.Err, pictify.ErrRefused)) {
			t.Errorf("told %+v", n)
		}
	}
	removed, left := h.Stop(t.Context())
	if len(removed) != 4 || len(left) != 0 {
		t.Errorf("Stop removed %d and left %v, want 4 and none", len(removed), left)
	}
	a.mustBeAsBefore(t)
	h.mustBeClosedAfterStop(t)
}

// mustBeClosedAfterStop is mustBeClosed for the store alone: paths go on
// answering until the tunnel is closed.
func (h *home) mustBeClosedAfterStop(t testing.TB) {
	t.Helper()
	if rows := h.rows(t); len(rows) != 0 {
		t.Errorf("the store still has %+v", rows)
	}
}

func TestStartFailsWhenAllAreRefused(t *testing.T) {
	a := newAccount(t)
	h := a.newHome(t, "")
	h.Types = []pictify.EventType{pictify.BatchCompleted, "invented.type"}
	if err := h.Start(t.Context(), publicURL); !errors.Is(err, pictify.ErrRefused) {
		t.Errorf("Start = %v, want %v", err, pictify.ErrRefused)
	}
	a.mustBeAsBefore(t)
	h.mustBeClosed(t)
}

// What a create can be answered, and what then happens: at the first and at the
// fourth type, for ever or once.
func TestCreateFaults(t *testing.T) {
	t.Parallel()
	type outcome int
	const (
		skipped outcome = iota // the type is left out, the others are subscribed to
		fatal                  // error at once
		patient                // tried again, then an error
	)
	faults := map[string]struct {
		trouble mock.Trouble
		then    outcome
		is      error
	}{
		"400":                   {mock.Trouble{Status: 400}, skipped, nil},
		"409":                   {mock.Trouble{Status: 409}, skipped, nil},
		"422":                   {mock.Trouble{Status: 422}, skipped, nil},
		"401":                   {mock.Trouble{Status: 401}, fatal, pictify.ErrUnauthorized},
		"403":                   {mock.Trouble{Status: 403}, fatal, pictify.ErrForbidden},
		"404":                   {mock.Trouble{Status: 404}, fatal, pictify.ErrNotFound},
		"redirect":              {mock.Trouble{Status: 307, Header: http.Header{"Location": {"/elsewhere"}}}, fatal, nil},
		"429":                   {mock.Trouble{Status: 429}, patient, pictify.ErrRateLimited},
		"500":                   {mock.Trouble{Status: 500}, patient, nil},
		"502 after the commit":  {mock.Trouble{Status: 502, Commit: true}, patient, nil},
		"503":                   {mock.Trouble{Status: 503}, patient, nil},
		"504":                   {mock.Trouble{Status: 504}, patient, nil},
		"504 after the commit":  {mock.Trouble{Status: 504, Commit: true}, patient, nil},
		"cut before the commit": {mock.Trouble{}, patient, nil},
		"cut after the commit":  {mock.Trouble{Commit: true}, patient, nil},
		"breaks off":            {mock.Trouble{Status: 201, Commit: true, Header: http.Header{"Content-Length": {"5000"}}, Body: `{"subscription":{`}, patient, nil},
	}
	for name, f := range faults {
		for _, at := range []int{1, 4} {
			for _, once := range []bool{true, false} {
				if once && f.then == fatal {
					continue // the first is the last
				}
				t.Run(fmt.Sprintf("%s/at %d/once=%t", name, at, once), func(t *testing.T) {
					a := newAccount(t)
					h := a.newHome(t, "")
					end := 0
					if once {
						end = at + 1
					}
					a.set(on("POST", at, end, f.trouble))
					err := h.Start(t.Context(), publicURL)
					switch {
					case f.then == skipped && once:
						want := slices.Delete(slices.Clone(h.Types), at-1, at)
						h.mustDeliver(t, publicURL, want...)
					case f.then == skipped && at > 1:
						h.mustDeliver(t, publicURL, h.Types[:at-1]...)
					case f.then == patient && once:
						h.mustDeliver(t, publicURL, h.Types...)
					default:
						if err == nil || f.is != nil && !errors.Is(err, f.is) {
							t.Errorf("Start = %v, want %v", err, f.is)
						}
						a.mustBeAsBefore(t)
						h.mustBeClosed(t)
						err = nil
					}
					if err != nil {
						t.Errorf("Start = %v", err)
					}
					if n := a.count("POST"); n > 8 {
						t.Errorf("%d creates for 4 types", n)
					}
					if n := a.count(""); n > 20 {
						t.Errorf("%d requests: %v", n, a.methods())
					}
					a.set(nil)
					h.Stop(t.Context())
					a.mustBeAsBefore(t)
					h.mustBeClosedAfterStop(t)
				})
			}
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 29, 10, 0, 0, 0, time.UTC)
	const own = 300 * time.Millisecond // what is waited when nothing is said
	for header, want := range map[string]time.Duration{
		"2": 2 * time.Second, "": own, "-1": own, "abc": own, "0": own, "999999": pictify.MaxRetryAfter,
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		now.Add(-time.Hour).Format(http.TimeFormat):       own,
	} {
		t.Run(header, func(t *testing.T) {
			a := newAccount(t)
			a.client.Now = func() time.Time { return now }
			h := a.newHome(t, "")
			trouble := mock.Trouble{Status: 429}
			if header != "" {
				trouble.Header = http.Header{"Retry-After": {header}}
			}
			a.set(on("POST", 1, 2, trouble))
			h.start(t)
			h.mustDeliver(t, publicURL, h.Types...)
			if diff := cmp.Diff([]time.Duration{want}, a.pauses); diff != "" {
				t.Errorf("waited (-want +got):\n%s", diff)
			}
		})
	}
}

// A wait does not outlast the context.
func TestInterruptedWhileWaiting(t *testing.T) {
	a := newAccount(t)
	h := a.newHome(t, "")
	a.set(on("POST", 3, 0, mock.Trouble{Status: 429, Header: http.Header{"Retry-After": {"100"}}}))
	h.Wait = nil
	ctx, cancel := context.WithCancel(t.Context())
	notify := h.Notify
	h.Notify = func(n tunnel.SubscriptionNotice) {
		if notify(n); n.What == "waiting" {
			cancel()
		}
	}
	if err := h.Start(ctx, publicURL); !errors.Is(err, context.Canceled) {
		t.Errorf("Start = %v, want %v", err, context.Canceled)
	}
	a.mustBeAsBefore(t)
	h.mustBeClosed(t)
}

// Interrupted while the create is under way: it may have been carried out.
func TestInterruptedDuringCreate(t *testing.T) {
	a := newAccount(t)
	h := a.newHome(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	a.change(func(r *http.Request, answer []byte) []byte {
		if r.Method == "POST" && a.count("POST") == 3 { // it has been carried out by now
			cancel()
			panic(http.ErrAbortHandler)
		}
		return answer
	}, nil)
	if err := h.Start(ctx, publicURL); err == nil {
		t.Error("Start = nil, want an error")
	}
	a.mustBeAsBefore(t)
	h.mustBeClosed(t)
}

// An answer that cannot be relied on opens no path, whether or not the
// subscription was made, and whether or not the service knows idempotency keys.
func TestStrangeCreateAnswers(t *testing.T) {
	t.Parallel()
	change := func(f func(map[string]any)) func([]byte) []byte {
		return func(answer []byte) []byte {
			var v struct{ Subscription map[string]any }
			if err := json.Unmarshal(answer, &v); err != nil {
				t.Fatal(err)
			}
			f(v.Subscription)
			out, err := json.Marshal(map[string]any{"subscription": v.Subscription})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
	is := func(text string) func([]byte) []byte { return func([]byte) []byte { return []byte(text) } }
	for name, edit := range map[string]func([]byte) []byte{
		"html":                 is("<html>sign in</html>"),
		"nothing":              is(""),
		"truncated":            func(b []byte) []byte { return b[:len(b)/2] },
		"duplicate keys":       func(b []byte) []byte { return append([]byte(`{"subscription":null,`), b[1:]...) },
		"two uids":             is(`{"uid":"wh_1","uid":"wh_2","secret":"whsec_0123456789abcdef"}`),
		"no uid":               change(func(s map[string]any) { delete(s, "uid") }),
		"uid that climbs":      change(func(s map[string]any) { s["uid"] = "../x" }),
		"uid of many lines":    change(func(s map[string]any) { s["uid"] = "wh_1\nwh_2" }),
		"no secret":            change(func(s map[string]any) { delete(s, "secret") }),
		"null secret":          change(func(s map[string]any) { s["secret"] = nil }),
		"empty secret":         change(func(s map[string]any) { s["secret"] = "" }),
		"short secret":         change(func(s map[string]any) { s["secret"] = "whsec_short_one" }),
		"secret of two lines":  change(func(s map[string]any) { s["secret"] = "whsec_0123456789\nabcdef" }),
		"secret of a megabyte": change(func(s map[string]any) { s["secret"] = strings.Repeat("x", 1<<20) }),
		"two megabytes":        func(b []byte) []byte { return append(b, bytes.Repeat([]byte(" "), 2<<20)...) },
	} {
		for _, forgetful := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/forgetful=%t", name, forgetful), func(t *testing.T) {
				a := newAccount(t)
				h := a.newHome(t, "")
				a.change(func(r *http.Request, answer []byte) []byte {
					if r.Method == "POST" && a.count("POST") > 1 { // the first type works
						return edit(answer)
					}
					return answer
				}, nil)
				if forgetful {
					a.set(func(r *http.Request) *mock.Trouble { r.Header.Del("Idempotency-Key"); return nil })
				}
				if err := h.Start(t.Context(), publicURL); err == nil {
					t.Error("Start = nil, want an error")
				} else if len(err.Error()) > 1000 {
					t.Errorf("Start = %d bytes of error", len(err.Error()))
				}
				a.mustBeAsBefore(t)
				h.mustBeClosed(t)
				if n := a.count(""); n > 40 {
					t.Errorf("%d requests: %v", n, a.methods())
				}
			})
		}
	}
}

// A service that shows a secret once, even to the same idempotency key, has it
// lost with the answer: another subscription takes its place.
func TestSecretLostWithTheAnswer(t *testing.T) {
	a := newAccount(t)
	h := a.newHome(t, "")
	lost := on("POST", 2, 3, mock.Trouble{Commit: true})
	var shown sync.Map // keys whose secret was sent
	a.set(func(r *http.Request) *mock.Trouble {
		trouble := lost(r)
		if trouble != nil {
			shown.Store(r.Header.Get("Idempotency-Key"), true)
		}
		return trouble
	})
	a.change(func(r *http.Request, answer []byte) []byte {
		if _, before := shown.Load(r.Header.Get("Idempotency-Key")); before && r.Method == "POST" {
			return bytes.ReplaceAll(answer, []byte(`"secret"`), []byte(`"hidden"`))
		}
		return answer
	}, nil)
	h.start(t)
	h.mustDeliver(t, publicURL, h.Types...)
	h.Stop(t.Context())
	a.mustBeAsBefore(t)
}

func TestLostAnswer(t *testing.T) {
	for _, forgetful := range []bool{false, true} {
		t.Run(fmt.Sprintf("forgetful=%t", forgetful), func(t *testing.T) {
			a := newAccount(t)
			h := a.newHome(t, "")
			lost := on("POST", 2, 4, mock.Trouble{Commit: true})
			a.set(func(r *http.Request) *mock.Trouble {
				if forgetful {
					r.Header.Del("Idempotency-Key")
				}
				return lost(r)
			})
			h.start(t)
			h.mustDeliver(t, publicURL, h.Types...)
			a.mu.Lock()
			keys := a.keys
			a.mu.Unlock()
			if len(keys) != 6 || keys[1] != keys[2] || keys[2] != keys[3] || keys[0] == keys[1] || keys[3] == keys[4] || len(keys[0]) < 20 {
				t.Errorf("idempotency keys %q, want the second one three times", keys)
			}
			h.Stop(t.Context())
			a.mustBeAsBefore(t)
		})
	}
}

func TestEarlierSubscriptionsAreUsedAgain(t *testing.T) {
	dir := t.TempDir()
	a := newAccount(t)
	first := a.newHome(t, dir+"/1.db")
	first.start(t)
	before := a.ours(t)
	first.Store.Close() // and nothing is removed: kill -9, or --on-exit keep

	t.Run("same wishes, another URL", func(t *testing.T) {
		h := a.newHome(t, dir+"/1.db")
		if err := h.Start(t.Context(), "https://other.ngrok.app/"); err != nil {
			t.Fatal(err)
		}
		h.mustDeliver(t, "https://other.ngrok.app", h.Types...)
		for i, sub := range a.ours(t) {
			if sub.UID != before[i].UID || !sub.Secret.Equal(before[i].Secret) || a.whats()[4+i] != "reused" {
				t.Errorf("%s was replaced by %s, want it reused", before[i].UID, sub.UID)
			}
		}
	})
	t.Run("fewer types", func(t *testing.T) {
		h := a.newHome(t, dir+"/1.db")
		h.Types = h.Types[:2]
		h.start(t)
		h.mustDeliver(t, publicURL, h.Types...)
		if got := a.ours(t); got[0].UID != before[0].UID || got[1].UID != before[1].UID {
			t.Error("those still wanted were replaced")
		}
	})
	t.Run("other filters", func(t *testing.T) {
		h := a.newHome(t, dir+"/1.db")
		h.Filters = pictify.Filters{TemplateID: "tmpl_1"}
		h.start(t)
		h.mustDeliver(t, publicURL, h.Types...)
		for _, sub := range a.ours(t) {
			if sub.Filters != h.Filters {
				t.Errorf("%s has filters %+v", sub.UID, sub.Filters)
			}
			if slices.ContainsFunc(before, func(b pictify.Subscription) bool { return b.UID == sub.UID }) {
				t.Errorf("%s was kept although its filters differ", sub.UID)
			}
		}
		for _, row := range before {
			if code := h.deliver(row.TargetURL, row.Secret.Reveal()); code != 410 {
				t.Errorf("a replaced path answers %d, want 410", code)
			}
		}
	})
	t.Run("somebody changed the filters", func(t *testing.T) {
		h := a.newHome(t, dir+"/1.db")
		h.start(t)
		changed := a.ours(t)[0].UID
		a.Edit(changed, func(s *pictify.Subscription) { s.Filters.TemplateID = "tmpl_2" })
		again := a.newHome(t, dir+"/1.db")
		again.start(t)
		again.mustDeliver(t, publicURL, h.Types...)
		if slices.ContainsFunc(a.ours(t), func(s pictify.Subscription) bool { return s.UID == changed }) {
			t.Error("a subscription with filters that nobody asked for was used again")
		}
	})
	t.Run("secret not known", func(t *testing.T) { // such as after the database was lost
		h := a.newHome(t, "")
		h.start(t)
		h.mustDeliver(t, publicURL, h.Types...)
		h.Stop(t.Context())
		a.mustBeAsBefore(t)
	})
	t.Run("they are gone", func(t *testing.T) {
		h := a.newHome(t, dir+"/1.db")
		h.start(t)
		h.mustDeliver(t, publicURL, h.Types...)
		h.Stop(t.Context())
		a.mustBeAsBefore(t)
	})
}

// A service where PUT cannot change the status, or says so and does not, has
// another way to resume (the documents differ).
func TestPausedIsResumedOneWayOrTheOther(t *testing.T) {
	for name, edit := range map[string]func(*account, *http.Request) *mock.Trouble{
		"PUT works": func(*account, *http.Request) *mock.Trouble { return nil },
		"PUT refuses a status": func(a *account, r *http.Request) *mock.Trouble {
			if r.Method == "PUT" {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				if bytes.Contains(body, []byte(`"status"`)) {
					return &mock.Trouble{Status: 400}
				}
			}
			return nil
		},
		"PUT ignores a status": func(a *account, r *http.Request) *mock.Trouble {
			if r.Method == "PUT" {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(body, []byte(`"status"`), []byte(`"ignored"`))))
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir() + "/1.db"
			a := newAccount(t)
			h := a.newHome(t, path)
			h.start(t)
			before := a.ours(t)
			for _, sub := range before {
				a.Edit(sub.UID, func(s *pictify.Subscription) { s.Status = pictify.Paused })
			}
			a.set(func(r *http.Request) *mock.Trouble { return edit(a, r) })
			again := a.newHome(t, path)
			again.start(t)
			again.mustDeliver(t, publicURL, h.Types...)
			if name != "PUT refuses a status" && a.ours(t)[0].UID != before[0].UID {
				t.Error("it was replaced")
			}
			uid := a.ours(t)[0].UID
			a.Edit(uid, func(s *pictify.Subscription) { s.Status = pictify.Failed })
			if err := again.Check(t.Context(), publicURL, time.Now()); err != nil {
				t.Errorf("Check = %v", err)
			}
			again.mustDeliver(t, publicURL, h.Types...)
			again.Stop(t.Context())
			a.mustBeAsBefore(t)
		})
	}
}

// Ours are found on whichever page of the list they are, and nothing else is.
func TestAllPagesAreSearched(t *testing.T) {
	a := newAccount(t)
	dir := t.TempDir()
	for page := range 3 { // crashed three times, with colleagues busy in between
		h := a.newHome(t, fmt.Sprintf("%s/%d.db", dir, page))
		h.start(t)
		ours := a.ours(t)
		for i := range 70 {
			a.teammate(t, fmt.Sprintf("%s/in/%032x/%d", publicURL, page, i))
		}
		a.others = slices.DeleteFunc(a.others, func(s pictify.Subscription) bool {
			return slices.ContainsFunc(ours, func(o pictify.Subscription) bool { return o.UID == s.UID })
		})
	}
	if n := len(a.Subscriptions()); n < 200 {
		t.Fatalf("%d subscriptions, want three pages of them", n)
	}
	h := a.newHome(t, "")
	h.start(t)
	h.mustDeliver(t, publicURL, h.Types...)
	h.Stop(t.Context())
	a.mustBeAsBefore(t)

	a.newHome(t, "").start(t)
	h = a.newHome(t, "")
	if err := h.Prune(t.Context()); err != nil {
		t.Errorf("Prune = %v", err)
	}
	a.mustBeAsBefore(t)
}

func TestStopWithinBudget(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		trouble *mock.Trouble
		left    bool
		atMost  int // requests for 4 subscriptions
	}{
		"404":             {&mock.Trouble{Status: 404}, false, 8},
		"204":             {&mock.Trouble{Status: 204, Commit: true}, false, 8},
		"200 empty":       {&mock.Trouble{Status: 200, Commit: true}, false, 8},
		"200 not deleted": {&mock.Trouble{Status: 200, Body: `{"deleted":false}`}, true, 32},
		"200 html":        {&mock.Trouble{Status: 200, Body: "<html>"}, true, 32},
		"401":             {&mock.Trouble{Status: 401}, true, 8},
		"403":             {&mock.Trouble{Status: 403}, true, 8},
		"429":             {&mock.Trouble{Status: 429}, true, 32},
		"429 for long":    {&mock.Trouble{Status: 429, Header: http.Header{"Retry-After": {"60"}}}, true, 8},
		"500":             {&mock.Trouble{Status: 500}, true, 32},
		"cut":             {&mock.Trouble{}, true, 32},
		"cut, but done":   {&mock.Trouble{Commit: true}, false, 32},
		"silence":         {nil, true, 8},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir() + "/1.db"
			a := newAccount(t)
			h := a.newHome(t, path)
			h.start(t)
			before := a.ours(t)
			ctx := t.Context()
			a.set(nil)
			if tt.trouble != nil {
				fault := on("DELETE", 1, 0, *tt.trouble)
				var seen sync.Map
				a.set(func(r *http.Request) *mock.Trouble {
					if _, again := seen.LoadOrStore(r.Method+r.URL.Path, true); again && name == "cut, but done" {
						return nil
					}
					return fault(r)
				})
			} else {
				a.change(nil, func(r *http.Request) <-chan struct{} {
					if r.Method == "DELETE" {
						return make(chan struct{})
					}
					return nil
				})
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 100*time.Millisecond)
				defer cancel()
			}
			started := time.Now()
			removed, left := h.Stop(ctx)
			if took := time.Since(started); took > 10*time.Second {
				t.Errorf("Stop took %v", took)
			}
			if n := a.count(""); n > tt.atMost {
				t.Errorf("%d requests: %v", n, a.methods())
			}
			if len(removed)+len(left) != 4 || (len(left) == 4) != tt.left {
				t.Errorf("removed %d, left %d", len(removed), len(left))
			}
			for i, l := range left {
				if l.UID != before[i].UID || l.Event != before[i].Event || l.Err == nil {
					t.Errorf("left %+v, want %s with the reason", l, before[i].UID)
				}
			}
			if len(h.Live()) != 0 {
				t.Errorf("Live still has %d", len(h.Live()))
			}
			a.set(nil)
			a.change(nil, nil)
			again := a.newHome(t, path)
			again.start(t)
			again.mustDeliver(t, publicURL, h.Types...)
			again.Stop(t.Context())
			a.mustBeAsBefore(t)
			again.mustBeClosedAfterStop(t)
		})
	}
}

func TestPauseAndResume(t *testing.T) {
	path := t.TempDir() + "/1.db"
	a := newAccount(t)
	h := a.newHome(t, path)
	h.start(t)
	before := a.ours(t)
	paused, left := h.Pause(t.Context())
	if len(paused) != 4 || len(left) != 0 {
		t.Errorf("paused %d, left %v, want 4 and none", len(paused), left)
	}
	for _, sub := range a.ours(t) {
		if sub.Status != pictify.Paused {
			t.Errorf("%s is %s", sub.UID, sub.Status)
		}
	}
	h.Store.Close()
	h = a.newHome(t, path)
	h.start(t)
	h.mustDeliver(t, publicURL, h.Types...)
	for i, sub := range a.ours(t) {
		if sub.UID != before[i].UID || !sub.Secret.Equal(before[i].Secret) {
			t.Errorf("%s was replaced by %s", before[i].UID, sub.UID)
		}
	}

	a.set(on("PUT", 1, 0, mock.Trouble{Status: 400})) // and where PUT cannot pause
	if paused, left := h.Pause(t.Context()); len(paused) != 4 || len(left) != 0 {
		t.Errorf("paused %d, left %v, want 4 and none", len(paused), left)
	}
	a.set(nil)
	h = a.newHome(t, path)
	h.start(t)
	h.Stop(t.Context())
	a.mustBeAsBefore(t)
}

// What a person has paused stays so, whatever else happens, until somebody resumes it.
func TestSetPaused(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*http.Request) *mock.Trouble{
		"PUT works": nil, "PUT refuses a status": on("PUT", 1, 2, mock.Trouble{Status: 400}),
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			h := a.newHome(t, "")
			h.start(t)
			uid := a.ours(t)[1].UID
			status := func(want pictify.Status) {
				t.Helper()
				for i, sub := range a.ours(t) {
					if expected := map[bool]pictify.Status{true: want, false: pictify.Active}[i == 1]; sub.Status != expected {
						t.Errorf("%s is %s, want %s", sub.UID, sub.Status, expected)
					}
				}
				if h.IsPaused(uid) != (want == pictify.Paused) {
					t.Errorf("IsPaused = %v while it is %s", h.IsPaused(uid), want)
				}
			}
			a.set(fault)
			if err := h.SetPaused(t.Context(), uid, true); err != nil {
				t.Fatal(err)
			}
			a.set(nil)
			status(pictify.Paused)
			if err := h.Check(t.Context(), publicURL, time.Now()); err != nil {
				t.Error(err)
			}
			status(pictify.Paused)
			const next = "https://next.ngrok.app"
			if err := h.Move(t.Context(), next); err != nil {
				t.Error(err)
			}
			status(pictify.Paused)
			a.set(fault)
			if err := h.SetPaused(t.Context(), uid, false); err != nil {
				t.Fatal(err)
			}
			a.set(nil)
			status(pictify.Active)
			h.mustDeliver(t, next, h.Types...) // to the new place, all of them

			// Resumed by somebody else, it is looked after again.
			h.SetPaused(t.Context(), uid, true)
			a.Edit(uid, func(s *pictify.Subscription) { s.Status = pictify.Active })
			h.Check(t.Context(), next, time.Now())
			status(pictify.Active)
			a.Edit(uid, pause)
			h.Check(t.Context(), next, time.Now())
			status(pictify.Active)

			for _, foreign := range []string{"wh_0", "", a.Subscriptions()[0].UID} {
				if err := h.SetPaused(t.Context(), foreign, true); !errors.Is(err, tunnel.ErrNotLive) {
					t.Errorf("SetPaused(%q) = %v", foreign, err)
				}
			}
			a.Edit(uid, func(s *pictify.Subscription) { s.TargetURL = "https://staging.example.com/hook" })
			if err := h.SetPaused(t.Context(), uid, true); err == nil {
				t.Error("what is somebody else's now was paused")
			}
			a.adopt(uid)
			h.Stop(t.Context())
			a.mustBeAsBefore(t)
		})
	}
}

func TestMove(t *testing.T) {
	t.Parallel()
	const next = "https://next.ngrok.app"
	for name, tt := range map[string]struct {
		trouble func(*account, []pictify.Subscription)
		whats   []string
		fails   bool
	}{
		"all well":            {nil, []string{"moved", "moved", "moved", "moved"}, false},
		"one paused":          {func(a *account, s []pictify.Subscription) { a.Edit(s[1].UID, pause) }, []string{"moved", "moved", "moved", "moved"}, false},
		"one removed":         {func(a *account, s []pictify.Subscription) { a.client.Delete(context.Background(), s[1].UID) }, []string{"moved", "created", "recreated", "moved", "moved"}, false},
		"busy for a while":    {func(a *account, s []pictify.Subscription) { a.set(on("PUT", 2, 4, mock.Trouble{Status: 503})) }, []string{"moved", "moved", "moved", "moved"}, false},
		"one cannot be moved": {func(a *account, s []pictify.Subscription) { a.set(on("PUT", 2, 6, mock.Trouble{Status: 503})) }, []string{"moved", "lost", "moved", "moved"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			h := a.newHome(t, "")
			h.start(t)
			a.told()
			if tt.trouble != nil {
				tt.trouble(a, a.ours(t))
			}
			if err := h.Move(t.Context(), next); (err != nil) != tt.fails {
				t.Errorf("Move = %v", err)
			}
			if diff := cmp.Diff(tt.whats, a.whats()); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			a.set(nil)
			if tt.fails { // the next look mends it
				if err := h.Check(t.Context(), next, time.Now()); err != nil {
					t.Errorf("Check = %v", err)
				}
			}
			h.mustDeliver(t, next, h.Types...)
			h.Stop(t.Context())
			a.mustBeAsBefore(t)
		})
	}
}

func pause(s *pictify.Subscription) { s.Status = pictify.Paused }
func fail(s *pictify.Subscription)  { s.Status = pictify.Failed }

func TestCheck(t *testing.T) {
	t.Parallel()
	retarget := func(target string) func(*account, string) {
		return func(a *account, uid string) { a.Edit(uid, func(s *pictify.Subscription) { s.TargetURL = target }) }
	}
	for name, tt := range map[string]struct {
		what   func(a *account, uid string)
		whats  []string
		theirs bool // it is somebody else's now
	}{
		"all well": {func(*account, string) {}, nil, false},
		"paused":   {func(a *account, uid string) { a.Edit(uid, pause) }, []string{"resumed"}, false},
		"failed":   {func(a *account, uid string) { a.Edit(uid, fail) }, []string{"resumed"}, false},
		"unknown status": {func(a *account, uid string) {
			a.Edit(uid, func(s *pictify.Subscription) { s.Status = "quarantined" })
		}, []string{"resumed"}, false},
		"no status":         {func(a *account, uid string) { a.Edit(uid, func(s *pictify.Subscription) { s.Status = "" }) }, nil, false},
		"deleted":           {func(a *account, uid string) { a.client.Delete(context.Background(), uid) }, []string{"created", "recreated"}, false},
		"another tunnel":    {func(a *account, uid string) { retarget("https://old.ngrok.app/in/"+install+"/"+token)(a, uid) }, []string{"moved"}, false},
		"another host":      {func(a *account, uid string) { retarget("https://staging.example.com/hook")(a, uid) }, []string{"created", "recreated"}, true},
		"a colleague's":     {func(a *account, uid string) { retarget(publicURL+"/in/"+strings.Repeat("f", 32)+"/"+token)(a, uid) }, []string{"created", "recreated"}, true},
		"ours with a query": {func(a *account, uid string) { retarget(publicURL+"/in/"+install+"/"+token+"?x=1")(a, uid) }, []string{"created", "recreated"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 1, 29, 10, 0, 0, 0, time.UTC)
			a := newAccount(t)
			h := a.newHome(t, "")
			h.Now = func() time.Time { return now }
			h.start(t)
			a.told()
			uid := a.ours(t)[1].UID
			tt.what(a, uid)
			if tt.theirs {
				a.adopt(uid)
			}
			if err := h.Check(t.Context(), publicURL, now.Add(-70*time.Second)); err != nil {
				t.Errorf("Check = %v", err)
			}
			if diff := cmp.Diff(tt.whats, a.whats()); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			for _, n := range a.told() {
				if n.What != "created" && n.Gap != 70*time.Second {
					t.Errorf("%s with a gap of %v, want 70 s", n.What, n.Gap)
				}
			}
			if name != "no status" {
				h.mustDeliver(t, publicURL, h.Types...)
			}
			if removed, left := h.Stop(t.Context()); len(removed) != 4 || len(left) != 0 {
				t.Errorf("Stop removed %d and left %v, want 4 and none", len(removed), left)
			}
			a.mustBeAsBefore(t)
		})
	}
}

// adopt makes a subscription one of the others.
func (a *account) adopt(uid string) {
	for _, sub := range a.Subscriptions() {
		if sub.UID == uid {
			a.others = append(a.others, sub)
		}
	}
}

func TestCheckWhileTheServiceIsDown(t *testing.T) {
	a := newAccount(t)
	h := a.newHome(t, "")
	h.start(t)
	a.Edit(a.ours(t)[2].UID, pause)
	for name, trouble := range map[string]mock.Trouble{"cut": {}, "500": {Status: 500}, "401": {Status: 401}, "html": {Status: 200, Body: "<html>"}} {
		a.set(func(*http.Request) *mock.Trouble { return &trouble })
		if err := h.Check(t.Context(), publicURL, time.Now()); err == nil {
			t.Errorf("%s: Check = nil", name)
		}
		if n := a.count(""); n > 4 {
			t.Errorf("%s: %d requests for 4 subscriptions", name, n)
		}
		if len(h.Live()) != 4 || len(h.rows(t)) != 4 {
			t.Fatalf("%s: %d live, %d stored, want 4", name, len(h.Live()), len(h.rows(t)))
		}
	}
	a.set(nil)
	if err := h.Check(t.Context(), publicURL, time.Now()); err != nil {
		t.Errorf("Check = %v", err)
	}
	h.mustDeliver(t, publicURL, h.Types...)
}

// What is done when nobody has looked yet: somebody has taken a subscription
// over, and we leave.
func TestLeavingAloneWhatWasTakenOver(t *testing.T) {
	for name, leave := range map[string]func(*home) []tunnel.Leftover{
		"stop":  func(h *home) []tunnel.Leftover { _, left := h.Stop(context.Background()); return left },
		"pause": func(h *home) []tunnel.Leftover { _, left := h.Pause(context.Background()); return left },
		"move and stop": func(h *home) []tunnel.Leftover {
			h.Move(context.Background(), "https://next.ngrok.app")
			_, left := h.Stop(context.Background())
			return left
		},
		"check that cannot replace it, and stop": func(h *home) []tunnel.Leftover {
			h.set(on("POST", 1, 0, mock.Trouble{Status: 403}))
			h.Check(context.Background(), publicURL, time.Now())
			_, left := h.Stop(context.Background())
			return left
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			h := a.newHome(t, "")
			h.start(t)
			uid := a.ours(t)[1].UID
			a.Edit(uid, func(s *pictify.Subscription) { s.TargetURL = "https://staging.example.com/hook" })
			a.adopt(uid)
			if left := leave(h); len(left) != 0 {
				t.Errorf("left %+v", left)
			}
			if ours := a.ours(t); name != "pause" && len(ours) != 0 || name == "pause" && len(ours) != 3 {
				t.Errorf("%d of ours afterwards", len(ours))
			}
		})
	}
}

// A subscription whose replacement was made twice, of which we know one, is not
// forgotten when we leave.
func TestSurplusOfARunningSession(t *testing.T) {
	a := newAccount(t)
	h := a.newHome(t, "")
	h.start(t)
	a.client.Delete(t.Context(), a.ours(t)[0].UID)
	a.set(func(r *http.Request) *mock.Trouble { // forgets keys, cuts the first create, and does not list
		r.Header.Del("Idempotency-Key")
		switch {
		case r.Method == "POST" && a.count("POST") == 1:
			return &mock.Trouble{Commit: true}
		case r.Method == "GET" && strings.HasSuffix(r.URL.Path, "/webhook-subscriptions"):
			return &mock.Trouble{Status: 500}
		}
		return nil
	})
	if err := h.Check(t.Context(), publicURL, time.Now()); err == nil {
		t.Error("Check = nil, want that the surplus could not be looked for")
	}
	if n := len(a.ours(t)); n != 5 {
		t.Fatalf("%d subscriptions, want 5", n)
	}
	t.Run("stop cannot look either", func(t *testing.T) {
		removed, left := h.Stop(t.Context())
		if len(removed) != 4 || len(left) != 1 || left[0].UID != "" || left[0].Err == nil {
			t.Errorf("removed %d, left %+v, want 4 and one that is not known", len(removed), left)
		}
	})
	a.set(nil)
	again := a.newHome(t, "")
	again.start(t)
	again.Stop(t.Context())
	a.mustBeAsBefore(t)
}

func TestSurplusIsSweptByTheNextCheck(t *testing.T) {
	a := newAccount(t)
	h := a.newHome(t, "")
	h.start(t)
	a.client.Delete(t.Context(), a.ours(t)[0].UID)
	a.set(func(r *http.Request) *mock.Trouble {
		r.Header.Del("Idempotency-Key")
		if r.Method == "POST" && a.count("POST") == 1 {
			return &mock.Trouble{Commit: true}
		}
		return nil
	})
	if err := h.Check(t.Context(), publicURL, time.Now()); err != nil {
		t.Errorf("Check = %v", err)
	}
	h.mustDeliver(t, publicURL, h.Types...)
}

// A service that says nothing, once or for ever.
func TestCreateTimesOut(t *testing.T) {
	t.Parallel()
	for _, once := range []bool{true, false} {
		t.Run(fmt.Sprintf("once=%t", once), func(t *testing.T) {
			a := newAccount(t)
			h := a.newHome(t, "")
			a.client.HTTP.Timeout = time.Second
			var requests atomic.Int64
			a.change(nil, func(r *http.Request) <-chan struct{} {
				if n := requests.Add(1); r.Method == "POST" && (n == 3 || n > 3 && !once) {
					return make(chan struct{})
				}
				return nil
			})
			err := h.Start(t.Context(), publicURL)
			if once {
				if err != nil {
					t.Errorf("Start = %v", err)
				}
				h.mustDeliver(t, publicURL, h.Types...)
				return
			}
			if err == nil {
				t.Error("Start = nil, want an error")
			}
			a.change(nil, nil)
			a.mustBeAsBefore(t)
			h.mustBeClosed(t)
		})
	}
}
