package mock

import (
	"context"
	"net/http"
	"time"
)

// Magic values: variables that make a render go wrong, or take its time.
//
//	{"variables":{"fail":"RENDER_TIMEOUT"}}  fails as the service would, with that code
//	{"variables":{"slow":"300ms"}}           takes so long, 30 s at most
//
// They count for raw HTML and pages as well, which have no variables otherwise.
const (
	failVariable = "fail"
	slowVariable = "slow"
	maxSlow      = 30 * time.Second
)

// A failure is why a render did not come about.
type failure struct {
	code   string // of the event: UPPER_SNAKE
	text   string
	status int         // of the answer
	slug   string      // of the problem
	kind   string      // code of the answer, "" for none: lower case, or the event's for what the html engine refuses
	field  *fieldError // what the answer says of a field, nil for nothing
}

// failures are those that the documents name. Others are legal: they are an open set.
//
// What is said of a field is as in Pictify docs, api-reference/errors.mdx (2026-01-29).
// It has no example for a variable of the wrong kind; that one is made after the others.
var failures = []failure{
	{"TEMPLATE_NOT_FOUND", "Template not found", 404, "template-not-found", "", nil},
	{"RENDER_TIMEOUT", "Render timed out", 504, "render-failed", "render_timeout", nil},
	{"IMAGE_FETCH_FAILED", "An image could not be fetched", 422, "url-fetch-failed", "image_fetch_failed", &fieldError{"url", "Connection timeout after 30 seconds", "timeout"}},
	{"INVALID_VARIABLE", "A variable is invalid", 400, "validation-error", "invalid_variable", &fieldError{"variables", "A variable is invalid", "invalid_type"}},
	{"EXPRESSION_ERROR", "An expression could not be evaluated", 422, "expression-error", "expression_error", &undefined},
	{"HELPER_NOT_ALLOWED", "A helper is not allowed", 422, "render-failed", "HELPER_NOT_ALLOWED", nil},
	{"RAW_HTML_NOT_ALLOWED", "Raw HTML is not allowed", 422, "render-failed", "RAW_HTML_NOT_ALLOWED", nil},
	{"TEMPLATE_TOO_LARGE", "The template is too large", 413, "render-failed", "TEMPLATE_TOO_LARGE", nil},
	{"HANDLEBARS_COMPILE_ERROR", "The template could not be compiled", 422, "render-failed", "HANDLEBARS_COMPILE_ERROR", nil},
	{"VARIABLE_REQUIRED", "A required variable is missing", 422, "render-failed", "VARIABLE_REQUIRED", nil},
	{"UNDEFINED_VARIABLE", "A variable is not defined", 422, "expression-error", "UNDEFINED_VARIABLE", &undefined},
	{"ITERATION_LIMIT_EXCEEDED", "The template loops too often", 422, "render-failed", "ITERATION_LIMIT_EXCEEDED", nil},
	{"QUOTA_EXCEEDED", "You have exhausted your plan limit", 429, "quota-exceeded", "quota_exceeded", nil},
	{"RENDER_FAILED", "Render failed", 500, "render-failed", "", nil},
}

var undefined = fieldError{"variables", "A variable is referenced but not provided", "undefined_variable"}

var failureForm = lazily(`^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$`)

// failureIn is the failure that variables ask for, nil when they do not.
func failureIn(variables map[string]any) *failure {
	code, _ := variables[failVariable].(string)
	if len(code) > 64 || !failureForm().MatchString(code) {
		return nil
	}
	return failureOf(code)
}

func failureOf(code string) *failure {
	for i := range failures {
		if failures[i].code == code {
			return &failures[i]
		}
	}
	return &failure{code: code, text: "Render failed: " + code, status: http.StatusInternalServerError, slug: "render-failed"}
}

// problem is how a failure is refused.
func (f *failure) problem() refusal {
	e := refusal{status: f.status, slug: f.slug, title: http.StatusText(f.status), detail: f.text, code: f.kind}
	if f.field != nil {
		e.fields = []fieldError{*f.field}
	}
	return e
}

// refusal is the problem of an order that failed. What the html engine refuses has a
// context, {error,code,context}; that it names the template is our guess, for the
// documents do not say what is in it.
func (f *failure) refusal(o order) error {
	e := f.problem()
	if f.status == http.StatusUnprocessableEntity && f.kind == f.code {
		e.context = map[string]any{}
		if o.TemplateUID != "" {
			e.context["templateUid"] = o.TemplateUID
		}
	}
	return e
}

// dawdle takes the time that variables ask for. It reports whether ctx lasted.
func dawdle(ctx context.Context, variables map[string]any) bool {
	text, _ := variables[slowVariable].(string)
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return ctx.Err() == nil
	}
	return sleepUntil(ctx, time.Now().Add(min(d, maxSlow)))
}
