package mock_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
)

func TestBindingLife(t *testing.T) {
	var stars atomic.Int64
	var status atomic.Int64
	stars.Store(100)
	status.Store(200)
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Token") != "secret-1" || r.Header.Get("X-More") != "m" {
			w.WriteHeader(403)
			return
		}
		w.WriteHeader(int(status.Load()))
		fmt.Fprintf(w, `{"repo":{"stars":%d,"tags":["a","b"]}}`, stars.Load())
	}))
	t.Cleanup(source.Close)
	c := start(t, &mock.Server{})
	url, arrivals := inbox(t)
	subscribe(t, c, url)

	made := api(t, c, 201, "POST /bindings", `{"templateId":"XL13XACH2V","name":"Stars","dataSource":{"type":"http","url":"`+source.URL+`","headers":{"X-More":"m"},
		"credentials":{"type":"custom_header","headerName":"X-Token","value":"secret-1"}},"mapping":{"name":"repo.stars","company":"repo.tags[1]"},"refreshPolicy":{"type":"manual"}}`)
	uid := made.text("binding.uid")
	if strings.Contains(mustEncode(made), "secret-1") || made.text("binding.status") != "active" || made.at("binding.refreshPolicy.ttlSeconds") != 300.0 || made.at("binding.outputConfig.width") != 1200.0 {
		t.Errorf("made %v", made)
	}
	probe := api(t, c, 200, "POST /bindings/"+uid+"/test", "")
	if diff := cmp.Diff(map[string]any{"name": 100.0, "company": "b"}, probe["variables"]); diff != "" || probe.at("fetch.success") != true || probe.at("mapping.valid") != true {
		t.Errorf("test: %v\n%s", probe, diff)
	}
	if diff := cmp.Diff([]any{"repo", "repo.stars", "repo.tags", "repo.tags.length", "repo.tags[0]", "repo.tags[1]"}, probe["availablePaths"]); diff != "" {
		t.Errorf("paths (-want +got)\n%s", diff)
	}
	refresh := func() arrival {
		t.Helper()
		if o := api(t, c, 200, "POST /bindings/"+uid+"/refresh", ""); o.text("status") != "refreshing" || !strings.HasPrefix(o.text("imageUrl"), c.BaseURL+"/media/bindings/") {
			t.Errorf("refresh: %v", o)
		}
		return next(t, arrivals)
	}
	first := refresh()
	want := map[string]any{"bindingId": uid, "templateUid": "XL13XACH2V", "imageUrl": c.BaseURL + "/media/bindings/" + uid + ".png",
		"previousData": map[string]any{}, "newData": map[string]any{"repo": map[string]any{"stars": 100.0, "tags": []any{"a", "b"}}}}
	if diff := cmp.Diff(want, without(first.body.at("data"), "deliveryId")); diff != "" || first.at != "/binding.updated" {
		t.Errorf("at %s (-want +got)\n%s", first.at, diff)
	}
	_, header, _ := ask(t, c, "GET", "/b/"+uid+".png", "", http.Header{"Authorization": nil})
	stars.Store(105)
	if second := refresh(); second.body.at("data.previousData.repo.stars") != 100.0 || second.body.at("data.newData.repo.stars") != 105.0 {
		t.Errorf("the second refresh: %s", second.raw)
	}
	got, again, _ := ask(t, c, "GET", "/b/"+uid+".png", "", http.Header{"Authorization": nil, "If-None-Match": {header.Get("ETag")}})
	if got != 200 || again.Get("ETag") == header.Get("ETag") || again.Get("Cache-Control") == "" {
		t.Errorf("the picture did not change: %d %v", got, again)
	}
	if got, _, _ := ask(t, c, "GET", "/b/"+uid+".png", "", http.Header{"If-None-Match": {again.Get("ETag")}}); got != 304 {
		t.Errorf("the same picture: %d, want 304", got)
	}

	status.Store(500)
	failure := refresh()
	if failure.at != "/binding.failed" || failure.body.text("data.error") != "Data source returned 500" || failure.body.at("data.retryCount") != 1.0 || failure.body.text("data.nextRetry") != "2026-01-29T10:35:00Z" {
		t.Errorf("told as %s", failure.raw)
	}
	o := api(t, c, 200, "GET /bindings/"+uid, "")
	if o.text("binding.status") != "error" || o.text("binding.lastError") == "" || o.at("binding.errorCount") != 1.0 || o.text("binding.lastFetchAt") == "" {
		t.Errorf("after a failure %v", o)
	}
	if got, _, _ := ask(t, c, "GET", "/b/"+uid+".png", "", nil); got != 200 {
		t.Errorf("a stale picture: %d", got)
	}
	api(t, c, 200, "PUT /bindings/"+uid, `{"refreshPolicy":{"onError":"serve_error"}}`)
	if got, _, _ := ask(t, c, "GET", "/b/"+uid+".png", "", nil); got != 502 {
		t.Errorf("serve_error: %d, want 502", got)
	}

	// What was answered may be sent back: credentials stay as they are.
	status.Store(200)
	api(t, c, 200, "PUT /bindings/"+uid, mustEncode(o["binding"].(map[string]any)["dataSource"].(map[string]any)["credentials"]))
	whole := o["binding"].(map[string]any)
	delete(whole, "status")
	api(t, c, 200, "PUT /bindings/"+uid, mustEncode(whole))
	if got := refresh(); got.at != "/binding.updated" {
		t.Errorf("with the credentials from before: %s", got.raw)
	}
	api(t, c, 200, "POST /bindings/"+uid+"/pause", "")
	api(t, c, 409, "POST /bindings/"+uid+"/refresh", "")
	api(t, c, 200, "POST /bindings/"+uid+"/resume", "{}")
	if o := api(t, c, 200, "GET /bindings?templateId=XL13XACH2V&status=active", ""); len(o.list(t, "bindings")) != 1 {
		t.Errorf("listed %v", o)
	}
	if o := api(t, c, 200, "GET /b/"+uid+".webp/url", ""); o.at("width") != 1200.0 || o.text("format") != "webp" {
		t.Errorf("url: %v", o)
	}
	api(t, c, 200, "DELETE /bindings/"+uid, "")
	api(t, c, 404, "GET /bindings/"+uid, "")
}

// A source of the type webhook pushes its data.
func TestBindingIsPushedTo(t *testing.T) {
	c := start(t, &mock.Server{})
	url, arrivals := inbox(t)
	subscribe(t, c, url)
	made := api(t, c, 201, "POST /bindings", `{"templateId":"XL13XACH2V","dataSource":{"type":"webhook"},"mapping":{"name":"n"}}`)
	api(t, c, 200, "POST "+path(t, c, made.text("binding.webhookUrl")), `{"event":"data.updated","payload":{"n":"Zoe"}}`)
	if a := next(t, arrivals); a.at != "/binding.updated" || a.body.text("data.newData.n") != "Zoe" {
		t.Errorf("told as %s", a.raw)
	}
	api(t, c, 400, "POST "+path(t, c, made.text("binding.webhookUrl")), `{"payload":3}`)
	counted := api(t, c, 201, "POST /bindings", `{"templateId":"XL13XACH2V","dataSource":{"type":"static","data":{"items":[[],{"length":"12 cm"}],"text":"abc"}},
		"mapping":{"name":"items.length","company":"items[1].length","inner":"items[0].length","no":"text.length"}}`)
	probe := api(t, c, 200, "POST /bindings/"+counted.text("binding.uid")+"/test", "")
	if diff := cmp.Diff(map[string]any{"name": 2.0, "company": "12 cm", "inner": 0.0}, probe["variables"]); diff != "" {
		t.Errorf("lengths (-want +got)\n%s", diff)
	}
	static := api(t, c, 201, "POST /bindings", `{"templateId":"XL13XACH2V","dataSource":{"type":"static","data":{"n":"Kim"}},"mapping":{"name":"n","company":"x.y"}}`)
	uid := static.text("binding.uid")
	if o := api(t, c, 200, "POST /bindings/"+uid+"/test", ""); o.at("mapping.valid") != false || len(o["mapping"].(map[string]any)["errors"].([]any)) != 1 {
		t.Errorf("test: %v", o)
	}
	api(t, c, 409, "POST /webhooks/"+uid, `{"payload":{"n":1}}`)
}

// The picture of a static source shows its data at once, and what was changed since.
func TestStaticBindingIsShown(t *testing.T) {
	c := start(t, &mock.Server{})
	made := api(t, c, 201, "POST /bindings", `{"templateId":"XL13XACH2V","dataSource":{"type":"static","data":{"n":"Kim","c":"ACME"}},"mapping":{"name":"n"}}`)
	uid := made.text("binding.uid")
	if made.text("binding.lastFetchAt") == "" || made.text("binding.lastRenderAt") == "" {
		t.Errorf("made %v", made)
	}
	tag := func(what string) string {
		t.Helper()
		status, header, _ := ask(t, c, "HEAD", "/b/"+uid+".png", "", http.Header{"Authorization": nil})
		if status != 200 {
			t.Fatalf("%s: %d", what, status)
		}
		return header.Get("ETag")
	}
	seen := map[string]string{tag("made"): "made"}
	for _, body := range []string{
		`{"dataSource":{"type":"static","data":{"n":"Zoe","c":"ACME"}}}`, `{"mapping":{"name":"n","company":"c"}}`,
		`{"mapping":{"name":"none"},"defaults":{"name":"nobody"}}`, `{"defaults":{"name":"somebody"}}`,
	} {
		api(t, c, 200, "PUT /bindings/"+uid, body)
		if other, ok := seen[tag(body)]; ok {
			t.Errorf("%s looks as after %s", body, other)
		}
		seen[tag(body)] = body
	}
	// As a refresh would have it.
	before := tag("before")
	url, arrivals := inbox(t)
	subscribe(t, c, url)
	api(t, c, 200, "POST /bindings/"+uid+"/refresh", "")
	if a := next(t, arrivals); a.at != "/binding.updated" || a.body.text("data.previousData.n") != "Zoe" || tag("after") != before {
		t.Errorf("told as %s", a.raw)
	}
	// Data that ask for a failure are told of by a refresh, and by nobody before.
	api(t, c, 200, "PUT /bindings/"+uid, `{"mapping":{"fail":"n"},"dataSource":{"type":"static","data":{"n":"RENDER_TIMEOUT"}}}`)
	if tag("failing") != before {
		t.Error("a failure changed the picture")
	}
	// What was pushed is shown by the mapping of now.
	pushed := api(t, c, 201, "POST /bindings", `{"templateId":"XL13XACH2V","dataSource":{"type":"webhook"},"mapping":{"name":"a"}}`)
	uid = pushed.text("binding.uid")
	api(t, c, 200, "POST /webhooks/"+uid, `{"payload":{"a":"1","b":"2"}}`)
	before = tag("pushed")
	api(t, c, 200, "PUT /bindings/"+uid, `{"mapping":{"name":"b"}}`)
	if tag("mapped anew") == before {
		t.Error("another mapping did not change the picture")
	}
}

func TestBindingRefusals(t *testing.T) {
	c := start(t, &mock.Server{})
	const ok = `"templateId":"XL13XACH2V","mapping":{"name":"n"},`
	for body, want := range map[string]int{
		`{}`: 400,
		`{` + ok + `"dataSource":{"type":"ftp"}}`:                                          400,
		`{` + ok + `"dataSource":{"type":"http"}}`:                                         400,
		`{` + ok + `"dataSource":{"type":"static"}}`:                                       400,
		`{` + ok + `"dataSource":{"url":"http://169.254.169.254/latest"}}`:                 422,
		`{` + ok + `"dataSource":{"url":"file:///etc/passwd"}}`:                            422,
		`{` + ok + `"dataSource":{"type":"webhook"},"refreshPolicy":{"ttlSeconds":59}}`:    400,
		`{` + ok + `"dataSource":{"type":"webhook"},"outputConfig":{"format":"gif"}}`:      400,
		`{` + ok + `"dataSource":{"type":"webhook"},"outputConfig":{"width":1e9}}`:         400,
		`{"templateId":"none","mapping":{"name":"n"},"dataSource":{"type":"webhook"}}`:     404,
		`{"templateId":"XL13XACH2V","mapping":{"name":7},"dataSource":{"type":"webhook"}}`: 400,
		`{"templateId":"XL13XACH2V","mapping":[],"dataSource":{"type":"webhook"}}`:         400,
	} {
		if status, _, answer := ask(t, c, "POST", "/bindings", body, nil); status != want {
			t.Errorf("%s answered %d %s, want %d", body, status, answer, want)
		}
	}
	if o := api(t, c, 200, "GET /bindings", ""); len(o.list(t, "bindings")) != 0 {
		t.Errorf("made all the same: %v", o)
	}
}

// What a data source may do to the mock: nothing.
func TestHostileDataSources(t *testing.T) {
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		case "/huge":
			for range 64 {
				if _, err := w.Write([]byte(strings.Repeat("x", 1<<20))); err != nil {
					return
				}
			}
		case "/deep":
			fmt.Fprint(w, strings.Repeat(`{"a":`, 5000)+"1"+strings.Repeat("}", 5000))
		case "/text":
			fmt.Fprint(w, "hello")
		case "/list":
			fmt.Fprint(w, "[1,2]")
		}
	}))
	t.Cleanup(source.Close)
	c := start(t, &mock.Server{})
	for path, says := range map[string]string{"/redirect": "returned 302", "/huge": "more than", "/deep": "too deeply", "/text": "no JSON", "/list": ""} {
		made := api(t, c, 201, "POST /bindings", `{"templateId":"XL13XACH2V","dataSource":{"type":"http","url":"`+source.URL+path+`"},"mapping":{"name":"value[1]"}}`)
		o := api(t, c, 200, "POST /bindings/"+made.text("binding.uid")+"/test", "")
		if o.at("fetch.success") != (says == "") || !strings.Contains(o.text("fetch.error"), says) {
			t.Errorf("%s: %v, want %q", path, o, says)
		}
		if path == "/list" && o.at("variables.name") != 2.0 {
			t.Errorf("a list: %v", o)
		}
	}
}
