package command

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"time"

	"pictap/tunnel/store"
)

// likely says what an answer other than 2xx, or none, probably means for the
// person who writes the handler. It is "" when that is anybody's guess.
func likely(a store.Attempt) string {
	target, err := url.Parse(a.URL)
	if err != nil {
		return ""
	}
	body := ""
	if isText(a) {
		body = html.UnescapeString(strings.ToLower(string(a.Body[:min(len(a.Body), 16<<10)])))
	}
	switch {
	case a.OK():
		return ""
	case a.Status == 0:
		return likelySilence(target, a)
	case a.Status < 400:
		return likelyRedirect(target, store.FieldValue(a.Header, "Location"))
	case a.Status < 500:
		if guess := likelyWords(a.Status, body); guess != "" {
			return guess
		}
		return likelyRefusal(target, a.Status)
	}
	return likelyCrash(a, body)
}

const slowHandler = "your handler works before it answers; answer 200 first, then work: Pictify waits 30 s"

// likelySilence explains why there was no answer.
func likelySilence(target *url.URL, a store.Attempt) string {
	text := strings.ToLower(a.Error)
	has := func(words ...string) bool { return containsAny(text, words...) }
	switch {
	case has("connection refused", "actively refused"):
		return "nothing listens on " + place(target) + "; is your app running?"
	case has("timeout", "deadline exceeded", "timed out", "in time"):
		return slowHandler
	case has("gave http response to https client", "first record does not look like a tls handshake"):
		return "the app speaks plain http there; forward to http://"
	case has("certificate", "x509", "tls:"):
		return "the app's certificate is not trusted; forward to http://, or accept it with --insecure"
	case has("malformed http", "transport connection broken", "not an http answer"):
		return "what listens there does not speak http/1.1 (is it https, http/2 only, or not a web server?)"
	case has("connection reset", "eof", "broken pipe", "server closed", "closed the connection"):
		return "the app closed the connection before it answered; did it crash or restart?"
	case has("no such host"):
		return "the name " + target.Hostname() + " leads nowhere"
	}
	return ""
}

// likelyRedirect explains a 3xx. Redirects are not followed: Pictify would not
// arrive where the redirect leads either, or not with a POST.
func likelyRedirect(target *url.URL, location string) string {
	to, err := target.Parse(location)
	if location == "" || err != nil {
		return "redirects are not followed; forward to the final address"
	}
	switch {
	case containsAny(strings.ToLower(to.Path), "login", "signin", "sign-in", "sign_in", "auth", "session"):
		return "a login guards the path; exempt " + target.Path + " from it, for Pictify cannot log in"
	case to.Scheme == "https" && target.Scheme == "http":
		return "the app insists on https; forward to https://" + to.Host + to.RequestURI()
	case strings.Trim(to.Path, "/") == strings.Trim(target.Path, "/"):
		return "the app wants the path as " + to.Path + "; forward there"
	}
	return "redirects are not followed; forward to " + to.String()
}

// likelyRefusal explains a 4xx whose body says nothing that we know.
func likelyRefusal(target *url.URL, status int) string {
	switch status {
	case http.StatusBadRequest:
		return "the handler did not understand the request; its log knows more"
	case http.StatusUnauthorized:
		return `the signature was refused (is the app's secret the one that "pictap secret show" prints? "pictap explain" finds out more), or the path wants a login`
	case http.StatusForbidden:
		return "a CSRF check, a login or a firewall in the app; exempt " + target.Path + " from it"
	case http.StatusNotFound:
		return "the app has no route for POST " + target.Path + "; name the right one with --path"
	case http.StatusMethodNotAllowed:
		return "the route " + target.Path + " exists, but not for POST"
	case http.StatusRequestEntityTooLarge:
		return "the body parser's limit is too small for this event; raise it"
	case http.StatusUnsupportedMediaType:
		return "the route takes another Content-Type; Pictify sends application/json"
	case 419: // no IANA status; Laravel's
		return "Laravel's CSRF check; exclude the path from it in bootstrap/app.php (validateCsrfTokens)"
	case http.StatusUnprocessableEntity:
		return "the app validates the body against another shape than Pictify's"
	case http.StatusTooManyRequests:
		return "the app's own rate limit; --max-connections 1 sends one delivery at a time"
	}
	return ""
}

// likelyCrash explains a 5xx.
func likelyCrash(a store.Attempt, body string) string {
	if guess := likelyThrown(body); guess != "" {
		return guess
	}
	switch {
	case a.Status == http.StatusGatewayTimeout, a.Duration >= 29*time.Second:
		return slowHandler
	case a.Status == http.StatusBadGateway, a.Status == http.StatusServiceUnavailable:
		return "a proxy or development server answers, but the app behind it does not run (yet)"
	}
	return "the handler threw an error; the app's log has it"
}

// isText reports whether the answer's body is worth reading: HTML and JSON are,
// pictures and compressed bytes are not.
func isText(a store.Attempt) bool {
	contentType := store.FieldValue(a.Header, "Content-Type")
	return store.FieldValue(a.Header, "Content-Encoding") == "" &&
		(contentType == "" || containsAny(contentType, "text/", "json", "xml"))
}

func containsAny(s string, words ...string) bool {
	for _, word := range words {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}
