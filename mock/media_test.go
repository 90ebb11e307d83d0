package mock_test

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	_ "image/jpeg"
	_ "image/png"
	"net/http"
	"strings"
	"sync"
	"testing"

	"golang.org/x/image/webp"

	"pictap/mock"
)

// Each format has the right bytes, of the size that was asked for.
func TestMediaFormats(t *testing.T) {
	c := start(t, &mock.Server{})
	for _, tt := range []struct {
		request, body, urlAt string
		kind                 string
		width, height        int
	}{
		{"POST /image", `{"html":"<p>x</p>","width":123,"height":45}`, "url", "image/png", 123, 45},
		{"POST /image", `{"html":"<p>x</p>","width":1,"height":1,"fileExtension":"jpg"}`, "url", "image/jpeg", 1, 1},
		{"POST /image", `{"url":"https://example.com/","width":64,"height":32,"fileExtension":"webp"}`, "url", "image/webp", 64, 32},
		{"POST /image", `{"html":"<p>x</p>","width":20,"height":10,"fileExtension":"tiff"}`, "url", "image/png", 20, 10},
		{"POST /gif", `{"html":"<p>x</p>","width":50,"height":40}`, "gif.url", "image/gif", 50, 40},
		{"POST /pdf/multi-page", `{"templateUid":"1NV01CE001","variableSets":[{},{}]}`, "url", "application/pdf", 0, 0},
	} {
		o := api(t, c, 200, tt.request, tt.body)
		at := path(t, c, o.text(tt.urlAt))
		keyless := http.Header{"Authorization": nil}
		status, header, body := ask(t, c, "GET", at, "", keyless)
		if status != 200 || header.Get("Content-Type") != tt.kind || header.Get("Content-Length") != fmt.Sprint(len(body)) || header.Get("ETag") == "" || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Fatalf("%s answered %d %v", at, status, header)
		}
		width, height := sizeOf(t, tt.kind, body)
		if width != tt.width || height != tt.height {
			t.Errorf("%s %s is %d×%d, want %d×%d", tt.request, tt.body, width, height, tt.width, tt.height)
		}
		if status, h, none := ask(t, c, "HEAD", at, "", keyless); status != 200 || none != "" || h.Get("Content-Length") != header.Get("Content-Length") {
			t.Errorf("HEAD answered %d %v %q", status, h, none)
		}
		if status, h, part := ask(t, c, "GET", at, "", http.Header{"Range": {"bytes=2-5"}}); status != 206 || part != body[2:6] || h.Get("Content-Range") != fmt.Sprintf("bytes 2-5/%d", len(body)) {
			t.Errorf("a range answered %d %v %q", status, h, part)
		}
		for _, match := range []string{header.Get("ETag"), `"x", ` + header.Get("ETag"), "*"} {
			if status, _, none := ask(t, c, "GET", at, "", http.Header{"If-None-Match": {match}}); status != 304 || none != "" {
				t.Errorf("If-None-Match %s answered %d with %d bytes", match, status, len(none))
			}
		}
		dot := strings.LastIndexByte(at, '.')
		if status, _, _ := ask(t, c, "GET", at[:dot]+".bmp", "", nil); status != 404 {
			t.Errorf("another extension answered %d", status)
		}
	}
}

func sizeOf(t *testing.T, kind, body string) (width, height int) {
	t.Helper()
	var cfg image.Config
	var err error
	switch kind {
	case "application/pdf":
		if !strings.HasPrefix(body, "%PDF-") || strings.Count(body, "/Type /Page\n") != 2 && strings.Count(body, "/Type /Page") < 2 {
			t.Errorf("no PDF of two pages: %.40q", body)
		}
		return 0, 0
	case "image/webp":
		cfg, err = webp.DecodeConfig(strings.NewReader(body))
	case "image/gif":
		all, gifErr := gif.DecodeAll(strings.NewReader(body))
		if gifErr != nil || len(all.Image) < 2 {
			t.Fatalf("%v, no moving GIF", gifErr)
		}
		return all.Config.Width, all.Config.Height
	default:
		cfg, _, err = image.DecodeConfig(strings.NewReader(body))
	}
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Width, cfg.Height
}

// The same request gives the same bytes, and another one others.
func TestSameRequestSameBytes(t *testing.T) {
	fetch := func(server *mock.Server, body string) string {
		c := start(t, server)
		o := api(t, c, 200, "POST /templates/XL13XACH2V/render", body)
		_, _, got := ask(t, c, "GET", path(t, c, o.first(t, "results").text("url")), "", nil)
		return got
	}
	a := fetch(&mock.Server{}, `{"variables":{"name":"A"},"width":300,"height":200}`)
	b := fetch(&mock.Server{Random: bytes.NewReader(make([]byte, 4096))}, `{"variables":{"name":"A"},"width":300,"height":200}`)
	if a != b {
		t.Error("the same request gave other bytes")
	}
	if other := fetch(&mock.Server{}, `{"variables":{"name":"B"},"width":300,"height":200}`); other == a {
		t.Error("another name gave the same bytes")
	}
}

// Many who want the same picture at once, and many who want others.
func TestMediaAtOnce(t *testing.T) {
	server := &mock.Server{}
	c := start(t, server)
	var paths []string
	for i := range 4 {
		paths = append(paths, path(t, c, api(t, c, 200, "POST /image", fmt.Sprintf(`{"html":"%d","width":200,"height":100}`, i)).text("url")))
	}
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			resp, err := c.HTTP.Get(c.BaseURL + paths[i%len(paths)])
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			if resp.StatusCode != 200 {
				t.Errorf("answered %d", resp.StatusCode)
			}
		})
	}
	wg.Wait()
}

func TestThumbnails(t *testing.T) {
	c := start(t, &mock.Server{})
	o := api(t, c, 200, "GET /templates/PR0DUCT001", "")
	status, header, body := ask(t, c, "GET", path(t, c, o.text("template.thumbnail")), "", http.Header{"Authorization": nil})
	if width, height := sizeOf(t, header.Get("Content-Type"), body); status != 200 || width != 480 || height != 480 {
		t.Errorf("answered %d, %d×%d", status, width, height)
	}
}

func TestPublicRender(t *testing.T) {
	c := start(t, &mock.Server{Key: pinned})
	keyless := http.Header{"Authorization": nil}
	for request, want := range map[string]int{
		"/r/XL13XACH2V.png":                                     401,
		"/r/XL13XACH2V.png?token=wrong":                         401,
		"/r/XL13XACH2V.png?token=pk_test_1&name=Q":              200,
		"/r/PR0DUCT001.webp?token=pk_test_1&layout=story":       200,
		"/r/PR0DUCT001.webp?token=pk_test_1&layout=none":        404,
		"/r/NONE.png?token=pk_test_1":                           404,
		"/r/XL13XACH2V.png?token=pk_test_1&fail=RENDER_TIMEOUT": 504,
	} {
		status, header, body := ask(t, c, "GET", request, "", keyless)
		if status != want {
			t.Errorf("%s answered %d %.200s, want %d", request, status, body, want)
		}
		if width, height := 0, 0; status == 200 && strings.Contains(request, "story") {
			if width, height = sizeOf(t, header.Get("Content-Type"), body); width != 1080 || height != 1920 {
				t.Errorf("%s is %d×%d", request, width, height)
			}
		}
	}
}

func TestScreenshotStream(t *testing.T) {
	c := start(t, &mock.Server{})
	status, header, body := ask(t, c, "POST", "/image/agent-screenshot-stream?token=k", `{"prompt":"the header of https://example.com/"}`, http.Header{"Authorization": nil})
	if status != 200 || header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("answered %d %v %s", status, header, body)
	}
	for _, kind := range []string{"connected", "step", "complete", "saved"} {
		if !strings.Contains(body, `"type":"`+kind+`"`) || !strings.HasPrefix(body, "data: {") {
			t.Errorf("no %s in %s", kind, body)
		}
	}
	o := api(t, c, 400, "POST /image/agent-screenshot", `{}`)
	if o.text("error") != "Prompt is required" {
		t.Errorf("without a prompt: %v", o)
	}
	made := api(t, c, 200, "POST /image/agent-screenshot", `{"prompt":"https://x.test/a header"}`)
	if made.text("metadata.url") != "https://x.test/a" || made.text("url") == "" {
		t.Errorf("made %v", made)
	}
}

func TestCacheIsBounded(t *testing.T) {
	server := &mock.Server{}
	server.LimitCache(20 << 10)
	c := start(t, server)
	var paths []string
	for i := range 12 {
		o := api(t, c, 200, "POST /image", fmt.Sprintf(`{"html":"%d","width":200,"height":100}`, i))
		paths = append(paths, path(t, c, o.text("url")))
	}
	bodies := map[string]string{}
	for range 2 { // those that were dropped are drawn again, and are the same
		for _, at := range paths {
			status, _, body := ask(t, c, "GET", at, "", nil)
			if status != 200 || bodies[at] != "" && bodies[at] != body {
				t.Fatalf("%s answered %d, or something else than before", at, status)
			}
			bodies[at] = body
			if _, _, cached := server.Kept(); cached <= 0 || cached > 20<<10 {
				t.Fatalf("%d bytes are cached", cached)
			}
		}
	}
}

// A GIF is answered with the HTML that it was made of, as it was sent, then and later.
func TestGIFHasItsHTML(t *testing.T) {
	first := &mock.Server{}
	c := start(t, first)
	const page = `<p class="a">1 < 2 &amp; {{x}}</p>`
	made := api(t, c, 200, "POST /gif", `{"html":`+mustEncode(page)+`,"width":9,"height":9}`)
	uid := made.text("gif.uid")
	if got := made.text("gif.html"); got != page {
		t.Errorf("answered with the HTML %q, want %q", got, page)
	}
	for _, body := range []string{`{"url":"https://example.com/"}`, `{"template":"XL13XACH2V","html":"not used"}`} {
		if o := api(t, c, 200, "POST /gif", body); o.at("gif.html") != nil {
			t.Errorf("%s answered %v, want no HTML", body, o)
		}
	}
	text, err := first.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	second := &mock.Server{}
	c = start(t, second)
	if err := second.Restore(text); err != nil {
		t.Fatal(err)
	}
	if o := api(t, c, 200, "GET /gif/"+uid, ""); o.text("gif.html") != page {
		t.Errorf("later: %v", o)
	}
}
