package ui

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"pictap/tunnel/store"
)

// A route is one thing that the server can be asked for.
type route struct {
	method  string
	pattern string // as [http.ServeMux] reads it, without the method
	needs   pass
	handle  func(*Handler, http.ResponseWriter, *http.Request) error
}

// A pass is what a route asks to be shown.
type pass int

const (
	nothing  pass = iota
	bearer        // Authorization: Bearer TOKEN
	protocol      // Sec-WebSocket-Protocol: pictap.v1, token.TOKEN
)

// routes are all of them. Tests make the security matrix from this table.
var routes = []route{
	{"GET", "/", nothing, (*Handler).asset},
	{"GET", "/readyz", nothing, (*Handler).ready},
	{"POST", "/api/session", nothing, (*Handler).session}, // takes a one-time key instead
	{"POST", "/api/invite", bearer, (*Handler).invite},
	{"GET", "/api/status", bearer, (*Handler).status},
	{"GET", "/api/deliveries", bearer, (*Handler).deliveries},
	{"GET", "/api/deliveries/{id}", bearer, (*Handler).delivery},
	{"GET", "/api/deliveries/{id}/body", bearer, (*Handler).body},
	{"GET", "/api/deliveries/{id}/media", bearer, (*Handler).media},
	{"GET", "/api/deliveries/{id}/media/bytes", bearer, (*Handler).mediaBytes},
	{"POST", "/api/deliveries/{id}/replay", bearer, (*Handler).replay},
	{"GET", "/api/deliveries/{id}/copy", bearer, (*Handler).copyAs},
	{"POST", "/api/deliveries/{id}/fixture", bearer, (*Handler).fixture},
	{"DELETE", "/api/deliveries/{id}", bearer, (*Handler).remove},
	{"POST", "/api/clear", bearer, (*Handler).clear},
	{"POST", "/api/validate", bearer, (*Handler).validate},
	{"POST", "/api/send", bearer, (*Handler).send},
	{"GET", "/api/export", bearer, (*Handler).export},
	{"POST", "/api/trigger", bearer, (*Handler).trigger},
	{"GET", "/api/trigger/{job}", bearer, (*Handler).volleyState},
	{"POST", "/api/trigger/{job}/stop", bearer, (*Handler).stopVolley},
	{"GET", "/api/volleys", bearer, (*Handler).volleys},
	{"GET", "/api/schema/{event}", bearer, (*Handler).schema},
	{"POST", "/api/sample", bearer, (*Handler).sample},
	{"GET", "/api/chart", bearer, (*Handler).chart},
	{"GET", "/api/coverage", bearer, (*Handler).coverage},
	{"GET", "/api/hold", bearer, (*Handler).hold},
	{"POST", "/api/drain", bearer, (*Handler).drain},
	{"GET", "/api/subscriptions", bearer, (*Handler).subscriptions},
	{"POST", "/api/subscriptions/{uid}/pause", bearer, (*Handler).pause},
	{"POST", "/api/subscriptions/{uid}/resume", bearer, (*Handler).resume},
	{"GET", "/api/run", bearer, (*Handler).run},
	{"GET", "/api/mock", bearer, (*Handler).mockState},
	{"GET", "/api/mock/journal", bearer, (*Handler).mockJournal},
	{"POST", "/api/mock/deliveries/{id}/attempt", bearer, (*Handler).mockAttempt},
	{"POST", "/api/mock/subscriptions/{uid}/resume", bearer, (*Handler).mockResume},
	{"GET", "/api/changes", bearer, (*Handler).changes},
	{"GET", "/api/search/words", bearer, (*Handler).words},
	{"GET", "/api/live", protocol, (*Handler).live},
}

func newMux(h *Handler) *http.ServeMux {
	mux := http.NewServeMux()
	for _, rt := range routes {
		mux.HandleFunc(rt.method+" "+rt.pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := h.serve(rt, w, r); err != nil {
				h.refuse(w, r, err)
			}
		})
	}
	return mux
}

// ServeHTTP answers one request. Package documentation says what it has to pass.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	protect(w.Header())
	if err := h.guard.admit(r); err != nil {
		h.refuse(w, r, err)
		return
	}
	h.mux.ServeHTTP(w, r)
}

// serve checks what the route needs and runs its handler.
func (h *Handler) serve(rt route, w http.ResponseWriter, r *http.Request) error {
	if !h.keys.shown(rt.needs, r) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		return httpError{code: http.StatusUnauthorized, public: "open the link that pictap prints"}
	}
	if rt.method == "POST" {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			return httpError{code: http.StatusUnsupportedMediaType, public: "send application/json"}
		}
	}
	return rt.handle(h, w, r)
}

// An httpError is an answer that is not a success.
type httpError struct {
	code   int
	public string // what the page may know
	err    error  // the cause, for the log; may be nil
}

func (e httpError) Error() string {
	if e.err == nil {
		return e.public
	}
	return fmt.Sprintf("%s: %v", e.public, e.err)
}

func (e httpError) Unwrap() error { return e.err }

// A Refusal is an error in words for the person at the page: what happened, and what
// to do. Other errors of an Option are "internal error" there.
type Refusal struct {
	Code int // of HTTP; 0 means that of a bad gateway, for something behind us said no
	Text string
}

func (r *Refusal) Error() string { return r.Text }

// refuse is the one place that answers for an error. Causes go to the log; the
// page gets the public words, or "internal error".
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errGone) {
		h.opts.Log.DebugContext(r.Context(), "page answer", "path", r.URL.Path, "error", err)
		return
	}
	answer := httpError{code: http.StatusInternalServerError, public: "internal error"}
	var public *Refusal
	switch {
	case errors.As(err, &answer):
	case errors.As(err, &public):
		answer = httpError{code: cmp.Or(public.Code, http.StatusBadGateway), public: public.Text, err: err}
	case errors.Is(err, store.ErrNotFound):
		answer = httpError{code: http.StatusNotFound, public: "no such delivery"}
	}
	if answer.code >= 500 && r.Context().Err() == nil {
		h.opts.Log.ErrorContext(r.Context(), "page request", "method", r.Method, "path", r.URL.Path, "status", answer.code, "error", err)
	}
	if err := writeJSON(w, answer.code, struct {
		Error string `json:"error"`
	}{answer.public}); err != nil {
		h.opts.Log.DebugContext(r.Context(), "page answer", "path", r.URL.Path, "error", err)
	}
}

// writeJSON answers with v.
func writeJSON(w http.ResponseWriter, code int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	return write(w, body)
}

// errGone is the error of an answer that has begun and that nobody takes any more.
var errGone = errors.New("the browser has gone")

func write(w http.ResponseWriter, body []byte) error {
	if _, err := w.Write(body); err != nil {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return nil
}

const maxRequest = 64 << 10 // bytes of a POST's body

// readJSON reads a small JSON object into v, a pointer to a struct. No body
// leaves it as it is. A field that v does not know is an error: a request that
// wants more than we do must not seem to succeed.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	return readJSONUpTo(w, r, v, maxRequest)
}

// readJSONUpTo is readJSON for an object of another size.
func readJSONUpTo(w http.ResponseWriter, r *http.Request, v any, limit int64) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, limit))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		return httpError{code: http.StatusBadRequest, public: "this request is not understood", err: err}
	}
	return nil
}
