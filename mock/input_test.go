package mock_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

func TestCreateRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		status     int
		fields     []string // that the errors are about
		says       string
	}{
		{"nothing", "", 400, []string{"event", "targetUrl"}, "event is required; targetUrl is required"},
		{"empty object", "{}", 400, []string{"event", "targetUrl"}, ""},
		{"not JSON", "event=render.completed", 400, nil, "not a JSON object"},
		{"array", "[]", 400, nil, "not a JSON object"},
		{"truncated", `{"event":"render.compl`, 400, nil, "not a JSON object"},
		{"event of another type", `{"event":["render.completed"],"targetUrl":"` + target + `"}`, 400, []string{"event"}, "wrong type"},
		{"filters of another type", `{"event":"render.completed","targetUrl":"` + target + `","filters":{"type":1}}`, 400, []string{"filters"}, "wrong type"},
		{"unknown event", `{"event":"render.started","targetUrl":"` + target + `"}`, 400, []string{"event"}, "must be exactly one of render.completed, render.failed, binding.updated, binding.failed"},
		{"all events", `{"event":"*","targetUrl":"` + target + `"}`, 400, []string{"event"}, "exactly one of"},
		{"batch event", `{"event":"batch.completed","targetUrl":"` + target + `"}`, 400, []string{"event"}, "batch events go to the webhookUrl given with the batch"},
		{"empty event", `{"event":"","targetUrl":"` + target + `"}`, 400, []string{"event"}, ""},
		{"unknown platform", `{"event":"render.failed","targetUrl":"` + target + `","platform":"cron"}`, 400, []string{"platform"}, "zapier"},
		{"unknown filter", `{"event":"render.failed","targetUrl":"` + target + `","filters":{"experimentId":"x"}}`, 400, []string{"filters.experimentId"}, "is not a filter"},
		{"unknown type", `{"event":"render.failed","targetUrl":"` + target + `","filters":{"type":"video"}}`, 400, []string{"filters.type"}, "image, gif or pdf"},
		{"long filter", `{"event":"render.failed","targetUrl":"` + target + `","filters":{"templateId":"` + strings.Repeat("x", 300) + `"}}`, 400, []string{"filters.templateId"}, ""},
		{"blocked target", `{"event":"render.failed","targetUrl":"http://10.0.0.1/"}`, 400, []string{"targetUrl"}, "internal network"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			api := &mock.Server{}
			c := start(t, api)
			status, header, body := ask(t, c, "POST", "/webhook-subscriptions", tt.body, nil)
			var problem struct {
				Type, Title, Detail, Instance, Message, Error string
				Status                                        int
				Errors                                        []struct{ Field, Message, Code string }
			}
			if err := json.Unmarshal([]byte(body), &problem); err != nil {
				t.Fatal(err)
			}
			if status != tt.status || problem.Status != tt.status || header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("answered %d %s %s", status, header.Get("Content-Type"), body)
			}
			if !strings.HasPrefix(problem.Type, "https://docs.pictify.io/errors/") || problem.Title == "" || problem.Instance != "/webhook-subscriptions" ||
				problem.Message != problem.Detail || problem.Error != problem.Detail || !strings.Contains(problem.Detail, tt.says) {
				t.Errorf("answered %s, want every client's key filled and %q said", body, tt.says)
			}
			var fields []string
			for _, e := range problem.Errors {
				fields = append(fields, e.Field)
				if e.Message == "" || e.Code == "" {
					t.Errorf("error without message or code: %s", body)
				}
			}
			if diff := cmp.Diff(tt.fields, fields); diff != "" {
				t.Errorf("fields (-want +got)\n%s", diff)
			}
			if len(api.Subscriptions()) != 0 {
				t.Error("a subscription was made all the same")
			}
		})
	}
}

func TestUpdateRefuses(t *testing.T) {
	api := &mock.Server{}
	c := start(t, api)
	made := create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: target})
	before := api.Subscriptions()
	for _, body := range []string{
		`{"status":"failed"}`, `{"status":""}`, `{"event":"render.completed"}`, `{"targetUrl":"gopher://x"}`, `{"targetUrl":""}`,
		`{"status":"paused","targetUrl":"http://10.0.0.1/"}`, `{"status":"paused","filters":{"x":"y"}}`, `[]`,
	} {
		if status, _, answer := ask(t, c, "PUT", "/webhook-subscriptions/"+made.UID, body, nil); status != 400 {
			t.Errorf("PUT %s answered %d %s, want 400", body, status, answer)
		}
	}
	if diff := cmp.Diff(before, api.Subscriptions()); diff != "" {
		t.Errorf("a refused change had an effect (-before +after)\n%s", diff)
	}
	// The whole object may be sent back as it was got.
	_, _, whole := ask(t, c, "GET", "/webhook-subscriptions/"+made.UID, "", nil)
	if status, _, answer := ask(t, c, "PUT", "/webhook-subscriptions/"+made.UID, whole, nil); status != 200 {
		t.Errorf("PUT of the whole object answered %d %s", status, answer)
	}
}

// A field is named as the caller wrote it, whatever the server's structs are like inside.
func TestWrongTypesAreNamedAsWritten(t *testing.T) {
	c := start(t, &mock.Server{})
	for request, want := range map[string]string{
		`POST /image {"html":"x","width":"100"}`:                                      "width",
		`POST /image/canvas {"fabricJSData":{},"variables":[1]}`:                      "variables",
		`POST /gif {"html":7}`:                                                        "html",
		`POST /pdf/render {"templateUid":"x","options":{"customSize":{"width":"a"}}}`: "options.customSize.width",
		`POST /templates/XL13XACH2V/batch-render {"variableSets":{"a":1}}`:            "variableSets",
		`POST /templates/XL13XACH2V/batch-render {"variableSets":[{}],"quality":"a"}`: "quality",
	} {
		method, rest, _ := strings.Cut(request, " ")
		at, body, _ := strings.Cut(rest, " ")
		if got := api(t, c, 400, method+" "+at, body).first(t, "errors").text("field"); got != want {
			t.Errorf("%s is said to be wrong in %q, want %q", request, got, want)
		}
	}
}
