package command_test

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.." // of the repository

// arrows are the imports that our packages may have of each other. Whoever adds
// one changes the drawing of the house, and gives its reason there.
var arrows = map[string]struct {
	to  []string
	why string // nothing else
}{
	"pictap": {
		[]string{"pictap/ui/command"},
		"main is a table of contents; what it lists is in ui/command",
	},
	"pictap/ui/command": {
		[]string{"pictap/fixtures", "pictap/mock", "pictap/mock/check", "pictap/tunnel", "pictap/tunnel/pictify", "pictap/tunnel/store", "pictap/tunnel/wire", "pictap/ui"},
		"the command line wires all parts, but a stand-in for tests has no place in the binary",
	},
	"pictap/ui": {
		[]string{"pictap/tunnel/pictify", "pictap/tunnel/store", "pictap/ui/picture"},
		"the page gets a store and functions, so that it can be developed with nothing running",
	},
	"pictap/ui/picture": {
		nil,
		"it reads bytes; whose they are, and who shows them, is none of its business",
	},
	"pictap/tunnel": {
		[]string{"pictap/tunnel/pictify", "pictap/tunnel/store", "pictap/tunnel/wire"},
		"what receives must not know who sends (mock, fixtures) nor who shows (ui)",
	},
	"pictap/tunnel/store": {
		[]string{"pictap/tunnel/pictify"},
		"the store is a leaf but for the words it shares with everybody: event type, verdict, secret",
	},
	"pictap/mock": {
		[]string{"pictap/fixtures", "pictap/mock/media", "pictap/tunnel/pictify", "pictap/tunnel/wire"},
		"what plays Pictify must not know our half of the wire, or both could be wrong in the same way",
	},
	"pictap/mock/check": {
		[]string{"pictap/fixtures", "pictap/tunnel/pictify", "pictap/tunnel/wire"},
		"it sends what a handler might get; what is said about it, and where reports go, is the command line's",
	},
	"pictap/mock/media": {
		nil,
		"a picture is made of a size, texts and a seed; who asks for it, and how, is none of its business",
	},
	"pictap/fixtures": {
		[]string{"pictap/tunnel/pictify"},
		"samples depend on what an event is, not on what becomes of it",
	},
	"pictap/tunnel/pictify": {
		nil,
		"it is the one leaf on which everything rests",
	},
	"pictap/tunnel/wire": {
		[]string{"pictap/tunnel/pictify"},
		"it sends for both halves, so it may know neither; a header's field is all that it shares",
	},
	"pictap/tunnel/leaktest": {
		nil,
		"it watches goroutines, whoever has started them",
	},
	"pictap/tunnel/ngroktest": {
		nil,
		"it stands in for somebody else's server and knows nothing of ours",
	},
}

// rooms are the places that may import a module from outside, as patterns for
// [path.Match] of files; no pattern is any file. Test files may also import what testOnly lists.
var rooms = []struct {
	module string
	files  []string
	why    string
}{
	{"golang.ngrok.com/ngrok", []string{"tunnel/ngrok*.go"}, "v1 of the SDK has traps and no future: it stays in one place"},
	{"golang.ngrok.com/muxado", []string{"tunnel/ngrok*.go", "tunnel/ngroktest/*.go"}, "it is how the SDK and its stand-in talk"},
	{"github.com/gorilla/websocket", []string{"ui/live.go"}, "one goroutine writes to a socket; one file is enough for it"},
	{"github.com/brianvoe/gofakeit", []string{"fixtures/*.go"}, "chance comes from a seed, and seeds belong to fixtures"},
	{"github.com/urfave/cli", []string{"main.go", "ui/command/*.go"}, "only the command line knows that there is one"},
	{"github.com/xrash/smetrics", []string{"ui/command/suggest.go"}, "suggestions are words for people"},
	{"github.com/rivo/uniseg", []string{"mock/media/*.go", "ui/command/*.go"}, "who draws, or writes to a terminal, needs to know what a reader takes for one character"},
	{"github.com/schollz/progressbar", []string{"ui/command/*.go"}, "progress is shown to people"},
	{"modernc.org/sqlite", []string{"tunnel/store/*.go"}, "only the store knows what it is made of"},
	{"github.com/gofrs/flock", []string{"tunnel/store/*.go"}, "one state, one listener: the store guards it"},
	{"golang.org/x/term", []string{"ui/command/env.go"}, "only the command line talks to a terminal"},
	{"golang.org/x/sys", []string{"ui/command/platform_*.go", "tunnel/*.go", "tunnel/store/*.go"}, "what differs between systems stands in files of its own"},
	{"golang.org/x/net", []string{"tunnel/*.go", "tunnel/wire/*.go", "ui/command/*.go"}, "for httpguts alone: what may stand in a header"},
	{"github.com/tidwall", []string{"fixtures/*.go"}, "who changes a payload by its paths goes through fixtures"},
	{"gopkg.in/yaml.v3", []string{"ui/command/*.go"}, "scenarios are something that people write"},
	{"github.com/HdrHistogram/hdrhistogram-go", []string{"mock/*.go"}, "who sends measures"},
	{"golang.org/x/image", []string{"mock/media/*.go"}, "who draws needs fonts and colours"},
	{"golang.org/x/text", []string{"mock/media/*.go"}, "who draws needs letters with their accents in one"},
	{"codeberg.org/go-pdf/fpdf", []string{"mock/media/*.go"}, "one package writes PDFs"},
	{"golang.org/x/sync", nil, ""},
	{"go.uber.org/goleak", []string{"tunnel/leaktest/*.go"}, "tests look for leaks with one patience"},
}

// testOnly are the modules that no binary needs.
var testOnly = []string{
	"github.com/google/go-cmp", "github.com/rogpeppe/go-internal", "github.com/chromedp", "go.uber.org/goleak",
	"github.com/gorilla/websocket",          // as the page's other end
	"golang.org/x/image/webp",               // as another reader of what was drawn
	"github.com/tsenart/vegeta",             // as the plain reference of a benchmark
	"github.com/santhosh-tekuri/jsonschema", // its start alone takes as long as that of the rest of the binary
}

// A goPackage is what go list says of a package.
type goPackage struct {
	ImportPath, Name, Doc string
	Standard              bool
	Imports, Deps         []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Name,Doc,Standard,Imports,Deps", "./...")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func isOurs(importPath string) bool {
	return importPath == "pictap" || strings.HasPrefix(importPath, "pictap/")
}

func TestArrows(t *testing.T) {
	found := map[string]bool{}
	for _, p := range listPackages(t) {
		if !isOurs(p.ImportPath) {
			continue
		}
		found[p.ImportPath] = true
		allowed, known := arrows[p.ImportPath]
		if !known {
			t.Errorf("%s is not in the drawing of the house: add it to arrows, with its reasons", p.ImportPath)
			continue
		}
		for _, to := range p.Imports {
			if isOurs(to) && !slices.Contains(allowed.to, to) {
				t.Errorf("%s imports %s: %s", p.ImportPath, to, allowed.why)
			}
			if p.ImportPath == "pictap/tunnel/pictify" && strings.Contains(to, ".") {
				t.Errorf("%s imports %s: it needs nothing but the standard library", p.ImportPath, to)
			}
		}
		if p.ImportPath == "pictap" {
			for _, unwanted := range []string{"net/http/pprof", "net/http/httptest", "testing", "expvar"} {
				if slices.Contains(p.Deps, unwanted) {
					t.Errorf("the binary contains %s, which opens doors or belongs to tests", unwanted)
				}
			}
		}
	}
	for path := range arrows {
		if !found[path] {
			t.Errorf("%s is in the drawing of the house, but does not exist", path)
		}
	}
}

func TestPackagesAreDocumented(t *testing.T) {
	for _, p := range listPackages(t) {
		if isOurs(p.ImportPath) && p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

// goFiles calls visit for every Go file, with its path from the root.
func goFiles(t *testing.T, visit func(name string, source []byte)) {
	t.Helper()
	count := 0
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git"):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		source, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		count++
		visit(name, source)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count < 50 {
		t.Errorf("only %d Go files were found", count)
	}
}

func TestModulesStayInTheirRooms(t *testing.T) {
	goFiles(t, func(name string, source []byte) {
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
		if err != nil {
			t.Error(err)
			return
		}
		for _, spec := range file.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			host, _, _ := strings.Cut(to, "/")
			if strings.Contains(host, ".") { // else the standard library's, or ours
				checkRoom(t, name, to)
			}
		}
	})
}

func checkRoom(t *testing.T, name, to string) {
	t.Helper()
	below := func(module string) bool { return to == module || strings.HasPrefix(to, module+"/") }
	if strings.HasSuffix(name, "_test.go") && slices.ContainsFunc(testOnly, below) {
		return
	}
	for _, room := range rooms {
		if !below(room.module) {
			continue
		}
		if room.files != nil && !slices.ContainsFunc(room.files, func(pattern string) bool { ok, _ := path.Match(pattern, name); return ok }) {
			t.Errorf("%s imports %s: %s", name, to, room.why)
		}
		return
	}
	t.Errorf("%s imports %s, a module without a room: say in rooms where it may be used, and in the commit why it is needed", name, to)
}

// Whoever sleeps hopes; wait for what must happen.
func TestNobodySleeps(t *testing.T) {
	sleep := regexp.MustCompile(`\btime\.Sleep\(`)
	goFiles(t, func(name string, source []byte) {
		if sleep.Match(source) {
			t.Errorf("%s calls time.Sleep; wait for the condition on a channel", name)
		}
	})
}

func TestTopLevelIsFixed(t *testing.T) {
	allowed := []string{
		"main.go", "tunnel", "mock", "fixtures", "ui", "go.mod", "go.sum", "README.md",
		"LICENSE", ".gitignore", ".gitattributes", ".ci", ".github", ".git",
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		ignored := exec.CommandContext(t.Context(), "git", "check-ignore", "-q", entry.Name())
		ignored.Dir = root
		if !slices.Contains(allowed, entry.Name()) && ignored.Run() != nil {
			t.Errorf("%s does not belong at the top level; everything has a room in one of the four folders", entry.Name())
		}
	}
}
