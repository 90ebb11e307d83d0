package mock_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

// results asks for a batch until it is over.
func results(t *testing.T, c *pictify.Client, id string) object {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		o := api(t, c, 200, "GET /templates/batch/"+id+"/results", "")
		if s := o.text("status"); s != "pending" && s != "processing" {
			return o
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the batch did not end: %v", o)
		}
	}
}

func TestBatch(t *testing.T) {
	const secret = "whsec_of_the_project"
	c := start(t, &mock.Server{HookSecret: pictify.NewSecret(secret)})
	url, arrivals := inbox(t)
	subscribe(t, c, url)
	began := time.Now()
	made := api(t, c, 202, "POST /templates/XL13XACH2V/batch-render",
		`{"variableSets":[{"name":"a","company":"x"},{"name":"b","fail":"EXPRESSION_ERROR"},{}],"format":"webp","webhookUrl":"`+url+`/batch"}`)
	id := made.text("batchId")
	got := results(t, c, id)
	if got.text("status") != "partial" || got.at("progress") != 100.0 || got.at("completedItems") != 2.0 || got.at("failedItems") != 1.0 || got.at("completedAt") == nil {
		t.Errorf("the batch ended as %v", got)
	}
	first := got.first(t, "results")
	if diff := cmp.Diff([]any{"company", "name"}, first["variables"]); diff != "" {
		t.Errorf("variables are names (-want +got)\n%s", diff)
	}
	if status, header, _ := ask(t, c, "GET", path(t, c, first.text("url")), "", nil); status != 200 || header.Get("Content-Type") != "image/webp" {
		t.Errorf("%s answered %d %v", first.text("url"), status, header)
	}
	if wrong := got.first(t, "errors"); wrong["index"] != 1.0 || wrong.text("error") == "" || wrong["success"] != false {
		t.Errorf("errors are %v", got["errors"])
	}
	count := map[string]int{}
	for range 4 {
		a := next(t, arrivals)
		count[a.at]++
		if a.at != "/batch" {
			continue
		}
		// The end waits five seconds for what has not been delivered.
		if time.Since(began) < 4*time.Second && (count["/render.completed"] != 2 || count["/render.failed"] != 1) {
			t.Errorf("the end was told of after %v", count)
		}
		want := map[string]any{"batchId": id, "templateUid": "XL13XACH2V", "status": "completed", "totalCount": 3.0, "completedCount": 2.0, "failedCount": 1.0, "duration": 0.0}
		if diff := cmp.Diff(want, without(a.body.at("data"), "deliveryId")); diff != "" || a.body.text("event") != "batch.completed" {
			t.Errorf("%s (-want +got)\n%s", a.raw, diff)
		}
		if a.signature != signature(secret, testNow, a.raw) {
			t.Errorf("signed %s", a.signature)
		}
	}
}

// Some items fail: the documents have two words for that in the event.
func TestBatchStatusInTheEvent(t *testing.T) {
	for want, server := range map[string]*mock.Server{"completed": {}, "partial": {PartialBatches: true}} {
		server.HookSecret = pictify.NewSecret("whsec_of_the_project")
		c := start(t, server)
		url, arrivals := inbox(t)
		for body, status := range map[string]string{`{},{"fail":"RENDER_FAILED"}`: want, `{},{}`: "completed"} {
			api(t, c, 202, "POST /templates/XL13XACH2V/batch-render", `{"variableSets":[`+body+`],"webhookUrl":"`+url+`"}`)
			if a := next(t, arrivals); a.body.text("event") != "batch.completed" || a.body.text("data.status") != status {
				t.Errorf("[%s] is told of as %s, want %s", body, a.raw, status)
			}
		}
	}
}

func TestBatchThatFails(t *testing.T) {
	c := start(t, &mock.Server{HookSecret: pictify.NewSecret("whsec_of_the_project")})
	url, arrivals := inbox(t)
	made := api(t, c, 202, "POST /templates/XL13XACH2V/batch-render", `{"variableSets":[{"fail":"RENDER_FAILED"}],"webhookUrl":"`+url+`"}`)
	if got := results(t, c, made.text("batchId")); got.text("status") != "failed" {
		t.Errorf("ended as %v", got)
	}
	if a := next(t, arrivals); a.body.text("event") != "batch.failed" || a.body.text("data.status") != "failed" {
		t.Errorf("told as %s", a.raw)
	}
}

func TestBatchIsCancelled(t *testing.T) {
	c := start(t, &mock.Server{HookSecret: pictify.NewSecret("whsec_of_the_project")})
	url, arrivals := inbox(t)
	sets := `{"n":1},{"slow":"30s"}` + strings.Repeat(`,{"n":2}`, 98)
	made := api(t, c, 202, "POST /templates/XL13XACH2V/batch-render", `{"variableSets":[`+sets+`],"concurrency":1,"webhookUrl":"`+url+`"}`)
	id := made.text("batchId")
	began := time.Now()
	o := api(t, c, 200, "POST /templates/batch/"+id+"/cancel", "")
	if o.text("status") != "cancelled" || o.text("message") == "" || o.text("batchId") != id {
		t.Errorf("cancel answered %v", o)
	}
	a := next(t, arrivals)
	if a.body.text("data.status") != "cancelled" || a.body.at("data.totalCount") != 100.0 || time.Since(began) > 25*time.Second { // the slow one would have taken 30
		t.Errorf("after %v told as %s", time.Since(began), a.raw)
	}
	if again := api(t, c, 200, "POST /templates/batch/"+id+"/cancel", "{}"); again.text("status") != "cancelled" {
		t.Errorf("a second cancel answered %v", again)
	}
	api(t, c, 404, "POST /templates/batch/none/cancel", "")
	api(t, c, 404, "GET /templates/batch/none/results", "")
}

func TestBatchResultsArePaged(t *testing.T) {
	c := start(t, &mock.Server{})
	var sets []string
	for i := range 25 {
		fail := ""
		if i%5 == 0 {
			fail = `,"fail":"RENDER_FAILED"`
		}
		sets = append(sets, fmt.Sprintf(`{"n":%d%s}`, i, fail))
	}
	made := api(t, c, 202, "POST /templates/XL13XACH2V/batch-render", `{"variableSets":[`+strings.Join(sets, ",")+`]}`)
	id := made.text("batchId")
	if all := results(t, c, id); len(all.list(t, "results")) != 20 || len(all.list(t, "errors")) != 5 {
		t.Errorf("all: %v", all)
	}
	o := api(t, c, 200, "GET /templates/batch/"+id+"/results?page=3&limit=8&status=completed", "")
	if len(o.list(t, "results")) != 4 || len(o.list(t, "errors")) != 0 || o.at("pagination.totalPages") != 3.0 {
		t.Errorf("the third page: %v", o)
	}
	if o := api(t, c, 200, "GET /templates/batch/"+id+"/results?status=failed", ""); len(o.list(t, "results")) != 0 || len(o.list(t, "errors")) != 5 {
		t.Errorf("those that failed: %v", o)
	}
	api(t, c, 400, "GET /templates/batch/"+id+"/results?page=0", "")
	api(t, c, 400, "GET /templates/batch/"+id+"/results?status=odd", "")
}

func TestBatchesAreBounded(t *testing.T) {
	c := start(t, &mock.Server{})
	for name, body := range map[string]string{
		"no sets": `{}`, "empty sets": `{"variableSets":[]}`, "sets that are none": `{"variableSets":{"a":1}}`, "a set that is none": `{"variableSets":[3]}`,
		"too many sets": `{"variableSets":[{}` + strings.Repeat(",{}", 1000) + `]}`, "concurrency": `{"variableSets":[{}],"concurrency":11}`,
		"format": `{"variableSets":[{}],"format":"bmp"}`, "quality": `{"variableSets":[{}],"quality":101}`,
	} {
		status, _, answer := ask(t, c, "POST", "/templates/XL13XACH2V/batch-render", body, nil)
		if status != 400 {
			t.Errorf("%s answered %d %s", name, status, answer)
		}
	}
	status, _, answer := ask(t, c, "POST", "/templates/XL13XACH2V/batch-render", `{"variableSets":[{}],"webhookUrl":"http://10.0.0.1/"}`, nil)
	if status != 422 || !strings.Contains(answer, `"field":"webhookUrl"`) {
		t.Errorf("a webhookUrl inside: %d %s", status, answer)
	}
	api(t, c, 404, "POST /templates/none/batch-render", `{"variableSets":[{}]}`)

	var ids []string
	for range mock.MaxRunning {
		ids = append(ids, api(t, c, 202, "POST /templates/XL13XACH2V/batch-render", `{"variableSets":[{"slow":"30s"}]}`).text("batchId"))
	}
	status, header, answer := ask(t, c, "POST", "/templates/XL13XACH2V/batch-render", `{"variableSets":[{}]}`, nil)
	if status != 429 || header.Get("Retry-After") != "1" || !strings.Contains(answer, `"retry_after":1`) {
		t.Errorf("one too many answered %d %v %s", status, header, answer)
	}
	for _, id := range ids {
		api(t, c, 200, "POST /templates/batch/"+id+"/cancel", "")
	}
}

// A Server that is closed ends its batches, and says what is left of them.
func TestCloseEndsBatches(t *testing.T) {
	server := &mock.Server{}
	c := start(t, server)
	api(t, c, 200, "POST /templates/batch/"+api(t, c, 202, "POST /templates/XL13XACH2V/batch-render", `{"variableSets":[{"slow":"30s"}]}`).text("batchId")+"/cancel", "")
	made := api(t, c, 202, "POST /templates/XL13XACH2V/batch-render", `{"variableSets":[{"slow":"30s"},{"slow":"30s"}]}`)
	began := time.Now()
	if err := server.Close(); err != nil || time.Since(began) > 25*time.Second {
		t.Errorf("Close = %v after %v", err, time.Since(began))
	}
	if got := results(t, c, made.text("batchId")); got.text("status") != "cancelled" || got.at("cancelledCount") != 2.0 {
		t.Errorf("the batch ended as %v", got)
	}
	if batches, renders := server.CutShort(); batches != 1 || renders != 2 {
		t.Errorf("%d batches and %d renders are said to be cut short, want 1 and 2", batches, renders)
	}
	status, _, body := ask(t, c, "POST", "/templates/XL13XACH2V/batch-render", `{"variableSets":[{}]}`, nil)
	if status != http.StatusServiceUnavailable {
		t.Errorf("after Close: %d %s", status, body)
	}
}
