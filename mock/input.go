package mock

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"pictap/tunnel/pictify"
)

// An input is the body of a create or an update.
type input struct {
	Event     *string           `json:"event"`
	TargetURL *string           `json:"targetUrl"`
	Platform  *string           `json:"platform"`
	Status    *string           `json:"status"`
	Filters   map[string]string `json:"filters"`
}

func readInput(body []byte) (input, error) {
	var in input
	if len(body) == 0 {
		return in, nil
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return input{}, notJSON(err)
	}
	return in, nil
}

// notJSON refuses a body that could not be decoded.
func notJSON(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
		return invalid(fieldError{e.Field, "has the wrong type: " + e.Value, "invalid_type"})
	}
	return refusal{status: http.StatusBadRequest, slug: "validation-error", title: "Validation error", detail: "the body is not a JSON object"}
}

func invalid(fields ...fieldError) error {
	var details []string
	for _, f := range fields {
		details = append(details, f.Field+" "+f.Message)
	}
	return refusal{status: http.StatusBadRequest, slug: "validation-error", title: "Validation error", detail: strings.Join(details, "; "), fields: fields}
}

// subscription checks what a subscription is to be created from.
func (in input) subscription(lenient bool, places Places) (pictify.NewSubscription, error) {
	n := pictify.NewSubscription{Platform: "custom"}
	var faults []fieldError
	if in.Event == nil {
		faults = append(faults, fieldError{"event", "is required", "required"})
	} else if reason := checkEvent(*in.Event, lenient); reason != "" {
		faults = append(faults, fieldError{"event", reason, "out_of_range"})
	} else {
		n.Event = pictify.EventType(*in.Event)
	}
	if in.TargetURL == nil {
		faults = append(faults, fieldError{"targetUrl", "is required", "required"})
	}
	if in.Platform != nil {
		n.Platform = *in.Platform
		if platforms := []string{"zapier", "make", "n8n", "pipedream", "custom"}; !slices.Contains(platforms, n.Platform) {
			faults = append(faults, fieldError{"platform", "must be one of " + strings.Join(platforms, ", "), "out_of_range"})
		}
	}
	var filterFaults []fieldError
	n.Filters, filterFaults = readFilters(in.Filters)
	if faults = append(faults, filterFaults...); len(faults) > 0 {
		return pictify.NewSubscription{}, invalid(faults...)
	}
	n.TargetURL = *in.TargetURL
	return n, places.checkTarget(n.TargetURL)
}

// checkEvent says what is wrong with the event of a new subscription, "" when
// nothing is.
func checkEvent(name string, lenient bool) string {
	var accepted []string
	for _, t := range pictify.Subscribable() {
		accepted = append(accepted, string(t))
	}
	switch {
	case slices.Contains(accepted, name):
		return ""
	case name == "" || len(name) > 100:
		return "must have 1 to 100 characters"
	case lenient:
		return ""
	case strings.HasPrefix(name, "batch."):
		return fmt.Sprintf("%q cannot be subscribed to: batch events go to the webhookUrl given with the batch", name)
	}
	return "must be exactly one of " + strings.Join(accepted, ", ")
}

// readFilters knows the documented filters. One that the mock does not know is
// refused: ignoring it would deliver what was meant to be left out.
func readFilters(in map[string]string) (pictify.Filters, []fieldError) {
	var f pictify.Filters
	var faults []fieldError
	for name, value := range in {
		field := "filters." + name
		switch {
		case len(value) > 256:
			faults = append(faults, fieldError{field, "is longer than 256 characters", "too_long"})
		case name == "templateId":
			f.TemplateID = value
		case name == "bindingId":
			f.BindingID = value
		case name == "type" && slices.Contains([]string{"", "image", "gif", "pdf"}, value):
			f.Type = value
		case name == "type":
			faults = append(faults, fieldError{field, "must be image, gif or pdf", "out_of_range"})
		default:
			faults = append(faults, fieldError{field, "is not a filter; there are templateId, bindingId and type", "out_of_range"})
		}
	}
	slices.SortFunc(faults, func(a, b fieldError) int { return strings.Compare(a.Field, b.Field) })
	return f, faults
}

// change returns sub with what the input changes: the target, the filters, and the
// status to active or paused.
func (in input) change(sub pictify.Subscription, places Places) (pictify.Subscription, error) {
	var faults []fieldError
	if in.Event != nil && *in.Event != string(sub.Event) {
		faults = append(faults, fieldError{"event", "cannot be changed; create another subscription", "out_of_range"})
	}
	if in.Status != nil {
		sub.Status = pictify.Status(*in.Status)
		if sub.Status != pictify.Active && sub.Status != pictify.Paused {
			faults = append(faults, fieldError{"status", "must be active or paused", "out_of_range"})
		}
	}
	if in.Filters != nil {
		var filterFaults []fieldError
		sub.Filters, filterFaults = readFilters(in.Filters)
		faults = append(faults, filterFaults...)
	}
	if len(faults) > 0 {
		return sub, invalid(faults...)
	}
	if in.TargetURL != nil {
		sub.TargetURL = *in.TargetURL
		return sub, places.checkTarget(sub.TargetURL)
	}
	return sub, nil
}
