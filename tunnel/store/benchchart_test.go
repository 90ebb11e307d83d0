package store_test

import (
	"testing"
	"time"

	"pictap/tunnel/store"
)

// BenchmarkChart is what a look at the overview costs among the deliveries of a busy
// store, one every second: the first, which reads all, and each later one, before
// which something has changed.
func BenchmarkChart(b *testing.B) {
	s := bigStore(b, 100_000)
	to := delivery(0).ReceivedAt.Add(100_000 * time.Second)
	look := func(b *testing.B, back time.Duration) {
		if _, err := s.Chart(b.Context(), to.Add(-back), to, 0); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			s.ForgetCensus()
			look(b, time.Hour)
		}
	})
	for _, back := range []time.Duration{15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 28 * time.Hour} {
		b.Run("later/"+back.String(), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				if _, err := s.AddAttempt(b.Context(), 99_000, store.Attempt{Status: 200}, store.Done); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				look(b, back)
			}
		})
	}
	b.Run("shares", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := s.Shares(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
