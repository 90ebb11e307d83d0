package ui

import (
	"time"

	"pictap/tunnel/store"
)

// aroundSamples are those of what is around the deliveries.
func aroundSamples(d store.Delivery) map[string]any {
	at := d.ReceivedAt.UTC().Truncate(time.Millisecond)
	n := counts{5, 4, 3, 2, 1}
	seen := &sight{"d17", wireTime(d.ReceivedAt), 200}
	wait := MockWait{Said: "5m", MS: 93.75}
	tried := MockAttempt{N: 1, Time: at, Status: 500, DurationMS: 3.1, Error: "reset", Answer: "oops"}
	due := MockDelivery{ID: "del_1", Event: "render.completed", Subscription: "wh_1", URL: "http://127.0.0.1:4456/in/a/b", State: "delayed", Made: 1,
		Attempts: []MockAttempt{tried}, Due: &at, CanAttempt: true, Remaining: []MockWait{wait}}
	sub := MockSubscription{UID: "wh_1", Event: "render.completed", URL: "http://127.0.0.1:4456/in/a/b", Status: "failed", Deliveries: 3, Failures: 6}
	queue := MockQueue{Waiting: 1, Active: 2, Delayed: 3, Completed: 4, Failed: 5}
	step := chartStep{wireTime(d.ReceivedAt), n, 9, 3.5, 41}
	typ := coveredType{Event: "render.completed", Known: true, CanSend: true, counts: n, Last: seen, Answered: seen}
	line := subscriptionLine{SubscriptionStatus{UID: "sub_1", Event: "render.completed", URL: "https://a/in/a/b", Status: "paused", Note: "paused here"}, n, seen}
	entry := MockEntry{Seq: 1, Time: at, Kind: "delivery", Method: "POST", Path: "/image", Status: 500, DurationMS: 3.1, RequestBytes: 2, AnswerBytes: 2,
		Request: "{}", Answer: "{}", Fault: "500", RequestHeader: [][2]string{{"Accept", "*/*"}}, AnswerHeader: [][2]string{{"Content-Type", "text/plain"}},
		Subscription: "wh_1", Delivery: "del_1", Event: "render.completed", Attempt: 1, Error: "reset", Wait: "1m", GaveUp: true}
	return map[string]any{
		"Run": runAnswer{Run{at, "/home/ada/.local/state/pictap", "/home/ada/.local/state/pictap/pictap.db", "127.0.0.1:4456", "https://api.pictify.io",
			"live key pk_live_…7890", "record", true, "delete"}, 4096, 12, 34, 5, 100_000, 1 << 30, 200},
		"Chart":            chartAnswer{wireTime(d.ReceivedAt), wireTime(d.ReceivedAt), 10_000, []chartStep{step}},
		"ChartStep":        step,
		"Coverage":         coverage{[]coveredType{typ}},
		"CoveredType":      typ,
		"Sight":            seen,
		"Hold":             hold{1, []summary{summaryOf(d)}},
		"SubscriptionList": subscriptionList{[]subscriptionLine{line}},
		"SubscriptionLine": line,
		"Drained":          drained{"down", "connection refused", 3},
		"MockJournal":      mockJournal{[]MockEntry{entry}},
		"MockEntry":        entry,
		"MockState": MockState{"http://127.0.0.1:4010", 3200, []string{"1m", "5m"}, []string{"POST /image=500:10%"}, queue,
			[]MockDelivery{due}, []MockSubscription{sub}},
		"MockQueue":        queue,
		"MockDelivery":     due,
		"MockAttempt":      tried,
		"MockWait":         wait,
		"MockSubscription": sub,
	}
}
