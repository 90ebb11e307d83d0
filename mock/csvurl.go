package mock

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// A batchSource is where a batch has its sets of variables from: they are in the body,
// or in a CSV file that is fetched. The second is how the newer MCP server asks for a
// batch ({csvUrl, mappings}). That mappings go from variable to column, as those of
// bindings go from variable to path, is our guess; so is that a file that cannot be had
// refuses the call, where the real service may well fail the batch later.
type batchSource struct {
	VariableSets []map[string]any  `json:"variableSets"`
	CSVURL       string            `json:"csvUrl"`
	Mappings     map[string]string `json:"mappings"` // nil: each column is the variable of its name
}

// sets are the sets of variables, from wherever they are.
func (in batchSource) sets(ctx context.Context, f *faults) ([]map[string]any, error) {
	if in.CSVURL == "" {
		return in.VariableSets, nil
	}
	if in.VariableSets != nil {
		f.add("csvUrl", "cannot stand beside variableSets", "out_of_range")
	}
	if len(in.Mappings) > maxVariables {
		f.add("mappings", fmt.Sprintf("has more than %d entries", maxVariables), "out_of_range")
	}
	if err := f.err(); err != nil { // before anything is fetched
		return nil, err
	}
	if err := checkCSVURL(in.CSVURL); err != nil {
		return nil, err
	}
	text, err := fetchCSV(ctx, in.CSVURL)
	if err != nil {
		return nil, err
	}
	t, err := readTable(text)
	if err != nil {
		return nil, invalid(fieldError{"csvUrl", err.Error(), "invalid_format"})
	}
	sets, err := t.sets(in.Mappings)
	if err != nil {
		return nil, invalid(fieldError{"mappings", err.Error(), "out_of_range"})
	}
	return sets, nil
}

// checkCSVURL lets only files of this machine be fetched: the mock needs no network, and
// is not to be the one who opens what somebody else's URL leads to.
func checkCSVURL(text string) error {
	if err := checkURL("csvUrl", text); err != nil {
		return err
	}
	if u, err := url.Parse(text); err != nil || !isLoopback(u.Hostname()) {
		return blocked("csvUrl", "is not on this machine, and the mock fetches from nowhere else: serve the file at http://127.0.0.1:…, or send its rows as variableSets")
	}
	return nil
}

// fetchCSV gets the file, of no more bytes than a body with its rows could have.
func fetchCSV(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, unfetched(withoutURL(err), "invalid_format")
	}
	req.Header.Set("Accept", "text/csv, text/plain;q=0.9, */*;q=0.1")
	req.Header.Set("User-Agent", userAgent)
	text, _, err := download(fetcher(true), req, "csvUrl", maxBatch)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, unfetched(fmt.Errorf("csvUrl did not answer within %v", fetchTimeout), "timeout")
	case err != nil:
		return nil, unfetched(err, "invalid_format")
	}
	return text, nil
}

// unfetched is the documented answer when a URL could not be fetched; of its codes the
// documents name timeout.
func unfetched(err error, code string) error {
	return refusal{status: http.StatusUnprocessableEntity, slug: "url-fetch-failed", title: "URL fetch failed", detail: err.Error(),
		fields: []fieldError{{"csvUrl", err.Error(), code}}}
}
