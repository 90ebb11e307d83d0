package mock

import (
	"io"
	"net/http"
)

// Trouble is what goes wrong with one request: another answer than there should
// be, or none. A slow answer is made by [Server.Trouble] itself, which may wait.
type Trouble struct {
	Commit bool        // carry the request out all the same, so that only the answer is lost
	Status int         // answered instead; 0 cuts the connection without an answer
	Header http.Header // of that answer. A Content-Length that Body falls short of makes it break off
	Body   string      // of that answer
}

func (t *Trouble) answer(w http.ResponseWriter) {
	if t.Status == 0 {
		panic(http.ErrAbortHandler) // how net/http is told to cut the connection
	}
	for name, values := range t.Header {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	w.WriteHeader(t.Status)
	io.WriteString(w, t.Body)
}
