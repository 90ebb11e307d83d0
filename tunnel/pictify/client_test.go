package pictify_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
)

var testKey = pictify.NewSecret("pk_test_c4n4ryc4n4ry")

// newClient returns a client of an API that handler plays.
func newClient(t *testing.T, handler http.HandlerFunc) *pictify.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &pictify.Client{BaseURL: server.URL, Key: testKey, HTTP: server.Client()}
}

// answering plays an API that always gives the same answer.
func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

const (
	bare = `{"uid":"wh_abc123","event":"render.completed","targetUrl":"https://example.com/hook","platform":"custom",` +
		`"status":"active","filters":{"templateId":"tmpl_1","bindingId":"bind_1","type":"image"},"deliveryCount":3,"failureCount":1,` +
		`"lastDeliveryAt":"2026-01-29T10:30:00.125Z","createdAt":"2026-01-29T10:30:00Z"}`
	bareSecret = `{"uid":"wh_abc123","event":"render.completed","targetUrl":"https://example.com/hook","status":"active","secret":"whsec_0123456789"}`
)

func full() pictify.Subscription {
	return pictify.Subscription{
		UID: "wh_abc123", Event: pictify.RenderCompleted, TargetURL: "https://example.com/hook", Platform: "custom",
		Status: pictify.Active, Filters: pictify.Filters{TemplateID: "tmpl_1", BindingID: "bind_1", Type: "image"},
		DeliveryCount: 3, FailureCount: 1, LastDeliveryAt: eventTime.Add(125 * time.Millisecond), CreatedAt: eventTime,
	}
}

func TestClientReadsEveryShapeOfSubscription(t *testing.T) {
	withSecret := pictify.Subscription{
		UID: "wh_abc123", Event: pictify.RenderCompleted, TargetURL: "https://example.com/hook",
		Status: pictify.Active, Secret: pictify.NewSecret("whsec_0123456789"),
	}
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   pictify.Subscription
	}{
		{"wrapped", 200, `{"subscription":` + bare + `}`, full()},
		{"flat", 200, bare, full()},
		{"created", 201, `{"subscription":` + bareSecret + `}`, withSecret},
		{"created, flat, with 200", 200, bareSecret, withSecret},
		{"wrapped with copies beside", 201, `{"subscription":` + bareSecret + `,` + bareSecret[1:], withSecret},
		{"without a secret", 201, `{"uid":"wh_abc123"}`, pictify.Subscription{UID: "wh_abc123"}},
		{"null secret", 201, `{"uid":"wh_abc123","secret":null}`, pictify.Subscription{UID: "wh_abc123"}},
		{"unknown keys", 200, `{"uid":"wh_abc123","lastDelivery":{"status":"failed"},"new":[1]}`, pictify.Subscription{UID: "wh_abc123"}},
		{"ill-typed statistics", 200, `{"uid":"wh_abc123","deliveryCount":"3","lastDeliveryAt":5,"filters":[],"platform":1}`, pictify.Subscription{UID: "wh_abc123"}},
		{"other case is another key", 200, `{"uid":"wh_abc123","UID":"wh_other"}`, pictify.Subscription{UID: "wh_abc123"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t, answering(tt.status, tt.body))
			created, err1 := c.Create(t.Context(), pictify.NewSubscription{}, "")
			got, err2 := c.Get(t.Context(), "wh_abc123")
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, created); diff != "" {
				t.Errorf("Create (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Get (-want +got)\n%s", diff)
			}
		})
	}
}

func TestClientRefusesBadAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		uid        string // of the subscription that comes with the error
	}{
		{"HTML", "<html><body>Sign in</body></html>", ""},
		{"nothing", "", ""},
		{"truncated", `{"subscription":{"uid":"wh_abc123","even`, ""},
		{"null", "null", ""},
		{"array", "[]", ""},
		{"no uid", `{"subscription":{"event":"render.completed"}}`, ""},
		{"empty uid", `{"uid":""}`, ""},
		{"uid of another type", `{"uid":5}`, ""},
		{"uid that climbs", `{"uid":"../x"}`, ""},
		{"uid with a line break", `{"uid":"wh_1\n"}`, ""},
		{"uid that is too long", `{"uid":"` + strings.Repeat("a", 129) + `"}`, ""},
		{"two uids", `{"uid":"wh_1","uid":"wh_abc123"}`, ""},
		{"two uids, one escaped", `{"uid":"wh_1","\u0075id":"wh_abc123"}`, ""},
		{"two subscriptions", `{"subscription":` + bare + `,"subscription":{}}`, ""},
		{"event of another type", `{"uid":"wh_abc123","event":["render.completed"]}`, ""},
		{"short secret", `{"uid":"wh_abc123","secret":"0123456789abcde"}`, "wh_abc123"},
		{"long secret", `{"uid":"wh_abc123","secret":"` + strings.Repeat("c4n4ry", 100) + `"}`, "wh_abc123"},
		{"secret with a blank", `{"uid":"wh_abc123","secret":"c4n4ryc4n4ry c4n4ry"}`, "wh_abc123"},
		{"secret with a line break", `{"uid":"wh_abc123","secret":"c4n4ryc4n4ry\nc4n4ry"}`, "wh_abc123"},
		{"secret of another type", `{"uid":"wh_abc123","secret":{"c4n4ry":1}}`, "wh_abc123"},
		{"two secrets", `{"uid":"wh_abc123","secret":"whsec_c4n4ryc4n4ry","secret":"whsec_0123456789"}`, "wh_abc123"},
		{"redacted secret", `{"uid":"wh_abc123","secret":"whsec_…"}`, "wh_abc123"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t, answering(201, tt.body))
			s, err := c.Create(t.Context(), pictify.NewSubscription{}, "")
			if !errors.Is(err, pictify.ErrBadAnswer) {
				t.Fatalf("Create = %v, want %v", err, pictify.ErrBadAnswer)
			}
			if s.UID != tt.uid || !s.Secret.IsZero() {
				t.Errorf("Create returned uid %q and secret %q beside its error, want uid %q alone", s.UID, s.Secret.Reveal(), tt.uid)
			}
			mustNotLeak(t, "error", err.Error())
		})
	}
}

func TestClientRequests(t *testing.T) {
	type seen struct{ Method, URI, Body, ContentType, Idempotency, Authorization string }
	var last seen
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		last = seen{r.Method, r.RequestURI, string(body), r.Header.Get("Content-Type"), r.Header.Get("Idempotency-Key"), r.Header.Get("Authorization")}
		io.WriteString(w, `{"subscription":{"uid":"wh_1"}}`)
	})
	const json, auth = "application/json", "Bearer pk_test_c4n4ryc4n4ry"
	for _, tt := range []struct {
		name string
		call func(ctx context.Context) error
		want seen
	}{
		{"create", func(ctx context.Context) error {
			_, err := c.Create(ctx, pictify.NewSubscription{Event: "render.failed", TargetURL: "https://e.com/?a=1&b=<2>", Filters: pictify.Filters{Type: "gif"}}, "key-1")
			return err
		}, seen{"POST", "/webhook-subscriptions", `{"event":"render.failed","targetUrl":"https://e.com/?a=1&b=<2>","filters":{"type":"gif"}}`, json, "key-1", auth}},
		{"create without extras", func(ctx context.Context) error {
			_, err := c.Create(ctx, pictify.NewSubscription{Event: "a", TargetURL: "b"}, "")
			return err
		}, seen{"POST", "/webhook-subscriptions", `{"event":"a","targetUrl":"b"}`, json, "", auth}},
		{"get", func(ctx context.Context) error { _, err := c.Get(ctx, "wh_1"); return err },
			seen{"GET", "/webhook-subscriptions/wh_1", "", "", "", auth}},
		{"update", func(ctx context.Context) error {
			_, err := c.Update(ctx, "wh_1", pictify.Change{TargetURL: "https://e.com", Status: pictify.Paused, Filters: &pictify.Filters{}})
			return err
		}, seen{"PUT", "/webhook-subscriptions/wh_1", `{"targetUrl":"https://e.com","status":"paused","filters":{}}`, json, "", auth}},
		{"pause", func(ctx context.Context) error { _, err := c.Pause(ctx, "wh_1"); return err },
			seen{"POST", "/webhook-subscriptions/wh_1/pause", "{}", json, "", auth}},
		{"resume", func(ctx context.Context) error { _, err := c.Resume(ctx, "wh_1"); return err },
			seen{"POST", "/webhook-subscriptions/wh_1/resume", "{}", json, "", auth}},
		{"delete", func(ctx context.Context) error { return c.Delete(ctx, "wh_1") },
			seen{"DELETE", "/webhook-subscriptions/wh_1", "", "", "", auth}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.call(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, last); diff != "" {
				t.Errorf("request (-want +got)\n%s", diff)
			}
		})
	}
	t.Run("prefix", func(t *testing.T) {
		prefixed := *c
		prefixed.BaseURL += "/v1/"
		if _, err := prefixed.Get(t.Context(), "wh_1"); err != nil || last.URI != "/v1/webhook-subscriptions/wh_1" {
			t.Errorf("request for %s (%v), want it below /v1", last.URI, err)
		}
	})
}

// A uid that was typed or stored never reaches another endpoint.
func TestClientRefusesBadUID(t *testing.T) {
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) { t.Errorf("%s %s was sent", r.Method, r.RequestURI) })
	for _, uid := range []string{"", ".", "..", "../x", "a/pause", "stats?x", "a b", "a%2f", "a\n", "é"} {
		_, err := c.Get(t.Context(), uid)
		_, err2 := c.Update(t.Context(), uid, pictify.Change{})
		if err3 := c.Delete(t.Context(), uid); err == nil || err2 == nil || err3 == nil {
			t.Errorf("uid %q: %v, %v, %v, want errors", uid, err, err2, err3)
		}
	}
}

// openapi gives PUT an answer without a schema, and no page shows what /pause and
// /resume answer: the client then asks.
func TestClientAsksWhenAnswerIsSilent(t *testing.T) {
	for _, silence := range []string{"", " \n", `{"success":true}`} {
		c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				io.WriteString(w, bare)
				return
			}
			io.WriteString(w, silence)
		})
		for name, call := range map[string]func() (pictify.Subscription, error){
			"Update": func() (pictify.Subscription, error) { return c.Update(t.Context(), "wh_abc123", pictify.Change{}) },
			"Pause":  func() (pictify.Subscription, error) { return c.Pause(t.Context(), "wh_abc123") },
			"Resume": func() (pictify.Subscription, error) { return c.Resume(t.Context(), "wh_abc123") },
		} {
			s, err := call()
			if diff := cmp.Diff(full(), s); err != nil || diff != "" {
				t.Errorf("%s answered %q: %v (-want +got)\n%s", name, silence, err, diff)
			}
		}
	}
}

func TestClientRefusesAnotherSubscription(t *testing.T) {
	c := newClient(t, answering(200, bare))
	if s, err := c.Get(t.Context(), "wh_other"); !errors.Is(err, pictify.ErrBadAnswer) || s.UID != "" {
		t.Errorf("Get = %q, %v, want %v", s.UID, err, pictify.ErrBadAnswer)
	}
}

func TestClientDelete(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   error
	}{
		{"200 deleted", 200, `{"deleted":true,"success":true}`, nil},
		{"200 success", 200, `{"success":true}`, nil},
		{"200 empty", 200, "", nil},
		{"201", 201, "{}", nil},
		{"204", 204, "", nil},
		{"404 is gone already", 404, `{"message":"Not found"}`, nil},
		{"200 not deleted", 200, `{"deleted":false}`, pictify.ErrBadAnswer},
		{"200 no success", 200, `{"success":false}`, pictify.ErrBadAnswer},
		{"200 from somebody else", 200, "<html>Sign in</html>", pictify.ErrBadAnswer},
		{"401", 401, "{}", pictify.ErrUnauthorized},
		{"403", 403, "{}", pictify.ErrForbidden},
		{"429", 429, "{}", pictify.ErrRateLimited},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t, answering(tt.status, tt.body))
			if err := c.Delete(t.Context(), "wh_1"); !errors.Is(err, tt.want) {
				t.Errorf("Delete = %v, want %v", err, tt.want)
			}
		})
	}
}
