package mock_test

import (
	"encoding/binary"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
)

func TestSchemaOfAScene(t *testing.T) {
	const head = "import { z } from 'zod';\nexport const schema = z.object({"
	for source, want := range map[string][][4]any{
		head + `title: z.string().default("Hi").describe("The headline"),});`: {{"title", "text", "Hi", "The headline"}},
		head + `
			// title: z.string(),
			/* b: z.number(), */ 'line-two': z.string() . optional ( ) . default ( 'it\'s \u00fc \u{1F600}' ),
			"count": z.number().int().min(1).default(3).describe('How ' + "many"),
			on: z.boolean().default(true),
			off: z.coerce.number().default(-0.5),
			list: z.array(z.object({ a: z.string().default("no"), b: z.number() })).default([]),
			words: z.array(z.string()).default(["a", "b"]),
			deep: z.object({ inner: z.string() }),
			accent: z.string().regex(/^#["')}\/[,)]]+$/i).default("#ff5533"),
			photo: z.string().url().optional(),
			when: z.date(),
			kind: z.enum(["a", "b"]).default("a"),
			ground: zColor().default("#fff"),
			made: z.string().default(` + "`a ${b}`" + `),
			plain: z.string().default(` + "`two\nlines`" + `),
			named: z.string().default(NAME).describe(describe("x")),
		}).strict();
		export const other = z.object({ no: z.string() });`: {
			{"line-two", "text", "it's ü 😀", ""}, {"count", "number", 3.0, "How many"}, {"on", "boolean", true, ""}, {"off", "number", -0.5, ""},
			{"list", "array", []any{}, ""}, {"words", "array", []any{"a", "b"}, ""}, {"deep", "object", nil, ""}, {"accent", "color", "#ff5533", ""},
			{"photo", "url", nil, ""}, {"when", "date", nil, ""}, {"kind", "text", "a", ""}, {"ground", "color", "#fff", ""},
			{"made", "text", nil, ""}, {"plain", "text", "two\nlines", ""}, {"named", "text", nil, ""},
		},
		head + "...base, a: z.string(), shorthand, [computed]: z.number(), b: z.string()})": {{"a", "text", nil, ""}, {"b", "text", nil, ""}},
		head + `a: z.string(), a: z.number()})`:                                             {{"a", "text", nil, ""}},
		head + `a: z.string().default("open`:                                                {{"a", "text", nil, ""}},
		head + `})`:                                                                         nil,
		head:                                                                                nil,
		"// export const schema = z.object({ a: z.string() })":                              nil,
		"const schema = z.object({ a: z.string() })":                                        nil,
		"export const schema: Schema = z.strictObject({ a: z.string() })":                   {{"a", "text", nil, ""}},
		"export default () => null":                                                         nil,
	} {
		if diff := cmp.Diff(want, mock.SchemaIn(source)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", source, diff)
		}
	}
}

// A scan is over in good time whatever it is given, and what it finds can be told.
func FuzzSchema(f *testing.F) {
	scene, err := os.ReadFile("seed/scene.tsx")
	if err != nil {
		f.Fatal(err)
	}
	const head = "export const schema=z.object({"
	f.Add(string(scene))
	for _, text := range []string{head + "a:z.string().default(", head + "'a':z.b('\\u{", head + "a:z.c(/[/]/)", head + "a:`${", head + "a:((((", head + strings.Repeat("a.", 100), head + "//"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, source string) {
		began := time.Now()
		all := mock.SchemaIn(source)
		if took := time.Since(began); took > 20*time.Second && len(source) < 1<<20 {
			t.Errorf("%d bytes took %v", len(source), took)
		}
		seen := map[any]bool{}
		for _, d := range all {
			if name := d[0].(string); name == "" || seen[name] || !utf8.ValidString(name) && utf8.ValidString(source) {
				t.Errorf("%q has the name %q", source, name)
			}
			seen[d[0]] = true
		}
		if _, err := json.Marshal(all); err != nil || len(all) > 200 {
			t.Errorf("%d variables, %v", len(all), err)
		}
	})
}

func TestLongSceneIsScannedOnce(t *testing.T) {
	for name, part := range map[string]string{"fields": "a: z.string(),", "brackets": "a: [[[[", "quotes": "'a':", "comments": "/* */", "chain": ".a(b)"} {
		source := "export const schema = z.object({ a: z.string()" + strings.Repeat(part, (256<<10)/len(part))
		began := time.Now()
		mock.SchemaIn(source)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func TestVideoVariables(t *testing.T) {
	c := start(t, &mock.Server{})
	const scene = `"export const schema = z.object({ a: z.string().default('A'), b: z.number() })\nexport default () => null"`
	made := api(t, c, 200, "POST /video/templates", `{"name":"V","kind":"tsx","tsx":`+scene+`}`)
	uid := made.text("template.uid")
	names := func(o object, at string) (all []any) {
		for _, d := range o.list(t, at) {
			all = append(all, d.(map[string]any)["name"])
		}
		return all
	}
	for _, tt := range []struct {
		body string
		want []any
	}{
		{`{"name":"W"}`, []any{"a", "b"}}, // stay as they are
		{`{"variableDefinitions":[{"name":"x"}]}`, []any{"x"}},
		{`{"variableDefinitions":{"z":{"type":"number","defaultValue":3},"y":{}}}`, []any{"y", "z"}},
		{`{"variableDefinitions":[]}`, nil},
		{`{"tsx":` + scene + `,"variableDefinitions":[]}`, []any{"a", "b"}},
		{`{"tsx":` + scene + `,"variableDefinitions":{"only":{}}}`, []any{"only"}},
		{`{"tsx":"export default 1"}`, nil},
	} {
		o := api(t, c, 200, "PUT /video/templates/"+uid, tt.body)
		if diff := cmp.Diff(tt.want, names(o, "template.variableDefinitions")); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.body, diff)
		}
	}
	for body, says := range map[string]string{
		`{"variableDefinitions":7}`:                "variableDefinitions must be a list",
		`{"variableDefinitions":{"a":"text"}}`:     "variableDefinitions.a must be an object",
		`{"variableDefinitions":{"a":{"type":3}}}`: "variableDefinitions.a must be an object",
		`{"variableDefinitions":{"":{}}}`:          "name is required",
		`{"kind":"timeline","tsx":"export"}`:       "tsx is not for a timeline template",
	} {
		if o := api(t, c, 400, "PUT /video/templates/"+uid, body); !strings.Contains(o.text("error"), says) {
			t.Errorf("%s answered %s, want %q", body, o.text("error"), says)
		}
	}
	generated := api(t, c, 200, "POST /video/templates/generate", `{"prompt":"He said \"hi\" & </script>","brandColor":"#00ff41"}`)
	defs := generated.list(t, "template.variableDefinitions")
	if title, color := object(defs[0].(map[string]any)), object(defs[2].(map[string]any)); title["defaultValue"] != `He said "hi" & </script>` || color["defaultValue"] != "#00ff41" || color["type"] != "color" {
		t.Errorf("generated %v", defs)
	}
	copied := api(t, c, 200, "POST /video/templates/V1DE0PR0M0/duplicate", "")
	if copied.text("template.status") != "draft" || copied.text("template.name") != "Promo (copy)" || len(copied.list(t, "template.variableDefinitions")) != 3 {
		t.Errorf("the copy is %v", copied)
	}
}

// A film is of the size and as long as its template says, and is served as what it is.
func TestVideoRender(t *testing.T) {
	c := start(t, &mock.Server{})
	o := api(t, c, 200, "POST /video/templates/V1DE0PR0M0/render", `{"variables":{"title":"Ship it"}}`)
	if o.text("format") != "mp4" || o.at("durationInFrames") != 150.0 || !strings.HasSuffix(o.text("url"), ".mp4") {
		t.Errorf("answered %v", o)
	}
	at := path(t, c, o.text("url"))
	status, header, body := ask(t, c, "GET", at, "", http.Header{"Authorization": nil})
	if status != 200 || header.Get("Content-Type") != "video/mp4" || body[4:12] != "ftypisom" {
		t.Fatalf("%s answered %d %v", at, status, header)
	}
	head := body[strings.Index(body, "tkhd"):]
	number := func(offset int) uint32 { return binary.BigEndian.Uint32([]byte(head[offset:])) }
	if w, h := number(4+76)>>16, number(4+80)>>16; w != 1280 || h != 720 {
		t.Errorf("the track is %d×%d", w, h)
	}
	head = body[strings.Index(body, "mdhd"):]
	if scale, length := number(4+12), number(4+16); float64(length)/float64(scale) != 5 {
		t.Errorf("it lasts %d/%d s", length, scale)
	}
	if status, h, part := ask(t, c, "GET", at, "", http.Header{"Range": {"bytes=4-7"}}); status != 206 || part != "ftyp" || h.Get("Accept-Ranges") != "bytes" {
		t.Errorf("a range answered %d %v %q", status, h, part)
	}
	if list := api(t, c, 200, "GET /render?format=MP4", ""); list.first(t, "renders").text("format") != "mp4" || list.at("counts.MP4") != 1.0 {
		t.Errorf("listed %v", list)
	}
	if o := api(t, c, 200, "POST /video/templates/V1DE0PR0M0/render", `{"format":"gif"}`); !strings.HasSuffix(o.text("url"), ".gif") {
		t.Errorf("as a GIF: %v", o)
	}
	api(t, c, 422, "POST /video/templates/V1DE0PR0M0/render", `{"variables":{"titel":"x"}}`)
	for _, call := range []string{"render", "preview"} {
		o := api(t, c, 402, "POST /video/templates/V1DE0PR0M0/"+call, `{"variables":{"fail":"QUOTA_EXCEEDED"}}`)
		if o.text("code") != "quota_exceeded" || o.at("status") != 402.0 || o.text("message") != "You have exhausted your plan limit" {
			t.Errorf("%s: %v", call, o)
		}
	}
	api(t, c, 429, "POST /image", `{"template":"XL13XACH2V","variables":{"fail":"QUOTA_EXCEEDED"}}`)
	api(t, c, 504, "POST /video/templates/V1DE0PR0M0/render", `{"variables":{"fail":"RENDER_TIMEOUT"}}`)
}

func TestVideoPreview(t *testing.T) {
	c := start(t, &mock.Server{})
	o := api(t, c, 200, "POST /video/templates/V1DE0PR0M0/preview", `{"variables":{"title":"x"},"frame":45}`)
	status, header, body := ask(t, c, "GET", path(t, c, o.text("url")), "", nil)
	if width, height := sizeOf(t, header.Get("Content-Type"), body); status != 200 || width != 1280 || height != 720 {
		t.Errorf("answered %d, %d×%d", status, width, height)
	}
	api(t, c, 400, "POST /video/templates/V1DE0PR0M0/preview", `{"frame":150}`)
	api(t, c, 422, "POST /video/templates/V1DE0PR0M0/preview", `{"variables":{"nope":1}}`)
	api(t, c, 404, "POST /video/templates/NONE/preview", `{}`)
	timeline := api(t, c, 200, "POST /video/templates", `{"kind":"timeline","name":"T"}`).text("template.uid")
	if o := api(t, c, 501, "POST /video/templates/"+timeline+"/preview", `{}`); o.text("code") != "preview_not_supported" {
		t.Errorf("answered %v", o)
	}
}
