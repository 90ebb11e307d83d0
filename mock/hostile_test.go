package mock_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"pictap/mock"
)

// posts are the calls that take a body.
func posts() (all []mock.RouteLine) {
	for _, r := range mock.Routes() {
		if r.Method == "POST" || r.Method == "PUT" {
			r.Pattern = strings.NewReplacer("/video/templates/{uid}", "/video/templates/none", "/templates/{uid}", "/templates/XL13XACH2V", "{uid}", "none", "{id}", "none").Replace(r.Pattern)
			all = append(all, r)
		}
	}
	return all
}

// Whatever the body, the answer is one that the client can read, and soon.
func TestHostileBodies(t *testing.T) {
	c := start(t, &mock.Server{})
	routes := posts()
	if len(routes) < 30 {
		t.Fatalf("only %d routes take a body", len(routes))
	}
	fields := []string{"html", "url", "template", "templateUid", "templateId", "variables", "variableSets", "width", "height", "quality", "format", "fileExtension",
		"fabricJSData", "layouts", "layout", "sizes", "options", "name", "tags", "variableDefinitions", "outputFormat", "prompt", "expression", "mapping", "dataSource",
		"payload", "tsx", "kind", "fps", "durationInFrames", "variants", "slug", "concurrency", "webhookUrl", "frameDurationSeconds", "event", "targetUrl", "filters"}
	values := []string{"null", "0", "-1", "1e9", "1e999", "0.5", "true", `""`, `"x"`, `"\u0000\ud800"`, "[]", "[null]", "[[]]", "{}", `{"":{}}`, `{"a":[{"b":null}]}`, `"` + strings.Repeat("A", 3000) + `"`}
	bodies := []string{"", " ", "null", "true", "7", `"x"`, "[]", "[{}]", "{", "{}", "{]", `{"a":}`, "\xff\xfe", "\x00", `{"html":"x"} trailing`, "{}{}",
		strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 50_000), `{"variables":` + strings.Repeat(`[`, 200) + strings.Repeat(`]`, 200) + `}`,
		`{"html":"` + strings.Repeat("<", 100_000) + `","width":10,"height":10}`, `{"html":"` + strings.Repeat("<script>", 20_000) + `","width":10,"height":10}`,
		`{"html":"` + strings.Repeat("{{", 50_000) + `"}`, `{"html":"` + strings.Repeat("{{a", 30_000) + strings.Repeat("}}", 30_000) + `"}`,
		`{"html":"background:` + strings.Repeat(" background:", 8000) + `"}`}
	for _, name := range fields {
		for _, value := range values {
			bodies = append(bodies, fmt.Sprintf(`{%q:%s}`, name, value))
		}
	}
	for i, body := range bodies {
		for _, r := range routes {
			if i > 24 && (i+len(r.Pattern))%6 != 0 {
				continue // a part of them will do
			}
			status, header, answer := ask(t, c, r.Method, r.Pattern, body, nil)
			if status >= 500 && status != 501 || status == 0 {
				t.Errorf("%s %s with %.80q answered %d %.200s", r.Method, r.Pattern, body, status, answer)
			}
			if status >= 400 {
				checkProblem(t, r.Method+" "+r.Pattern, status, answer)
				if header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("%s %s: %s", r.Method, r.Pattern, header.Get("Content-Type"))
				}
			}
		}
	}
}

func TestHugeBodies(t *testing.T) {
	server := quiet() // without a network, where an answer can be lost while its request is still being sent
	defer server.Close()
	huge := `{"html":"` + strings.Repeat("x", 5<<20) + `"}`
	for _, r := range posts() {
		if w := serve(server, r.Method, r.Pattern, huge); w.Code != 413 {
			t.Errorf("%s %s answered %d %.100s, want 413", r.Method, r.Pattern, w.Code, w.Body)
		}
	}
}

func TestAbsurdSizes(t *testing.T) {
	c := start(t, &mock.Server{})
	for _, size := range []string{"0", "-1", "-0.5", "0.5", "4097", "1e9", "1e300", "99999999999999999999", `"100"`, "true", "{}", "[1]"} {
		for request, body := range map[string]string{
			"POST /image": `{"html":"x","width":%s}`, "POST /gif": `{"html":"x","height":%s}`, "POST /gif/capture": `{"url":"https://x.test/","width":%s}`,
			"POST /image/canvas": `{"fabricJSData":{},"width":%s}`, "POST /templates": `{"html":"x","width":%s}`, "POST /templates/XL13XACH2V/render": `{"height":%s}`,
			"POST /templates/XL13XACH2V/multi-size-render": `{"sizes":[{"width":%s,"height":1}]}`, "PUT /templates/XL13XACH2V": `{"width":%s}`,
			"POST /templates/preview": `{"html":"x","width":%s}`, "POST /video/templates": `{"tsx":"export default 1","width":%s}`,
			"POST /pdf/render":                        `{"templateUid":"XL13XACH2V","options":{"preset":"custom","customSize":{"width":%s}}}`,
			"POST /templates/XL13XACH2V/batch-render": `{"variableSets":[{}],"width":%s}`,
		} {
			if size == "4097" && strings.Contains(request, "pdf") {
				continue // points
			}
			o := api(t, c, 400, request, fmt.Sprintf(body, size))
			code := o.first(t, "errors").text("code")
			if !slices.Contains([]string{"out_of_range", "invalid_type"}, code) {
				t.Errorf("%s %s: %v", request, size, o)
			}
		}
	}
	// What is whole, and within bounds, is taken in any form.
	for _, size := range []string{"1", "4096", "640.0", "6.4e2"} {
		api(t, c, 200, "POST /image", fmt.Sprintf(`{"html":"x","width":%s,"height":1}`, size))
	}
	api(t, c, 400, "POST /gif", `{"html":"x","width":2001}`)
	api(t, c, 200, "POST /gif", `{"html":"x","width":2000,"height":1}`)
}

func TestUnknownEnums(t *testing.T) {
	c := start(t, &mock.Server{})
	for request, body := range map[string]string{
		"POST /templates/XL13XACH2V/render": `{"format":"bmp"}`, "POST /gif": `{"html":"x","quality":"ultra"}`, "POST /templates": `{"html":"x","outputFormat":"exe"}`,
		"POST /pdf/render": `{"templateUid":"XL13XACH2V","options":{"preset":"A9"}}`, "POST /experiments/api": `{"name":"x","type":"odd"}`,
		"POST /video/templates":                        `{"kind":"film","tsx":"export"}`,
		"POST /templates/XL13XACH2V/multi-size-render": `{"sizes":[{"preset":"wall"}]}`,
		"PUT /templates/XL13XACH2V":                    `{"variableDefinitions":[{"name":"a","type":"odd"}]}`,
		"POST /webhook-subscriptions":                  `{"event":"odd","targetUrl":"https://x.test/"}`,
	} {
		if o := api(t, c, 400, request, body); len(o.list(t, "errors")) == 0 || o.text("message") == "" {
			t.Errorf("%s: %v", request, o)
		}
	}
}

func TestURLsOfPages(t *testing.T) {
	c := start(t, &mock.Server{})
	for _, url := range []string{"file:///etc/passwd", "javascript:alert(1)", "//x.test/", "x", "http://", "gopher://x/", "http://[::1", "ftp://x.test/", "data:text/html,x", "https://" + strings.Repeat("x", 3000)} {
		if o := api(t, c, 422, "POST /image", fmt.Sprintf(`{"url":%q}`, url)); o.text("type") != "https://docs.pictify.io/errors/blocked-url" {
			t.Errorf("%s: %v", url, o)
		}
	}
}

// Renders that are too many go, the oldest first.
func TestRendersAreBounded(t *testing.T) {
	server := &mock.Server{}
	c := start(t, server)
	first := api(t, c, 200, "POST /image", `{"html":"x","width":9,"height":9}`)
	sets := "{}" + strings.Repeat(",{}", 999)
	for range mock.MaxRenders / 1000 {
		made := api(t, c, 202, "POST /templates/XL13XACH2V/batch-render", `{"variableSets":[`+sets+`]}`)
		results(t, c, made.text("batchId"))
	}
	if renders, bytes, _ := server.Kept(); renders != mock.MaxRenders || bytes > 48<<20 {
		t.Errorf("%d renders of %d bytes are kept", renders, bytes)
	}
	if status, _, _ := ask(t, c, "GET", path(t, c, first.text("url")), "", nil); status != 404 {
		t.Errorf("the oldest answered %d", status)
	}
	if o := api(t, c, 200, "GET /image", ""); o.at("pagination.total") != float64(mock.MaxRenders) {
		t.Errorf("listed %v", o["pagination"])
	}
}

// Everything at once, for the race detector.
func TestAPIAtOnce(t *testing.T) {
	hook := newReceiver(t, nil)
	c := start(t, &mock.Server{})
	subscribe(t, c, hook.URL)
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			call := func(request, body string) {
				method, path, _ := strings.Cut(request, " ")
				req, err := http.NewRequestWithContext(t.Context(), method, c.BaseURL+path, strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Authorization", "Bearer k")
				resp, err := c.HTTP.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
				if resp.StatusCode >= 500 {
					t.Errorf("%s answered %d", request, resp.StatusCode)
				}
			}
			for j := range 12 {
				call("POST /templates", `{"html":"{{a}}"}`)
				call("POST /image", fmt.Sprintf(`{"html":"%d %d","width":20,"height":20}`, i, j))
				call("PUT /templates/XL13XACH2V", fmt.Sprintf(`{"name":"n%d","html":"{{v%d}}"}`, i, j))
				call("POST /templates/XL13XACH2V/render", `{"variables":{"name":"x"}}`)
				call("POST /templates/XL13XACH2V/batch-render", `{"variableSets":[{"a":1},{"a":2}]}`)
				call("POST /bindings", `{"templateId":"XL13XACH2V","dataSource":{"type":"static","data":{"a":1}},"mapping":{"name":"a"}}`)
				for _, list := range []string{"/templates", "/image", "/gif", "/render", "/bindings", "/templates/XL13XACH2V", "/webhook-subscriptions/stats"} {
					call("GET "+list, "")
				}
			}
		})
	}
	wg.Wait()
}
