package mock

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A witness stands between a request's handler and the wire, and writes into the
// journal what passed.
type witness struct {
	http.ResponseWriter
	server *Server
	entry  Entry
	start  time.Time
	body   *overhearing
	answer []byte // its beginning, if it is text
	text   bool
}

// witness begins an entry of the journal for r, whose body it overhears.
func (s *Server) witness(w http.ResponseWriter, r *http.Request) *witness {
	o := &overhearing{ReadCloser: r.Body}
	if r.Body != nil {
		r.Body = o
	}
	return &witness{ResponseWriter: w, server: s, body: o, start: time.Now(),
		entry: Entry{Time: s.now(), Kind: "request", Method: cutText(r.Method, 20), Path: publicPath(r.URL), RequestHeader: publicHeader(r.Header)}}
}

// Unwrap is for [http.ResponseController].
func (w *witness) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush sends what was written so far.
func (w *witness) Flush() { http.NewResponseController(w.ResponseWriter).Flush() }

func (w *witness) WriteHeader(status int) {
	if w.entry.Status == 0 && status >= 200 {
		w.entry.Status = status
		kind := w.Header().Get("Content-Type")
		w.text = strings.Contains(kind, "json") || strings.HasPrefix(kind, "text/")
		w.entry.AnswerHeader = publicHeader(w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *witness) Write(p []byte) (int, error) {
	if w.entry.Status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if room := maxExcerpt - len(w.answer); w.text && room > 0 {
		w.answer = append(w.answer, p[:min(room, len(p))]...)
	}
	n, err := w.ResponseWriter.Write(p)
	w.entry.AnswerBytes += int64(n)
	return n, err
}

// fault says what goes wrong with this request on purpose.
func (w *witness) fault(what string) {
	if w.entry.Fault != "" {
		what = w.entry.Fault + ", " + what
	}
	w.entry.Fault = what
}

// end writes the entry. The status stays 0 when the connection was cut.
func (w *witness) end() {
	e := &w.entry
	e.DurationMS = milliseconds(time.Since(w.start))
	e.RequestBytes, e.Request, e.Answer = w.body.read, excerpt(w.body.heard, maxExcerpt), excerpt(w.answer, maxExcerpt)
	if e.Fault != "" {
		w.server.log().Info("fault", "method", e.Method, "path", e.Path, "fault", e.Fault, "status", e.Status)
	}
	w.server.journal.add(*e)
}

// overhearing keeps the beginning of a body that is read through it.
type overhearing struct {
	io.ReadCloser
	heard []byte
	read  int64
}

func (o *overhearing) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	o.read += int64(n)
	if room := maxExcerpt - len(o.heard); room > 0 {
		o.heard = append(o.heard, p[:min(room, n)]...)
	}
	return n, err
}

// publicPath is path and query without what a query may carry in secret.
func publicPath(u *url.URL) string {
	path := u.EscapedPath()
	if u.RawQuery == "" {
		return cutText(path, maxPath)
	}
	var kept []string
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, found := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); found && (err != nil || isSecretName(plain)) {
			part = name + "=" + redacted
		}
		kept = append(kept, part)
	}
	return cutText(path+"?"+strings.Join(kept, "&"), maxPath)
}
