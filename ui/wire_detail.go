package ui

import (
	"context"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// A production is what Pictify would do about the app's last answer.
type production struct {
	Attempt int     `json:"attempt"` // whose answer it is, by its n
	Made    int     `json:"made"`    // which of Pictify's attempts it stands for, from 1
	Of      int     `json:"of"`      // how many Pictify makes at most
	Failing string  `json:"failing,omitempty"`
	Next    []int64 `json:"next"`     // seconds before each attempt that may follow
	GivesUp bool    `json:"gives_up"` // that was the last: the subscription is disabled
}

// productionOf judges a verified delivery that the app has been given; nil for others.
// Each arrival of the same delivery is an attempt of Pictify's.
func productionOf(d store.Delivery) *production {
	if d.Verdict != pictify.Valid || len(d.Attempts) == 0 {
		return nil
	}
	last := d.Attempts[len(d.Attempts)-1]
	made := max(d.Arrivals, 1)
	o := pictify.Expect(made, last.Status, last.Duration)
	p := &production{Attempt: last.N, Made: made, Of: len(pictify.RetryWaits()) + 1, Failing: string(o.Failing), Next: []int64{}, GivesUp: o.GivesUp}
	for _, wait := range o.Next {
		p.Next = append(p.Next, int64(wait.Seconds()))
	}
	return p
}

// A sibling is another delivery that names the same delivery id.
type sibling struct {
	ID      string   `json:"id"`
	Seq     int64    `json:"seq"`
	Time    wireTime `json:"time"`
	Event   string   `json:"event"`
	Verdict string   `json:"verdict"`
	State   string   `json:"state"`
	Status  int      `json:"status"` // the app's last answer, 0 for none
}

const maxSiblings = 20

// siblingsOf lists the newest of them; more says that there are others.
func (h *Handler) siblingsOf(ctx context.Context, d store.Delivery) (list []sibling, more bool, err error) {
	if d.DeliveryID == "" {
		return nil, false, nil
	}
	found, err := h.opts.Store.WithDeliveryID(ctx, d.DeliveryID, maxSiblings+2) // with d itself
	if err != nil {
		return nil, false, err
	}
	for _, other := range found {
		if other.Seq == d.Seq {
			continue
		}
		if len(list) == maxSiblings {
			return list, true, nil
		}
		s := sibling{ID: other.ID(), Seq: other.Seq, Time: wireTime(other.ReceivedAt), Event: clip(string(other.Event)), Verdict: clip(string(other.Verdict)), State: string(other.State)}
		if n := len(other.Attempts); n > 0 {
			s.Status = other.Attempts[n-1].Status
		}
		list = append(list, s)
	}
	return list, false, nil
}
