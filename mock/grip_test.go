package mock_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

func TestRungs(t *testing.T) {
	for _, tt := range []struct {
		ladder mock.Ladder
		made   int
		want   string
	}{
		{mock.Ladder{}, 1, "[1m 5m 30m 2h 24h]"},
		{mock.Ladder{}, 4, "[2h 24h]"},
		{mock.Ladder{}, 6, "[]"},
		{mock.Ladder{Waits: []time.Duration{}}, 1, "[]"},
		{mock.Ladder{Waits: []time.Duration{90 * time.Second}, Attempts: 4}, 2, "[1m30s 1m30s]"},
	} {
		if got := fmt.Sprint(tt.ladder.Rungs(tt.made)); got != tt.want {
			t.Errorf("%+v after %d: %s, want %s", tt.ladder, tt.made, got, tt.want)
		}
	}
	if diff := cmp.Diff([]mock.Rung{{2 * time.Hour, 2 * time.Second}}, mock.Ladder{Waits: []time.Duration{2 * time.Hour}, Scale: 3600}.Rungs(1)); diff != "" {
		t.Errorf("compressed (-want +got):\n%s", diff)
	}
}

// The journal shows headers, and no keys in them.
func TestJournalHeaders(t *testing.T) {
	l := newLine(t, &mock.Server{}, 200)
	header := http.Header{"Authorization": {"Bearer t0ps3cret"}, "X-Api-Key": {"t0ps3cret"}, "Cookie": {"a=t0ps3cret"}, "A-Note": {"whsec_t0ps3cret", "plain"},
		"Proxy-Authorization": {"Basic t0ps3cret"}, "X-Long": {strings.Repeat("x", 5000)}}
	for n := range 100 {
		header.Add("X-Many", fmt.Sprint(n))
	}
	ask(t, start(t, l.Server), "GET", "/webhook-subscriptions", "", header)
	e := l.Journal(0, 1)[0]
	text := fmt.Sprint(e.RequestHeader, e.AnswerHeader)
	for _, want := range []string{"[A-Note plain]", "[Authorization [redacted]]", "[Content-Type application/json", "[X-Many 1]"} {
		if !strings.Contains(text, want) {
			t.Errorf("the headers are %.600s, without %s", text, want)
		}
	}
	if strings.Contains(text, "t0ps3cret") || len(text) > 4000 || len(e.RequestHeader) != 40 {
		t.Errorf("%d headers: %.2000s", len(e.RequestHeader), text)
	}
}

func TestResumeByHand(t *testing.T) {
	l := &mock.Server{}
	made := create(t, start(t, l), pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: "http://127.0.0.1:9/in"})
	l.Edit(made.UID, func(s *pictify.Subscription) { s.Status, s.FailureCount = pictify.Failed, 6 })
	if !l.Resume(made.UID) || l.Resume("wh_0") {
		t.Error("the wrong one is resumed")
	}
	if got := l.Subscriptions()[0]; got.Status != pictify.Active || got.FailureCount != 0 {
		t.Errorf("resumed, it is %+v", got)
	}
	if l.Queue() != (mock.Queue{}) {
		t.Errorf("the queue is %+v", l.Queue())
	}
}
