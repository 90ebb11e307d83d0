package mock_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
)

// everything makes one of each kind of object, and returns the requests that show them.
func everything(t *testing.T, server *mock.Server) (shows []string) {
	t.Helper()
	c := start(t, server)
	show := func(request string) { shows = append(shows, request) }
	add := func(status int, request, body, uid, at string) string {
		o := api(t, c, status, request, body)
		id := o.text(uid)
		if id == "" {
			t.Fatalf("%s: no %s in %v", request, uid, o)
		}
		show(at + id)
		return id
	}
	add(200, "POST /templates", `{"html":"{{a}}","tags":["x"],"variableDefinitions":[{"name":"a","defaultValue":{"b":[1]},"validation":{"min":1}}]}`, "template.uid", "/templates/")
	api(t, c, 200, "PUT /templates/PR0DUCT001", `{"name":"Changed"}`)
	api(t, c, 200, "DELETE /templates/WC3ML14NYO", "")
	add(200, "POST /image", `{"html":"<body style='background:#123'>x","width":30,"height":20,"fileExtension":"jpg"}`, "id", "/image/")
	add(200, "POST /gif/capture", `{"url":"https://x.test/","width":30,"height":20}`, "gif.uid", "/gif/")
	api(t, c, 200, "POST /pdf/multi-page", `{"templateUid":"XL13XACH2V","variableSets":[{},{"name":"x"}]}`)
	batch := api(t, c, 202, "POST /templates/PR0DUCT001/batch-render", `{"variableSets":[{"a":1},{"b":2,"fail":"RENDER_FAILED"},{}],"layouts":["default","none"]}`).text("batchId")
	results(t, c, batch)
	show("/templates/batch/" + batch + "/results")
	binding := add(201, "POST /bindings", `{"templateId":"XL13XACH2V","dataSource":{"type":"webhook"},"mapping":{"name":"a"}}`, "binding.uid", "/bindings/")
	api(t, c, 200, "POST /webhooks/"+binding, `{"payload":{"a":"b"}}`)
	show("/b/" + binding + ".png/url")
	add(200, "POST /video/templates", `{"tsx":"export default 1","name":"V"}`, "template.uid", "/video/templates/")
	api(t, c, 200, "DELETE /video/templates/V1DE0PR0M0", "")
	api(t, c, 200, "POST /video/templates/generate", `{"prompt":"a ball"}`)
	add(200, "POST /experiments/api", `{"name":"E","variants":[{"id":"a","weight":10000}],"x":{"y":1}}`, "experiment.uid", "/experiments/api/")
	return append(shows, "/templates?limit=100", "/image", "/gif", "/render", "/bindings", "/video/templates", "/experiments/api", "/templates/WC3ML14NYO")
}

// A snapshot has everything, and what it was is what it is again.
func TestSnapshotOfTheWorld(t *testing.T) {
	server := &mock.Server{}
	shows := everything(t, server)
	text, err := server.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	other := &mock.Server{}
	if err := other.Restore(text); err != nil {
		t.Fatal(err)
	}
	for _, path := range shows {
		was, is := serve(server, "GET", path, ""), serve(other, "GET", path, "")
		if was.Code != is.Code || cmp.Diff(was.Body.String(), is.Body.String()) != "" {
			t.Errorf("%s was %d %s\nand is %d %s", path, was.Code, was.Body, is.Code, is.Body)
		}
	}
	again, err := other.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	cutSaved := func(text []byte) string {
		before, after, _ := strings.Cut(string(text), `"saved"`)
		_, after, _ = strings.Cut(after, ",")
		return before + after
	}
	if diff := cmp.Diff(cutSaved(text), cutSaved(again)); diff != "" {
		t.Errorf("a snapshot of the snapshot differs (-was +is)\n%s", diff)
	}
	other.Close()
}

func TestResetOfTheWorld(t *testing.T) {
	server := &mock.Server{}
	if err := server.Seed([]byte(`[{"uid":"MINE","html":"x"}]`)); err != nil {
		t.Fatal(err)
	}
	shows := everything(t, server)
	server.Reset()
	for _, path := range shows {
		w := serve(server, "GET", path, "")
		switch {
		case path == "/templates/WC3ML14NYO":
			if w.Code != 200 {
				t.Errorf("the deleted template is not back: %d", w.Code)
			}
		case path == "/templates?limit=100":
			if !strings.Contains(w.Body.String(), `"total":5`) || !strings.Contains(w.Body.String(), `"MINE"`) || strings.Contains(w.Body.String(), "Changed") {
				t.Errorf("templates: %s", w.Body)
			}
		case path == "/video/templates":
			if !strings.Contains(w.Body.String(), `"total":1`) || !strings.Contains(w.Body.String(), `"V1DE0PR0M0"`) {
				t.Errorf("videos: %s", w.Body)
			}
		case strings.Count(path, "/") > 1 && path != "/experiments/api":
			if w.Code != 404 {
				t.Errorf("%s is still there: %d %s", path, w.Code, w.Body)
			}
		default:
			if !strings.Contains(w.Body.String(), `"total":0`) && path != "/gif" || path == "/gif" && !strings.Contains(w.Body.String(), `"gifs":[]`) {
				t.Errorf("%s has %s", path, w.Body)
			}
		}
	}
}

// A state that no mock would have written is refused as a whole.
func TestHostileWorlds(t *testing.T) {
	server := &mock.Server{}
	everything(t, server)
	text, err := server.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	good := string(text)
	for name, change := range map[string][2]string{
		"a size":        {`"Width": 30`, `"Width": 100000000`},
		"a kind":        {`"Kind": "image"`, `"Kind": "../../x"`},
		"an extension":  {`"Extension": "jpg"`, `"Extension": "html"`},
		"a format":      {`"Format": "jpeg"`, `"Format": "exe"`},
		"a source":      {`"type": "webhook"`, `"type": "http", "url": "http://169.254.169.254/"`},
		"a ttl":         {`"ttlSeconds": 300`, `"ttlSeconds": 0`},
		"frames":        {`"FPS": 30`, `"FPS": 0`},
		"a uid":         {`"UID": "XL13XACH2V"`, `"UID": "../x"`},
		"a uid twice":   {`"UID": "XL13XACH2V"`, `"UID": "PR0DUCT001"`},
		"a status":      {`"Status": "partial"`, `"Status": "pending"`},
		"nothing there": {`"Renders": [`, `"Renders": [null,`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Errorf("%s: %s is not in the state", name, change[0])
		}
		other := quiet()
		if err := other.Restore([]byte(bad)); !errors.Is(err, mock.ErrStateCorrupt) {
			t.Errorf("%s: Restore = %v, want %v", name, err, mock.ErrStateCorrupt)
		}
		if w := serve(other, "GET", "/image", ""); !strings.Contains(w.Body.String(), `"total":0`) {
			t.Errorf("%s: restored all the same: %s", name, w.Body)
		}
	}
	if err := quiet().Restore(text); err != nil {
		t.Errorf("the good one: %v", err)
	}
}
