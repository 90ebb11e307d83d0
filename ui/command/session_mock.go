package command

import (
	"fmt"
	"slices"
	"time"

	"pictap/mock"
	"pictap/ui"
)

// lookInto lets the page see the mock that runs at url, and move it.
func lookInto(m *mock.Server, url string) *ui.Mock {
	return &ui.Mock{
		Journal: func(after int64, limit int) []ui.MockEntry {
			var list []ui.MockEntry
			for _, e := range m.Journal(after, limit) {
				list = append(list, mockEntry(e))
			}
			return list
		},
		State: func() ui.MockState { return mockStateOf(m, url) },
		Attempt: func(id string) error {
			if _, err := m.AttemptNow(id); err != nil {
				return &ui.Refusal{Text: err.Error()}
			}
			return nil
		},
		Resume: func(uid string) error {
			if !m.Resume(uid) {
				return &ui.Refusal{Text: "the mock has no such subscription any more"}
			}
			return nil
		},
	}
}

func mockEntry(e mock.Entry) ui.MockEntry {
	return ui.MockEntry{
		Seq: e.Seq, Time: wholeMS(e.Time), Kind: e.Kind, Method: e.Method, Path: e.Path, Status: e.Status, DurationMS: e.DurationMS,
		RequestBytes: e.RequestBytes, AnswerBytes: e.AnswerBytes, Request: e.Request, Answer: e.Answer, Fault: e.Fault,
		RequestHeader: e.RequestHeader, AnswerHeader: e.AnswerHeader,
		Subscription: e.Subscription, Delivery: e.Delivery, Event: string(e.Event), Attempt: e.Attempt, Error: e.Error, Wait: e.Wait, GaveUp: e.GaveUp,
	}
}

func wholeMS(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func mockStateOf(m *mock.Server, url string) ui.MockState {
	q := m.Queue()
	st := ui.MockState{
		URL: url, Scale: 1, Deliveries: mockDeliveriesOf(m),
		Queue: ui.MockQueue{Waiting: q.Waiting, Active: q.Active, Delayed: q.Delayed, Completed: q.Completed, Failed: q.Failed},
	}
	if m.Ladder.Scale > 0 {
		st.Scale = m.Ladder.Scale
	}
	for _, rung := range m.Ladder.Rungs(1) {
		st.Waits = append(st.Waits, rung.String())
	}
	for _, f := range m.Faults.Rules {
		st.Faults = append(st.Faults, f.String())
	}
	if l := m.Faults.Latency; l.Max > 0 {
		st.Faults = append(st.Faults, fmt.Sprintf("every answer is held back for %v to %v", l.Min, l.Max))
	}
	for _, sub := range m.Subscriptions() {
		st.Subscriptions = append(st.Subscriptions, ui.MockSubscription{UID: sub.UID, Event: string(sub.Event), URL: sub.TargetURL,
			Status: string(sub.Status), Deliveries: sub.DeliveryCount, Failures: sub.FailureCount})
	}
	return st
}

// mockEnded is how many deliveries are shown that have come to their end.
const mockEnded = 50

// mockDeliveriesOf puts together what is due with the attempts that the journal
// remembers: first what is due, the first one first, then what has ended, the newest
// first.
func mockDeliveriesOf(m *mock.Server) []ui.MockDelivery {
	var list []ui.MockDelivery
	place := map[string]int{}
	due := m.Due() // before the journal: what ends in between is in both
	for _, d := range due {
		place[d.ID] = len(list)
		shown := ui.MockDelivery{ID: d.ID, Event: string(d.Event), Subscription: d.Subscription, URL: d.URL, State: d.State, Made: d.Attempts, CanAttempt: d.State != "active"}
		if d.State != "failed" {
			at := wholeMS(d.At)
			shown.Due = &at
			for _, rung := range m.Ladder.Rungs(d.Attempts + 1) {
				shown.Remaining = append(shown.Remaining, ui.MockWait{Said: rung.String(), MS: float64(rung.Scaled.Microseconds()) / 1000})
			}
		}
		list = append(list, shown)
	}
	var ended []string // in order of their first attempts
	past := map[string]*ui.MockDelivery{}
	for _, e := range m.Journal(0, 1000) {
		if e.Kind != "delivery" {
			continue
		}
		a := ui.MockAttempt{N: e.Attempt, Time: wholeMS(e.Time), Status: e.Status, DurationMS: e.DurationMS, Error: e.Error, Answer: e.Answer}
		if i, isDue := place[e.Delivery]; isDue {
			list[i].Attempts = append(list[i].Attempts, a)
			continue
		}
		d := past[e.Delivery]
		if d == nil {
			d = &ui.MockDelivery{ID: e.Delivery, Event: string(e.Event), Subscription: e.Subscription, URL: e.Path}
			past[e.Delivery] = d
			ended = append(ended, e.Delivery)
		}
		d.Attempts, d.Made, d.State = append(d.Attempts, a), max(d.Made, e.Attempt), "failed"
		if isTaken(e.Status) {
			d.State = "received"
		}
	}
	slices.Reverse(ended)
	for _, id := range ended[:min(len(ended), mockEnded)] {
		list = append(list, *past[id])
	}
	return list
}
