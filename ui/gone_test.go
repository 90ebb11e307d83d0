package ui_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A leaver takes the head of an answer and has gone before its body.
type leaver struct {
	http.ResponseWriter
	heads int
}

func (l *leaver) WriteHeader(int)           { l.heads++ }
func (l *leaver) Write([]byte) (int, error) { return 0, errors.New("connection reset") }

// Whoever goes away in the middle of an answer gets no second one: the server would
// complain of it on the terminal.
func TestBrowserGoes(t *testing.T) {
	st := openStore(t)
	record(t, st, sample(0), 200)
	s := serve(t, demoOptions(st))
	token := s.login()
	for path, heads := range map[string]int{"/readyz": 0, "/api/status": 1, "/api/deliveries": 1, "/api/deliveries/d1/body": 0, "/api/deliveries/d99": 1} {
		r := httptest.NewRequest("GET", s.base+path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := &leaver{ResponseWriter: httptest.NewRecorder()}
		s.ServeHTTP(w, r)
		if w.heads != heads {
			t.Errorf("%s: %d heads were written, want %d", path, w.heads, heads)
		}
	}
}
