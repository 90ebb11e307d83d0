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
const (
	failVariable = "fail"
	slowVariable = "slow"
	maxSlow      = 30 * time.Second
)

// A failure is why a render did not come about.
type failure struct {
	code   string // of the event: UPPER_SNAKE
	text   string
	status int    // of the answer
	slug   string // of the problem
	kind   string // code of the answer, lower case; "" for none
}

// failures are those that the documents name. Others are legal: they are an open set.
var failures = []failure{
	{"TEMPLATE_NOT_FOUND", "Template not found", 404, "template-not-found", ""},
	{"RENDER_TIMEOUT", "Render timed out", 504, "render-failed", "render_timeout"},
	{"IMAGE_FETCH_FAILED", "An image could not be fetched", 422, "url-fetch-failed", "image_fetch_failed"},
	{"INVALID_VARIABLE", "A variable is invalid", 422, "validation-error", "invalid_variable"},
	{"EXPRESSION_ERROR", "An expression could not be evaluated", 422, "expression-error", "expression_error"},
	{"HELPER_NOT_ALLOWED", "A helper is not allowed", 422, "render-failed", "HELPER_NOT_ALLOWED"},
	{"RAW_HTML_NOT_ALLOWED", "Raw HTML is not allowed", 422, "render-failed", "RAW_HTML_NOT_ALLOWED"},
	{"TEMPLATE_TOO_LARGE", "The template is too large", 413, "render-failed", "TEMPLATE_TOO_LARGE"},
	{"HANDLEBARS_COMPILE_ERROR", "The template could not be compiled", 422, "render-failed", "HANDLEBARS_COMPILE_ERROR"},
	{"VARIABLE_REQUIRED", "A required variable is missing", 422, "render-failed", "VARIABLE_REQUIRED"},
	{"UNDEFINED_VARIABLE", "A variable is not defined", 422, "expression-error", "UNDEFINED_VARIABLE"},
	{"ITERATION_LIMIT_EXCEEDED", "The template loops too often", 422, "render-failed", "ITERATION_LIMIT_EXCEEDED"},
	{"QUOTA_EXCEEDED", "You have exhausted your plan limit", 429, "quota-exceeded", "quota_exceeded"},
	{"RENDER_FAILED", "Render failed", 500, "render-failed", ""},
}

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

func (f *failure) refusal() error {
	return refusal{status: f.status, slug: f.slug, title: http.StatusText(f.status), detail: f.text, code: f.kind}
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
