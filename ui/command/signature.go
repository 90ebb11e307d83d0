package command

import (
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/tunnel/pictify"
)

// Sign computes a signature header.
func Sign(env Env) *cli.Command {
	return &cli.Command{
		Name:  "sign",
		Usage: "print the signature header of a body, and nothing else",
		Description: `Signs the bytes of FILE, of standard input, or of a stored delivery as of now, with the local
secret or the one given. A receiver takes it for five minutes. Of a file that ends in .http, a
request, the body is signed.`,
		UsageText: `pictap sign body.json
			curl -H "X-Pictify-Signature: $(pictap sign body.json)" --data-binary @body.json localhost:3000/hook
			printf %s '{"event":"x"}' | pictap sign --at 2026-01-29T10:30:00Z -`,
		ArgsUsage: "[FILE|-]",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "at", Usage: "sign as of `TIME` instead of now"},
			&cli.StringFlag{Name: "delivery", Usage: "sign the body of the stored delivery `ID`, such as d17 or last"},
			localSecretFlag(),
		},
		Action: env.action(env.sign),
	}
}

// signatureLine is what "sign" says to a program.
type signatureLine struct {
	lineHead
	Header    string `json:"header"` // the field's name
	Signature string `json:"signature"`
	T         int64  `json:"t"`
	V1        string `json:"v1"`
	Bytes     int    `json:"bytes"`
}

func (e Env) sign(c *cli.Context, p *printer) error {
	at, err := e.momentFlag(c)
	if err != nil {
		return err
	}
	in, err := e.oneInput(c)
	if err != nil {
		return err
	}
	if in.q.Cut {
		return fmt.Errorf("only %d bytes of %s were kept, so it cannot be signed", len(in.q.Body), in.id)
	}
	secret, _, err := e.localSecret(c)
	if err != nil {
		return err
	}
	header := pictify.Sign(secret, at, in.q.Body)
	if !p.json {
		p.data(header)
		return nil
	}
	sig, err := pictify.ParseSignature(header)
	if err != nil {
		return err
	}
	p.emit(signatureLine{p.head("signature"), pictify.SignatureHeader, header, sig.At, fmt.Sprintf("%x", sig.V1[0]), len(in.q.Body)})
	return nil
}

// momentFlag is the moment that --at names, else now.
func (e Env) momentFlag(c *cli.Context) (time.Time, error) {
	if !c.IsSet("at") {
		return e.now(), nil
	}
	return parseMoment("at", c.String("at"), e.now())
}

var errNotValid = errors.New("the signature is not valid")

// judgeFlags are what verify and explain have in common.
func judgeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "signature", Aliases: []string{"H"}, Usage: "the value of X-Pictify-Signature is `HEADER`; twice for a request that has two"},
		&cli.StringFlag{Name: "at", Usage: "judge the age as of `TIME` (default: now, or when the delivery arrived)"},
		&cli.StringFlag{Name: "delivery", Usage: "judge the stored delivery `ID`, such as d17 or last"},
	}
}

// Verify judges a signature.
func Verify(env Env) *cli.Command {
	return &cli.Command{
		Name:  "verify",
		Usage: "judge a signature: the verdict on stdout, exit code 0 if it is valid, else 1",
		Description: `Judges the bytes of FILE, of standard input or of a stored delivery. The verdict is valid,
unsigned, malformed, stale, mismatch or unknown-secret. A file that ends in .http has header and
body in it. The secret comes from --secret-file, PICTIFY_WEBHOOK_SECRET or the state: for a stored
delivery it is its subscription's. A test whose clock stands still judges with --at.`,
		UsageText: `pictap verify --signature "$HEADER" body.json
			pictap verify --at 2026-01-29T10:30:00Z request.http
			pictap verify --delivery last`,
		ArgsUsage: "[FILE|-]",
		Flags:     append(judgeFlags(), secretFileFlag("secret-file", "the secret", envSecret)),
		Action:    env.action(env.verify),
	}
}

// verdictLine is what "verify" says to a program.
type verdictLine struct {
	lineHead
	ID      string     `json:"id,omitempty"`
	Verdict string     `json:"verdict"`
	Reason  string     `json:"reason,omitempty"`
	Bytes   int        `json:"bytes"`
	Age     *int64     `json:"age_seconds,omitempty"` // of a signature whose time can be read; negative in the future
	Cause   *causeLine `json:"cause,omitempty"`
}

func (e Env) verify(c *cli.Context, p *printer) error {
	in, err := e.oneInput(c)
	if err != nil {
		return err
	}
	if err := in.needsSignature(c); err != nil {
		return err
	}
	known, err := e.knownSecrets(c, c.String("delivery") != "")
	if err != nil {
		return err
	}
	if err := known.complete(&in, !in.stored); err != nil {
		return err
	}
	in.q.Others = nil
	in.q.Budget = 1 // the verdict, and what the header shows
	cause := pictify.Explain(in.q)
	reason := reasonOf(in.q, cause)
	if p.json {
		p.emit(verdictLine{p.head("verdict"), in.id, string(cause.Verdict), clip(reason, longText), len(in.q.Body), ageOf(cause), nil})
	} else {
		p.data(string(cause.Verdict))
	}
	if cause.Verdict == pictify.Valid {
		return nil
	}
	err = fmt.Errorf("%w: %s", errNotValid, reason)
	hint := `"pictap explain" with the same words looks for the cause`
	if cause.Verdict == pictify.Stale {
		hint = "--at TIME judges it as of then, for a stored request or a test whose clock stands still"
	}
	return &outcome{code: exitFailed, hint: hint, err: err, said: true}
}

// reasonOf is why a delivery is not valid, in a few words.
func reasonOf(q pictify.Question, cause pictify.Cause) string {
	switch cause.Verdict {
	case pictify.Valid:
		return ""
	case pictify.Stale:
		return (&pictify.StaleError{Age: cause.Age}).Error()
	}
	values := signaturesIn(q.Header)
	if cause.Verdict == pictify.Malformed && len(values) == 1 {
		if _, err := pictify.ParseSignature(values[0]); err != nil {
			return err.Error()
		}
	}
	return map[pictify.Verdict]error{
		pictify.Unsigned: pictify.ErrUnsigned, pictify.Malformed: errSeveral, pictify.Mismatch: pictify.ErrMismatch, pictify.UnknownSecret: pictify.ErrUnknownSecret,
	}[cause.Verdict].Error()
}

var errSeveral = errors.New("there is more than one signature header")

// ageOf is the age of a signature in seconds, nil when its time cannot be read.
func ageOf(c pictify.Cause) *int64 {
	if c.Age == 0 && c.Verdict != pictify.Valid && c.Verdict != pictify.Mismatch {
		return nil
	}
	s := int64(c.Age / time.Second)
	return &s
}
