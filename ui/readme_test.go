package ui_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pictap/ui"
)

// The README lists every route of the API, and no other.
func TestReadmeNamesRoutes(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var said, are []string
	for _, m := range regexp.MustCompile("(?m)^\\| `((?:GET|POST|DELETE|PUT|PATCH) /[^`?]*)").FindAllSubmatch(text, -1) {
		said = append(said, string(m[1]))
	}
	for _, r := range ui.Routes() {
		if r.Pattern != "/" { // the page itself
			are = append(are, r.Method+" "+r.Pattern)
		}
	}
	slices.Sort(said)
	slices.Sort(are)
	if diff := cmp.Diff(are, said); diff != "" {
		t.Errorf("README.md (-routes +README):\n%s", diff)
	}
}
