package ui

import (
	"time"

	"pictap/tunnel/store"
)

// What the overview reads: what is around the deliveries.

// A Run is what there is to know of this run of pictap. Empty fields are not shown.
type Run struct {
	Started  time.Time `json:"started"`
	StateDir string    `json:"state_dir"`
	Database string    `json:"database"`
	Receiver string    `json:"receiver"` // address of the receiver's own port
	API      string    `json:"api"`      // base URL of the service that subscriptions are registered with
	Account  string    `json:"account"`  // which key, without showing it
	Ack      string    `json:"ack"`      // "record", "relay"
	Resign   bool      `json:"resign"`   // what is forwarded is signed with the local secret
	OnExit   string    `json:"on_exit"`  // of the subscriptions: "delete", "pause", "keep"
}

// runAnswer is Run with what the store takes.
type runAnswer struct {
	Run
	DatabaseBytes  int64 `json:"database_bytes"`
	Deliveries     int64 `json:"deliveries"`
	Bytes          int64 `json:"bytes"`
	Unverified     int64 `json:"unverified"`
	KeepCount      int64 `json:"keep_count"`
	KeepBytes      int64 `json:"keep_bytes"`
	KeepUnverified int64 `json:"keep_unverified"`
}

type chartAnswer struct {
	From   wireTime    `json:"from"`
	To     wireTime    `json:"to"`
	StepMS int64       `json:"step_ms"`
	Steps  []chartStep `json:"steps"`
}

// A chartStep is what arrived in one step of time. Steps without a delivery are left out.
type chartStep struct {
	Time wireTime `json:"time"`
	counts
	Answers int64   `json:"answers"`
	P50MS   float64 `json:"p50_ms"`
	P95MS   float64 `json:"p95_ms"`
}

// counts are numbers of deliveries, by what became of them.
type counts struct {
	Taken      int64 `json:"taken"`
	Refused    int64 `json:"refused"`
	Unanswered int64 `json:"unanswered"`
	Recorded   int64 `json:"recorded"`
	Unverified int64 `json:"unverified"`
}

func countsOf(s store.Share) counts { return countsIn(s.Outcomes[:]) }

func countsIn(o []int64) counts {
	return counts{o[store.Taken], o[store.Refused], o[store.Unanswered], o[store.Recorded], o[store.Unverified]}
}

type coverage struct {
	Types []coveredType `json:"types"`
}

// A coveredType says how far one event type has come.
type coveredType struct {
	Event   string `json:"event"`
	Known   bool   `json:"known"`    // a documented type, which counts
	CanSend bool   `json:"can_send"` // POST /api/trigger makes one
	counts
	Last     *sight `json:"last,omitempty"`     // the newest that came
	Answered *sight `json:"answered,omitempty"` // the newest that verified and was answered
}

// A sight is one delivery, by its name.
type sight struct {
	ID     string   `json:"id"`
	Time   wireTime `json:"time"`
	Status int      `json:"status"` // of the app's last answer; 0 for none
}

func sightOf(s store.Sight) *sight {
	if s.Seq == 0 {
		return nil
	}
	return &sight{store.Delivery{Seq: s.Seq}.ID(), wireTime(s.At), s.Status}
}

type hold struct {
	Waiting    int64     `json:"waiting"`
	Deliveries []summary `json:"deliveries"` // the first ones, the oldest first
}

type subscriptionList struct {
	Subscriptions []subscriptionLine `json:"subscriptions"`
}

// A subscriptionLine is SubscriptionStatus with what has come by it.
type subscriptionLine struct {
	SubscriptionStatus
	counts
	Last *sight `json:"last,omitempty"`
}

// drained is what came of looking for the app.
type drained struct {
	App     string `json:"app"` // "answering", "down"
	Reason  string `json:"reason,omitempty"`
	Waiting int64  `json:"waiting"` // deliveries that waited before
}
