//go:build unix

package command

import (
	"bytes"
	"go/format"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
)

// Each form, pasted into what it is for, sends exactly the message and does
// nothing else. The file that "http" is for is read by "fixtures check".
func TestRequestForms(t *testing.T) {
	bodies := []string{
		"{}", `{"event":"render.completed","data":{"title":"it's ` + "`touch owned`" + ` ${1+1} $(touch owned)"}}`, "", "'; touch owned; '", "@/etc/passwd", "-o owned", "!!",
		"%s%d%%\\n\\101 \\u0041 \\x41", "a\nb\r\nc\n\t", "\x00\x01\xff\xfe", "é🎉\u202e\u0085\ufeff\U000e0041\ufffd", "\\", "\\'", "*", `"""'''`, strings.Repeat("é'\"\n", 20<<10),
	}
	for _, tt := range []struct {
		form, program string
		run           []string // gets the text in a file of this name, or else from stdin
		file          string
		bodies        int // so many; 0 means all
	}{
		{form: "curl", program: "curl", run: []string{"sh"}},
		{form: "curl", program: "curl", run: []string{"bash"}},
		{form: "httpie", program: "http", run: []string{"sh"}},
		{form: "httpie", program: "http", run: []string{"bash"}, bodies: 5},
		{form: "node", program: "node", run: []string{"node", "send.mjs"}, file: "send.mjs"},
		{form: "python", program: "python3", run: []string{"python3", "send.py"}, file: "send.py"},
		{form: "go", program: "go", run: []string{"go", "run", "send.go"}, file: "send.go", bodies: 11},
	} {
		t.Run(tt.form+" "+tt.run[0], func(t *testing.T) {
			t.Parallel()
			for _, program := range []string{tt.program, tt.run[0]} {
				if _, err := exec.LookPath(program); err != nil {
					t.Skipf("there is no %s on this machine to try the form %s with", program, tt.form)
				}
			}
			form, ok := findRequestForm(tt.form)
			if !ok {
				t.Fatal("there is no such form")
			}
			home, dir := t.TempDir(), t.TempDir()
			var mu sync.Mutex // guards sent
			var sent pictify.Message
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				sent = pictify.Message{}
				sent.Body, _ = io.ReadAll(r.Body)
				for _, name := range []string{"Content-Type", "X-Pictify-Signature", "X-Odd"} {
					if values, ok := r.Header[name]; ok {
						sent.Header = append(sent.Header, pictify.Field{Name: name, Value: strings.Join(values, "|")})
					}
				}
				w.WriteHeader(http.StatusTeapot)
			}))
			defer server.Close()
			for i, body := range bodies {
				if tt.bodies > 0 && i >= tt.bodies {
					break
				}
				want := pictify.Message{Body: []byte(body), Header: []pictify.Field{
					{Name: "Content-Type", Value: "application/json"}, {Name: "X-Pictify-Signature", Value: "t=1,v1=00"}, {Name: "X-Odd", Value: `@f'"$(touch owned)` + "`touch owned`" + `\ é %s`},
				}}
				text := form.write(server.URL+"/hook?x=[1]&y={a}'", want) + "\n"
				if formatted, err := format.Source([]byte(text)); tt.form == "go" && (err != nil || string(formatted) != text) {
					t.Errorf("body %d: gofmt would write (%v):\n%s", i, err, formatted)
				}
				cmd := exec.CommandContext(t.Context(), tt.run[0], tt.run[1:]...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "NO_PROXY=*", "HOME="+home, "GOCACHE="+goCache(t))
				if tt.file != "" {
					if err := os.WriteFile(filepath.Join(dir, tt.file), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				} else {
					cmd.Stdin = strings.NewReader(text)
				}
				mu.Lock()
				sent = pictify.Message{}
				mu.Unlock()
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("body %d: %v\n%s\n%s", i, err, out, text[:min(len(text), 2000)])
				}
				if !bytes.Contains(out, []byte("418")) && tt.form != "httpie" { // which prints only the body when nobody looks
					t.Errorf("body %d: the answer is not shown: %s", i, out)
				}
				mu.Lock()
				got := sent
				mu.Unlock()
				if !bytes.Equal(got.Body, want.Body) {
					t.Errorf("body %d: sent %.80q, want %.80q", i, got.Body, body)
				}
				if diff := cmp.Diff(want.Header, got.Header); diff != "" {
					t.Errorf("body %d: header (-want +got)\n%s", i, diff)
				}
			}
			if tt.file != "" {
				os.Remove(filepath.Join(dir, tt.file))
			}
			if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
				t.Errorf("the form made files: %v, %v", files, err)
			}
		})
	}
}

// goCache is where the go command keeps what it has built, although HOME is another one.
func goCache(t *testing.T) string {
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE").Output()
	if err != nil {
		return filepath.Join(t.TempDir(), "cache")
	}
	return strings.TrimSpace(string(out))
}

// A message without a Content-Type gets none from the shell's programs.
func TestRequestFormsInventNothing(t *testing.T) {
	for _, name := range []string{"curl", "httpie"} {
		form, _ := findRequestForm(name)
		if text := form.write("http://localhost", pictify.Message{}); !strings.Contains(text, "'Content-Type:'") {
			t.Errorf("%s sends a type of its own: %s", name, text)
		}
	}
}

func TestFindRequestForm(t *testing.T) {
	if _, ok := findRequestForm("sh"); ok {
		t.Error("there is a form sh")
	}
	for _, c := range copyChoices() {
		if _, ok := findRequestForm(c.Name); !ok || c.Title == "" {
			t.Errorf("%+v cannot be found", c)
		}
	}
}
