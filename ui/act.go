package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// A Choice is one way of doing something, as a menu has it.
type Choice struct{ Name, Title string }

// An Outgoing is an event that somebody has written on the page.
type Outgoing struct {
	Event pictify.EventType // for the header; the body may say something else
	Body  []byte            // signed and sent as it is
	Of    int64             // the delivery that it was made from; 0 for none
}

// Acts are what the page can do with a delivery beside showing it. What is nil is
// not offered. Their errors reach the page as "internal error", unless they are a
// [Refusal] or [store.ErrNotFound].
type Acts struct {
	// Validate says what is wrong with a body, in the order of its text. It must be
	// quick. Nil says only whether it is JSON.
	Validate func(event pictify.EventType, body []byte) []Problem

	// Send signs a body with the local secret and delivers it to our own receiver.
	// It returns the delivery that it has become.
	Send func(ctx context.Context, o Outgoing) (seq int64, err error)

	// Copy puts a delivery into one of CopyForms, freshly signed. Note is "" or what
	// is not as one would expect.
	Copy      func(ctx context.Context, d store.Delivery, form string) (text, note string, err error)
	CopyForms []Choice

	// Fixture writes a delivery as a file and returns where. Name is "" for a name
	// of our own making; exact leaves in what may be personal.
	Fixture func(ctx context.Context, d store.Delivery, name string, exact bool) (path string, err error)

	// Export writes deliveries in one of ExportForms.
	Export      func(ctx context.Context, e Export) error
	ExportForms []Choice
}

// can says what there is.
func (a Acts) can() abilities {
	return abilities{CanSend: a.Send != nil, CanFixture: a.Fixture != nil,
		CopyForms: namesOf(a.Copy != nil, a.CopyForms), ExportAs: namesOf(a.Export != nil, a.ExportForms)}
}

func namesOf(there bool, choices []Choice) []named {
	list := []named{}
	for _, c := range choices {
		if there {
			list = append(list, named(c))
		}
	}
	return list
}

// maxEdited is how long the JSON around an edited body may be, in bytes: a body
// that is shown whole, each byte of it written as an escape.
const maxEdited = 6*maxText + 64<<10

// edited is what the page says of an edited body.
type edited struct {
	Event string
	Body  string
	Of    string
}

func (h *Handler) validate(w http.ResponseWriter, r *http.Request) error {
	var in edited
	if err := readJSONUpTo(w, r, &in, maxEdited); err != nil {
		return err
	}
	check := h.opts.Validate
	if check == nil {
		check = justJSON
	}
	problems := check(pictify.EventType(in.Event), []byte(in.Body))
	return writeJSON(w, http.StatusOK, problemList{append([]Problem{}, problems...)})
}

// justJSON finds the first thing that makes a body no JSON.
func justJSON(_ pictify.EventType, body []byte) []Problem {
	var v json.RawMessage
	err := json.Unmarshal(body, &v)
	if err == nil {
		return nil
	}
	before := body
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		before = body[:max(0, min(int(syntax.Offset)-1, len(body)))]
	}
	return []Problem{{Line: 1 + bytes.Count(before, []byte("\n")), Text: err.Error(),
		Column: 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])}}
}

// send delivers an edited event. Problems with it do not matter here: broken events
// are what people test with.
func (h *Handler) send(w http.ResponseWriter, r *http.Request) error {
	if h.opts.Send == nil {
		return httpError{code: http.StatusNotFound, public: "nothing can be sent from here"}
	}
	var in edited
	if err := readJSONUpTo(w, r, &in, maxEdited); err != nil {
		return err
	}
	o := Outgoing{Event: pictify.EventType(in.Event), Body: []byte(in.Body)}
	if in.Of != "" {
		of, err := store.ParseID(in.Of)
		if err != nil {
			return httpError{code: http.StatusBadRequest, public: "no such delivery", err: err}
		}
		o.Of = of
	}
	if !isFieldValue(in.Event) {
		return httpError{code: http.StatusBadRequest, public: "the type of event goes into a header: letters, digits and signs, at most 200 of them, without blanks"}
	}
	seq, err := h.opts.Send(r.Context(), o)
	if err != nil {
		return fmt.Errorf("send edited event: %w", err)
	}
	return writeJSON(w, http.StatusOK, sent{idsOf([]int64{seq})[0]})
}

// isFieldValue reports whether a type of event can stand in a header, and in
// nothing but its own line.
func isFieldValue(s string) bool {
	return s != "" && len(s) <= 200 && !slices.ContainsFunc([]byte(s), func(c byte) bool { return c <= ' ' || c > '~' })
}

// copyAs answers with a delivery as a command or a program: ?as=FORM.
func (h *Handler) copyAs(w http.ResponseWriter, r *http.Request) error {
	form := r.FormValue("as")
	if err := choose(h.opts.Copy != nil, h.opts.CopyForms, "as", form); err != nil {
		return err
	}
	d, err := h.find(r)
	if err != nil {
		return err
	}
	text, note, err := h.opts.Copy(r.Context(), d, form)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, copied{text, note})
}

// choose checks that one of choices was asked for.
func choose(there bool, choices []Choice, parameter, name string) error {
	switch {
	case !there:
		return httpError{code: http.StatusNotFound, public: "this cannot be done here"}
	case !slices.ContainsFunc(choices, func(c Choice) bool { return c.Name == name }):
		return httpError{code: http.StatusBadRequest, public: parameter + " is not one of those that there are"}
	}
	return nil
}

func (h *Handler) fixture(w http.ResponseWriter, r *http.Request) error {
	if h.opts.Fixture == nil {
		return httpError{code: http.StatusNotFound, public: "nothing can be saved from here"}
	}
	var in struct {
		Name  string
		Exact bool
	}
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	d, err := h.find(r)
	if err != nil {
		return err
	}
	path, err := h.opts.Fixture(r.Context(), d, in.Name, in.Exact)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, saved{Path: path})
}

// remove deletes one delivery. That it is gone already is what was wanted.
func (h *Handler) remove(w http.ResponseWriter, r *http.Request) error {
	seq, err := store.ParseID(r.PathValue("id"))
	if err != nil {
		return httpError{code: http.StatusNotFound, public: "no such delivery", err: err}
	}
	n, err := h.opts.Store.Delete(r.Context(), seq)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, removedCount{n})
}

// clear deletes what a search finds; an empty one finds all. It must be there: a
// request that says nothing must not remove everything. With dry it only counts.
func (h *Handler) clear(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Q   *string
		Dry bool
	}
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	if in.Q == nil {
		return httpError{code: http.StatusBadRequest, public: "say what to delete"}
	}
	search, err := searchOf(*in.Q)
	if err != nil {
		return err
	}
	act := h.opts.Store.Clear
	if in.Dry {
		act = h.opts.Store.CountFound
	}
	n, err := act(r.Context(), search)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, removedCount{n})
}

// searchOf reads a search that came from the page.
func searchOf(text string) (store.Search, error) {
	search, err := store.ParseSearch(text)
	var bad *store.SearchError
	if errors.As(err, &bad) {
		return search, httpError{code: http.StatusBadRequest, public: bad.Text}
	}
	return search, err
}
