package mock_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/fixtures"
	"pictap/mock"
	"pictap/tunnel/pictify"
)

// Every sample of every subscribable type arrives at the subscription for it,
// signed with that subscription's own secret.
func TestEmitEveryType(t *testing.T) {
	hook := newReceiver(t, nil)
	api := &mock.Server{}
	c := start(t, api)
	subs := make(map[string]pictify.Subscription) // by path
	for _, typ := range pictify.Subscribable() {
		path := "/in/" + string(typ)
		subs[path] = create(t, c, pictify.NewSubscription{Event: typ, TargetURL: hook.URL + path})
	}
	g := fixtures.New(1, testNow, "")
	sent := make(map[string]pictify.Event) // by delivery id
	for range 10 {
		for _, typ := range pictify.EventTypes() {
			e, err := g.Event(typ)
			if err != nil {
				t.Fatal(err)
			}
			want := 1
			if !slices.Contains(pictify.Subscribable(), typ) {
				want = 0
			}
			results := api.Emit(t.Context(), e)
			if len(results) != want {
				t.Errorf("%s went to %d subscriptions, want %d", typ, len(results), want)
			}
			for _, r := range results {
				if !r.OK() || r.Subscription != subs["/in/"+string(typ)].UID || sent[r.ID].Type != "" {
					t.Errorf("%s: %+v", typ, r)
				}
				sent[r.ID] = e
			}
		}
	}

	for _, got := range hook.all() {
		for _, problem := range fixtures.Validate(got.body) {
			t.Errorf("%s: %s in %s", problem.Path, problem.Text, got.body)
		}
		sub, id := subs[got.path], got.header.Get("X-Pictify-Delivery-Id")
		if want := signature(sub.Secret.Reveal(), testNow, got.body); got.header.Get("X-Pictify-Signature") != want {
			t.Errorf("%s signed %s, want %s", got.path, got.header.Get("X-Pictify-Signature"), want)
		}
		if err := pictify.Verify(sub.Secret, got.header.Get(pictify.SignatureHeader), got.body, testNow); err != nil {
			t.Errorf("Verify: %v", err)
		}
		if got.header.Get("X-Pictify-Event") != string(sub.Event) || string(got.body) != string(sent[id].WithDeliveryID(id).Body()) {
			t.Errorf("%s got %s %s", got.path, got.header.Get("X-Pictify-Event"), got.body)
		}
		delete(sent, id)
	}
	if len(sent) != 0 {
		t.Errorf("%d deliveries did not arrive", len(sent))
	}
}

func TestFilters(t *testing.T) {
	for _, tt := range []struct {
		filters pictify.Filters
		typ     pictify.EventType
		data    string
		want    bool
	}{
		{pictify.Filters{}, pictify.RenderCompleted, `{}`, true},
		{pictify.Filters{}, pictify.RenderCompleted, `null`, true},
		{pictify.Filters{TemplateID: "a"}, pictify.RenderCompleted, `{"templateId":"a"}`, true},
		{pictify.Filters{TemplateID: "a"}, pictify.RenderCompleted, `{"templateId":"b"}`, false},
		{pictify.Filters{TemplateID: "a"}, pictify.RenderCompleted, `{}`, false},
		{pictify.Filters{TemplateID: "a"}, pictify.RenderCompleted, `{"templateId":["a"]}`, false},
		{pictify.Filters{TemplateID: "a"}, pictify.BindingUpdated, `{"templateUid":"a"}`, true},
		{pictify.Filters{BindingID: "a"}, pictify.BindingFailed, `{"bindingId":"a"}`, true},
		{pictify.Filters{BindingID: "a"}, pictify.RenderFailed, `{"templateId":"a"}`, false},
		{pictify.Filters{Type: "gif"}, pictify.RenderCompleted, `{"type":"gif"}`, true},
		{pictify.Filters{Type: "gif"}, pictify.RenderCompleted, `{"type":"image"}`, false},
		{pictify.Filters{Type: "gif", TemplateID: "a"}, pictify.RenderCompleted, `{"type":"gif","templateId":"a"}`, true},
		{pictify.Filters{Type: "gif", TemplateID: "a"}, pictify.RenderCompleted, `{"type":"gif","templateId":"b"}`, false},
		{pictify.Filters{Type: "gif", TemplateID: "a"}, pictify.RenderCompleted, `{"type":"pdf","templateId":"a"}`, false},
	} {
		hook := newReceiver(t, nil)
		api := &mock.Server{}
		create(t, start(t, api), pictify.NewSubscription{Event: tt.typ, TargetURL: hook.URL, Filters: tt.filters})
		api.Emit(t.Context(), event(tt.typ, tt.data))
		if got := len(hook.all()) == 1; got != tt.want {
			t.Errorf("%+v and %s: delivered %t, want %t", tt.filters, tt.data, got, tt.want)
		}
	}
}

func TestOnlyActiveSubscriptionsReceive(t *testing.T) {
	hook := newReceiver(t, nil)
	api := &mock.Server{}
	c := start(t, api)
	s := create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: hook.URL})
	emit := func() int { return len(api.Emit(t.Context(), event(pictify.RenderFailed, `{}`))) }
	if _, err := c.Pause(t.Context(), s.UID); err != nil || emit() != 0 {
		t.Errorf("paused: delivered (%v)", err)
	}
	if _, err := c.Resume(t.Context(), s.UID); err != nil || emit() != 1 {
		t.Errorf("resumed: not delivered (%v)", err)
	}
	api.Edit(s.UID, func(s *pictify.Subscription) { s.Status = pictify.Failed })
	if emit() != 0 {
		t.Error("failed: delivered")
	}
	if err := c.Delete(t.Context(), s.UID); err != nil || emit() != 0 {
		t.Errorf("deleted: delivered (%v)", err)
	}
	if len(hook.all()) != 1 {
		t.Errorf("%d deliveries, want 1: what is passed over is not made up for", len(hook.all()))
	}
}

func TestOutcomesAreRecorded(t *testing.T) {
	var status atomic.Int32
	hook := newReceiver(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(int(status.Load())) })
	var clock clock
	api := &mock.Server{Now: clock.now}
	c := start(t, api)
	s := create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: hook.URL})
	for i, tt := range []struct {
		status   int32
		failures int
		last     string
	}{
		{200, 0, `{"status":"success","timestamp":"2026-01-29T10:30:00Z","responseCode":200,"duration":0,"retryCount":0}`},
		{500, 1, `{"status":"failed","timestamp":"2026-01-29T10:31:00Z","responseCode":500,"duration":0,"error":"answered 500 Internal Server Error","retryCount":0,"nextRetry":"2026-01-29T10:32:00Z"}`},
		{302, 2, `{"status":"failed","timestamp":"2026-01-29T10:32:00Z","responseCode":302,"duration":0,"error":"answered 302 Found","retryCount":0,"nextRetry":"2026-01-29T10:33:00Z"}`},
		{204, 0, `{"status":"success","timestamp":"2026-01-29T10:33:00Z","responseCode":204,"duration":0,"retryCount":0}`},
	} {
		status.Store(tt.status)
		api.Emit(t.Context(), event(pictify.RenderFailed, `{}`))
		got, err := c.Get(t.Context(), s.UID)
		if err != nil || got.DeliveryCount != i+1 || got.FailureCount != tt.failures || !got.LastDeliveryAt.Equal(clock.now()) {
			t.Errorf("after %d: %+v, %v, want %d deliveries, %d failures, the last now", tt.status, got, err, i+1, tt.failures)
		}
		_, _, body := ask(t, c, "GET", "/webhook-subscriptions/"+s.UID, "", nil)
		var one struct{ LastDelivery json.RawMessage }
		if err := json.Unmarshal([]byte(body), &one); err != nil || string(one.LastDelivery) != tt.last {
			t.Errorf("after %d: %v, lastDelivery %s, want %s", tt.status, err, one.LastDelivery, tt.last)
		}
		clock.advance(time.Minute)
	}
	if _, _, body := ask(t, c, "GET", "/webhook-subscriptions/stats", "", nil); !strings.Contains(body, `"completed":2`) || !strings.Contains(body, `"delayed":2,"failed":0`) {
		t.Errorf("stats: %s", body)
	}
}

// A target that hangs holds up neither the other deliveries nor the API.
func TestEmitIsConcurrent(t *testing.T) {
	stop := make(chan struct{})
	arrived := make(chan struct{})
	slow := newReceiver(t, func(w http.ResponseWriter, r *http.Request) { <-stop })
	quick := newReceiver(t, func(w http.ResponseWriter, r *http.Request) { close(arrived) })
	api := &mock.Server{}
	c := start(t, api)
	for _, url := range []string{slow.URL, quick.URL} {
		create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: url})
	}
	done := make(chan []mock.Delivered)
	go func() { done <- api.Emit(t.Context(), event(pictify.RenderFailed, `{}`)) }()
	select {
	case <-arrived:
	case <-time.After(time.Minute):
		t.Error("the quick target waits for the slow one")
	}
	if err := c.Delete(t.Context(), api.Subscriptions()[0].UID); err != nil {
		t.Errorf("Delete while delivering: %v", err)
	}
	close(stop)
	if all := <-done; len(all) != 2 || !all[0].OK() || !all[1].OK() {
		t.Errorf("outcomes %+v, want two successes", all)
	}
}

func TestTestDelivery(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		answer     int // of the receiver
		wantEvent  string
		wantData   string // "" when anything
		wantAnswer string
	}{
		{"guide", `{"event":"render.completed","data":{"imageId":"test_123","url":"https://cdn.pictify.io/test.png"}}`, 200, "render.completed",
			`{"imageId":"test_123","url":"https://cdn.pictify.io/test.png","deliveryId":"%s"}`, `{"deliveryId":"%s","responseStatus":200,"responseTime":0,"success":true}`},
		{"another event than subscribed to", `{"event":"batch.completed","data":{}}`, 200, "batch.completed", `{"deliveryId":"%s"}`, ""},
		{"no body", "", 200, "render.failed", "", ""},
		{"empty object", "{}", 200, "render.failed", "", ""},
		{"undocumented event", `{"event":"x"}`, 200, "x", `{"deliveryId":"%s"}`, ""},
		{"handler fails", `{"data":{}}`, 500, "render.failed", `{"deliveryId":"%s"}`,
			`{"deliveryId":"%s","error":"answered 500 Internal Server Error","responseStatus":500,"responseTime":0,"success":false}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hook := newReceiver(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(tt.answer) })
			api := &mock.Server{}
			c := start(t, api)
			s := create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: hook.URL, Filters: pictify.Filters{Type: "pdf"}})
			if _, err := c.Pause(t.Context(), s.UID); err != nil {
				t.Fatal(err)
			}
			status, _, answer := ask(t, c, "POST", "/webhook-subscriptions/"+s.UID+"/test", tt.body, nil)
			got := hook.one(t)
			id := got.header.Get("X-Pictify-Delivery-Id")
			if status != 200 || tt.wantAnswer != "" && answer != fmt.Sprintf(tt.wantAnswer, id) {
				t.Errorf("answered %d %s, want %s", status, answer, tt.wantAnswer)
			}
			e, err := pictify.ParseEvent(got.body)
			if err != nil || string(e.Type) != tt.wantEvent || !e.Timestamp.Equal(testNow) {
				t.Errorf("delivered %s: %v", got.body, err)
			}
			if want := strings.ReplaceAll(tt.wantData, "%s", id); want != "" && string(e.Data) != want {
				t.Errorf("data %s, want %s", e.Data, want)
			}
			if want := signature(s.Secret.Reveal(), testNow, got.body); got.header.Get("X-Pictify-Signature") != want {
				t.Errorf("signed %s, want %s", got.header.Get("X-Pictify-Signature"), want)
			}
			if after := api.Subscriptions()[0]; after.DeliveryCount != 0 {
				t.Errorf("a test counted as a delivery: %+v", after)
			}
		})
	}
}

func TestTestDeliveryRefuses(t *testing.T) {
	c := start(t, &mock.Server{})
	s := create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: target})
	for _, body := range []string{"x", "[]", `{"event":5}`} {
		if status, _, answer := ask(t, c, "POST", "/webhook-subscriptions/"+s.UID+"/test", body, nil); status != 400 {
			t.Errorf("%s answered %d %s, want 400", body, status, answer)
		}
	}
}

func TestEmitWithoutRandom(t *testing.T) {
	api := &mock.Server{Random: strings.NewReader(strings.Repeat("x", 8+32))} // enough for one subscription
	create(t, start(t, api), pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: target})
	results := api.Emit(t.Context(), event(pictify.RenderFailed, `{}`))
	if len(results) != 1 || results[0].Err == nil || results[0].ID != "" {
		t.Errorf("results %+v, want one error", results)
	}
}

func TestEmitToNobody(t *testing.T) {
	api := &mock.Server{}
	start(t, api)
	if diff := cmp.Diff([]mock.Delivered{}, api.Emit(t.Context(), event(pictify.RenderFailed, `{}`))); diff != "" {
		t.Errorf("results (-want +got)\n%s", diff)
	}
}
