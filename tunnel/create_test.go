package tunnel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
	"pictap/tunnel"
	"pictap/tunnel/pictify"
)

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
