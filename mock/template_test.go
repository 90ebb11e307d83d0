package mock_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
)

// uids lists the uids of templates in an answer.
func uids(t *testing.T, o object) (all []string) {
	t.Helper()
	for _, v := range o.list(t, "templates") {
		all = append(all, v.(map[string]any)["name"].(string))
	}
	return all
}

func TestTemplateLife(t *testing.T) {
	var clock clock
	c := start(t, &mock.Server{Now: clock.now})
	made := api(t, c, 200, "POST /templates", `{"html":"<h1 style='background:#fff'>Hi {{firstName}}, {{{bio}}}</h1>","name":"Card","tags":["a"],
		"variableDefinitions":[{"name":"firstName","type":"text","defaultValue":"Ann","description":"who"}]}`)
	uid := made.text("template.uid")
	if len(uid) != 10 || strings.Trim(uid, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		t.Errorf("uid %q is not as real ones are", uid)
	}
	if diff := cmp.Diff([]any{"firstName", "bio"}, made.at("template.variables")); diff != "" {
		t.Errorf("variables (-want +got)\n%s", diff)
	}
	clock.advance(time.Minute)
	changed := api(t, c, 200, "PUT /templates/"+uid, `{"html":"{{firstName}} {{title}}","width":640}`)
	if diff := cmp.Diff([]any{"title"}, changed["addedVariables"]); diff != "" {
		t.Errorf("added (-want +got)\n%s", diff)
	}
	if changed.text("template.name") != "Card" || changed.at("template.width") != 640.0 || changed.text("template.createdAt") != "2026-01-29T10:30:00Z" || changed.text("template.updatedAt") != "2026-01-29T10:31:00Z" {
		t.Errorf("changed to %v", changed)
	}
	if got := api(t, c, 200, "GET /templates/"+uid, ""); cmp.Diff(changed["template"], got["template"]) != "" {
		t.Errorf("got %v, want %v", got, changed)
	}
	// The whole object may be sent back as it was got.
	if again := api(t, c, 200, "PUT /templates/"+uid, mustEncode(changed["template"])); cmp.Diff(changed["template"], again["template"]) != "" {
		t.Errorf("sent back: %v", again)
	}
	if o := api(t, c, 200, "DELETE /templates/"+uid, ""); o.text("message") != "Template deleted successfully" {
		t.Errorf("deleted: %v", o)
	}
	for _, request := range []string{"GET /templates/", "PUT /templates/", "DELETE /templates/", "POST /templates/%s/render"} {
		if !strings.Contains(request, "%s") {
			request += "%s"
		}
		api(t, c, 404, fmt.Sprintf(request, uid), "")
	}
}

func TestTemplatesAreListed(t *testing.T) {
	c := start(t, &mock.Server{})
	for i := range 30 {
		format := []string{"image", "pdf", "gif"}[i%3]
		api(t, c, 200, "POST /templates", fmt.Sprintf(`{"html":"x","name":"T%02d","type":"mine","outputFormat":%q}`, i, format))
	}
	for _, tt := range []struct {
		query string
		want  []string // names
		total float64
	}{
		{"/templates?limit=2", []string{"T29", "T28"}, 34},
		{"/templates?limit=2&page=2", []string{"T27", "T26"}, 34},
		{"/templates?limit=3&sort=oldest&page=2", []string{"Invoice", "T00", "T01"}, 34},
		{"/templates?limit=2&sort=name", []string{"Blog post", "Invoice"}, 34},
		{"/templates?limit=2&outputFormat=pdf", []string{"T28", "T25"}, 11},
		{"/templates?limit=2&outputFormat=gif&page=5", []string{"T05", "T02"}, 10},
		{"/templates?limit=2&outputFormat=gif&page=6", nil, 10},
		{"/templates?limit=2&hasDynamicLink=false", []string{"T29", "T28"}, 34},
		{"/templates?limit=2&hasDynamicLink=true", nil, 0},
		{"/templates/search?q=WELC", []string{"Welcome card"}, 1},
		{"/templates/search?q=open+graph", []string{"Blog post"}, 1},
		{"/templates/type/document", []string{"Invoice"}, 1},
		{"/templates/type/mine?limit=1", []string{"T29"}, 30},
	} {
		o := api(t, c, 200, "GET "+tt.query, "")
		if diff := cmp.Diff(tt.want, uids(t, o)); diff != "" || o.at("pagination.total") != tt.total {
			t.Errorf("%s: total %v (-want +got)\n%s", tt.query, o.at("pagination.total"), diff)
		}
	}
	if o := api(t, c, 200, "GET /templates", ""); o.at("pagination.limit") != 12.0 || len(o.list(t, "templates")) != 12 {
		t.Errorf("without a limit: %v", o["pagination"])
	}
	for _, query := range []string{"page=0", "page=-1", "page=x", "page=1e9", "limit=0", "limit=101", "limit=99999999999999999999", "sort=random", "outputFormat=bmp", "hasDynamicLink=maybe", "page=2%00"} {
		api(t, c, 400, "GET /templates?"+query, "")
	}
}

func TestLayouts(t *testing.T) {
	c := start(t, &mock.Server{})
	uid := api(t, c, 200, "POST /templates", `{"fabricJSData":{"objects":[]},"name":"L"}`).text("template.uid")
	var many []string
	for i := range 21 {
		many = append(many, fmt.Sprintf(`"l%d":{"fabricJSData":{},"width":1,"height":1,"name":"x"}`, i))
	}
	for body, says := range map[string]string{
		`{"layouts":{` + strings.Join(many, ",") + `}}`:                        "Maximum 20 layouts per template",
		`{"layouts":{"Big One":{"fabricJSData":{},"width":1,"height":1}}}`:     "Invalid layout key: Big One",
		`{"layouts":{"__proto__":{"fabricJSData":{},"width":1,"height":1}}}`:   "Invalid layout key: __proto__",
		`{"layouts":{"constructor":{"fabricJSData":{},"width":1,"height":1}}}`: "Invalid layout key: constructor",
		`{"layouts":{"a":{"width":1,"height":1}}}`:                             "Layout 'a' missing required fields",
		`{"layouts":{"a":{"fabricJSData":{},"width":"1","height":1}}}`:         "Layout 'a' missing required fields",
		`{"layouts":{"a":7}}`: "Layout 'a' missing required fields",
		`{"layouts":{"a":{"fabricJSData":{},"width":1e9,"height":1}}}`:                    "Layout 'a' width must be from 1 to 4096",
		`{"outputFormat":"pdf","layouts":{"a":{"fabricJSData":{},"width":1,"height":1}}}`: "Layouts not supported on PDF templates",
	} {
		o := api(t, c, 400, "PUT /templates/"+uid, body)
		if first := o.first(t, "errors"); o.text("error") != says || first.text("field") != "layouts" || first.text("message") != says {
			t.Errorf("%s answered %v, want %q", body, o, says)
		}
	}
	o := api(t, c, 200, "PUT /templates/"+uid, `{"layouts":{"story":{"fabricJSData":{"objects":[{"text":"{{deep}}"}]},"width":20,"height":40,"name":"Story"}}}`)
	if o.at("template.layouts.story.height") != 40.0 || o.first(t, "template.variableDefinitions").text("name") != "deep" {
		t.Errorf("changed to %v", o)
	}
	got := api(t, c, 200, "POST /templates/"+uid+"/render", `{"layout":"story"}`)
	if r := got.first(t, "results"); r.text("name") != "Story" || r["width"] != 20.0 || r["height"] != 40.0 {
		t.Errorf("rendered %v", got)
	}
	if o := api(t, c, 200, "PUT /templates/"+uid, `{"layouts":{}}`); o.at("template.layouts") != nil {
		t.Errorf("taken away: %v", o)
	}
}

// What the mock does not act on is kept all the same.
func TestGivenFieldsComeBack(t *testing.T) {
	server := &mock.Server{}
	c := start(t, server)
	plain := api(t, c, 200, "POST /templates", `{"html":"x"}`)
	for _, name := range []string{"jsEnabled", "strictVariables", "pages"} {
		if _, ok := plain["template"].(map[string]any)[name]; ok {
			t.Errorf("%s was never given", name)
		}
	}
	uid := api(t, c, 200, "POST /templates", `{"html":"x","jsEnabled":true,"strictVariables":false,"pages":[{"html":"<p>2</p>"}]}`).text("template.uid")
	api(t, c, 200, "PUT /templates/"+uid, `{"strictVariables":true,"name":"N","pages":null}`)
	text, err := server.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Restore(text); err != nil {
		t.Fatal(err)
	}
	o := api(t, c, 200, "GET /templates/"+uid, "")
	if diff := cmp.Diff([]any{map[string]any{"html": "<p>2</p>"}}, o.at("template.pages")); diff != "" || o.at("template.jsEnabled") != true || o.at("template.strictVariables") != true {
		t.Errorf("got %v\n%s", o, diff)
	}
	if o := api(t, c, 400, "PUT /templates/"+uid, `{"jsEnabled":"yes"}`); o.first(t, "errors").text("field") != "jsEnabled" {
		t.Errorf("answered %v", o)
	}
	api(t, c, 400, "PUT /templates/"+uid, `{"pages":["`+strings.Repeat("x", 600<<10)+`"]}`)
}

// A PDF of variableSets has a page for each, on the paper of the preset or of the template.
func TestRenderOfPages(t *testing.T) {
	server := &mock.Server{}
	c := start(t, server)
	url, arrivals := inbox(t)
	subscribe(t, c, url)
	render := func(body string) object {
		t.Helper()
		return api(t, c, 200, "POST /templates/1NV01CE001/render", body).first(t, "results")
	}
	r := render(`{"format":"pdf","variableSets":[{"number":1,"customer":"Alice"},{"number":2},{"number":3}],"preset":"letter"}`)
	if r["width"] != 612.0 || r["height"] != 792.0 || r.text("format") != "pdf" {
		t.Errorf("rendered %v", r)
	}
	if a := next(t, arrivals); a.at != "/render.completed" || a.body.text("data.type") != "pdf" || a.body.at("data.width") != 612.0 {
		t.Errorf("told as %s", a.raw)
	}
	_, _, body := ask(t, c, "GET", path(t, c, r.text("url")), "", nil)
	if n := strings.Count(body, "/Type /Page\n"); n != 3 {
		t.Errorf("%d pages", n)
	}
	for body, want := range map[string][2]float64{
		`{"format":"pdf"}`: {595, 842}, // its own preset
		`{}`:               {595, 842},
		`{"format":"pdf","preset":"A4_LANDSCAPE"}`:    {842, 595},
		`{"width":300,"height":400}`:                  {300, 400},
		`{"width":300,"height":400,"preset":"A5"}`:    {420, 595},
		`{"width":300,"height":40,"preset":"custom"}`: {300, 40},
		`{"format":"png","preset":"A3"}`:              {595, 842}, // is for a PDF only
	} {
		if r := render(body); r["width"] != want[0] || r["height"] != want[1] {
			t.Errorf("%s is %v×%v, want %v", body, r["width"], r["height"], want)
		}
	}
	wide := api(t, c, 200, "POST /templates", `{"html":"x","pdfPreset":"A3_LANDSCAPE"}`).text("template.uid")
	if r := api(t, c, 200, "POST /templates/"+wide+"/render", `{"format":"pdf"}`).first(t, "results"); r["width"] != 1191.0 || r["height"] != 842.0 {
		t.Errorf("on the template's own paper: %v", r)
	}
	for body, says := range map[string]string{
		`{"format":"png","variableSets":[{}]}`:                    "variableSets are the pages of a PDF: format must be pdf",
		`{"variableSets":[]}`:                                     "variableSets must be 1 to 100",
		`{"variableSets":[` + strings.Repeat("{},", 100) + `{}]}`: "variableSets must be 1 to 100",
		`{"preset":"B5"}`:                                         "preset must be one of",
		`{"variableSets":[3]}`:                                    "variableSets has the wrong type",
	} {
		if o := api(t, c, 400, "POST /templates/1NV01CE001/render", body); !strings.Contains(o.text("error"), says) {
			t.Errorf("%.60s answered %s, want %q", body, o.text("error"), says)
		}
	}
	api(t, c, 504, "POST /templates/1NV01CE001/render", `{"variableSets":[{},{"fail":"RENDER_TIMEOUT"}]}`)
	// A layout has pages of its own.
	story := api(t, c, 200, "POST /templates/PR0DUCT001/render", `{"format":"pdf","layout":"story","variableSets":[{"price":"1"},{"price":"2"}]}`).first(t, "results")
	_, _, body = ask(t, c, "GET", path(t, c, story.text("url")), "", nil)
	if n := strings.Count(body, "/Type /Page\n"); n != 2 || story["height"] != 1920.0 {
		t.Errorf("%d pages of %v", n, story)
	}
}

// An engine is for life.
func TestEngineIsFixed(t *testing.T) {
	c := start(t, &mock.Server{})
	api(t, c, 400, "PUT /templates/XL13XACH2V", `{"fabricJSData":{}}`)
	api(t, c, 400, "PUT /templates/PR0DUCT001", `{"html":"x"}`)
	api(t, c, 400, "POST /templates", `{"html":"x","fabricJSData":{}}`)
}

func TestImagesAreListed(t *testing.T) {
	c := start(t, &mock.Server{})
	var ids []string
	for i := range 7 {
		ids = append(ids, api(t, c, 200, "POST /image", fmt.Sprintf(`{"html":"%d","width":9,"height":9}`, i)).text("id"))
		api(t, c, 200, "POST /gif", `{"html":"x","width":9,"height":9}`)
	}
	o := api(t, c, 200, "GET /image?limit=3&offset=2", "")
	var got []string
	for _, v := range o.list(t, "images") {
		got = append(got, v.(map[string]any)["id"].(string))
	}
	if diff := cmp.Diff([]string{ids[4], ids[3], ids[2]}, got); diff != "" || o.at("pagination.total") != 7.0 || o.at("pagination.hasMore") != true {
		t.Errorf("%v (-want +got)\n%s", o["pagination"], diff)
	}
	if o := api(t, c, 200, "GET /image?offset=1000000", ""); len(o.list(t, "images")) != 0 || o.at("pagination.hasMore") != false {
		t.Errorf("far away: %v", o)
	}
	all := api(t, c, 200, "GET /render?format=GIF&limit=2", "")
	if none := api(t, c, 200, "GET /render?source=dashboard", ""); len(none.list(t, "renders")) != 0 || none.at("counts.ALL") != 0.0 {
		t.Errorf("of the dashboard: %v", none)
	}
	if len(all.list(t, "renders")) != 2 || all.at("pagination.total") != 7.0 || all.at("counts.ALL") != 14.0 || all.at("counts.PNG") != 7.0 {
		t.Errorf("renders: %v", all)
	}
	for _, request := range []string{"/image?limit=0", "/image?limit=x", "/image?offset=-1", "/image?offset=1e9", "/gif?limit=1000", "/render?format=TIFF", "/render?limit=-1"} {
		api(t, c, 400, "GET "+request, "")
	}
}

func TestSeed(t *testing.T) {
	server := &mock.Server{}
	if err := server.Seed([]byte(`[{"uid":"MINE","name":"Mine","html":"{{x}}"},{"uid":"XL13XACH2V","html":"other"}]`)); err != nil {
		t.Fatal(err)
	}
	c := start(t, server)
	if o := api(t, c, 200, "GET /templates/MINE", ""); o.text("template.name") != "Mine" {
		t.Errorf("got %v", o)
	}
	if o := api(t, c, 200, "GET /templates/XL13XACH2V", ""); o.text("template.html") != "other" {
		t.Errorf("got %v", o)
	}
	if o := api(t, c, 200, "GET /templates", ""); o.at("pagination.total") != 5.0 {
		t.Errorf("got %v", o["pagination"])
	}
	for text, says := range map[string]string{
		``: "not a JSON array", `{}`: "not a JSON array", `[1]`: "template 1: it is not an object", `[{"uid":"A"}]`: "template 1: html is required",
		`[{"uid":"A","html":"x"},{"uid":"A","html":"x"}]`: "template 2 has the uid A of template 1", `[{"html":"x"}]`: "uid must have", `[{"uid":"a/b","html":"x"}]`: "uid must have",
		`[{"uid":"A","html":"x","width":0}]`: "width must be", `[{"uid":"A","html":7}]`: "html has the wrong type",
	} {
		if err := server.Seed([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("Seed(%s) = %v, want %q", text, err, says)
		}
	}
}

func TestTemplatesAreBounded(t *testing.T) {
	c := start(t, &mock.Server{})
	big := strings.Repeat("x", 500<<10)
	full := false
	for range 100 {
		status, _, body := ask(t, c, "POST", "/templates", `{"html":"`+big+`"}`, nil)
		if full = status == 409 && strings.Contains(body, "template_limit_reached"); full {
			break
		}
	}
	if !full {
		t.Error("100 templates of 500 KiB were taken")
	}
	if o := api(t, c, 400, "POST /templates", `{"html":"`+strings.Repeat("x", 600<<10)+`"}`); o.first(t, "errors").text("code") != "too_long" {
		t.Errorf("answered %v", o)
	}
}

// What is idempotent, and what is not.
func TestIdempotentRenders(t *testing.T) {
	c := start(t, &mock.Server{})
	key := map[string][]string{"Idempotency-Key": {"k1"}}
	_, _, first := ask(t, c, "POST", "/image", `{"html":"x","width":9,"height":9}`, key)
	_, _, again := ask(t, c, "POST", "/image", `{"html":"x","width":9,"height":9}`, key)
	if first != again || api(t, c, 200, "GET /image", "").at("pagination.total") != 1.0 {
		t.Errorf("first %s\nagain %s", first, again)
	}
	if status, _, body := ask(t, c, "POST", "/gif", `{"html":"x","width":9,"height":9}`, key); status != 409 {
		t.Errorf("the same key for another request: %d %s", status, body)
	}
	batch := map[string][]string{"Idempotency-Key": {"k2"}}
	status, _, one := ask(t, c, "POST", "/templates/XL13XACH2V/batch-render", `{"variableSets":[{}]}`, batch)
	other, _, two := ask(t, c, "POST", "/templates/XL13XACH2V/batch-render", `{"variableSets":[{}]}`, batch)
	if status != 202 || other != 202 || one != two {
		t.Errorf("%d %s, then %d %s", status, one, other, two)
	}
}
