package command_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// handler is testscript's command "handler NAME MODE": it serves somebody's
// webhook handler on loopback and puts its port into the variable NAME. What it
// gets it appends to the file NAME.got, a line each: status, event, delivery id
// and the SHA-256 of the body. It verifies with the secret in
// PICTIFY_WEBHOOK_SECRET, by code of its own. Modes:
//
//	good      refuses what does not verify, and what is no JSON
//	careless  takes everything
//	500       fails on everything; so with any status
//	redirect  sends everything to /login
//	hang      does not answer before the script ends
func handler(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: handler NAME MODE")
	}
	name, mode := args[0], args[1]
	got := ts.MkAbs(name + ".got")
	ts.Check(os.WriteFile(got, nil, 0o600))
	secret := ts.Getenv("PICTIFY_WEBHOOK_SECRET")
	var mu sync.Mutex
	ended := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		status, text := decide(mode, secret, r.Header.Get("X-Pictify-Signature"), body)
		if mode == "hang" {
			<-ended
		}
		if mode == "redirect" {
			w.Header().Set("Location", "/login")
		}
		mu.Lock()
		defer mu.Unlock()
		f, err := os.OpenFile(got, os.O_APPEND|os.O_WRONLY, 0o600)
		if err == nil {
			fmt.Fprintf(f, "%d %s %s %x\n", status, r.Header.Get("X-Pictify-Event"), r.Header.Get("X-Pictify-Delivery-Id"), sha256.Sum256(body))
			f.Close()
		}
		w.WriteHeader(status)
		io.WriteString(w, text)
	}))
	ts.Defer(func() { close(ended); srv.Close() })
	_, port, _ := strings.Cut(srv.Listener.Addr().String(), ":")
	ts.Setenv(name, port)
}

// decide is what the handler answers.
func decide(mode, secret, header string, body []byte) (status int, text string) {
	switch mode {
	case "careless", "hang":
		return 200, "OK"
	case "redirect":
		return 302, ""
	case "good":
	default:
		status, _ = strconv.Atoi(mode)
		return status, "no"
	}
	t, v1, _ := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s.%s", t, body)
	sent, err := strconv.ParseInt(t, 10, 64)
	if err != nil || !hmac.Equal([]byte(v1), []byte(hex.EncodeToString(mac.Sum(nil)))) {
		return 401, "Invalid signature"
	}
	if age := time.Now().Unix() - sent; age > 300 || age < -300 {
		return 401, "Timestamp too old"
	}
	if !json.Valid(body) {
		return 400, "not JSON"
	}
	return 200, "OK"
}
