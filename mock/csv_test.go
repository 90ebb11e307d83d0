package mock_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
)

// form is a form with a file in it, as a browser sends one, after a field of another name.
func form(t *testing.T, field, text string) (body string, header http.Header) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.WriteField("templateUid", "XL13XACH2V"); err != nil {
		t.Fatal(err)
	}
	file, err := w.CreateFormFile(field, "people.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), http.Header{"Content-Type": {w.FormDataContentType()}}
}

const people = "\ufeffname , company\r\n\"Ada \"\"L\"\"\",Ärger & Co\r\n\"two\nlines\",\r\n"

// The rows of a file are what a batch takes, byte for byte.
func TestUploadCSV(t *testing.T) {
	c := start(t, &mock.Server{})
	inForm, formHeader := form(t, "csv", people)
	for name, r := range map[string]struct {
		body   string
		header http.Header
	}{
		"form": {inForm, formHeader},
		"text": {people, http.Header{"Content-Type": {"text/csv; charset=utf-8"}}},
		"bare": {people, nil},
	} {
		status, _, answer := ask(t, c, "POST", "/templates/upload-csv", r.body, r.header)
		var o object
		decodeInto(t, answer, &o)
		want := []any{map[string]any{"name": `Ada "L"`, "company": "Ärger & Co"}, map[string]any{"name": "two\nlines", "company": ""}}
		if diff := cmp.Diff(want, o["variableSets"]); status != 200 || diff != "" || o["totalRows"] != 2.0 {
			t.Errorf("%s answered %d %s (-want +got)\n%s", name, status, answer, diff)
		}
		if diff := cmp.Diff([]any{"name", "company"}, o["columns"]); diff != "" {
			t.Errorf("%s: columns (-want +got)\n%s", name, diff)
		}
		sets := answer[strings.Index(answer, `"variableSets"`):]
		made := api(t, c, 202, "POST /templates/XL13XACH2V/batch-render", "{"+sets)
		if got := results(t, c, made.text("batchId")); got.text("status") != "completed" {
			t.Errorf("%s: the batch ended as %v", name, got)
		}
	}
}

func TestUploadCSVThatIsNone(t *testing.T) {
	c := start(t, &mock.Server{})
	for name, body := range map[string]string{
		"nothing": "", "only names": "a,b\n", "a row too short": "a,b\n1\n", "a quote that stays open": "a\n\"x\n", "a name twice": "a, a\n1,2\n",
		"no name": "a,,c\n1,2,3\n", "not UTF-8": "a\n\xff\n", "too many rows": "a\n" + strings.Repeat("1\n", 1001), "too many columns": strings.Repeat("a,", 300) + "b\n",
		"a long name": strings.Repeat("x", 201) + "\n1\n",
	} {
		o := api(t, c, 400, "POST /templates/upload-csv", body)
		if o.first(t, "errors").text("field") != "file" {
			t.Errorf("%s: %v", name, o)
		}
	}
	for name, body := range map[string]string{"no form": "x", "no file": "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b--\r\n", "broken off": "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\na\n"} {
		status, _, answer := ask(t, c, "POST", "/templates/upload-csv", body, http.Header{"Content-Type": {"multipart/form-data; boundary=b"}})
		if status != 400 {
			t.Errorf("%s answered %d %s", name, status, answer)
		}
	}
	server := quiet()
	defer server.Close()
	if w := serveTyped(server, "POST", "/templates/upload-csv", "a\n"+strings.Repeat("x", 5<<20), "text/csv"); w.Code != 413 {
		t.Errorf("5 MiB answered %d %s", w.Code, w.Body)
	}
}

func TestBatchFromCSV(t *testing.T) {
	c := start(t, &mock.Server{})
	url, arrivals := inbox(t)
	subscribe(t, c, url)
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/people.csv":
			fmt.Fprint(w, people)
		case "/elsewhere":
			http.Redirect(w, r, "/people.csv", http.StatusFound)
		case "/long":
			w.Write(bytes.Repeat([]byte("a\n"), 3<<20))
		case "/cut":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "a\n1")
		default:
			http.NotFound(w, r)
		}
	}))
	defer files.Close()
	const batch = "POST /templates/XL13XACH2V/batch-render"
	made := api(t, c, 202, batch, `{"csvUrl":"`+files.URL+`/people.csv","mappings":{"name":"company","title":"name"}}`)
	if made["totalItems"] != 2.0 {
		t.Errorf("made %v", made)
	}
	results(t, c, made.text("batchId"))
	var names []any
	for range 2 {
		names = append(names, next(t, arrivals).body.at("data.variables.name"))
	}
	if diff := cmp.Diff(map[any]bool{"Ärger & Co": true, "": true}, map[any]bool{names[0]: true, names[1]: true}); diff != "" {
		t.Errorf("names (-want +got)\n%s", diff)
	}
	for body, want := range map[string]int{
		`{"csvUrl":"` + files.URL + `/none"}`:                                       422,
		`{"csvUrl":"` + files.URL + `/elsewhere"}`:                                  422, // redirects could lead away
		`{"csvUrl":"` + files.URL + `/long"}`:                                       422,
		`{"csvUrl":"` + files.URL + `/cut"}`:                                        422,
		`{"csvUrl":"http://127.0.0.1:1/x"}`:                                         422,
		`{"csvUrl":"https://example.com/people.csv"}`:                               422,
		`{"csvUrl":"http://169.254.169.254/latest/meta-data"}`:                      422,
		`{"csvUrl":"file:///etc/passwd"}`:                                           422,
		`{"csvUrl":"people.csv"}`:                                                   400,
		`{"csvUrl":"` + files.URL + `/people.csv","variableSets":[{}]}`:             400,
		`{"csvUrl":"` + files.URL + `/people.csv","mappings":{"name":"no column"}}`: 400,
		`{"csvUrl":"` + files.URL + `/people.csv","concurrency":11}`:                400,
		`{"csvUrl":7}`: 400,
	} {
		if o := api(t, c, want, batch, body); len(o.list(t, "errors")) == 0 {
			t.Errorf("%s: %v", body, o)
		}
	}
	if o := api(t, c, 422, batch, `{"csvUrl":"https://example.com/x.csv"}`); !strings.HasSuffix(o.text("type"), "/blocked-url") || !strings.Contains(o.text("detail"), "serve the file at http://127.0.0.1") {
		t.Errorf("a file elsewhere: %v", o)
	}
	if o := api(t, c, 422, batch, `{"csvUrl":"`+files.URL+`/none?token=s3cret"}`); !strings.HasSuffix(o.text("type"), "/url-fetch-failed") || o.text("detail") != "csvUrl returned 404" {
		t.Errorf("a file that is not there: %v", o)
	}
}

// Whatever is uploaded, the answer has rows with exactly the columns, or says what is wrong.
func FuzzUploadCSV(f *testing.F) {
	for _, text := range []string{people, "a\n1\n", "a,b\n1\n", "\"a\"\n\"\"\n", "a;b\n1;2", "\x00\n\x00\n", "a\r\r\n1"} {
		f.Add("text/csv", text)
		f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n"+text+"\r\n--b--\r\n")
	}
	server := quiet()
	f.Cleanup(func() { server.Close() })
	f.Fuzz(func(t *testing.T, kind, body string) {
		w := serveTyped(server, "POST", "/templates/upload-csv", body, kind)
		var o struct {
			Columns      []string
			VariableSets []map[string]string
			Errors       []map[string]string
		}
		decodeInto(t, w.Body.String(), &o)
		switch {
		case w.Code == 400 && len(o.Errors) > 0:
		case w.Code != 200 || len(o.VariableSets) == 0 || len(o.Columns) == 0:
			t.Errorf("%q %q answered %d %s", kind, body, w.Code, w.Body)
		}
		for _, set := range o.VariableSets {
			for _, name := range o.Columns {
				if value, ok := set[name]; !ok || len(set) != len(o.Columns) || !utf8.ValidString(value) {
					t.Errorf("%q %q: %v has not the columns %q", kind, body, set, o.Columns)
				}
			}
		}
	})
}
