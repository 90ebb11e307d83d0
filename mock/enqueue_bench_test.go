package mock_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

// A batch of a thousand items, each with a signed webhook to a handler on this
// machine, from the first event to the last answer.
func BenchmarkBatchOfThousand(b *testing.B) {
	came := make(chan struct{}, 1000)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		came <- struct{}{}
	}))
	defer hook.Close()
	api := &mock.Server{}
	defer api.Close()
	err := api.Restore([]byte(`{"format":"pictap-mock-state","version":1,"subscriptions":[{"uid":"wh_1","event":"render.completed","targetUrl":"` + hook.URL + `","status":"active","secret":"whsec_0123456789abcdef"}]}`))
	if err != nil {
		b.Fatal(err)
	}
	e := event(pictify.RenderCompleted, `{"type":"image","imageId":"img_1","url":"https://media.pictify.io/1.png"}`)
	for b.Loop() {
		for range 1000 {
			api.Enqueue(e)
		}
		for range 1000 {
			<-came
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "events/s")
}
