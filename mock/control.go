package mock

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pictap/tunnel/pictify"
)

// The control endpoints lie below this path. They are not Pictify's: they are how
// the person who runs the mock has things happen, and they need the Server's
// Control token as a Bearer key.
//
//	POST /_mock/emit                        delivers the event in the body; answers with an Emitted
//	GET  /_mock/deliveries                  what is due and what was given up: {"deliveries":[Due],"queue":Queue}
//	POST /_mock/deliveries/{id}/attempt     makes the next attempt now; answers with the Due
//	GET  /_mock/subscriptions/{uid}/log     the delivery log: {"attempts":[Attempt]}
//	GET  /_mock/journal?after=&limit=&wait= {"entries":[Entry]}; with wait=20s it waits for the first one
//	GET  /_mock/state, PUT /_mock/state     a snapshot, secrets included
//	POST /_mock/reset                       forgets everything
const controlPath = "/_mock/"

// Paths of control endpoints.
const (
	EmitPath       = controlPath + "emit"
	DeliveriesPath = controlPath + "deliveries"
	JournalPath    = controlPath + "journal"
	StatePath      = controlPath + "state"
	ResetPath      = controlPath + "reset"
	logPath        = controlPath + "subscriptions/"
)

// AttemptPath is where a POST makes the next attempt at a delivery.
func AttemptPath(id string) string { return DeliveriesPath + "/" + id + "/attempt" }

// LogPath is where the delivery log of a subscription is.
func LogPath(uid string) string { return logPath + uid + "/log" }

const (
	maxEmitted     = 32 << 20 // bytes of an event
	maxJournalWait = time.Minute
)

// Emitted is what became of an event: an entry for each subscription that it matched.
type Emitted struct {
	Deliveries []EmittedDelivery `json:"deliveries"`
}

// EmittedDelivery is what became of an event for one subscription, at the first attempt.
type EmittedDelivery struct {
	Subscription string  `json:"subscription"`
	ID           string  `json:"id"`
	Status       int     `json:"status"` // 0: no answer
	DurationMS   float64 `json:"duration_ms"`
	Error        string  `json:"error,omitempty"`
}

// DueList is the answer of DeliveriesPath.
type DueList struct {
	Deliveries []Due `json:"deliveries"`
	Queue      Queue `json:"queue"`
}

// AttemptList is the answer of LogPath.
type AttemptList struct {
	Attempts []Attempt `json:"attempts"`
}

// EntryList is the answer of JournalPath.
type EntryList struct {
	Entries []Entry `json:"entries"`
}

// A lever is a control endpoint. What it returns is answered with 200.
type lever func(r *http.Request, body []byte) (any, error)

// levers finds what a control path leads to, by method; nil is nothing.
func (s *Server) levers(path string) map[string]lever {
	switch path {
	case EmitPath:
		return map[string]lever{http.MethodPost: s.emitBody}
	case DeliveriesPath:
		return map[string]lever{http.MethodGet: s.listDue}
	case JournalPath:
		return map[string]lever{http.MethodGet: s.readJournal}
	case StatePath:
		return map[string]lever{http.MethodGet: s.getState, http.MethodPut: s.putState}
	case ResetPath:
		return map[string]lever{http.MethodPost: s.reset}
	}
	if id, ok := between(path, DeliveriesPath+"/", "/attempt"); ok {
		return map[string]lever{http.MethodPost: func(*http.Request, []byte) (any, error) { return s.AttemptNow(id) }}
	}
	if uid, ok := between(path, logPath, "/log"); ok {
		return map[string]lever{http.MethodGet: func(*http.Request, []byte) (any, error) { return s.attemptsOf(uid) }}
	}
	return nil
}

// between returns the one segment of path between two parts.
func between(path, before, after string) (string, bool) {
	rest, ok := strings.CutPrefix(path, before)
	segment, ok2 := strings.CutSuffix(rest, after)
	return segment, ok && ok2 && segment != "" && !strings.Contains(segment, "/")
}

// control carries out a request of the person who runs the mock.
func (s *Server) control(w http.ResponseWriter, r *http.Request) (int, any, error) {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	methods := s.levers(r.URL.Path)
	switch {
	case s.Control.IsZero():
		return 0, nil, noRoute()
	case !ok || !s.Control.Equal(pictify.NewSecret(key)):
		return 0, nil, refusal{status: http.StatusUnauthorized, slug: "missing-authorization", title: "Unauthorized", detail: "This needs the mock's own token"}
	case methods == nil:
		return 0, nil, noRoute()
	case methods[r.Method] == nil:
		w.Header().Set("Allow", allowed(methods))
		return 0, nil, refusal{status: http.StatusMethodNotAllowed, slug: "method-not-allowed", title: "Method not allowed", detail: "This method is not allowed here"}
	}
	most := int64(maxEmitted)
	if r.URL.Path == StatePath {
		most = maxStateFile
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		return 0, nil, refusal{status: http.StatusRequestEntityTooLarge, slug: "payload-too-large", title: "Payload too large", detail: "The body is too large, or broke off"}
	}
	answer, err := methods[r.Method](r, body)
	return http.StatusOK, answer, err
}

func noRoute() error {
	return refusal{status: http.StatusNotFound, slug: "not-found", title: "Not found", detail: "No such route"}
}

func (s *Server) emitBody(r *http.Request, body []byte) (any, error) {
	e, err := pictify.ParseEvent(body)
	if err != nil {
		return nil, refusal{status: http.StatusBadRequest, slug: "validation-error", title: "Validation error", detail: err.Error()}
	}
	answer := Emitted{Deliveries: []EmittedDelivery{}}
	for _, d := range s.Emit(r.Context(), e) {
		answer.Deliveries = append(answer.Deliveries, EmittedDelivery{d.Subscription, d.ID, d.Status, milliseconds(d.Duration), d.Problem()})
	}
	return answer, nil
}

func (s *Server) listDue(*http.Request, []byte) (any, error) {
	due := s.Due()
	s.mu.Lock()
	defer s.mu.Unlock()
	return DueList{due, s.queue()}, nil
}

func (s *Server) attemptsOf(uid string) (any, error) {
	log, ok := s.Attempts(uid)
	if !ok {
		return nil, refusal{status: http.StatusNotFound, slug: "webhook-not-found", title: "Not found", detail: "Webhook subscription not found"}
	}
	return AttemptList{log}, nil
}

func (s *Server) reset(*http.Request, []byte) (any, error) {
	s.Reset()
	return map[string]bool{"reset": true}, nil
}

// readJournal answers with the entries after a number, and waits for the first one
// if that is wanted.
func (s *Server) readJournal(r *http.Request, _ []byte) (any, error) {
	after, limit, wait, err := journalQuery(r.URL.Query().Get)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	for {
		entries, bell := s.journal.since(after, limit)
		if len(entries) > 0 || ctx.Err() != nil {
			return EntryList{append([]Entry{}, entries...)}, nil
		}
		select {
		case <-bell:
		case <-ctx.Done():
		case <-s.chaos.ended():
			cancel()
		}
	}
}

func journalQuery(get func(string) string) (after int64, limit int, wait time.Duration, err error) {
	limit = maxEntries
	var faults []fieldError
	if text := get("after"); text != "" {
		if after, err = strconv.ParseInt(text, 10, 64); err != nil || after < 0 {
			faults = append(faults, fieldError{"after", "must be the number of an entry", "invalid_format"})
		}
	}
	if text := get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxEntries {
			faults = append(faults, fieldError{"limit", fmt.Sprintf("must be a number from 1 to %d", maxEntries), "out_of_range"})
		}
	}
	if text := get("wait"); text != "" {
		if wait, err = time.ParseDuration(text); err != nil || wait < 0 || wait > maxJournalWait {
			faults = append(faults, fieldError{"wait", "must be a duration of at most 1m", "out_of_range"})
		}
	}
	if len(faults) > 0 {
		return 0, 0, 0, invalid(faults...)
	}
	return after, limit, wait, nil
}
