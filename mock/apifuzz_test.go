package mock_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pictap/mock"
)

// requests are the lines of testdata/requests.txt: method, path, body. Without them
// the targets below would test nothing.
func requests(tb testing.TB) (all [][3]string) {
	tb.Helper()
	text, err := os.ReadFile("testdata/requests.txt")
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		method, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		path, body, _ := strings.Cut(rest, " ")
		all = append(all, [3]string{method, path, body})
	}
	if len(all) < 20 {
		tb.Fatalf("only %d requests", len(all))
	}
	return all
}

// serve has a request answered without a network.
func serve(server *mock.Server, method, path, body string) *httptest.ResponseRecorder {
	return serveTyped(server, method, path, body, "application/json")
}

// serveTyped is serve with a body of that type.
func serveTyped(server *mock.Server, method, path, body, kind string) *httptest.ResponseRecorder {
	const host = "127.0.0.1:4010"
	u, err := url.ParseRequestURI(path)
	if err != nil {
		u = &url.URL{Path: path}
	}
	r := httptest.NewRequest("GET", "http://"+host+"/", strings.NewReader(body))
	r.Method, r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.Host = method, u.Path, u.RawPath, u.RawQuery, host
	r.Header.Set("Authorization", "Bearer k")
	r.Header.Set("Content-Type", kind)
	ctx := context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4010})
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r.WithContext(ctx))
	return w
}

// quiet is a mock that delivers nowhere.
func quiet() *mock.Server {
	s := &mock.Server{Random: random(), Now: func() time.Time { return testNow }}
	s.SetSend(func(context.Context, mock.Delivery) mock.Result { return mock.Result{Status: http.StatusOK} })
	return s
}

// Any request is answered with what a client can read, in good time.
func FuzzRequests(f *testing.F) {
	for _, r := range requests(f) {
		f.Add(r[0], r[1], r[2])
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		if strings.Contains(body, `"slow"`) || strings.Contains(path, "slow") || strings.Contains(body, "http") && (strings.Contains(path, "binding") || strings.Contains(path, "batch")) || strings.HasPrefix(path, "/_mock") {
			t.Skip("waits on purpose, or for others")
		}
		server := quiet()
		defer server.Close()
		w := serve(server, method, path, body)
		kind := w.Header().Get("Content-Type")
		switch {
		case strings.HasPrefix(kind, "image/") || kind == "application/pdf" || kind == "text/event-stream":
		case w.Code == 304 || w.Code == 206 || w.Code == 416:
		case !strings.HasSuffix(kind, "json") || !json.Valid(w.Body.Bytes()):
			t.Errorf("%q %q %q answered %d %s %q", method, path, body, w.Code, kind, w.Body)
		}
		if w.Code >= 500 && w.Code != 502 && !strings.Contains(body+path, "fail") {
			t.Errorf("%q %q %q answered %d %s", method, path, body, w.Code, w.Body)
		}
	})
}

// Only the path of a picture that was handed out leads to one.
func FuzzMediaPaths(f *testing.F) {
	for _, r := range requests(f) {
		f.Add(r[1])
	}
	for _, path := range []string{"/media/renders/x.png", "/media/renders/%2e%2e/x.png", "/media/templates/XL13XACH2V.png", "/v1/media/renders/x.png", "/media/renders/x.png\x00"} {
		f.Add(path)
	}
	server := quiet()
	var made struct{ URL string }
	if err := json.Unmarshal(serve(server, "POST", "/image", `{"html":"x","width":8,"height":8}`).Body.Bytes(), &made); err != nil {
		f.Fatal(err)
	}
	right := strings.TrimPrefix(made.URL, "http://127.0.0.1:4010")
	if w := serve(server, "GET", right, ""); w.Code != 200 {
		f.Fatalf("%s answered %d", right, w.Code)
	}
	f.Fuzz(func(t *testing.T, path string) {
		named, _, _ := strings.Cut(path, "?")
		if !strings.Contains(named, "/media/renders/") {
			named, path = "/media/renders/"+named, "/media/renders/"+path
		}
		w := serve(server, "GET", path, "")
		plain, err := url.PathUnescape(named)
		if w.Code == 200 && (err != nil || !strings.HasSuffix(plain, right)) {
			t.Errorf("%q answered a picture", path)
		}
		if w.Code != 200 && w.Code != 404 && w.Code != 401 {
			t.Errorf("%q answered %d", path, w.Code)
		}
	})
}

// What is kept of a page is bounded, valid, and has no control characters in it.
func FuzzPageText(f *testing.F) {
	for _, r := range requests(f) {
		f.Add(r[2])
	}
	f.Add("<!doctype html><title>T &amp; U</title><style>a{}</style><body bgcolor=x style='background: linear-gradient(#abc, red)'>a<br>b<script>x<y</script><p title='>'>c")
	f.Fuzz(func(t *testing.T, page string) {
		total := 0
		for _, line := range mock.PageText(page) {
			total += len(line)
			if !utf8.ValidString(line) || line == "" || strings.ContainsFunc(line, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
				t.Errorf("PageText(%q) has the line %q", page, line)
			}
		}
		if total > 8<<10 {
			t.Errorf("PageText of %d bytes keeps %d", len(page), total)
		}
		mock.PageColors(page)
		for _, name := range mock.NamesIn(page) {
			if name == "" || strings.ContainsAny(name, "{}") {
				t.Errorf("NamesIn(%q) has %q", page, name)
			}
		}
		mock.Fill(page, map[string]any{"a": "b"})
	})
}

// Whatever an expression is, it is judged.
func FuzzExpression(f *testing.F) {
	for _, text := range []string{"a", "upper(a)", "a ? b : c", "((((", "'", "a.b[0] >= 3 && !c", strings.Repeat("(", 500), "{{a}}", "replace(replace(a, 'a', a), 'a', a)", "padEnd('', 1e9)", "join(split(a, ''), a)", "-1 * slice(a, -1)[0]", "IF(a, \"b\", c)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := mock.Evaluate(text, map[string]any{"a": strings.Repeat("a", 1000), "b": []any{1.0, nil, "x"}})
		made, _ := v.(string)
		list, _ := v.([]any)
		if len(made) > 64<<10 || len(list) > 64<<10 || v != nil && err != nil {
			t.Errorf("Evaluate(%q) comes to %d bytes, %d entries, %v", text, len(made), len(list), err)
		}
		if err := mock.CheckExpression(text); err == nil && strings.Count(text, "(") != strings.Count(text, ")") && !strings.ContainsAny(text, `'"`) {
			t.Errorf("CheckExpression(%q) took what is not closed", text)
		}
	})
}

// A seed that is taken can be rendered.
func FuzzSeed(f *testing.F) {
	seed, err := os.ReadFile("seed/templates.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(seed))
	f.Add(`[{"uid":"A","html":"{{x}}"}]`)
	f.Fuzz(func(t *testing.T, text string) {
		server := quiet()
		defer server.Close()
		if server.Seed([]byte(text)) != nil {
			return
		}
		var list struct{ Templates []struct{ UID string } }
		if err := json.Unmarshal(serve(server, "GET", "/templates?limit=3", "").Body.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		for _, template := range list.Templates {
			if w := serve(server, "POST", "/templates/"+template.UID+"/render", "{}"); w.Code != 200 {
				t.Errorf("a template of %q answered %d %s", text, w.Code, w.Body)
			}
		}
	})
}

func TestPageText(t *testing.T) {
	for page, want := range map[string]string{
		"plain":                                "plain",
		"<h1>Hi &amp; <b>you</b></h1><p>x</p>": "Hi & you|x",
		"a<script>if(a<b){}</script>b":         "ab",
		"a<STYLE>p{}</STYLE>b<!-- <p>c -->d":   "abd",
		"<p title='a>b'>c</p>":                 "c",
		"1 < 2 <br>\n  3   4":                  "1 < 2|3 4",
		"<script>never closed":                 "",
		"<p":                                   "",
		"{{name}} &lt;{{a.b}}&gt;":             "{{name}} <{{a.b}}>",
		"日本<br>😀 \u202e":                       "日本|😀 \u202e",
	} {
		if got := strings.Join(mock.PageText(page), "|"); got != want {
			t.Errorf("PageText(%q) = %q, want %q", page, got, want)
		}
	}
}

func TestVariableNames(t *testing.T) {
	for text, want := range map[string]string{
		"{{a}} {{ b }} {{{c}}} {{a}}":             "a b c",
		"{{#if show}}{{/if}}{{else}}{{! note }}":  "show",
		"{{#each items}}{{this.x}}{{/each}}":      "items",
		"{{user.name}} {{list[0].x}}":             "user list",
		"{{ upper(first) + ' ' + last }}":         "first last",
		"{{ ok ? 'yes' : other }} {{first-name}}": "ok other first-name",
		"{a} {{}} {{ }} }}{{":                     "",
		"{{größe}}":                               "größe",
	} {
		if got := strings.Join(mock.NamesIn(text), " "); got != want {
			t.Errorf("NamesIn(%q) = %q, want %q", text, got, want)
		}
	}
	values := map[string]any{"a": "A", "n": 3.0, "o": map[string]any{"p": []any{"q"}}, "big": strings.Repeat("x", 10_000)}
	for text, want := range map[string]string{
		"{{a}}-{{n}}-{{o.p[0]}}-{{none}}": "A-3-q-", "{{upper(a)}}": "A", "{{#if a}}x{{/if}}": "x", "{{o}}": `{"p":["q"]}`,
	} {
		if got := mock.Fill(text, values); got != want {
			t.Errorf("Fill(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestPageColors(t *testing.T) {
	for page, want := range map[string][2]string{
		`<body style="background:#1e1b4b;color:#eef2ff">`:                 {"#1e1b4b", "#eef2ff"},
		`<style>p{ background-color : rgb(1, 2, 3) ; COLOR:red }</style>`: {"rgb(1, 2, 3)", "red"},
		`background: linear-gradient(90deg, #abc, #def)`:                  {"#abc", ""},
		`<p>color is nice: blue</p>`:                                      {"", ""},
	} {
		if background, ink := mock.PageColors(page); background != want[0] || ink != want[1] {
			t.Errorf("PageColors(%q) = %q, %q, want %q", page, background, ink, want)
		}
	}
}

func TestExpressions(t *testing.T) {
	for text, valid := range map[string]bool{
		"name": true, "uppercase(name) + '!'": true, `IF(premium, "PRO", "FREE")`: true, "toUpperCase(name)": true, "toLowerCase(name)": true, "price * 1.1": true,
		`IF(count > 0, "in stock", "sold out")`: true, "upper(name)": false, "formatDate(a)": false, "a | b": false, "padEnd('', 1e9)": false, "a ? b : c ? d : e": true, "(1 + 2.5) * -x": true, "{{ a }}": true, `"x"`: true, "round(a, 2)": true, "padEnd('', 999999)": true, "a.b[0].c": true,
		"": false, "a +": false, "nope(a)": false, "(a": false, "a)": false, "'a": false, "a b": false, "a ? b": false, "@": false, strings.Repeat("(", 1000) + "a": false,
	} {
		if err := mock.CheckExpression(text); (err == nil) != valid {
			t.Errorf("CheckExpression(%.40q) = %v", text, err)
		}
	}
}
