package check_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock/check"
	"pictap/tunnel/pictify"
)

// run runs the battery at a handler, with the secret that tests use.
func run(t *testing.T, h http.Handler, change func(*check.Battery)) (check.Card, error) {
	t.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	b := newBattery(t, srv.URL)
	if change != nil {
		change(b)
	}
	return b.Run(t.Context())
}

// A handler that refuses what is right gets its cause named, and nothing is said
// of forgeries.
func TestPlainDeliveryIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		app    *app
		secret string // that the battery signs with
		status check.Status
		said   string
	}{
		{"re-encodes", &app{secret: testSecret, reencodes: true}, testSecret, check.Fail, "with sorted keys, as Go does"},
		{"drops whsec_", &app{secret: strings.TrimPrefix(testSecret, "whsec_")}, testSecret, check.Fail, "without its prefix"},
		{"line end", &app{secret: testSecret + "\n"}, testSecret, check.Fail, "line end"},
		{"no secret", &app{}, testSecret, check.Critical, `the secret "", so it knows none`},
		{"undefined", &app{secret: "undefined"}, testSecret, check.Critical, `the secret "undefined"`},
		{"default", &app{secret: "whsec_test_secret"}, testSecret, check.Critical, "public sample code"},
		{"another secret", &app{secret: "whsec_other"}, testSecret, check.Fail, "answered 401 Unauthorized"},
		{"401 to everything", &app{answersAlways: 401}, testSecret, check.Fail, "answered 401 Unauthorized"},
		{"500 to everything", &app{answersAlways: 500}, testSecret, check.Fail, "answered 500 Internal Server Error"},
		{"login", &app{answersAlways: 302}, testSecret, check.Fail, "answered 302 Found, to /login?next=hook"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			card, err := run(t, tt.app, func(b *check.Battery) { b.Secret = pictify.NewSecret(tt.secret) })
			if err != nil {
				t.Fatal(err)
			}
			first := card.Results[0]
			if first.Group != check.First || first.Status != tt.status || !strings.Contains(first.Said, tt.said) || first.Mend == "" {
				t.Errorf("%s: %q, mend %q; want %s: %q", first.Status, first.Said, first.Mend, tt.status, tt.said)
			}
			if n := card.Count(check.Skipped); n != len(card.Results)-1 {
				t.Errorf("%d of %d others were skipped, want all: nothing can be told from them", n, len(card.Results)-1)
			}
			if card.Requests > first.Requests {
				t.Errorf("%d requests, more than the %d that are promised", card.Requests, first.Requests)
			}
		})
	}
}

// A handler may be there for one type of event only.
func TestHandlerOfOneType(t *testing.T) {
	a := &app{secret: testSecret}
	card, err := run(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("X-Pictify-Event"), "render.completed") {
			http.Error(w, "wrong event", http.StatusBadRequest)
			return
		}
		a.ServeHTTP(w, r)
	}), func(b *check.Battery) { b.Cases = only(check.Rejects) })
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(card.Results[0].Said, "but took binding.updated") {
		t.Errorf("it said %q", card.Results[0].Said)
	}
	if diff := cmp.Diff(found{"rejects/event-header": check.Unmeasured}, findings(card)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Without a measure, or with one that tells nothing, nobody passes.
func TestUnmeasured(t *testing.T) {
	measured := []string{"idempotent/distinct", "idempotent/twice", "idempotent/at-once", "idempotent/after-timeout", "rejects/event-header"}
	cases := func(b *check.Battery) {
		b.Cases = slices.DeleteFunc(check.Cases(), func(c check.Case) bool { return !slices.Contains(measured, c.ID()) })
	}
	for _, tt := range []struct {
		name   string
		effect func(context.Context) (string, error)
		want   found
	}{
		{"none", nil, with(check.Unmeasured, measured...)},
		{"never changes", func(context.Context) (string, error) { return "7", nil }, with(check.Unmeasured, measured...)},
		{"fails", func(context.Context) (string, error) { return "", errors.New("no database") }, with(check.Unmeasured, measured...)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			card, err := run(t, &app{secret: testSecret}, func(b *check.Battery) { b.Effect = tt.effect; cases(b) })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, findings(card)); diff != "" {
				explainAll(t, card)
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	t.Run("text", func(t *testing.T) { // it shows that something changed, not how often
		a := &app{}
		card := examine(t, a, func(b *check.Battery) {
			cases(b)
			b.Effect = func(context.Context) (string, error) { return strings.Repeat("x", a.count()), nil }
		})
		if diff := cmp.Diff(with(check.Unmeasured, "idempotent/at-once", "idempotent/after-timeout"), findings(card)); diff != "" {
			explainAll(t, card)
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// A refusal while the twin is refused too says nothing about the forgery.
func TestRefusalsOfEverythingProveNothing(t *testing.T) {
	a := &app{secret: testSecret}
	calls := 0
	card, err := run(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls > 1 { // a rate limit, say
			http.Error(w, "too many", http.StatusTooManyRequests)
			return
		}
		a.ServeHTTP(w, r)
	}), func(b *check.Battery) { b.Cases = only(check.Rejects) })
	if err != nil {
		t.Fatal(err)
	}
	if n := card.Count(check.Unmeasured); n != len(card.Results)-1 {
		t.Errorf("%d of %d are unmeasured, want all", n, len(card.Results)-1)
	}
}

func TestNothingListens(t *testing.T) {
	if _, err := newBattery(t, "http://127.0.0.1:1").Run(t.Context()); !errors.Is(err, check.ErrUnreachable) {
		t.Errorf("Run = %v, want %v", err, check.ErrUnreachable)
	}
}

// The case after which the handler is gone is to blame, and nothing is told of the rest.
func TestHandlerDies(t *testing.T) {
	a := &app{secret: testSecret}
	var srv *httptest.Server
	srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 4 { // null
			srv.Listener.Close()
			panic(http.ErrAbortHandler)
		}
		a.ServeHTTP(w, r)
	}))
	defer srv.Close()
	b := newBattery(t, srv.URL)
	b.Cases = slices.DeleteFunc(only(check.Tolerates), func(c check.Case) bool { return c.Name == "oversize" }) // it takes its time
	card, err := b.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	skipped := 0
	for _, r := range card.Results {
		switch {
		case r.Name == "other-json":
			if r.Status != check.Fail || !strings.Contains(r.Said, "nothing answered any more") {
				t.Errorf("%s: %q", r.Status, r.Said)
			}
		case r.Status == check.Skipped && strings.Contains(r.Said, "gone since tolerates/other-json"):
			skipped++
		case r.Status != check.Pass:
			t.Errorf("%s is %s: %s", r.ID(), r.Status, r.Said)
		}
	}
	if skipped == 0 {
		t.Error("the case came last: choose another seed")
	}
}

func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	srv := httptest.NewServer(&app{secret: testSecret})
	defer srv.Close()
	b := newBattery(t, srv.URL)
	done := 0
	b.Done = func(check.Result) {
		if done++; done == 5 {
			stop()
		}
	}
	card, err := b.Run(ctx)
	if err != nil || !card.Interrupted || len(card.Results) != len(check.Cases()) || card.Count(check.Skipped) != len(card.Results)-5 {
		t.Errorf("%v; interrupted %t, %d of %d skipped", err, card.Interrupted, card.Count(check.Skipped), len(card.Results))
	}
}

func TestTimeIsBounded(t *testing.T) {
	start := time.Now()
	card, err := run(t, &app{secret: testSecret, delay: 500 * time.Millisecond}, func(b *check.Battery) { b.Total = 5 * time.Second })
	if err != nil || card.Interrupted || card.Count(check.Skipped) == 0 || card.Count(check.Pass) == 0 {
		t.Errorf("%v; interrupted %t, %d skipped, %d passed", err, card.Interrupted, card.Count(check.Skipped), card.Count(check.Pass))
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("took %s", took)
	}
}

// No answer in time is a failure like any other.
func TestNoAnswer(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	card, err := run(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // net/http notices that the sender has gone only after that
		select {
		case <-block:
		case <-r.Context().Done():
		}
	}), func(b *check.Battery) { b.Timeout = 2 * time.Second })
	if err != nil || card.Results[0].Status != check.Fail || !strings.Contains(card.Results[0].Said, "no answer within ") {
		t.Errorf("%v, %+v", err, card.Results)
	}
}

// The same seed has the same order and the same payloads but for their ids, which
// are never the same.
func TestSeed(t *testing.T) {
	order := func(seed int64) (names, ids []string) {
		_, err := run(t, &app{secret: testSecret}, func(b *check.Battery) {
			b.Cases, b.Seed = only(check.Accepts), seed
			b.Done = func(r check.Result) {
				names = append(names, r.ID())
				for _, f := range r.Exchanges[0].Header {
					if f.Name == pictify.DeliveryIDHeader {
						ids = append(ids, f.Value)
					}
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return names, ids
	}
	a, aIDs := order(7)
	b, bIDs := order(7)
	c, _ := order(8)
	if !slices.Equal(a, b) || slices.Equal(a, c) {
		t.Errorf("seed 7: %v, again %v, seed 8: %v", a, b, c)
	}
	all := slices.Sorted(slices.Values(append(aIDs, bIDs...)))
	if len(all) != len(a)+len(b) || len(slices.Compact(all)) != len(a)+len(b) {
		t.Errorf("%d different ids in %d deliveries", len(slices.Compact(all)), len(a)+len(b))
	}
}

func TestLocal(t *testing.T) {
	for text, want := range map[string]bool{
		"127.0.0.1": true, "::1": true, "10.1.2.3": true, "172.16.0.1": true, "192.168.1.1": true, "fd12::1": true, "::ffff:127.0.0.1": true,
		"8.8.8.8": false, "169.254.169.254": false, "fe80::1": false, "100.64.0.1": false, "0.0.0.0": false, "2001:4860::1": false, "fd00:ec2::254": false,
		"::ffff:8.8.8.8": false, "64:ff9b::a00:1": false, "224.0.0.1": false, "fd12::1%eth0": false,
	} {
		if err := check.Local(netip.MustParseAddr(text)); (err == nil) != want {
			t.Errorf("Local(%s) = %v, want allowed %t", text, err, want)
		}
	}
}

// The list of cases is complete in what it says, and its names are unique.
func TestCases(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range check.Cases() {
		if seen[c.Name] {
			t.Errorf("%s is there twice", c.Name)
		}
		seen[c.Name] = true
		for what, text := range map[string]string{"title": c.Title, "expectation": c.Expect, "reason": c.Why, "fix": c.Fix} {
			if text == "" {
				t.Errorf("%s has no %s", c.ID(), what)
			}
		}
		if c.Requests < 1 || !strings.HasPrefix(c.Docs, "https://docs.pictify.io/") {
			t.Errorf("%s: %d requests, docs %q", c.ID(), c.Requests, c.Docs)
		}
	}
	if len(seen) < 30 {
		t.Errorf("%d cases", len(seen))
	}
	t.Logf("%d cases, %d requests", len(seen), check.Requests(check.Cases()))
}
