package mock

import (
	"cmp"
	"encoding/json"
	"fmt"
)

// A templateGiven is what a template is given and gives back, and the mock does not act on:
// it runs no scripts, minds no variable that is missing, and of the form of pages nothing
// is known (documents of the API, 2026). What was never given is not there.
type templateGiven struct {
	JSEnabled       *bool           `json:"jsEnabled,omitempty"`
	StrictVariables *bool           `json:"strictVariables,omitempty"`
	Pages           json.RawMessage `json:"pages,omitempty"`
}

// apply changes what was given before.
func (in templateGiven) apply(to *templateGiven, f *faults) {
	to.JSEnabled, to.StrictVariables = cmp.Or(in.JSEnabled, to.JSEnabled), cmp.Or(in.StrictVariables, to.StrictVariables)
	switch {
	case len(in.Pages) > maxTemplateSource:
		f.add("pages", fmt.Sprintf("is longer than %d bytes", maxTemplateSource), "too_long")
	case !isNull(in.Pages):
		to.Pages = in.Pages
	}
}
