package store_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pictap/tunnel/pictify"
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

// BenchmarkSearch is a page of 100 among the deliveries of a busy store.
//
//	go test -run '^$' -bench Search ./tunnel/store
func BenchmarkSearch(b *testing.B) {
	s := busyStore(b)
	for _, text := range []string{"", "event:render.* status:5xx", "verdict:mismatch", "event:*.x*y*", "after:1h d50..d90000", "del_77777",
		"template:tmpl_7", "data.width:>4000", "data.variables.title:nothing", `"no such text"`, "Überschrift", "event:batch.* nothing"} {
		b.Run(text, func(b *testing.B) {
			q := parse(b, text)
			found := 0
			b.ReportAllocs()
			for b.Loop() {
				list, err := s.Search(b.Context(), q, 0, 100)
				if err != nil {
					b.Fatal(err)
				}
				found = len(list)
			}
			b.ReportMetric(float64(found), "found")
		})
	}
}

// BenchmarkChart is what a look at the overview costs among the deliveries of a busy
// store, one every second: the first, which reads all, and each later one, before
// which something has changed.
func BenchmarkChart(b *testing.B) {
	s := busyStore(b)
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

// busyStore has 100,000 deliveries of 1 KB with an attempt each, as they come in
// life: nine in ten are renders that went well.
func busyStore(b *testing.B) *store.Store {
	const rows = 100_000
	s := open(b, store.Options{KeepCount: 1 << 40, KeepBytes: 1 << 40})
	var n atomic.Int64
	var wg sync.WaitGroup
	for range 256 { // who waits at the same time shares the sync
		wg.Go(func() {
			for i := int(n.Add(1)); i <= rows; i = int(n.Add(1)) {
				d := benchDelivery(i)
				status := 200
				if i%100 == 0 {
					status = 500
				}
				got, err := s.Record(b.Context(), d)
				if err == nil {
					a := store.Attempt{Kind: store.Forward, Status: status, Duration: time.Duration(i%977) * time.Millisecond}
					err = s.NoteAttempt(b.Context(), got.Seq, a, store.Done, nil)
				}
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return s
}

func benchDelivery(i int) store.Delivery {
	d := delivery(i)
	d.ReceivedAt = delivery(0).ReceivedAt.Add(time.Duration(i) * time.Second)
	d.Event = []pictify.EventType{pictify.RenderCompleted, pictify.RenderFailed, pictify.BatchCompleted}[max(0, i%20-17)]
	d.Body = fmt.Appendf(nil, `{"event":%q,"timestamp":"2026-01-29T10:30:00Z","data":{"type":"image","source":"api","imageId":"img_%d",`+
		`"url":"https://media.pictify.io/renders/%[2]d.png","width":%[3]d,"height":630,"format":"png","templateId":"tmpl_%[4]d","variables":{"title":"Grüße %[2]d","text":%[5]q}}}`,
		d.Event, i, 1000+i%1000, i%50, strings.Repeat("lorem ipsum ", 60))
	d.BodySize = int64(len(d.Body))
	return d
}
