package mock_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
)

// What is for the public needs no key, is a picture as any other, and tells nobody.
func TestPublicPictures(t *testing.T) {
	server := &mock.Server{Key: pinned}
	c := start(t, server)
	url, arrivals := inbox(t)
	subscribe(t, c, url)
	keyless := http.Header{"Authorization": nil}
	for _, tt := range []struct{ path, body, urlAt, kind string }{
		{"/image/public", `{"html":"<p>x</p>","width":40,"height":30,"fileExtension":"webp"}`, "url", "image/webp"},
		{"/v1/gif/public", `{"html":"<p>x</p>","width":40,"height":30}`, "gif.url", "image/gif"},
	} {
		status, _, answer := ask(t, c, "POST", tt.path, tt.body, keyless)
		var o object
		decodeInto(t, answer, &o)
		if status != 200 {
			t.Fatalf("%s answered %d %s", tt.path, status, answer)
		}
		status, header, body := ask(t, c, "GET", path(t, c, o.text(tt.urlAt)), "", keyless)
		if width, height := sizeOf(t, header.Get("Content-Type"), body); status != 200 || header.Get("Content-Type") != tt.kind || width != 40 || height != 30 {
			t.Errorf("%s: %d, %s, %d×%d", tt.path, status, header.Get("Content-Type"), width, height)
		}
		for _, bad := range []string{`{}`, `{"html":"x","width":0}`, `{"template":"none"}`, `{"template":"XL13XACH2V","variables":{"fail":"RENDER_TIMEOUT"}}`} {
			if status, _, answer := ask(t, c, "POST", tt.path, bad, keyless); status < 400 || status == 401 {
				t.Errorf("%s %s answered %d %s", tt.path, bad, status, answer)
			}
		}
	}
	// An event of a render with a key comes after those that must not be.
	api(t, c, 200, "POST /image", `{"html":"last","width":8,"height":8}`)
	if a := next(t, arrivals); a.body.at("data.width") != 8.0 {
		t.Errorf("somebody was told of a public render: %s", a.raw)
	}
}

func TestPDFFromFabric(t *testing.T) {
	c := start(t, &mock.Server{})
	url, arrivals := inbox(t)
	subscribe(t, c, url)
	o := api(t, c, 200, "POST /pdf/from-fabric", `{"fabricJSData":{"objects":[{"text":"Dear {{name}}"}]},"variables":{"name":"Ada"},"options":{"preset":"Letter","landscape":true,"title":"Letter to Ada"}}`)
	if diff := cmp.Diff(map[string]any{"width": 792.0, "height": 612.0}, o["pageSize"]); diff != "" || o["success"] != true || o["pageCount"] != 1.0 || o["preset"] != "Letter" {
		t.Errorf("made %v (-want +got)\n%s", o, diff)
	}
	_, header, body := ask(t, c, "GET", path(t, c, o.text("url")), "", nil)
	if header.Get("Content-Type") != "application/pdf" || !strings.Contains(body, "/MediaBox [0 0 792.00 612.00]") {
		t.Errorf("the file is %v %.60q", header, body)
	}
	a := next(t, arrivals)
	want := map[string]any{"type": "pdf", "format": "pdf", "url": o["url"], "width": 792.0, "height": 612.0}
	got := without(a.body.at("data"), "source", "imageId", "variables", "renderedAt", "deliveryId")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got)\n%s", diff)
	}
	for _, bad := range []string{`{}`, `{"fabricJSData":[]}`, `{"fabricJSData":{},"options":{"preset":"B5"}}`, `{"fabricJSData":{},"options":{"scale":9}}`,
		`{"fabricJSData":{},"options":{"preset":"custom","customSize":{"width":1e9}}}`} {
		api(t, c, 400, "POST /pdf/from-fabric", bad)
	}
}

func TestRegenerateThumbnail(t *testing.T) {
	c := start(t, &mock.Server{})
	o := api(t, c, 200, "POST /templates/XL13XACH2V/regenerate-thumbnail", "")
	at := path(t, c, o.text("thumbnail"))
	if status, header, _ := ask(t, c, "GET", at, "", nil); status != 200 || header.Get("Content-Type") != "image/png" || o.text("template.thumbnail") != o.text("thumbnail") {
		t.Errorf("%v leads to %d %v", o, status, header)
	}
	api(t, c, 404, "POST /templates/NOSUCHONE0/regenerate-thumbnail", "")
}
