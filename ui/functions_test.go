package ui_test

import (
	"os"
	"path/filepath"
	"testing"

	"pictap/ui"
)

// What the page's modules do without a page, checked in the browser that runs them. Each
// file is one expression, which says how much it has checked and what was wrong.
func TestFunctions(t *testing.T) {
	p := newTab(t)
	p.open(serve(t, ui.Options{Store: openStore(t)}).base)
	p.wait(`document.querySelector(".locked")`) // its own calls have come to an end
	for file, least := range map[string]int{"functions": 50, "list": 40, "act": 300, "detail": 35, "around": 30, "trigger": 35, "session": 6} {
		t.Run(file, func(t *testing.T) {
			source, err := os.ReadFile(filepath.Join("testdata", file+".js"))
			if err != nil {
				t.Fatal(err)
			}
			got := eval[struct {
				Checks   int
				Failures []string
			}](p, string(source))
			for _, f := range got.Failures {
				t.Error(f)
			}
			if got.Checks < least {
				t.Errorf("%d checks ran, want %d at least", got.Checks, least)
			}
		})
	}
}
