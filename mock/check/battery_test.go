package check_test

import (
	"context"
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock/check"
	"pictap/tunnel/pictify"
)

// newBattery is one that is quick.
func newBattery(t *testing.T, address string) *check.Battery {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return &check.Battery{Target: u, Secret: pictify.NewSecret(testSecret), Rate: 1e6, Timeout: 20 * time.Second, Slow: 10 * time.Second,
		Pace: 100 * time.Millisecond, Settle: 300 * time.Millisecond, Seed: 1}
}

// examine runs the battery at an app and measures what it does.
func examine(t *testing.T, a *app, change func(*check.Battery)) check.Card {
	t.Helper()
	a.secret = testSecret
	srv := httptest.NewServer(a)
	defer srv.Close()
	b := newBattery(t, srv.URL+"/webhooks/pictify?x=1")
	b.Effect = func(context.Context) (string, error) { return strconv.Itoa(a.count()), nil }
	if change != nil {
		change(b)
	}
	card, err := b.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if most := check.Requests(check.Cases()); card.Requests > most {
		t.Errorf("%d requests, more than the %d that are promised", card.Requests, most)
	}
	return card
}

// findings are the cases that did not pass, and how they ended.
func findings(c check.Card) map[string]check.Status {
	found := make(map[string]check.Status)
	for _, r := range c.Results {
		if r.Status != check.Pass {
			found[r.ID()] = r.Status
		}
	}
	return found
}

func explainAll(t *testing.T, c check.Card) {
	t.Helper()
	for _, r := range c.Results {
		if r.Status != check.Pass {
			t.Logf("%-10s %s: %s", r.Status, r.ID(), r.Said)
		}
	}
}

type found = map[string]check.Status

// with are several cases that ended in one way.
func with(s check.Status, names ...string) found {
	f := make(found)
	for _, name := range names {
		f[name] = s
	}
	return f
}

func join(all ...found) found {
	f := make(found)
	for _, one := range all {
		maps.Copy(f, one)
	}
	return f
}

func rejectsBut(skip ...string) (names []string) {
	for _, c := range check.Cases() {
		if c.Group == check.Rejects && c.Name != "event-header" && !slices.Contains(skip, c.Name) {
			names = append(names, c.ID())
		}
	}
	return names
}

func TestCorrectHandlerHasACleanCard(t *testing.T) {
	card := examine(t, &app{}, nil)
	if diff := cmp.Diff(found{}, findings(card)); diff != "" {
		explainAll(t, card)
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(card.Results) != len(check.Cases()) || card.Interrupted || !card.Measured {
		t.Errorf("%d results of %d cases, interrupted %t, measured %t", len(card.Results), len(check.Cases()), card.Interrupted, card.Measured)
	}
}

// Every classic mistake is named, and nothing else is.
func TestMistakes(t *testing.T) {
	const c, f, w, u = check.Critical, check.Fail, check.Warn, check.Unmeasured
	for _, tt := range []struct {
		name string
		app  *app
		want found
	}{
		{"trims the body", &app{trims: true}, with(c, "rejects/white-space")},
		{"no timestamp check", &app{ignoresAge: true}, join(with(c, "rejects/old"), with(f, "rejects/ahead"))},
		{"takes the future", &app{takesFuture: true}, with(f, "rejects/ahead")},
		{"small tolerance", &app{tolerance: 60}, with(w, "accepts/clock-skew")},
		{"crashes on another length", &app{crashesOnLength: true}, with(f, "rejects/empty-v1", "rejects/short-hex", "rejects/long-hex")},
		{"breaks the connection on another length", &app{crashesOnLength: true, dies: true}, with(f, "rejects/empty-v1", "rejects/short-hex", "rejects/long-hex")},
		{"crashes on what is not hex", &app{crashesOnHex: true}, with(f, "rejects/not-hex")},
		{"compares prefixes", &app{comparesStart: true}, with(c, "rejects/empty-v1", "rejects/short-hex", "rejects/long-hex")},
		{"compares half", &app{comparesHalf: true}, with(c, "rejects/last-digit")},
		{"compares the header as a whole", &app{comparesHeader: true}, with(w, "tolerates/two-v1-right-first", "tolerates/two-v1-right-last")},
		{"last v1 wins", &app{lastWins: true}, with(w, "tolerates/two-v1-right-first")},
		{"first v1 wins", &app{firstWins: true}, with(w, "tolerates/two-v1-right-last")},
		{"takes the empty secret", &app{emptySecretToo: true}, with(c, "rejects/empty-secret")},
		{"has a default secret", &app{otherSecret: "whsec_test_secret"}, with(c, "rejects/sample-secret")},
		{"takes what has no header", &app{skipsMissing: true}, with(c, "rejects/missing", "rejects/empty")},
		{"crashes without a header", &app{crashesMissing: true}, with(f, "rejects/missing", "rejects/empty")},
		{"checks only the time", &app{onlyTime: true}, with(c, rejectsBut("missing", "empty", "malformed", "no-t", "old", "ahead", "time-not-a-number")...)},
		{"redirects forgers", &app{redirectsForgers: true}, with(w, rejectsBut()...)},
		{"answers before it verifies", &app{answersFirst: true}, join(with(c, rejectsBut("ahead", "time-not-a-number")...), with(f, "rejects/ahead", "rejects/time-not-a-number"))},
		{"trusts X-Pictify-Event", &app{trustsHeader: true}, with(f, "rejects/event-header")},

		{"crashes on bad JSON", &app{crashesOnJSON: true}, with(f, "tolerates/malformed-json")},
		{"dies of bad JSON", &app{crashesOnJSON: true, dies: true}, with(f, "tolerates/malformed-json")},
		{"crashes on no body", &app{crashesOnEmpty: true}, with(f, "tolerates/empty-body")},
		{"crashes on null", &app{crashesOnNull: true}, with(f, "tolerates/other-json")},
		{"refuses unknown events", &app{refusesUnknown: true}, with(w, "tolerates/unknown-event")},
		{"forbids unknown fields", &app{forbidsFields: true}, with(f, "accepts/unknown-fields")},
		{"needs variables", &app{needsVariables: true}, with(f, "accepts/minimal", "accepts/absent-optionals")},
		{"only images", &app{onlyImages: true}, with(f, "accepts/gif", "accepts/pdf")},
		{"small limit", &app{limit: 100 << 10}, with(f, "accepts/one-mebibyte")},
		{"no charset", &app{exactType: true}, with(f, "accepts/charset")},

		{"GET crashes", &app{getCrashes: true}, with(f, "behaves/get", "behaves/head")},
		{"closes connections", &app{closes: true}, with(w, "behaves/connection-reuse")},
		{"first chunk is the body", &app{readsOnce: true}, with(f, "behaves/slow-sender")},
		{"redirects fetch", &app{redirectsFetch: true}, with(f, "behaves/redirects")},

		{"no deduplication", &app{noDedup: true}, with(f, "idempotent/twice", "idempotent/at-once", "idempotent/after-timeout")},
		{"a race in deduplication", &app{racyDedup: true}, with(f, "idempotent/at-once")},
		{"deduplicates by data.deliveryId", &app{dedupByData: true}, join(with(f, "idempotent/distinct"),
			with(u, "idempotent/twice", "idempotent/at-once", "idempotent/after-timeout", "rejects/event-header"))},
		{"409 for a duplicate", &app{conflicts: true}, with(f, "idempotent/twice", "idempotent/at-once", "idempotent/after-timeout")},
		{"answers 200 to everything", &app{answersAlways: 200}, join(with(c, rejectsBut("ahead", "time-not-a-number")...),
			with(f, "rejects/ahead", "rejects/time-not-a-number"), with(u, "idempotent/distinct", "idempotent/twice", "idempotent/at-once", "idempotent/after-timeout", "rejects/event-header"))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			card := examine(t, tt.app, func(b *check.Battery) {
				b.Cases = slices.DeleteFunc(check.Cases(), func(c check.Case) bool { return c.Name == "oversize" }) // it takes its time
				if tt.app.readsOnce {
					b.Pace = 3 * time.Second // the pieces must not come as one
				}
				if tt.app.noDedup || tt.app.racyDedup || tt.app.conflicts {
					b.GiveUp = 2 * time.Second // the handler must be done before
				}
			})
			got := findings(card)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				explainAll(t, card)
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// only leaves the cases of a group.
func only(group check.Group) []check.Case {
	return slices.DeleteFunc(check.Cases(), func(c check.Case) bool { return c.Group != group })
}

// What needs time has fewer cases.
func TestSlowMistakes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		app    *app
		group  check.Group
		change func(*check.Battery)
		want   found
	}{
		{"crashes in a crowd", &app{crashesInCrowds: true, delay: time.Second}, check.Behaves, nil,
			with(check.Fail, "behaves/fifty-at-once")},
		{"slow", &app{delay: 300 * time.Millisecond}, check.Behaves, func(b *check.Battery) { b.Slow = 250 * time.Millisecond },
			with(check.Warn, "behaves/time", "behaves/fifty-at-once")},
		{"marks as done before the work", &app{marksFirst: true}, check.Idempotent, func(b *check.Battery) {
			b.Cases = slices.DeleteFunc(b.Cases, func(c check.Case) bool { return c.Name != "after-timeout" })
		}, with(check.Fail, "idempotent/after-timeout")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			card := examine(t, tt.app, func(b *check.Battery) {
				b.Cases = only(tt.group)
				if tt.change != nil {
					tt.change(b)
				}
			})
			if diff := cmp.Diff(tt.want, findings(card)); diff != "" {
				explainAll(t, card)
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
