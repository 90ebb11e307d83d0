package ui

import (
	"fmt"
	"io"
	"mime"
	"net/http"

	"pictap/tunnel/store"
)

// An Export says what is to be written where.
type Export struct {
	Form   string
	Search store.Search
	IDs    []int64 // only these, when there are any
	Exact  bool    // leaves in what may be personal
	To     io.Writer
}

// maxExportIDs is how many deliveries can be named one by one.
const maxExportIDs = 1000

// export answers with deliveries as a file: ?format=FORM&q=SEARCH&id=…&redact=false.
// It begins before all of them have been read, so what goes wrong later can
// only break it off.
func (h *Handler) export(w http.ResponseWriter, r *http.Request) error {
	form := r.FormValue("format")
	if err := choose(h.opts.Export != nil, h.opts.ExportForms, "format", form); err != nil {
		return err
	}
	to := &attachment{w: w, name: "pictap-" + h.opts.Now().UTC().Format("20060102-150405") + "." + form}
	e := Export{Form: form, Exact: r.FormValue("redact") == "false", To: to}
	var err error
	if e.Search, err = searchOf(r.FormValue("q")); err != nil {
		return err
	}
	for _, id := range r.Form["id"] {
		seq, err := store.ParseID(id)
		if err != nil || len(e.IDs) == maxExportIDs {
			return httpError{code: http.StatusBadRequest, public: "id is not a delivery, or there are too many of them", err: err}
		}
		e.IDs = append(e.IDs, seq)
	}
	err = h.opts.Export(r.Context(), e)
	if err == nil {
		_, err = to.Write(nil) // an empty one is a file too
	}
	if err != nil && to.begun {
		h.opts.Log.ErrorContext(r.Context(), "page export", "format", form, "error", err)
		http.NewResponseController(w).Flush() // a connection cut before any answer is tried again by clients
		panic(http.ErrAbortHandler)           // half a file must not look whole
	}
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// An attachment is an answer that no browser shows or runs. Its head is written
// with its first byte.
type attachment struct {
	w     http.ResponseWriter
	name  string
	begun bool
}

func (a *attachment) Write(p []byte) (int, error) {
	if !a.begun {
		a.begun = true
		header := a.w.Header()
		header.Set("Content-Type", "application/octet-stream")
		header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.name}))
		header.Set("Content-Security-Policy", bodyPolicy)
	}
	return a.w.Write(p)
}
