package store_test

import (
	"testing"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// Deliveries of one sender's id are found, verified or not, and no others.
func TestWithDeliveryID(t *testing.T) {
	s := open(t, store.Options{})
	for n := range 5 {
		d := delivery(n)
		if n%2 == 0 {
			d.DeliveryID = "del_same"
		}
		if _, err := s.Record(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	changed := s.Changed()
	odd := delivery(9)
	odd.DeliveryID, odd.Verdict, odd.State, odd.Proof = "del_same", pictify.Mismatch, store.Kept, nil
	s.RecordUnverified(odd)
	<-changed
	ids := func(id string, limit int) (text string) {
		t.Helper()
		list, err := s.WithDeliveryID(t.Context(), id, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			text += d.ID() + " "
		}
		return text
	}
	for _, tt := range []struct {
		id    string
		limit int
		want  string
	}{{"del_same", 10, "d6 d5 d3 d1 "}, {"del_same", 2, "d6 d5 "}, {"del_*", 10, ""}, {"DEL_SAME", 10, ""}, {"", 10, ""}} {
		if got := ids(tt.id, tt.limit); got != tt.want {
			t.Errorf("%q, at most %d: %s, want %s", tt.id, tt.limit, got, tt.want)
		}
	}
}
