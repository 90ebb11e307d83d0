package ui_test

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pictap/ui"
)

var (
	imported   = regexp.MustCompile(`(?m)^(?:import|export|\})[^"\n]* from "\./([^"]+)";`)
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
	entries, err := fs.Glob(ui.Static(), "static/*.js")
	if err != nil || len(entries) < 40 {
		t.Fatalf("there are %d modules, %v", len(entries), err)
	}
	for _, name := range entries {
		if base := path.Base(name); base != "app.js" && base != "start.js" { // which act, and are tried by all other tests
			if trouble := eval[string](p, `import("/`+base+`").then(() => "", (err) => String(err))`); trouble != "" {
				t.Errorf("%s: %s", base, trouble)
			}
		}
	}
}
