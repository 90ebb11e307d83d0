package mock

import (
	"io"
	"net/http"
	"strings"

	"pictap/tunnel/pictify"
)

// The control endpoints lie below this path. They are not Pictify's: they are how
// the person who runs the mock has things happen.
const controlPath = "/_mock/"

// EmitPath takes an event as the body of a POST and delivers it to whoever has
// subscribed to it. It answers with an [Emitted].
const EmitPath = controlPath + "emit"

const maxEmitted = 32 << 20 // bytes of an event

// Emitted is what became of an event: an entry for each subscription that it matched.
type Emitted struct {
	Deliveries []EmittedDelivery `json:"deliveries"`
}

// EmittedDelivery is what became of an event for one subscription.
type EmittedDelivery struct {
	Subscription string  `json:"subscription"`
	ID           string  `json:"id"`
	Status       int     `json:"status"` // 0: no answer
	DurationMS   float64 `json:"duration_ms"`
	Error        string  `json:"error,omitempty"`
}

// control carries out a request of the person who runs the mock.
func (s *Server) control(w http.ResponseWriter, r *http.Request) (int, any, error) {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case s.Control.IsZero():
		return 0, nil, refusal{status: http.StatusNotFound, slug: "not-found", title: "Not found", detail: "No such route"}
	case !ok || !s.Control.Equal(pictify.NewSecret(key)):
		return 0, nil, refusal{status: http.StatusUnauthorized, slug: "missing-authorization", title: "Unauthorized", detail: "This needs the mock's own token"}
	case r.URL.Path != EmitPath:
		return 0, nil, refusal{status: http.StatusNotFound, slug: "not-found", title: "Not found", detail: "No such route"}
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		return 0, nil, refusal{status: http.StatusMethodNotAllowed, slug: "method-not-allowed", title: "Method not allowed", detail: "This method is not allowed here"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEmitted))
	if err != nil {
		return 0, nil, refusal{status: http.StatusRequestEntityTooLarge, slug: "payload-too-large", title: "Payload too large", detail: "The event is too large, or broke off"}
	}
	e, err := pictify.ParseEvent(body)
	if err != nil {
		return 0, nil, refusal{status: http.StatusBadRequest, slug: "validation-error", title: "Validation error", detail: err.Error()}
	}
	answer := Emitted{Deliveries: []EmittedDelivery{}}
	for _, d := range s.Emit(r.Context(), e) {
		answer.Deliveries = append(answer.Deliveries, EmittedDelivery{d.Subscription, d.ID, d.Status, float64(d.Duration.Microseconds()) / 1000, d.Problem()})
	}
	return http.StatusOK, answer, nil
}
