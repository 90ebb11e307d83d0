package ui_test

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pictap/ui"
)

var (
	imported   = regexp.MustCompile(`(?m)^(?:import|export|\})[^"\n]* from "(\.\.?/[^"]+)";`)
	lazily     = regexp.MustCompile(`=> import\("(\.\.?/[^"]+)"\)`)
	preloaded  = regexp.MustCompile(`rel="modulepreload" href="([^"]+)"`)
	styled     = regexp.MustCompile(`rel="stylesheet" href="([^"]+)"`)
	mostAtOnce = 120 << 10 // bytes of the first load, as if they were gzipped one by one
)

// The page names all modules that it begins with, so that the browser fetches them at once
// and not one import after the other; and they are not too many.
func TestFirstLoad(t *testing.T) {
	read := func(name string) []byte {
		t.Helper()
		data, err := fs.ReadFile(ui.Static(), "static/"+name)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	var modules []string
	var walk func(string)
	walk = func(name string) {
		if slices.Contains(modules, name) {
			return
		}
		modules = append(modules, name)
		for _, m := range imported.FindAllSubmatch(read(name), -1) {
			walk(path.Join(path.Dir(name), string(m[1])))
		}
	}
	walk("app.js")
	index := read("index.html")
	var named []string
	for _, m := range preloaded.FindAllSubmatch(index, -1) {
		named = append(named, string(m[1]))
	}
	want := slices.Sorted(slices.Values(modules[1:]))
	slices.Sort(named)
	if diff := cmp.Diff(want, named); diff != "" {
		t.Errorf("index.html should preload (-imported +preloaded):\n%s", diff)
	}
	files := append(modules, "index.html", "start.js", "icon.svg")
	for _, m := range styled.FindAllSubmatch(index, -1) {
		files = append(files, string(m[1]))
	}
	size := 0
	for _, name := range files {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(read(name))
		w.Close()
		size += b.Len()
	}
	if t.Logf("%d files, %d bytes gzipped", len(files), size); size > mostAtOnce || len(modules) < 15 {
		t.Errorf("the first load is %d bytes gzipped in %d files, want at most %d", size, len(files), mostAtOnce)
	}
}

// Every module can be loaded: each name that one imports is one that another exports.
func TestModulesLoad(t *testing.T) {
	s := serve(t, demoOptions(openStore(t)))
	p := newTab(t)
	p.open(s.base + "/icon.svg") // a document of ours that runs nothing
	for _, name := range scripts(t) {
		if name != "app.js" && name != "start.js" { // which act, and are tried by all other tests
			if trouble := eval[string](p, `import("/`+name+`").then(() => "", (err) => String(err))`); trouble != "" {
				t.Errorf("%s: %s", name, trouble)
			}
		}
	}
}

// scripts are the modules of ours, as paths below static.
func scripts(t *testing.T) (all []string) {
	t.Helper()
	err := fs.WalkDir(ui.Static(), "static", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "vendor" {
			return fs.SkipDir
		}
		if path.Ext(name) == ".js" {
			all = append(all, strings.TrimPrefix(name, "static/"))
		}
		return err
	})
	if err != nil || len(all) < 40 {
		t.Fatalf("there are %d modules, %v", len(all), err)
	}
	return all
}

// The rooms of the page, and what each may import from: its views know what the page
// knows, and nothing that the page knows is a view's.
var rooms = map[string]string{
	"state":    "",             // what the page knows, and how it hears of it
	"common":   "state",        // words, keys, menus: what views are made of
	"frame":    "common state", // what is around the views
	"trigger":  "common state",
	"list":     "common state trigger", // an empty list offers a test event
	"delivery": "common state",
	"overview": "common state",
	"mock":     "common state delivery", // its journal shows bodies and headers
	".":        "common state frame trigger list delivery overview mock",
}

// Modules import downwards only.
func TestRooms(t *testing.T) {
	entered := map[string]bool{}
	for _, name := range scripts(t) {
		room := path.Dir(name)
		may, known := rooms[room]
		if entered[room] = true; !known {
			t.Errorf("%s is in a room that nobody knows", name)
		}
		source, err := fs.ReadFile(ui.Static(), "static/"+name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range append(imported.FindAllSubmatch(source, -1), lazily.FindAllSubmatch(source, -1)...) {
			from := path.Dir(path.Join(room, string(m[1])))
			if from != room && from != "vendor" && !slices.Contains(strings.Fields(may), from) {
				t.Errorf("%s must not import %s", name, m[1])
			}
		}
	}
	if len(entered) != len(rooms) {
		t.Errorf("there are modules in %v only", slices.Sorted(maps.Keys(entered)))
	}
}
