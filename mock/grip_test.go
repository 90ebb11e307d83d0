package mock_test

import (
	"fmt"
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
