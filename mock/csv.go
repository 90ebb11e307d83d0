package mock

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"unicode/utf8"
)

// A table is a CSV file: a line of names, and the lines of values below it.
type table struct {
	columns []string
	rows    [][]string // each as long as columns
}

// readTable reads CSV as RFC 4180 has it, in UTF-8, with or without a byte order mark.
// The error is a fieldError's message about the field that the text came in.
func readTable(text []byte) (table, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) {
		return table{}, errors.New("is not UTF-8")
	}
	r := csv.NewReader(bytes.NewReader(text)) // wants as many fields of each line as the first one has
	head, err := r.Read()
	switch {
	case errors.Is(err, io.EOF):
		return table{}, errors.New("has no line of names")
	case err != nil:
		return table{}, fmt.Errorf("is no CSV: %w", err)
	}
	t := table{columns: head}
	if err := t.checkColumns(); err != nil {
		return table{}, err
	}
	for {
		row, err := r.Read()
		switch {
		case errors.Is(err, io.EOF) && len(t.rows) == 0:
			return table{}, errors.New("has no line below the names")
		case errors.Is(err, io.EOF):
			return t, nil
		case err != nil:
			return table{}, fmt.Errorf("is no CSV: %w", err)
		case len(t.rows) == maxSets:
			return table{}, fmt.Errorf("has more than %d lines below the names", maxSets)
		}
		t.rows = append(t.rows, row)
	}
}

func (t table) checkColumns() error {
	if len(t.columns) > maxVariables {
		return fmt.Errorf("has more than %d columns", maxVariables)
	}
	seen := make(map[string]bool, len(t.columns))
	for i, name := range t.columns {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			return fmt.Errorf("has no name for column %d", i+1)
		case len(name) > maxVariableName:
			return fmt.Errorf("has a name for column %d that is too long", i+1)
		case seen[name]:
			return fmt.Errorf("has two columns %q", name)
		}
		seen[name] = true
		t.columns[i] = name
	}
	return nil
}

// sets makes a set of variables of each row. The mappings say which column a variable
// has its values from; without any, each column is the variable of its name.
func (t table) sets(mappings map[string]string) ([]map[string]any, error) {
	at := make(map[string]int, len(t.columns)) // where a variable is, by its name
	for i, name := range t.columns {
		at[name] = i
	}
	if len(mappings) > 0 {
		columns := at
		at = make(map[string]int, len(mappings))
		for variable, column := range mappings {
			i, ok := columns[strings.TrimSpace(column)]
			if !ok {
				return nil, fmt.Errorf("names the column %q, which is not there", cutText(column, 100))
			}
			at[variable] = i
		}
	}
	sets := make([]map[string]any, len(t.rows))
	for n, row := range t.rows {
		sets[n] = make(map[string]any, len(at))
		for variable, i := range at {
			sets[n][variable] = row[i]
		}
	}
	return sets, nil
}

// uploadCSV reads a file and answers with its rows as a batch takes them.
//
// That the path exists is all that is known of it: the comparison of the documents
// with the service's routes lists it (AUDIT, 2026), and no client calls it. Our guess
// is a form with the file in it, as browsers send one, or the bare text, and an answer
// whose variableSets can be handed to …/batch-render. All values are texts: CSV knows
// nothing else.
func (s *Server) uploadCSV(c call) (int, any, error) {
	text, err := uploadedFile(c)
	if err != nil {
		return 0, nil, err
	}
	t, err := readTable(text)
	if err != nil {
		return 0, nil, invalid(fieldError{"file", err.Error(), "invalid_format"})
	}
	sets, err := t.sets(nil)
	if err != nil {
		return 0, nil, err // cannot be: nothing is mapped
	}
	return http.StatusOK, map[string]any{"success": true, "columns": t.columns, "totalRows": len(sets), "variableSets": sets}, nil
}

// uploadedFile is the body, or the first file of the form that the body is.
func uploadedFile(c call) ([]byte, error) {
	kind, parameters, _ := mime.ParseMediaType(c.Header.Get("Content-Type")) // "" is no form
	if kind != "multipart/form-data" {
		return c.body, nil
	}
	for form := multipart.NewReader(bytes.NewReader(c.body), parameters["boundary"]); ; {
		part, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return nil, invalid(fieldError{"file", "is required: a form with a file in it", "required"})
		case err != nil:
			return nil, invalid(fieldError{"file", "is in a form that cannot be read", "invalid_format"})
		case part.FileName() == "" && part.FormName() != "file":
			continue
		}
		text, err := io.ReadAll(part) // no longer than the body
		if err != nil {
			return nil, invalid(fieldError{"file", "is in a form that breaks off", "invalid_format"})
		}
		return text, nil
	}
}
