package tunnel_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pictap/mock"
	"pictap/tunnel"
	"pictap/tunnel/pictify"
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

// mustBeClosedAfterStop is mustBeClosed for the store alone: paths go on
// answering until the tunnel is closed.
func (h *home) mustBeClosedAfterStop(t testing.TB) {
	t.Helper()
	if rows := h.rows(t); len(rows) != 0 {
		t.Errorf("the store still has %+v", rows)
	}
}
