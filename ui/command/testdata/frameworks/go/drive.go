// Drive drives the snippet of Go, see README.md. Nothing stands in for net/http.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"drive/webhook"
)

// said is what the log has been told, and when.
type said struct {
	mu       sync.Mutex // guards what follows
	answered bool
	lines    []string
}

func (s *said) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mark := "<"
	if s.answered {
		mark = ">"
	}
	s.lines = append(s.lines, mark+base64.StdEncoding.EncodeToString(bytes.TrimSuffix(line, []byte("\n"))))
	return len(line), nil
}

// An answer notes when it is given.
type answer struct {
	*httptest.ResponseRecorder
	said *said
}

func (a answer) WriteHeader(code int) {
	a.said.mu.Lock()
	a.said.answered = true
	a.said.mu.Unlock()
	a.ResponseRecorder.WriteHeader(code)
}

func main() {
	var s said
	log.SetFlags(0)
	handler, err := webhook.New(os.Getenv("PICTIFY_WEBHOOK_SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	log.SetOutput(&s)
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	goroutines := runtime.NumGoroutine()
	for lines.Scan() {
		status := drive(handler, &s, strings.Split(lines.Text(), " "))
		for runtime.NumGoroutine() > goroutines {
			runtime.Gosched()
		}
		fmt.Println(strings.Join(append([]string{fmt.Sprint(status)}, s.lines...), " "))
		s.lines, s.answered = nil, false
	}
}

func drive(handler *webhook.Handler, s *said, fields []string) (status int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintln(os.Stderr, p)
			status = http.StatusInternalServerError // net/http closes the connection
		}
	}()
	var now int64
	fmt.Sscan(fields[0], &now)
	handler.Now = func() time.Time { return time.Unix(now, 0) }
	r := httptest.NewRequest("POST", "/webhooks/pictify", bytes.NewReader(decode(fields[4])))
	for i, name := range []string{"X-Pictify-Signature", "X-Pictify-Delivery-Id", "Content-Type"} {
		if fields[i+1] != "-" {
			r.Header.Set(name, string(decode(fields[i+1])))
		}
	}
	w := answer{httptest.NewRecorder(), s}
	handler.ServeHTTP(w, r)
	return w.Code
}

func decode(field string) []byte {
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(field, "="))
	if err != nil {
		log.Fatal(err)
	}
	return b
}
