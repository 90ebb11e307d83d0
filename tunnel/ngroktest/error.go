package ngroktest

import "strings"

// An Error is a refusal in ngrok's form.
type Error struct {
	Code string // "ERR_NGROK_108", or "" for one without a code
	Msg  string // "" for the documented text of Code, or something like it
}

// Error returns the message, an empty line and the code, which is how the
// service puts it on the wire.
func (e *Error) Error() string {
	if e.Code == "" {
		return e.Msg
	}
	return e.Msg + "\r\n\r\n" + e.Code + "\r\n"
}

// What the service says, with the subject of the refusal for SUBJECT. Like the
// service's, some repeat the authtoken in clear.
// Source: ngrok.com/docs/errors (2026).
var documented = map[string]string{
	"ERR_NGROK_105": "The authtoken you specified does not look like a proper ngrok authtoken.\n" +
		"Your authtoken: SUBJECT\n" +
		"Instructions to install your authtoken are on your ngrok dashboard:\n" +
		"https://dashboard.ngrok.com/get-started/your-authtoken",
	"ERR_NGROK_106": "The authtoken you specified is an ngrok v1 authtoken, but you're using ngrok v2.\n" +
		"Your authtoken: SUBJECT",
	"ERR_NGROK_107": "The authtoken you specified is properly formed, but it is invalid.\n" +
		"Your authtoken: SUBJECT\n" +
		"This usually happens when:\n" +
		"    - You reset your authtoken\n" +
		"    - Your authtoken was for a team account that you were removed from\n" +
		"    - You are using ngrok link and this credential was explicitly revoked",
	"ERR_NGROK_108":  "Your account is limited to SUBJECT simultaneous ngrok agent sessions.",
	"ERR_NGROK_319":  "The domain 'SUBJECT' is not reserved for your account.",
	"ERR_NGROK_320":  "The domain 'SUBJECT' is reserved for another account.",
	"ERR_NGROK_334":  "The endpoint 'https://SUBJECT' is already online.",
	"ERR_NGROK_4018": "Usage of ngrok requires a verified account and authtoken.",
}

// about returns e with a message, made from the documented one if it has none.
func (e *Error) about(subject string) *Error {
	msg := e.Msg
	if msg == "" {
		msg = documented[e.Code]
	}
	if msg == "" {
		msg = "The request was refused."
	}
	return &Error{Code: e.Code, Msg: strings.ReplaceAll(msg, "SUBJECT", subject)}
}

func refusal(code, subject string) *Error { return (&Error{Code: code}).about(subject) }
