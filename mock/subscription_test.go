package mock_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

const target = "http://127.0.0.1:9/hook"

// The life of a subscription, through the real client and under every prefix.
func TestLife(t *testing.T) {
	for _, prefix := range []string{"", "/v1", "/api", "/v1/"} {
		t.Run("prefix "+prefix, func(t *testing.T) {
			api := &mock.Server{}
			c := start(t, api)
			c.BaseURL += prefix

			made := create(t, c, pictify.NewSubscription{Event: pictify.RenderCompleted, TargetURL: target, Filters: pictify.Filters{TemplateID: "tmpl_1", Type: "gif"}})
			if !regexp.MustCompile(`^wh_[0-9a-f]{16}$`).MatchString(made.UID) || !regexp.MustCompile(`^whsec_[0-9a-f]{64}$`).MatchString(made.Secret.Reveal()) {
				t.Errorf("made %q with secret %q", made.UID, made.Secret.Reveal())
			}
			want := pictify.Subscription{
				UID: made.UID, Event: pictify.RenderCompleted, TargetURL: target, Platform: "custom", Status: pictify.Active,
				Filters: pictify.Filters{TemplateID: "tmpl_1", Type: "gif"}, CreatedAt: testNow, Secret: made.Secret,
			}
			if diff := cmp.Diff(want, made); diff != "" {
				t.Errorf("Create (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff([]pictify.Subscription{want}, api.Subscriptions()); diff != "" {
				t.Errorf("Subscriptions (-want +got)\n%s", diff)
			}

			want.Secret = pictify.Secret{} // shown once
			check := func(what string, got pictify.Subscription, err error) {
				t.Helper()
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("%s: %v (-want +got)\n%s", what, err, diff)
				}
			}
			got, err := c.Get(t.Context(), made.UID)
			check("Get", got, err)
			want.Status = pictify.Paused
			got, err = c.Pause(t.Context(), made.UID)
			check("Pause", got, err)
			want.Status = pictify.Active
			got, err = c.Resume(t.Context(), made.UID)
			check("Resume", got, err)
			want.TargetURL, want.Status, want.Filters = "https://example.com/other", pictify.Paused, pictify.Filters{}
			got, err = c.Update(t.Context(), made.UID, pictify.Change{TargetURL: "https://example.com/other", Status: pictify.Paused, Filters: &pictify.Filters{}})
			check("Update", got, err)

			if err := c.Delete(t.Context(), made.UID); err != nil {
				t.Errorf("Delete: %v", err)
			}
			if _, err := c.Get(t.Context(), made.UID); !errors.Is(err, pictify.ErrNotFound) {
				t.Errorf("Get after Delete = %v, want %v", err, pictify.ErrNotFound)
			}
			if len(api.Subscriptions()) != 0 {
				t.Errorf("left: %v", api.Subscriptions())
			}
		})
	}
}

// The JSON itself, as clients that are not ours read it.
func TestWire(t *testing.T) {
	c := start(t, &mock.Server{})
	status, header, created := ask(t, c, "POST", "/webhook-subscriptions", `{"event":"binding.failed","targetUrl":"`+target+`","platform":"n8n"}`, nil)
	if status != http.StatusCreated || header.Get("Content-Type") != "application/json" || header.Get("Cache-Control") != "no-store" {
		t.Errorf("create answered %d with %v", status, header)
	}
	var wrapped struct{ Subscription json.RawMessage }
	var flat map[string]any
	if err := errors.Join(json.Unmarshal([]byte(created), &wrapped), json.Unmarshal([]byte(created), &flat)); err != nil {
		t.Fatal(err)
	}
	var inner map[string]any
	if err := json.Unmarshal(wrapped.Subscription, &inner); err != nil {
		t.Fatal(err)
	}
	delete(flat, "subscription")
	if diff := cmp.Diff(inner, flat); diff != "" {
		t.Errorf("the copies at the top differ (-wrapped +flat)\n%s", diff)
	}
	uid := inner["uid"].(string)
	delete(inner, "uid")
	delete(inner, "secret")
	want := map[string]any{
		"event": "binding.failed", "targetUrl": target, "platform": "n8n", "status": "active", "filters": map[string]any{},
		"deliveryCount": 0.0, "failureCount": 0.0, "lastDeliveryAt": nil, "createdAt": "2026-01-29T10:30:00Z",
	}
	if diff := cmp.Diff(want, inner); diff != "" {
		t.Errorf("created (-want +got)\n%s", diff)
	}

	if _, _, got := ask(t, c, "GET", "/webhook-subscriptions/"+uid, "", nil); strings.Contains(got, "secret") {
		t.Errorf("get shows a secret: %s", got)
	}
	if _, _, got := ask(t, c, "GET", "/webhook-subscriptions/stats", "", nil); got != `{"queue":{"active":0,"completed":0,"deadLetter":0,"delayed":0,"failed":0,"waiting":0},"subscriptions":{"byEvent":{"binding.failed":1},"byPlatform":{"n8n":1},"byStatus":{"active":1},"total":1}}` {
		t.Errorf("stats: %s", got)
	}
	// Some clients send a Content-Type and no body; some cannot read a 204.
	if status, _, got := ask(t, c, "POST", "/webhook-subscriptions/"+uid+"/pause", "", http.Header{"Content-Type": {"application/json"}}); status != 200 || !strings.Contains(got, `"status":"paused"`) {
		t.Errorf("pause without a body answered %d %s", status, got)
	}
	if status, _, got := ask(t, c, "DELETE", "/webhook-subscriptions/"+uid, "", nil); status != 200 || got != `{"deleted":true,"success":true}` {
		t.Errorf("delete answered %d %s", status, got)
	}
	if _, _, got := ask(t, c, "GET", "/webhook-subscriptions", "", nil); got != `{"pagination":{"page":1,"limit":20,"total":0,"totalPages":0,"hasNext":false,"hasPrev":false},"subscriptions":[]}` {
		t.Errorf("empty list: %s", got)
	}
}

func TestListPagesAndFilters(t *testing.T) {
	api := &mock.Server{}
	c := start(t, api)
	var uids []string
	for i := range 230 {
		typ := pictify.Subscribable()[i%4]
		uids = append(uids, create(t, c, pictify.NewSubscription{Event: typ, TargetURL: target}).UID)
	}
	for i, uid := range uids {
		if i%10 == 0 {
			api.Edit(uid, func(s *pictify.Subscription) { s.Status = pictify.Failed })
		}
	}
	var listed []string
	for s, err := range c.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, s.UID)
	}
	if diff := cmp.Diff(uids, listed); diff != "" {
		t.Errorf("all pages (-want +got)\n%s", diff)
	}

	for _, tt := range []struct {
		query string
		count int
		want  string // pagination
	}{
		{"", 20, `{"page":1,"limit":20,"total":230,"totalPages":12,"hasNext":true,"hasPrev":false}`},
		{"?page=12", 10, `{"page":12,"limit":20,"total":230,"totalPages":12,"hasNext":false,"hasPrev":true}`},
		{"?page=13", 0, `{"page":13,"limit":20,"total":230,"totalPages":12,"hasNext":false,"hasPrev":true}`},
		{"?page=1000000&limit=100", 0, `{"page":1000000,"limit":100,"total":230,"totalPages":3,"hasNext":false,"hasPrev":true}`},
		{"?limit=100&page=2", 100, `{"page":2,"limit":100,"total":230,"totalPages":3,"hasNext":true,"hasPrev":true}`},
		{"?status=failed", 20, `{"page":1,"limit":20,"total":23,"totalPages":2,"hasNext":true,"hasPrev":false}`},
		{"?status=failed&event=render.failed", 0, `{"page":1,"limit":20,"total":0,"totalPages":0,"hasNext":false,"hasPrev":false}`},
		{"?event=render.completed&status=failed&limit=5", 5, `{"page":1,"limit":5,"total":12,"totalPages":3,"hasNext":true,"hasPrev":false}`},
		{"?platform=zapier", 0, `{"page":1,"limit":20,"total":0,"totalPages":0,"hasNext":false,"hasPrev":false}`},
	} {
		_, _, body := ask(t, c, "GET", "/webhook-subscriptions"+tt.query, "", nil)
		var got struct {
			Subscriptions []json.RawMessage
			Pagination    json.RawMessage
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || got.Subscriptions == nil {
			t.Fatalf("%s: %v in %s", tt.query, err, body)
		}
		if len(got.Subscriptions) != tt.count || string(got.Pagination) != tt.want {
			t.Errorf("%s: %d items, %s\nwant %d, %s", tt.query, len(got.Subscriptions), got.Pagination, tt.count, tt.want)
		}
	}
	for _, query := range []string{"?page=0", "?page=-1", "?page=x", "?limit=0", "?limit=101", "?page=1.5", "?page=99999999999999999999"} {
		if status, _, body := ask(t, c, "GET", "/webhook-subscriptions"+query, "", nil); status != 400 {
			t.Errorf("%s answered %d %s, want 400", query, status, body)
		}
	}
}

func TestLenient(t *testing.T) {
	c := start(t, &mock.Server{Lenient: true})
	for _, typ := range []pictify.EventType{pictify.BatchCompleted, "experiment.started"} {
		if s, err := c.Create(t.Context(), pictify.NewSubscription{Event: typ, TargetURL: target}, ""); err != nil || s.Event != typ {
			t.Errorf("Create(%s) = %s, %v", typ, s.Event, err)
		}
	}
}

func TestUnknownSubscription(t *testing.T) {
	c := start(t, &mock.Server{})
	for _, call := range []string{"GET wh_0", "PUT wh_0", "DELETE wh_0", "POST wh_0/pause", "POST wh_0/resume", "POST wh_0/test", "GET ..%2fstats"} {
		method, path, _ := strings.Cut(call, " ")
		if status, _, body := ask(t, c, method, "/webhook-subscriptions/"+path, "{}", nil); status != 404 {
			t.Errorf("%s answered %d %s, want 404", call, status, body)
		}
	}
}

func TestCountIsBounded(t *testing.T) {
	api := &mock.Server{}
	c := start(t, api)
	for range 1000 {
		create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: target})
	}
	if _, err := c.Create(t.Context(), pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: target}, ""); !errors.Is(err, pictify.ErrRefused) || len(api.Subscriptions()) != 1000 {
		t.Errorf("number 1001: %v, %d in all", err, len(api.Subscriptions()))
	}
}

// The same Random gives the same ids and secrets.
func TestReproducible(t *testing.T) {
	var all [2][]pictify.Subscription
	for i := range all {
		api := &mock.Server{}
		c := start(t, api)
		for range 3 {
			create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: target})
		}
		all[i] = api.Subscriptions()
	}
	if diff := cmp.Diff(all[0], all[1]); diff != "" {
		t.Errorf("(-first +second)\n%s", diff)
	}
	var secrets []string
	for _, s := range all[0] {
		secrets = append(secrets, s.Secret.Reveal())
	}
	if slices.Sort(secrets); len(slices.Compact(secrets)) != 3 {
		t.Error("two subscriptions share a secret")
	}
}
