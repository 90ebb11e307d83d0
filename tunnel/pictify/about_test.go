package pictify_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pictap/tunnel/pictify"
)

func TestAboutOfDocumentedPayloads(t *testing.T) {
	for name, want := range map[string]string{
		"render.completed":  "tmpl_xyz789 1200×630 png",
		"render.failed":     "tmpl_xyz789 Template not found (TEMPLATE_NOT_FOUND)",
		"batch.completed":   "498/500 items, 2 failed",
		"batch.failed":      "0/3 items, 3 failed",
		"binding.updated":   "bind_abc123 stars 100→105",
		"binding.failed":    "bind_abc123 Data source returned 500, retry 3",
		"gif-milliseconds":  "img_gif 800×600 gif",
		"test-delivery":     "test_123",
		"undocumented-type": "",
	} {
		e, err := pictify.ParseEvent(readEvent(t, name))
		if err != nil {
			t.Errorf("ParseEvent(%s): %v", name, err)
		}
		if got := e.About(); got != want {
			t.Errorf("About of %s = %q, want %q", name, got, want)
		}
	}
}

func TestAbout(t *testing.T) {
	for _, tt := range []struct {
		name string
		typ  pictify.EventType
		data string
		want string
	}{
		{"no data", pictify.RenderCompleted, "", ""},
		{"null", pictify.RenderCompleted, "null", ""},
		{"array", pictify.RenderCompleted, `["templateId"]`, ""},
		{"not JSON", pictify.RenderCompleted, `{"templateId":"tmpl_1","width":`, "tmpl_1"},
		{"ill-typed", pictify.RenderCompleted, `{"templateId":5,"imageId":{},"width":"1200","height":630,"format":["png"]}`, ""},
		{"one dimension", pictify.RenderCompleted, `{"imageId":"img_1","width":1200}`, "img_1"},
		{"negative, fractional, huge", pictify.BatchCompleted, `{"completedCount":-1,"totalCount":1.5,"failedCount":1e400}`, ""},
		{"no failures", pictify.BatchCompleted, `{"completedCount":5,"totalCount":5,"failedCount":0}`, "5/5 items"},
		{"several changes", pictify.BindingUpdated, `{"bindingId":"b","previousData":{"a":1,"b":2,"c":3},"newData":{"a":1,"b":"x","c":4,"d":5}}`, "b b 2→x, 2 more"},
		{"change of an object", pictify.BindingUpdated, `{"bindingId":"b","previousData":{"a":{}},"newData":{"a":[1]}}`, "b a"},
		{"first refresh", pictify.BindingUpdated, `{"bindingId":"b","previousData":null,"newData":{"a":1}}`, "b a"},
		{"too many to compare", pictify.BindingUpdated, `{"bindingId":"b","newData":{` + strings.Repeat(`"a":1,`, 70) + `"b":1}}`, "b"},
		{"names in exact case", pictify.RenderCompleted, `{"TemplateId":"no","templateid":"no"}`, ""},
		{"one line", pictify.RenderFailed, `{"error":"a\nb\r\tc\u0000d\u001b[2J\u202ee\u200b"}`, "a b  c d [2J e"},
		{"HTML is only text", pictify.RenderFailed, `{"error":"<b>&amp;"}`, "<b>&amp;"},
		{"long", pictify.RenderFailed, `{"error":"` + strings.Repeat("é", 500) + `"}`, strings.Repeat("é", 119) + "…"},
		{"exactly 120", pictify.RenderFailed, `{"error":"` + strings.Repeat("é", 120) + `"}`, strings.Repeat("é", 120)},
		{"undocumented type", "experiment.started", `{"templateId":"tmpl_1"}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := pictify.Event{Type: tt.typ, Data: []byte(tt.data)}
			got := e.About()
			if got != tt.want {
				t.Errorf("About = %q, want %q", got, tt.want)
			}
			mustBeALine(t, got)
		})
	}
}

func mustBeALine(tb testing.TB, about string) {
	tb.Helper()
	if !utf8.ValidString(about) || utf8.RuneCountInString(about) > 120 {
		tb.Errorf("About = %q: %d runes", about, utf8.RuneCountInString(about))
	}
	for _, r := range about {
		if !unicode.IsPrint(r) {
			tb.Errorf("About = %q: contains %U", about, r)
		}
	}
}
