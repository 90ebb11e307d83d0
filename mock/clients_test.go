package mock_test

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

// A dialect is how an official client speaks.
type dialect struct {
	name   string
	header http.Header
}

var (
	pythonSDK = dialect{"Python SDK 1.1.0", http.Header{
		"User-Agent": {"pictify-python/1.0.0"}, "Accept": {"*/*"}, "Accept-Encoding": {"gzip, deflate"}, "Content-Type": {"application/json"}}}
	mcpServer = dialect{"MCP server 1.2.0", http.Header{
		"User-Agent": {"@pictify/mcp-server/1.2.0"}, "Accept": {"application/json"}, "Content-Type": {"application/json"}}}
	nodeN8N = dialect{"n8n node", http.Header{"Accept": {"application/json"}}}
)

// speak makes one call as the client does, and reads the answer as it does: any 2xx
// has JSON, which the caller needs something of.
func (d dialect) speak(t *testing.T, c *pictify.Client, method, path, body string) (int, object, string) {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, c.BaseURL+path, r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = d.header.Clone()
	req.Header.Set("Authorization", "Bearer pk_live_x")
	if d.name == pythonSDK.name {
		req.Header.Del("Accept-Encoding") // the transport adds its own, and unpacks
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var o object
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatalf("%s: %s %s answered %d with no JSON object: %q", d.name, method, path, resp.StatusCode, text)
	}
	return resp.StatusCode, o, string(text)
}

// meets reports whether a value is of a kind: what pydantic, or a tool, would take.
func meets(kind string, v any) bool {
	s, isText := v.(string)
	n, isNumber := v.(float64)
	_, isList := v.([]any)
	_, isObject := v.(map[string]any)
	switch kind {
	case "url":
		return regexp.MustCompile(`^https?://`).MatchString(s)
	case "text":
		return isText && s != ""
	case "int":
		return isNumber && n == math.Trunc(n)
	case "number":
		return isNumber
	case "bool":
		_, ok := v.(bool)
		return ok
	case "true":
		return v == true
	case "list":
		return isList
	case "filled":
		l, _ := v.([]any)
		return len(l) > 0
	case "object":
		return isObject
	}
	return isText && s == kind || isNumber && kind == formatInt(n)
}

func formatInt(n float64) string {
	text, _ := json.Marshal(n)
	return string(text)
}

// find is object.at through the first entries of lists.
func find(o object, path string) any {
	var v any = map[string]any(o)
	for name := range strings.SplitSeq(path, ".") {
		if l, ok := v.([]any); ok && len(l) > 0 {
			v = l[0]
		}
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// Each call of the clients, in an order in which later ones use what earlier ones
// made: {x} is what "x=path" kept of an answer before.
func TestOfficialClients(t *testing.T) {
	const tpl = "XL13XACH2V"
	c := start(t, &mock.Server{})
	kept := map[string]string{}
	for _, tt := range []struct {
		who     dialect
		name    string
		request string
		body    string
		status  int
		needs   string // path:kind …
		keeps   string // name=path
	}{
		{pythonSDK, "render_html", "POST /image", `{"html":"<style>h1{color:red}</style><h1>Hello</h1>","width":800,"height":400,"fileExtension":"png"}`, 200, "url:url id:text createdAt:text", ""},
		{pythonSDK, "render_html without a size", "POST /image", `{"html":"<h1>Hello</h1>","fileExtension":"jpeg"}`, 200, "url:url id:text", ""},
		{pythonSDK, "render_url", "POST /image", `{"url":"https://example.com","width":1280,"height":720,"selector":"#main","fileExtension":"webp"}`, 200, "url:url id:text", ""},
		{pythonSDK, "render", "POST /templates/" + tpl + "/render", `{"variables":{"name":"Sarah","company":"ACME"},"format":"png"}`, 200,
			"results:filled results.layout:default results.url:url results.width:1200 results.height:630 results.format:png results.name:text results.id:text results.createdAt:text errors:list totalLayouts:1 totalRendered:1 totalErrors:0 templateUid:" + tpl, ""},
		{pythonSDK, "render, all options", "POST /templates/" + tpl + "/render", `{"variables":{},"format":"pdf","quality":0.9,"width":600,"height":300.0,"layout":"default"}`, 200, "results.width:600 results.format:pdf", ""},
		{pythonSDK, "render of a template that is none", "POST /templates/definitely-not-a-real-template-id-xyz/render", `{"variables":{},"format":"png"}`, 404, "error:text message:text", ""},
		{pythonSDK, "render_layouts", "POST /templates/" + tpl + "/render", `{"variables":{"name":"S"},"format":"png","layouts":["default","definitely-not-a-layout"]}`, 200, "results:filled errors:filled errors.layout:definitely-not-a-layout errors.error:text totalErrors:1", ""},
		{pythonSDK, "render_gif", "POST /gif", `{"quality":"medium","html":"<p>x</p>","width":200,"height":100}`, 200, "gif.url:url gif.uid:text gif.width:200 gif.height:100 gif.animationLength:number _meta.processingTime:number", "gif=gif.uid"},
		{pythonSDK, "render_gif of a template", "POST /gif", `{"quality":"low","template":"` + tpl + `","variables":{"name":"x"}}`, 200, "gif.url:url", ""},
		{pythonSDK, "render_batch", "POST /templates/" + tpl + "/batch-render", `{"variableSets":[{"name":"a"},{"name":"b"}],"format":"png","quality":0.8,"concurrency":2}`, 202, "batchId:text status:pending totalItems:2 message:text", "batch=batchId"},
		{pythonSDK, "get_batch_results", "GET /templates/batch/{batch}/results", "", 200, "batchId:text status:text progress:number totalItems:2 completedItems:int failedItems:int results:list errors:list createdAt:text", ""},
		{pythonSDK, "get_template", "GET /templates/" + tpl, "", 200, "template.uid:" + tpl + " template.name:text template.width:int template.engine:html template.outputFormat:image template.variables:filled template.variableDefinitions:filled template.variableDefinitions.name:name template.variableDefinitions.validation:object template.createdAt:text template.updatedAt:text", ""},
		{pythonSDK, "get_template that is none", "GET /templates/definitely-not-a-real-template-id-xyz", "", 404, "error:text", ""},
		{pythonSDK, "list_templates", "GET /templates?page=1&limit=12&sort=newest", "", 200, "templates:filled templates.uid:text pagination.page:1 pagination.limit:12 pagination.total:int pagination.totalPages:int pagination.hasNext:bool pagination.hasPrev:bool", ""},
		{pythonSDK, "list_templates of a format", "GET /templates?page=1&limit=100&sort=name&outputFormat=pdf", "", 200, "templates:filled templates.outputFormat:pdf", ""},
		{pythonSDK, "create_template", "POST /templates", `{"html":"<h1>Hi {{firstName}}</h1>","width":600,"height":300}`, 200, "template.uid:text template.variableDefinitions.name:firstName template.variables:filled", "template=template.uid"},
		{pythonSDK, "list_video_templates", "GET /video/templates", "", 200, "templates:list", ""},
		{pythonSDK, "create_video_template", "POST /video/templates", `{"name":"Film","kind":"tsx","tsx":"export default () => <div/>","width":640,"height":360,"fps":30,"durationInFrames":60,"status":"draft"}`, 200, "template.uid:text template.kind:tsx template.fps:30 template.durationInFrames:60 template.status:draft template.variableDefinitions:list", "video=template.uid"},
		{pythonSDK, "create_video_template that does not compile", "POST /video/templates", `{"name":"Film","kind":"tsx","tsx":"export default () => {","width":640,"height":360,"fps":30,"durationInFrames":60,"status":"draft"}`, 422, "errors:filled", ""},
		{pythonSDK, "get_video_template_variables", "GET /video/templates/{video}/variables", "", 200, "templateUid:text templateName:Film kind:tsx variables:list referenced:list", ""},
		{pythonSDK, "render_video", "POST /video/templates/{video}/render", `{"variables":{},"format":"gif"}`, 200, "url:url durationInFrames:60 format:gif", ""},
		{pythonSDK, "render_video as MP4", "POST /video/templates/{video}/render", `{"variables":{},"format":"mp4"}`, 200, "url:url durationInFrames:60 format:mp4", ""},
		{pythonSDK, "render_video with an unknown variable", "POST /video/templates/{video}/render", `{"variables":{"nope":1},"format":"gif"}`, 422, "errors:filled", ""},
		{pythonSDK, "generate_video_template", "POST /video/templates/generate", `{"prompt":"a ball","width":1080,"height":1080,"durationSeconds":8,"brandColor":"#ff0000"}`, 200, "template.uid:text template.kind:tsx template.durationInFrames:240 template.variableDefinitions:filled previewUrl:url", "generated=template.uid"},
		{pythonSDK, "render_video of what was generated", "POST /video/templates/{generated}/render", `{"variables":{"title":"A ball"},"format":"mp4"}`, 200, "url:url durationInFrames:240 format:mp4", ""},

		{mcpServer, "create_image", "POST /image", `{"width":1200,"height":630,"fileExtension":"png","template":"` + tpl + `","variables":{"name":"M"}}`, 200, "url:url id:text", "image=id"},
		{mcpServer, "create_image of a template that is none", "POST /image", `{"width":1200,"height":630,"fileExtension":"png","template":"none"}`, 404, "type:text title:text detail:text", ""},
		{mcpServer, "create_canvas_image", "POST /image/canvas", `{"fabricJSData":{"objects":[{"type":"textbox","text":"Hi {{a}}"}]},"fileExtension":"png","variables":{"a":"b"},"variableDefinitions":[{"name":"a","type":"text"}],"width":300,"height":200}`, 200, "url:url id:text", ""},
		{mcpServer, "list_images", "GET /image?limit=30&offset=0", "", 200, "images:filled images.url:url images.id:text images.createdAt:text pagination.total:int pagination.limit:30 pagination.offset:0 pagination.hasMore:bool", ""},
		{mcpServer, "get_image", "GET /image/{image}", "", 200, "image.url:url image.id:text", ""},
		{mcpServer, "get_image that is none", "GET /image/none", "", 404, "detail:text", ""},
		{mcpServer, "create_gif", "POST /gif", `{"width":800,"height":600,"url":"https://example.com"}`, 200, "gif.url:url gif.uid:text gif.animationLength:number", ""},
		{mcpServer, "capture_gif", "POST /gif/capture", `{"url":"https://example.com","width":800,"height":600,"quality":"medium","frameDurationSeconds":3}`, 200, "gif.url:url gif.uid:text gif.animationLength:3 gif.framesPerSecond:15 metadata.frameCount:int", ""},
		{mcpServer, "list_gifs", "GET /gif?limit=30&offset=0", "", 200, "gifs:filled gifs.url:url", ""},
		{mcpServer, "get_gif", "GET /gif/{gif}", "", 200, "gif.uid:text gif.url:url", ""},
		{mcpServer, "render_pdf", "POST /pdf/render", `{"templateUid":"` + tpl + `","variables":{"name":"P"},"options":{"preset":"Letter","title":"T"}}`, 200, "success:bool url:url pageCount:1 preset:Letter pageSize.width:612", ""},
		{mcpServer, "render_multi_page_pdf", "POST /pdf/multi-page", `{"templateUid":"` + tpl + `","variableSets":[{"name":"1"},{"name":"2"},{"name":"3"}]}`, 200, "url:url pageCount:3", ""},
		{mcpServer, "list_pdf_presets", "GET /pdf/presets", "", 200, "presets:filled presets.name:A4", ""},
		{mcpServer, "list_templates", "GET /templates?page=1&limit=12&sort=newest&outputFormat=all", "", 200, "templates:filled pagination:object", ""},
		{mcpServer, "get_template", "GET /templates/{template}", "", 200, "template.uid:text", ""},
		{mcpServer, "get_template_variables", "GET /templates/{template}/variables", "", 200, "templateUid:text templateName:text variables.name:firstName variables.type:text", ""},
		{mcpServer, "render_template", "POST /templates/PR0DUCT001/render", `{"variables":{"product":"Shoe"},"format":"jpeg","quality":0.9,"layouts":["default","story","banner"]}`, 200, "results:filled results.name:text results.layout:default results.width:1080 results.height:1080 results.url:url totalRendered:3", ""},
		{mcpServer, "create_template", "POST /templates", `{"name":"Canvas","fabricJSData":{"objects":[{"text":"{{who}}"}]},"width":500,"height":500,"category":"c","type":"t","tags":["x"],"outputFormat":"image"}`, 200, "template.uid:text template.name:Canvas template.engine:fabric template.variables:filled", "canvas=template.uid"},
		{mcpServer, "update_template", "PUT /templates/{canvas}", `{"name":"Renamed","fabricJSData":{"objects":[{"text":"{{who}} {{what}}"}]},"width":510}`, 200, "template.uid:text template.name:Renamed template.width:510 addedVariables:filled", ""},
		{mcpServer, "delete_template", "DELETE /templates/{canvas}", "", 200, "message:text", ""},
		{mcpServer, "batch_render", "POST /templates/{template}/batch-render", `{"variableSets":[{"firstName":"a"}],"format":"webp","quality":0.9,"concurrency":5}`, 202, "batchId:text totalItems:1 status:text", "batch=batchId"},
		{mcpServer, "get_batch_results", "GET /templates/batch/{batch}/results", "", 200, "batchId:text results:list", ""},
		{mcpServer, "cancel_batch", "POST /templates/batch/{batch}/cancel", "", 200, "batchId:text status:text message:text", ""},
		{mcpServer, "create experiment", "POST /experiments/api", `{"name":"E","type":"ab_test","slug":"e-1","variants":[{"id":"a","weight":5000},{"id":"b","weight":5000}]}`, 200, "experiment.uid:text experiment.name:E experiment.status:draft experiment.slug:e-1", "experiment=experiment.uid"},
		{mcpServer, "list experiments", "GET /experiments/api?type=ab_test&status=draft&page=1&limit=20", "", 200, "experiments:filled", ""},
		{mcpServer, "experiment quota", "GET /experiments/api/quota", "", 200, "quota.used:1", ""},
		{mcpServer, "get experiment", "GET /experiments/api/{experiment}", "", 200, "experiment.variants:filled", ""},
		{mcpServer, "update experiment", "PUT /experiments/api/{experiment}", `{"name":"F"}`, 200, "experiment.name:F experiment.variants:filled", ""},
		{mcpServer, "start experiment", "POST /experiments/api/{experiment}/start", "", 200, "experiment.status:running", ""},
		{mcpServer, "pause experiment", "POST /experiments/api/{experiment}/pause", "", 200, "experiment.status:paused", ""},
		{mcpServer, "complete experiment", "POST /experiments/api/{experiment}/complete", `{"winnerVariantId":"a"}`, 200, "experiment.status:completed", ""},
		{mcpServer, "delete experiment", "DELETE /experiments/api/{experiment}", "", 200, "success:bool", ""},
		{mcpServer, "track_experiment_events", "POST /s/events", `[{"type":"view"},3]`, 200, "ok:bool processed:1 errors:filled errors.index:1", ""},
		{mcpServer, "check of a key", "GET /api/users/", "", 200, "user:object", ""},
		{mcpServer, "list of renders (2.0)", "GET /render?format=ALL&limit=24&offset=0", "", 200, "renders:filled renders.url:url pagination.total:int counts.ALL:int", ""},
		{mcpServer, "list of renders of a key (2.0)", "GET /render?format=ALL&source=api&limit=24&offset=0", "", 200, "renders:filled renders.source:api", ""},
		{mcpServer, "render_template as a PDF of pages (2.0)", "POST /templates/{template}/render", `{"format":"pdf","quality":0.9,"variableSets":[{"firstName":"Alice"},{"firstName":"Bob"}],"preset":"Letter"}`, 200, "results:filled results.name:text results.layout:default results.url:url results.width:612 results.height:792 totalRendered:1", ""},
		{mcpServer, "multi_size_render (2.0)", "POST /templates/" + tpl + "/multi-size-render", `{"sizes":[{"preset":"twitter"},{"width":100,"height":50,"label":"small"}],"variables":{},"format":"png","quality":0.9}`, 200, "results.id:text results.url:url results.size.width:1200 results.size.height:675 results.size.preset:twitter results.size.label:twitter results.label:twitter results.width:1200 totalSizes:2 totalErrors:0", ""},
		{mcpServer, "validate expression (2.0)", "POST /templates/expression/validate", `{"expression":"IF(count > 0, \"in stock\", toUpperCase(name))"}`, 200, "valid:true", ""},
		{mcpServer, "expression functions (2.0)", "GET /templates/expression/functions", "", 200, "functions:filled functions.name:text functions.description:text", ""},
		{mcpServer, "create_video_template (2.0)", "POST /video/templates", `{"name":"Teaser","kind":"tsx","tsx":"export const schema = z.object({ headline: z.string().default('Hi') });\nexport default () => null","width":640,"height":360,"fps":24,"durationInFrames":48,"status":"draft"}`, 200, "template.uid:text template.name:Teaser template.variableDefinitions.name:headline", "teaser=template.uid"},
		{mcpServer, "get_video_template_variables (2.0)", "GET /video/templates/{teaser}/variables", "", 200, "templateName:Teaser kind:tsx variables.name:headline variables.type:text variables.defaultValue:Hi", ""},
		{mcpServer, "render_video (2.0)", "POST /video/templates/{teaser}/render", `{"variables":{"headline":"Now"},"format":"mp4"}`, 200, "url:url durationInFrames:48 format:mp4", ""},
		{mcpServer, "update_video_template (2.0)", "PUT /video/templates/{teaser}", `{"variableDefinitions":{"headline":{"type":"text","defaultValue":"Yo"},"accent":{"type":"color"}}}`, 200, "template.uid:text template.variableDefinitions.name:accent template.variableDefinitions.type:color", ""},
		{mcpServer, "duplicate video (2.0)", "POST /video/templates/{video}/duplicate", "", 200, "template.uid:text", ""},
		{mcpServer, "delete video (2.0)", "DELETE /video/templates/{video}", "", 200, "message:text", ""},

		{nodeN8N, "image", "POST /image", `{"html":"<p>n8n</p>"}`, 200, "url:url", ""},
		{nodeN8N, "template as PDF", "POST /templates/1NV01CE001/render", `{"variables":{},"format":"pdf"}`, 200, "results.url:url", ""},
		{nodeN8N, "batch", "POST /templates/" + tpl + "/batch-render", `{"variableSets":[{"name":"x"}]}`, 202, "batchId:text", ""},
		{nodeN8N, "gif", "POST /gif", `{"template":"` + tpl + `"}`, 200, "gif.url:url", ""},
		{nodeN8N, "credential test", "GET /templates", "", 200, "templates:list", ""},
		{nodeN8N, "template", "GET /templates/" + tpl, "", 200, "template.uid:" + tpl, ""},
	} {
		t.Run(tt.who.name+"/"+tt.name, func(t *testing.T) {
			method, path, _ := strings.Cut(tt.request, " ")
			for name, value := range kept {
				path = strings.ReplaceAll(path, "{"+name+"}", value)
			}
			status, o, text := tt.who.speak(t, c, method, path, tt.body)
			if status != tt.status {
				t.Fatalf("answered %d %s, want %d", status, text, tt.status)
			}
			for need := range strings.FieldsSeq(tt.needs) {
				path, kind, _ := strings.Cut(need, ":")
				if v := find(o, path); !meets(kind, v) {
					t.Errorf("%s is %v, want %s, in %s", path, v, kind, text)
				}
			}
			if name, path, keeps := strings.Cut(tt.keeps, "="); keeps {
				kept[name] = find(o, path).(string)
			}
		})
	}
}

// Nothing that is a list may be null: pydantic refuses it.
func TestNoNullLists(t *testing.T) {
	c := start(t, &mock.Server{})
	for request, lists := range map[string][]string{
		"GET /templates?q=none&outputFormat=gif": {"templates"},
		"GET /templates/type/none":               {"templates"},
		"GET /image":                             {"images"},
		"GET /gif":                               {"gifs"},
		"GET /render":                            {"renders"},
		"GET /bindings":                          {"bindings"},
		"GET /video/templates":                   {"templates"},
		"GET /experiments/api":                   {"experiments"},
		"GET /templates/XL13XACH2V/variables":    {"variables"},
	} {
		o := api(t, c, 200, request, "")
		for _, name := range lists {
			o.list(t, name)
		}
	}
	made := api(t, c, 200, "POST /templates", `{"html":"nothing"}`)
	for _, name := range []string{"template.variables", "template.variableDefinitions", "template.tags"} {
		made.list(t, name)
	}
	b := api(t, c, 202, "POST /templates/XL13XACH2V/batch-render", `{"variableSets":[{"slow":"30s"}]}`)
	got := api(t, c, 200, "GET /templates/batch/"+b.text("batchId")+"/results", "")
	got.list(t, "results")
	got.list(t, "errors")
	api(t, c, 200, "POST /templates/batch/"+b.text("batchId")+"/cancel", "")
}
