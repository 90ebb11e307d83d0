package pictify_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
)

// apiError gets an answer with the given status and returns it as an error.
func apiError(t *testing.T, status int, header http.Header, body string) *pictify.APIError {
	t.Helper()
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
	c.Now = func() time.Time { return testNow }
	_, err := c.Get(t.Context(), "wh_1")
	api, ok := errors.AsType[*pictify.APIError](err)
	if !ok {
		t.Fatalf("Get = %v, want an APIError", err)
	}
	return api
}

func mustBePrintable(tb testing.TB, text string) {
	tb.Helper()
	for _, r := range text {
		if !unicode.IsPrint(r) {
			tb.Errorf("%q contains %U", text, r)
		}
	}
}

func TestAPIErrorWorlds(t *testing.T) {
	for _, tt := range []struct {
		name        string
		status      int
		contentType string
		body        string
		want        pictify.APIError // Method and Path are the same in all
		text        string
	}{
		{"problem", 401, "application/problem+json",
			`{"type":"https://docs.pictify.io/errors/invalid-api-key","title":"Invalid API key","status":401,"detail":"The API key is wrong","instance":"/x"}`,
			pictify.APIError{Code: "invalid-api-key", Title: "Invalid API key", Detail: "The API key is wrong"},
			"401 Unauthorized: The API key is wrong"},
		{"problem without detail", 404, "application/problem+json",
			`{"type":"about:blank","title":"No such subscription","status":404}`,
			pictify.APIError{Title: "No such subscription"},
			"404 Not Found: No such subscription"},
		{"problem with fields", 400, "application/problem+json",
			`{"type":"https://docs.pictify.io/errors/validation-error","title":"Validation error","errors":[{"field":"targetUrl","message":"must be https","code":"invalid_format"},{"field":"event","code":"required"}]}`,
			pictify.APIError{Code: "validation-error", Title: "Validation error", Fields: []pictify.FieldError{{"targetUrl", "must be https", "invalid_format"}, {Field: "event", Code: "required"}}},
			"400 Bad Request: Validation error (targetUrl: must be https, event: required)"},
		{"message", 401, "application/json", `{"message":"Invalid Request"}`,
			pictify.APIError{Detail: "Invalid Request"},
			"401 Unauthorized: Invalid Request"},
		{"error and code", 429, "application/json", `{"error":"Plan limit","code":"quota_exceeded","retriable":false,"details":{}}`,
			pictify.APIError{Code: "quota_exceeded", Detail: "Plan limit"},
			"429 Too Many Requests: Plan limit"},
		{"list of texts", 422, "application/json", `{"errors":["first","second"]}`,
			pictify.APIError{Fields: []pictify.FieldError{{Message: "first"}, {Message: "second"}}},
			"422 Unprocessable Entity (first, second)"},
		{"all at once", 400, "application/json", `{"message":"m","error":"e","detail":"d","title":"t","code":"c","type":"x/y"}`,
			pictify.APIError{Code: "c", Title: "t", Detail: "d"},
			"400 Bad Request: d"},
		{"plain text", 503, "text/plain; charset=utf-8", "try later\n",
			pictify.APIError{Detail: "try later"},
			"503 Service Unavailable: try later"},
		{"HTML", 502, "text/html", "<html><h1>502</h1></html>", pictify.APIError{}, "502 Bad Gateway"},
		{"nothing", 500, "", "", pictify.APIError{}, "500 Internal Server Error"},
		{"unknown status", 599, "", "", pictify.APIError{}, "599"},
		{"truncated", 400, "application/json", `{"message":"Invalid`, pictify.APIError{}, "400 Bad Request"},
		{"ill-typed", 400, "application/json", `{"message":5,"errors":{"a":1},"code":null,"title":[]}`, pictify.APIError{}, "400 Bad Request"},
		{"array", 400, "application/json", `["message"]`, pictify.APIError{}, "400 Bad Request"},
		{"hostile text", 400, "application/json", "{\"message\":\"a\\n\\u001b[2Jb\\u202ec\",\"errors\":[{\"field\":\"\\u0007\",\"message\":\"x\\ry\"}]}",
			pictify.APIError{Detail: "a  [2Jb c", Fields: []pictify.FieldError{{Message: "x y"}}},
			"400 Bad Request: a  [2Jb c (x y)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := apiError(t, tt.status, http.Header{"Content-Type": {tt.contentType}}, tt.body)
			tt.want.Status, tt.want.Method, tt.want.Path = tt.status, "GET", "/webhook-subscriptions/wh_1"
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Errorf("APIError (-want +got)\n%s", diff)
			}
			if want := "GET /webhook-subscriptions/wh_1: " + tt.text; got.Error() != want {
				t.Errorf("Error = %q, want %q", got.Error(), want)
			}
			mustBePrintable(t, got.Error())
		})
	}
}

func TestAPIErrorIsBounded(t *testing.T) {
	long := strings.Repeat("é", 1000)
	got := apiError(t, 400, nil, `{"title":"`+long+`","detail":"`+long+`","errors":[`+strings.Repeat(`{"field":"`+long+`"},`, 50)+`{}]}`)
	if n := len(got.Error()); n > 10_000 || len(got.Fields) != 10 {
		t.Errorf("Error has %d bytes and %d fields, want at most 10000 and 10", n, len(got.Fields))
	}
}

func TestAPIErrorIs(t *testing.T) {
	all := []error{pictify.ErrUnauthorized, pictify.ErrForbidden, pictify.ErrNotFound, pictify.ErrRateLimited, pictify.ErrRefused, pictify.ErrBadAnswer}
	for status, want := range map[int]error{
		400: pictify.ErrRefused, 401: pictify.ErrUnauthorized, 402: nil, 403: pictify.ErrForbidden, 404: pictify.ErrNotFound,
		409: pictify.ErrRefused, 422: pictify.ErrRefused, 429: pictify.ErrRateLimited, 500: nil, 502: nil, 503: nil, 504: nil,
	} {
		err := fmt.Errorf("wrapped: %w", apiError(t, status, nil, ""))
		for _, target := range all {
			if got := errors.Is(err, target); got != (target == want) {
				t.Errorf("%d: errors.Is(err, %v) = %t", status, target, got)
			}
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		name, header, body string
		want               time.Duration
	}{
		{"absent", "", "", 0},
		{"seconds", "2", "", 2 * time.Second},
		{"zero", "0", "", 0},
		{"date", testNow.Add(90 * time.Second).UTC().Format(http.TimeFormat), "", 90 * time.Second},
		{"past date", testNow.Add(-time.Hour).UTC().Format(http.TimeFormat), "", 0},
		{"distant date", testNow.Add(time.Hour).UTC().Format(http.TimeFormat), "", pictify.MaxRetryAfter},
		{"negative", "-1", "", 0},
		{"letters", "abc", "", 0},
		{"fraction", "1.5", "", 0},
		{"too much", "999999", "", pictify.MaxRetryAfter},
		{"more than fits", "99999999999999999999", "", 0},
		{"in the body, documented", "", `{"retryAfter":7}`, 7 * time.Second},
		{"in the body, as clients read it", "", `{"retry_after":8}`, 8 * time.Second},
		{"header before body", "3", `{"retryAfter":7}`, 3 * time.Second},
		{"ill-typed body", "", `{"retryAfter":{}}`, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header := http.Header{}
			if tt.header != "" {
				header.Set("Retry-After", tt.header)
			}
			if got := apiError(t, 429, header, tt.body).RetryAfter; got != tt.want {
				t.Errorf("RetryAfter = %v, want %v", got, tt.want)
			}
		})
	}
}
