package mock_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

// An arrival is an event as a handler gets it.
type arrival struct {
	at, signature string
	body          object
	raw           []byte
}

// inbox is a handler that passes on what arrives.
func inbox(t *testing.T) (url string, arrivals chan arrival) {
	t.Helper()
	arrivals = make(chan arrival, 5000)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var o object
		json.Unmarshal(raw, &o)
		arrivals <- arrival{r.URL.Path, r.Header.Get(pictify.SignatureHeader), o, raw}
	}))
	t.Cleanup(srv.Close)
	return srv.URL, arrivals
}

// next is the next arrival.
func next(t *testing.T, arrivals chan arrival) arrival {
	t.Helper()
	select {
	case a := <-arrivals:
		return a
	case <-time.After(time.Minute):
		t.Fatal("no event arrived")
		return arrival{}
	}
}

// subscribe subscribes to all events, each at a path of its name.
func subscribe(t *testing.T, c *pictify.Client, url string) {
	t.Helper()
	for _, e := range pictify.Subscribable() {
		create(t, c, pictify.NewSubscription{Event: e, TargetURL: url + "/" + string(e)})
	}
}

// without drops keys that differ from run to run.
func without(v any, keys ...string) map[string]any {
	m, _ := v.(map[string]any)
	for _, key := range keys {
		delete(m, key)
	}
	return m
}

func TestRendersAreToldOf(t *testing.T) {
	c := start(t, &mock.Server{})
	url, arrivals := inbox(t)
	subscribe(t, c, url)
	for _, tt := range []struct {
		request, body string
		status        int
		event         string
		data          map[string]any // without imageId, url and deliveryId
	}{
		{"POST /image", `{"html":"<p>x</p>","width":40,"height":20,"fileExtension":"jpg"}`, 200, "render.completed",
			map[string]any{"type": "image", "source": "api", "width": 40.0, "height": 20.0, "format": "jpg"}},
		{"POST /templates/XL13XACH2V/render", `{"variables":{"contentId":7}}`, 200, "render.completed",
			map[string]any{"type": "image", "source": "api", "width": 1200.0, "height": 630.0, "format": "png", "templateId": "XL13XACH2V", "variables": map[string]any{"contentId": 7.0}}},
		{"POST /gif", `{"html":"<p>x</p>","width":30,"height":20}`, 200, "render.completed",
			map[string]any{"type": "gif", "source": "api", "width": 30.0, "height": 20.0, "format": "gif"}},
		{"POST /pdf/render", `{"templateUid":"1NV01CE001"}`, 200, "render.completed",
			map[string]any{"type": "pdf", "source": "api", "width": 595.0, "height": 842.0, "format": "pdf", "templateId": "1NV01CE001", "variables": map[string]any{}}},
		{"POST /templates/nope/render", `{"variables":{"a":"b"}}`, 404, "render.failed",
			map[string]any{"type": "image", "source": "api", "templateId": "nope", "error": "Template not found", "errorCode": "TEMPLATE_NOT_FOUND", "variables": map[string]any{"a": "b"}}},
		{"POST /templates/XL13XACH2V/render", `{"variables":{"fail":"RENDER_TIMEOUT"}}`, 504, "render.failed",
			map[string]any{"type": "image", "source": "api", "templateId": "XL13XACH2V", "error": "Render timed out", "errorCode": "RENDER_TIMEOUT", "variables": map[string]any{"fail": "RENDER_TIMEOUT"}}},
		{"POST /pdf/render", `{"templateUid":"1NV01CE001","variables":{"fail":"INVALID_VARIABLE"}}`, 400, "render.failed",
			map[string]any{"type": "pdf", "source": "api", "templateId": "1NV01CE001", "error": "A variable is invalid", "errorCode": "INVALID_VARIABLE", "variables": map[string]any{"fail": "INVALID_VARIABLE"}}},
		{"POST /image", `{"template":"XL13XACH2V","variables":{"fail":"MY_OWN_CODE"}}`, 500, "render.failed",
			map[string]any{"type": "image", "source": "api", "templateId": "XL13XACH2V", "error": "Render failed: MY_OWN_CODE", "errorCode": "MY_OWN_CODE", "variables": map[string]any{"fail": "MY_OWN_CODE"}}},
		// Magic values count where there are no variables, and stay out of the event.
		{"POST /image", `{"html":"<p>x</p>","width":40,"height":20,"variables":{"slow":"1ms","n":1}}`, 200, "render.completed",
			map[string]any{"type": "image", "source": "api", "width": 40.0, "height": 20.0, "format": "png"}},
		{"POST /image", `{"html":"<p>x</p>","variables":{"fail":"RENDER_TIMEOUT"}}`, 504, "render.failed",
			map[string]any{"type": "image", "source": "api", "error": "Render timed out", "errorCode": "RENDER_TIMEOUT"}},
		{"POST /image", `{"url":"https://example.com/","variables":{"fail":"RENDER_FAILED"}}`, 500, "render.failed",
			map[string]any{"type": "image", "source": "api", "error": "Render failed", "errorCode": "RENDER_FAILED"}},
		{"POST /gif", `{"html":"<p>x</p>","variables":{"fail":"RENDER_TIMEOUT"}}`, 504, "render.failed",
			map[string]any{"type": "gif", "source": "api", "error": "Render timed out", "errorCode": "RENDER_TIMEOUT"}},
	} {
		answer := api(t, c, tt.status, tt.request, tt.body)
		got := next(t, arrivals)
		if got.at != "/"+tt.event || got.body.text("event") != tt.event || got.body.text("timestamp") != "2026-01-29T10:30:00Z" {
			t.Errorf("%s %s was told as %s at %s, want %s", tt.request, tt.body, got.raw, got.at, tt.event)
		}
		if tt.status == 200 && (got.body.text("data.imageId") == "" || !strings.Contains(mustEncode(answer), got.body.text("data.url")) || got.body.text("data.renderedAt") == "") {
			t.Errorf("%s: the event %s has not the answer's picture: %v", tt.request, got.raw, answer)
		}
		if diff := cmp.Diff(tt.data, without(got.body.at("data"), "imageId", "url", "deliveryId", "renderedAt")); diff != "" {
			t.Errorf("%s %s (-want +got)\n%s", tt.request, tt.body, diff)
		}
	}
	// What makes no render tells nobody.
	for request, body := range map[string]string{
		"POST /image": `{"html":"x","width":0}`, "POST /templates/preview": `{"html":"x","width":9,"height":9}`, "GET /templates": "", "POST /gif": `{}`,
	} {
		method, path, _ := strings.Cut(request, " ")
		ask(t, c, method, path, body, nil)
	}
	api(t, c, 200, "POST /image", `{"html":"the last","width":1,"height":1}`)
	if got := next(t, arrivals); got.body.at("data.width") != 1.0 {
		t.Errorf("told of what was no render: %s", got.raw)
	}
}

func mustEncode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// One event for each layout that was rendered, and one for each that was not.
func TestLayoutsAreToldOf(t *testing.T) {
	c := start(t, &mock.Server{})
	url, arrivals := inbox(t)
	subscribe(t, c, url)
	o := api(t, c, 200, "POST /templates/PR0DUCT001/render", `{"layouts":["default","banner","none"]}`)
	sizes := map[any]bool{}
	for range 3 {
		a := next(t, arrivals)
		if a.at == "/render.failed" && a.body.text("data.errorCode") != "LAYOUT_NOT_FOUND" {
			t.Errorf("got %s", a.raw)
		}
		sizes[a.body.at("data.width")] = true
	}
	if !sizes[1080.0] || !sizes[1500.0] || !sizes[nil] || o.at("totalRendered") != 2.0 || o.at("totalErrors") != 1.0 {
		t.Errorf("widths %v, answer %v", sizes, o)
	}
}

func TestFailuresAreRefusals(t *testing.T) {
	c := start(t, &mock.Server{})
	for code, want := range map[string]struct {
		status  int
		slug    string
		code    string
		field   string // of errors, and its code; "" without errors
		context string
	}{
		"TEMPLATE_NOT_FOUND": {404, "template-not-found", "", "", ""},
		"EXPRESSION_ERROR":   {422, "expression-error", "expression_error", "variables undefined_variable", ""},
		"IMAGE_FETCH_FAILED": {422, "url-fetch-failed", "image_fetch_failed", "url timeout", ""},
		"INVALID_VARIABLE":   {400, "validation-error", "invalid_variable", "variables invalid_type", ""},
		"UNDEFINED_VARIABLE": {422, "expression-error", "UNDEFINED_VARIABLE", "variables undefined_variable", "XL13XACH2V"},
		"HELPER_NOT_ALLOWED": {422, "render-failed", "HELPER_NOT_ALLOWED", "", "XL13XACH2V"},
		"VARIABLE_REQUIRED":  {422, "render-failed", "VARIABLE_REQUIRED", "", "XL13XACH2V"},
		"TEMPLATE_TOO_LARGE": {413, "render-failed", "TEMPLATE_TOO_LARGE", "", ""},
		"QUOTA_EXCEEDED":     {429, "quota-exceeded", "quota_exceeded", "", ""},
		"RENDER_FAILED":      {500, "render-failed", "", "", ""},
		"UNHEARD_OF":         {500, "render-failed", "", "", ""},
	} {
		got, _, body := ask(t, c, "POST", "/image", `{"template":"XL13XACH2V","variables":{"fail":"`+code+`"}}`, nil)
		checkProblem(t, code, got, body)
		var o object
		decodeInto(t, body, &o)
		field := ""
		if o["errors"] != nil {
			first := o.first(t, "errors")
			field = first.text("field") + " " + first.text("code")
		}
		if got != want.status || slugOf(body) != want.slug || o.text("code") != want.code || field != want.field || o.text("context.templateUid") != want.context {
			t.Errorf("%s answered %d %s, want %+v", code, got, body, want)
		}
	}
	if o := api(t, c, 422, "POST /image", `{"html":"x","variables":{"fail":"HELPER_NOT_ALLOWED"}}`); o["context"] == nil {
		t.Errorf("without a template: %v, want a context all the same", o)
	}
	for _, value := range []string{`"no"`, `"Fail"`, `1`, `null`, `"FAIL"`, `{"a":1}`, `"` + strings.Repeat("A_", 100) + `B"`} {
		api(t, c, 200, "POST /image", `{"template":"XL13XACH2V","width":9,"height":9,"variables":{"fail":`+value+`}}`)
	}
}
