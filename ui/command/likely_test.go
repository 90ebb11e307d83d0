package command

import (
	"strings"
	"testing"
	"time"

	"pictap/tunnel/store"
)

// The bodies are what the frameworks send, shortened.
func TestLikely(t *testing.T) {
	const html, plain, jsonType = "text/html; charset=utf-8", "text/plain", "application/json"
	tests := []struct {
		name         string
		status       int
		contentType  string
		body         string
		location     string
		error        string
		took         time.Duration
		want         string // part of the guess; "" means none
		wantNothing  bool
		differentURL string
	}{
		{name: "all well", status: 204, wantNothing: true},
		{name: "connection refused", error: "dial tcp [::1]:3000: connect: connection refused", want: "nothing listens on :3000; is your app running?"},
		{name: "connection refused on Windows", error: "No connection could be made because the target machine actively refused it.", want: "is your app running"},
		{name: "timeout", error: "net/http: timeout awaiting response headers", want: "answer 200 first"},
		{name: "deadline", error: "context deadline exceeded", want: "answer 200 first"},
		{name: "crash", error: "EOF", want: "did it crash"},
		{name: "reset", error: "read: connection reset by peer", want: "did it crash"},
		{name: "https to an http app", error: "http: server gave HTTP response to HTTPS client", want: "plain http"},
		{name: "unknown authority", error: "tls: failed to verify certificate: x509: certificate signed by unknown authority", want: "--insecure"},
		{name: "not http", error: `malformed HTTP response "SSH-2.0-OpenSSH"`, want: "does not speak http"},
		{name: "no such name", error: "lookup app: no such host", differentURL: "http://app:3000/x", want: "app leads nowhere"},
		{name: "something new", error: "flux compensator empty", wantNothing: true},

		{name: "login", status: 302, location: "/login?next=/webhooks/pictify", want: "a login guards the path"},
		{name: "Devise", status: 302, location: "http://localhost:3000/users/sign_in", want: "a login guards the path"},
		{name: "trailing slash", status: 301, location: "/webhooks/pictify/", want: "the app wants the path as /webhooks/pictify/"},
		{name: "https", status: 308, location: "https://localhost:3000/webhooks/pictify", want: "insists on https; forward to https://localhost:3000/webhooks/pictify"},
		{name: "elsewhere", status: 307, location: "/other", want: "forward to http://localhost:3000/other"},
		{name: "nowhere", status: 302, want: "redirects are not followed"},

		{name: "the guide's handler", status: 401, contentType: jsonType, body: `{"error":"Invalid signature"}`, want: "pictap secret show"},
		{name: "bare 401", status: 401, want: "the signature was refused"},
		{name: "old timestamp", status: 400, contentType: jsonType, body: `{"error":"Timestamp too old"}`, want: "300 of them"},
		{name: "Express JSON parser", status: 400, contentType: html, body: "<pre>SyntaxError: Unexpected token &#39;o&#39;, ...", want: "parsed twice"},
		{name: "bare 400", status: 400, want: "its log knows more"},
		{name: "Django", status: 403, contentType: html, body: "<h1>Forbidden</h1><p>CSRF verification failed. Request aborted.</p>", want: "@csrf_exempt"},
		{name: "Rails", status: 422, contentType: html, body: "ActionController::InvalidAuthenticityToken", want: "skip_before_action"},
		{name: "Laravel", status: 419, contentType: html, body: "<title>Page Expired</title>", want: "validateCsrfTokens"},
		{name: "bare 419", status: 419, want: "validateCsrfTokens"},
		{name: "SvelteKit", status: 403, contentType: plain, body: "Cross-site POST form submissions are forbidden", want: "a CSRF check"},
		{name: "Rails host", status: 403, contentType: html, body: "<h1>Blocked hosts: x</h1>", want: "allowed hosts"},
		{name: "Django host", status: 400, contentType: html, body: "DisallowedHost at /", want: "allowed hosts"},
		{name: "bare 403", status: 403, want: "exempt /webhooks/pictify from it"},
		{name: "Express 404", status: 404, contentType: html, body: "<pre>Cannot POST /webhooks/pictify</pre>", want: "no route for POST /webhooks/pictify"},
		{name: "405", status: 405, want: "not for POST"},
		{name: "413", status: 413, want: "limit is too small"},
		{name: "Express 413", status: 413, contentType: html, body: "PayloadTooLargeError: request entity too large", want: "limit is too small"},
		{name: "415", status: 415, want: "application/json"},
		{name: "FastAPI", status: 422, contentType: jsonType, body: `{"detail":[{"type":"missing","loc":["body","id"]}]}`, want: "another shape"},
		{name: "429", status: 429, want: "--max-connections 1"},
		{name: "teapot", status: 418, wantNothing: true},

		{name: "bare 500", status: 500, want: "the app's log has it"},
		{name: "JSON.parse in the handler", status: 500, contentType: html, body: `SyntaxError: "[object Object]" is not valid JSON`, want: "parsed twice"},
		{name: "timingSafeEqual", status: 500, contentType: html, body: "RangeError: Input buffers must have the same byte length", want: "compare lengths first"},
		{name: "development proxy", status: 502, want: "does not run (yet)"},
		{name: "gateway timeout", status: 504, want: "answer 200 first"},
		{name: "500 after 30 s", status: 500, took: 30 * time.Second, want: "answer 200 first"},
		{name: "words in a picture do not count", status: 401, contentType: "image/png", body: "csrf", want: "the signature was refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := store.Attempt{
				URL: "http://localhost:3000/webhooks/pictify", Status: tt.status, Error: tt.error, Body: []byte(tt.body), Duration: tt.took,
				Header: []store.Field{{Name: "content-type", Value: tt.contentType}, {Name: "location", Value: tt.location}},
			}
			if tt.differentURL != "" {
				a.URL = tt.differentURL
			}
			got := likely(a)
			if tt.wantNothing != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("likely: %q, want %q", got, tt.want)
			}
		})
	}
}

func TestGist(t *testing.T) {
	tests := []struct{ contentType, body, want string }{
		{"text/plain", "\n  Invalid signature \nmore", "Invalid signature"},
		{"application/json", `{"error":"x"}`, `{"error":"x"}`},
		{"text/html", "<!DOCTYPE html>\n<html><head><title>\n 403 &amp; out\n</title></head>", "403 & out"},
		{"text/html", "<h1>no title</h1>", "<h1>no title</h1>"},
		{"", "who knows", "who knows"},
		{"image/png", "\x89PNG", ""},
		{"text/plain", "", ""},
	}
	for _, tt := range tests {
		a := store.Attempt{Header: []store.Field{{Name: "Content-Type", Value: tt.contentType}}, Body: []byte(tt.body)}
		if got := gist(a); got != tt.want {
			t.Errorf("gist of %s %q = %q, want %q", tt.contentType, tt.body, got, tt.want)
		}
	}
}
