package store_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pictap/tunnel/store"
)

// BenchmarkRecord is the way of a delivery through the store: recorded, durable,
// then an attempt noted. p callers at once share the fsync.
//
//	go test -run '^$' -bench Record ./tunnel/store
func BenchmarkRecord(b *testing.B) {
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := open(b, store.Options{KeepCount: 1 << 40, KeepBytes: 1 << 40})
			body := make([]byte, 1024)
			var n atomic.Int64
			b.SetParallelism((callers + 1) / 2)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					d := delivery(int(n.Add(1)))
					d.Body, d.BodySize = body, int64(len(body))
					d, err := s.Record(b.Context(), d)
					if err != nil {
						b.Fatal(err)
					}
					a := store.Attempt{Kind: store.Forward, URL: "http://localhost:3000/webhooks/pictify", Status: 200, Body: body[:2], BodySize: 2}
					if err := s.NoteAttempt(b.Context(), d.Seq, a, store.Done, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkRecordWhileIndexing is how long one delivery takes to be durable while the
// index catches up with those that were there: 200 come in a second.
func BenchmarkRecordWhileIndexing(b *testing.B) {
	for _, index := range []bool{false, true} {
		b.Run(fmt.Sprintf("index=%v", index), func(b *testing.B) {
			s := bigStore(b, 30_000)
			path := s.Path()
			s.Close()
			s = openAt(b, path, store.Options{KeepCount: 1 << 40, KeepBytes: 1 << 40, Index: index})
			for tick := time.NewTicker(10 * time.Millisecond); index && s.IndexRows(b.Context()) == 0; { // until it has begun
				<-tick.C
			}
			var took []time.Duration
			next := time.NewTicker(5 * time.Millisecond)
			for n := 0; b.Loop(); n++ {
				<-next.C
				start := time.Now()
				record(b, s, bigDelivery(1_000_000+n))
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
			b.ReportMetric(float64(took[len(took)*9/10].Microseconds()), "p90-us")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-us")
			b.ReportMetric(float64(s.IndexRows(b.Context())), "indexed")
		})
	}
}

// BenchmarkSince is what one listener pays for a change.
func BenchmarkSince(b *testing.B) {
	s := open(b, store.Options{})
	for n := range 1000 {
		d := record(b, s, delivery(n))
		if _, err := s.AddAttempt(b.Context(), d.Seq, store.Attempt{Status: 200}, store.Done); err != nil {
			b.Fatal(err)
		}
	}
	for _, limit := range []int{1, 200} {
		b.Run(fmt.Sprintf("changes=%d", limit), func(b *testing.B) {
			rev, err := s.LastRev(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				list, err := s.Since(b.Context(), rev-2*int64(limit), limit)
				if err != nil || len(list) != limit {
					b.Fatalf("Since = %d, %v", len(list), err)
				}
			}
		})
	}
}
