package check_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const testSecret = "whsec_5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

// An app is a handler such as a user writes. Its zero value but for secret is a
// correct one; each field is a classic mistake.
type app struct {
	secret string

	reencodes       bool // verifies JSON that it has parsed and written anew
	trims           bool // verifies the body without blanks around it
	ignoresAge      bool
	takesFuture     bool // now - t > 300, without abs
	crashesOnLength bool // as timingSafeEqual does
	comparesStart   bool // of the signature, as far as the given one goes
	comparesHalf    bool
	comparesHeader  bool // with ==, as a whole: two v1 never match
	lastWins        bool // of several v1
	firstWins       bool
	emptySecretToo  bool // a list of secrets with a comma too many
	otherSecret     string
	skipsMissing    bool // no header, no check
	onlyTime        bool // nothing but t is checked
	crashesMissing  bool
	crashesOnHex    bool

	trustsHeader     bool // X-Pictify-Event decides
	crashesOnJSON    bool
	crashesOnEmpty   bool
	crashesOnNull    bool
	dies             bool // breaks the connection instead of 500
	refusesUnknown   bool // types of events
	forbidsFields    bool
	needsVariables   bool
	onlyImages       bool
	limit            int64 // of the body
	exactType        bool  // Content-Type must be application/json and nothing else
	tolerance        int64 // seconds
	getCrashes       bool
	closes           bool // the connection, each time
	readsOnce        bool // takes the first chunk for the body
	redirectsFetch   bool
	redirectsForgers bool // to a login, instead of 401
	delay            time.Duration
	crashesInCrowds  bool

	noDedup       bool
	racyDedup     bool
	dedupByData   bool // as the guide's sample does
	marksFirst    bool // as done, then works a minute on the third delivery, and gives up when the sender does
	conflicts     bool // answers 409 to a duplicate
	answersFirst  bool // 200, then verifies
	answersAlways int

	mu     sync.Mutex
	effect int
	seen   map[string]bool
	active int
}

func (a *app) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.effect
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.closes {
		w.Header().Set("Connection", "close")
	}
	if r.Method != http.MethodPost {
		if a.getCrashes {
			http.Error(w, "oh", 500)
			return
		}
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	a.mu.Lock()
	a.active++
	crowded := a.active > 20
	a.mu.Unlock()
	defer func() { a.mu.Lock(); a.active--; a.mu.Unlock() }()
	if a.delay > 0 {
		<-time.After(a.delay)
	}
	switch {
	case a.answersAlways != 0:
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Location", "/login?next=hook")
		w.WriteHeader(a.answersAlways)
		return
	case a.redirectsFetch && r.UserAgent() == "node":
		http.Redirect(w, r, "https://www.example.com/login", http.StatusFound)
		return
	}
	body, err := a.read(w, r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	status, text := a.handle(r, body)
	if crowded && a.crashesInCrowds {
		status, text = 500, "too many connections"
	}
	switch {
	case a.answersFirst:
		status, text = 200, "OK"
	case status == 500 && a.dies:
		panic(http.ErrAbortHandler)
	case status == 401 && a.redirectsForgers:
		w.Header().Set("Location", "/login")
		status = http.StatusFound
	}
	w.WriteHeader(status)
	io.WriteString(w, text)
}

func (a *app) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if a.readsOnce {
		buf := make([]byte, 64<<10)
		n, err := r.Body.Read(buf)
		if n > 0 || errors.Is(err, io.EOF) {
			defer io.Copy(io.Discard, r.Body)
			if r.ContentLength < 60<<10 { // only the slow sender matters here
				return buf[:n], nil
			}
			rest, _ := io.ReadAll(r.Body)
			return append(buf[:n], rest...), nil
		}
		return nil, err
	}
	limit := a.limit
	if limit == 0 {
		limit = 10 << 20
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
}

func (a *app) handle(r *http.Request, body []byte) (status int, text string) {
	if len(body) == 0 && a.crashesOnEmpty {
		return 500, "undefined is not a string"
	}
	if a.exactType && strings.Contains(r.Header.Get("Content-Type"), ";") {
		return 415, "Unsupported Media Type"
	}
	signed := body
	if a.trims {
		signed = bytes.TrimSpace(body)
	}
	if a.reencodes {
		var v any
		if json.Unmarshal(body, &v) != nil {
			return 400, "Bad JSON"
		}
		signed, _ = json.Marshal(v)
	}
	if status, text := a.verify(r.Header, signed); status != 200 {
		return status, text
	}
	return a.act(r, body)
}

func (a *app) secrets() []string {
	list := []string{a.secret}
	if a.emptySecretToo {
		list = append(list, "")
	}
	if a.otherSecret != "" {
		list = append(list, a.otherSecret)
	}
	return list
}

func (a *app) verify(header http.Header, body []byte) (int, string) {
	value := header.Get("X-Pictify-Signature")
	if value == "" && a.skipsMissing {
		return 200, ""
	}
	if value == "" && a.crashesMissing {
		return 500, "NoneType has no attribute split"
	}
	var t string
	var v1 []string
	for part := range strings.SplitSeq(value, ",") {
		switch name, text, _ := strings.Cut(part, "="); name {
		case "t":
			t = text
		case "v1":
			v1 = append(v1, text)
		}
	}
	at, err := strconv.ParseInt(t, 10, 64)
	tolerance := int64(300)
	if a.tolerance > 0 {
		tolerance = a.tolerance
	}
	age := time.Now().Unix() - at
	if err != nil || age > tolerance && !a.ignoresAge || -age > tolerance && !a.takesFuture && !a.ignoresAge {
		return 401, "Timestamp too old"
	}
	if a.onlyTime {
		return 200, ""
	}
	if len(v1) == 0 {
		return 401, "Invalid signature"
	}
	switch {
	case a.lastWins:
		v1 = v1[len(v1)-1:]
	case a.firstWins:
		v1 = v1[:1]
	case a.comparesHeader && len(v1) > 1:
		return 401, "Invalid signature"
	}
	for _, secret := range a.secrets() {
		mac := hmac.New(sha256.New, []byte(secret))
		fmt.Fprintf(mac, "%s.%s", t, body)
		want := hex.EncodeToString(mac.Sum(nil))
		for _, got := range v1 {
			if status := a.compare(strings.ToLower(got), want); status != 401 {
				return status, ""
			}
		}
	}
	return 401, "Invalid signature"
}

func (a *app) compare(got, want string) int {
	_, err := hex.DecodeString(got)
	switch {
	case err != nil && a.crashesOnHex && len(got) == len(want):
		return 500
	case a.crashesOnLength && len(got) != len(want):
		return 500
	case a.comparesStart:
		got, want = got[:min(len(got), len(want))], want[:min(len(got), len(want))]
	case a.comparesHalf && len(got) == len(want):
		got, want = got[:32], want[:32]
	}
	if hmac.Equal([]byte(got), []byte(want)) {
		return 200
	}
	return 401
}

// act does what the event asks for, once.
func (a *app) act(r *http.Request, body []byte) (int, string) {
	var e *struct {
		Event string
		Data  struct {
			Type, ImageID, DeliveryID string
			Variables                 map[string]any
		}
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	err := dec.Decode(&e)
	switch {
	case err != nil && a.crashesOnJSON && len(body) > 0:
		return 500, "Unexpected end of JSON input"
	case err != nil:
		return 400, "Bad JSON"
	case e == nil && a.crashesOnNull:
		return 500, "Cannot read properties of null"
	case e == nil || e.Event == "":
		return 400, "Not an event"
	case a.forbidsFields && bytes.Contains(body, []byte("pictapCheck")):
		return 422, "Unknown field"
	case a.needsVariables && e.Event == "render.completed" && e.Data.Variables == nil:
		return 500, "Cannot read properties of undefined (reading 'contentId')"
	case a.onlyImages && e.Event == "render.completed" && e.Data.Type != "image" && e.Data.Type != "":
		return 400, "Not an image"
	}
	event := e.Event
	if a.trustsHeader {
		event = r.Header.Get("X-Pictify-Event")
	}
	switch event {
	case "render.completed", "render.failed", "batch.completed", "batch.failed", "binding.updated", "binding.failed":
	default:
		if a.refusesUnknown {
			return 400, "Unknown event"
		}
		return 200, "Ignored"
	}
	id := r.Header.Get("X-Pictify-Delivery-Id")
	if a.dedupByData {
		id = e.Data.DeliveryID
	}
	return a.once(r, id)
}

func (a *app) once(r *http.Request, id string) (int, string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seen == nil {
		a.seen = make(map[string]bool)
	}
	if a.seen[id] && !a.noDedup {
		if a.conflicts {
			return 409, "Already processed"
		}
		return 200, "Already processed"
	}
	if a.racyDedup || a.marksFirst {
		a.seen[id] = a.marksFirst
		work := 50 * time.Millisecond
		if a.marksFirst {
			work = 0
		}
		if a.marksFirst && len(a.seen) == 3 {
			work = time.Minute
		}
		a.mu.Unlock()
		select {
		case <-time.After(work):
		case <-r.Context().Done():
		}
		a.mu.Lock()
		if a.marksFirst && r.Context().Err() != nil {
			return 500, "canceled"
		}
	}
	a.seen[id] = true
	a.effect++
	return 200, "OK"
}
