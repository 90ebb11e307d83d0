package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"time"

	"pictap/fixtures"
	"pictap/mock"
	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// ExitCode is how a run of pictap ended, for scripts. They are a contract:
// a number never changes its meaning.
type ExitCode int

const (
	exitOK          ExitCode = 0
	exitFailed      ExitCode = 1
	exitUsage       ExitCode = 2
	exitDenied      ExitCode = 3 // key, plan or permission
	exitNetwork     ExitCode = 4 // network or tunnel
	exitTimeout     ExitCode = 5
	exitAssertion   ExitCode = 6 // an assertion or a battery failed
	exitLeftovers   ExitCode = 7 // cleanup incomplete; what is left was printed
	exitInterrupted ExitCode = 130
)

// A usageError says that the words on the command line, or the variables of the
// environment, do not make sense. Nothing has been done.
type usageError struct {
	msg, hint string
	place     []string // lines that show where; may be nil
}

func (e *usageError) Error() string { return e.msg }

func usagef(format string, args ...any) *usageError {
	return &usageError{msg: fmt.Sprintf(format, args...)}
}

func (e *usageError) withHint(format string, args ...any) *usageError {
	e.hint = fmt.Sprintf(format, args...)
	return e
}

// An outcome is an error whose exit code, and perhaps hint, the command knows
// better than the table in explain: the zero code or hint leaves them to it.
type outcome struct {
	code ExitCode
	hint string
	err  error

	said   bool // stdout has it already: no line of its own in JSON mode
	silent bool // so have people
}

func (o *outcome) Error() string { return o.err.Error() }
func (o *outcome) Unwrap() error { return o.err }

// withCode makes err end the program with code; nil stays nil.
func withCode(code ExitCode, err error) error {
	if err == nil {
		return nil
	}
	return &outcome{code: code, err: err}
}

// withHint adds what to do about err; nil stays nil.
func withHint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &outcome{err: err, hint: fmt.Sprintf(format, args...)}
}

// An explanation is what pictap makes of an error: how it exits, and what the
// user can do.
type explanation struct {
	code ExitCode
	hint string
}

// explain is the one place where errors meet exit codes and advice. Rows are
// tried in order; the first that matches wins, so particular ones come first.
func explain(err error) explanation {
	var (
		usage *usageError
		known *outcome
		api   *pictify.APIError
		held  *store.HeldError
		netOp *net.OpError

		refused     *tunnel.NgrokError
		unreachable *tunnel.UnreachableError
	)
	switch {
	case errors.As(err, &usage):
		return explanation{exitUsage, usage.hint}
	case errors.As(err, &known):
		rest := explain(known.err)
		if known.code != exitOK {
			rest.code = known.code
		}
		if known.hint != "" {
			rest.hint = known.hint
		}
		return rest

	// Pictify's answers.
	case errors.Is(err, pictify.ErrUnauthorized):
		return explanation{exitDenied, "check " + envAPIKey + ": the key is unknown, revoked, or of another account; " +
			"keys are made at https://pictify.io/dashboard"}
	case errors.Is(err, pictify.ErrForbidden):
		return explanation{exitDenied, "the key's plan or role does not include webhooks; " +
			`"pictap demo" needs neither key nor plan`}
	case errors.Is(err, pictify.ErrRateLimited):
		return explanation{exitNetwork, retryHint(err)}
	case errors.Is(err, pictify.ErrInsecureBase):
		return explanation{exitUsage, "a key goes only over https; plain http is for a mock on this machine"}
	case errors.Is(err, pictify.ErrBadAnswer):
		return explanation{exitNetwork, "is " + envBaseURL + " really the address of the Pictify API?"}
	case errors.As(err, &api) && api.Status >= 500:
		return explanation{exitNetwork, "Pictify has trouble; try again in a minute"}
	case errors.As(err, &api):
		return explanation{exitFailed, ""}

	// The tunnel.
	case errors.Is(err, tunnel.ErrNoAuthtoken):
		return explanation{exitDenied, "set " + envAuthtoken + ", from https://dashboard.ngrok.com/get-started/your-authtoken; " +
			"without one: --public-url, --tunnel none, or pictap demo"}
	case errors.As(err, &refused):
		return explainNgrok(refused)
	case errors.As(err, &unreachable):
		return explanation{exitNetwork, "is this machine online, and does a firewall or proxy let it through? " +
			"--public-url uses a tunnel of your own"}
	case errors.Is(err, errTunnelEnded):
		return explanation{exitNetwork, ""}
	case errors.Is(err, tunnel.ErrNotVerified):
		return explanation{exitFailed, "--as-received sends it as it came, with the signature that it had"}

	// What is on disk.
	case errors.Is(err, fixtures.ErrExists):
		return explanation{exitFailed, "--force replaces it"}
	case errors.Is(err, fixtures.ErrLeft):
		return explanation{exitFailed, "nothing was written: the value may also be the name of a member, and names stay; leave that delivery out with !d17"}
	case errors.As(err, &held):
		return explanation{exitFailed, "stop it first, or give this one a state of its own with --state-dir"}
	case errors.Is(err, mock.ErrStateTaken):
		return explanation{exitFailed, "nothing was overwritten; does another mock use that file?"}
	case errors.Is(err, mock.ErrStateNewer):
		return explanation{exitFailed, "upgrade pictap, or choose another file"}
	case errors.Is(err, store.ErrNewer):
		return explanation{exitFailed, "upgrade pictap, or choose another place with --state-dir"}
	case errors.Is(err, mock.ErrStateTarget):
		return explanation{exitFailed, "nothing was changed; pictap mock --allow-target HOST allows it"}
	case errors.Is(err, store.ErrCorrupt), errors.Is(err, store.ErrForeign), errors.Is(err, mock.ErrStateCorrupt):
		return explanation{exitFailed, "nothing was changed; move the file away to start afresh"}
	case errors.Is(err, store.ErrNotFound):
		return explanation{exitFailed, `"pictap events list" shows what is stored`}
	case errors.Is(err, errForeign):
		return explanation{exitFailed, "choose a directory of your own with --state-dir or PICTAP_STATE_DIR"}
	case errors.Is(err, errNoHome):
		return explanation{exitUsage, "set HOME, or name a directory with --state-dir or PICTAP_STATE_DIR"}
	case errors.Is(err, errDamaged):
		return explanation{exitFailed, "pictap overwrites nothing that it did not understand; move the file away to start afresh"}
	case errors.Is(err, syscall.ENOSPC):
		return explanation{exitFailed, "the disk is full"}
	case errors.Is(err, syscall.EROFS):
		return explanation{exitFailed, "the file system is read-only; choose another place"}
	case errors.Is(err, fs.ErrPermission) && !errors.As(err, &netOp):
		return explanation{exitFailed, "check who may write there, or choose another place with --state-dir or --out"}

	// Ports and the network. A timeout of one request is the network's; a
	// command that waits for something says withCode(exitTimeout, …) itself.
	case errors.Is(err, errAddressInUse):
		return explanation{exitFailed, "another program listens there; choose another address, or let the port be 0"}
	case errors.As(err, &netOp) && netOp.Op == "listen":
		return explanation{exitFailed, ""}
	case errors.As(err, new(*net.DNSError)):
		return explanation{exitNetwork, `is this machine online? "pictap demo" needs no network`}
	case errors.As(err, &netOp), errors.Is(err, context.DeadlineExceeded), isNetTimeout(err):
		return explanation{exitNetwork, ""}
	}
	return explanation{exitFailed, ""}
}

// explainNgrok says what each refusal asks for. Source: ngrok.com/docs/errors (2026).
func explainNgrok(err *tunnel.NgrokError) explanation {
	const tokens = "https://dashboard.ngrok.com/get-started/your-authtoken"
	switch err.Code {
	case "ERR_NGROK_4018", "ERR_NGROK_105", "ERR_NGROK_106", "ERR_NGROK_107", "ERR_NGROK_205":
		return explanation{exitDenied, "set " + envAuthtoken + " to a valid token, from " + tokens}
	case "ERR_NGROK_108":
		return explanation{exitDenied, "the account's agents are all in use: stop one, or use a tunnel of your own with --public-url"}
	case "ERR_NGROK_334":
		return explanation{exitNetwork, "another agent is online at that address: stop it, or ask for another one with --url"}
	case "ERR_NGROK_319", "ERR_NGROK_320", "ERR_NGROK_9037":
		return explanation{exitDenied, "that address is not the account's: reserve it at https://dashboard.ngrok.com/domains, or leave --url out"}
	case "ERR_NGROK_120":
		return explanation{exitNetwork, "upgrade pictap"}
	case "":
		return explanation{exitNetwork, ""}
	}
	return explanation{exitNetwork, "see https://ngrok.com/docs/errors/" + strings.ToLower(err.Code)}
}

func isNetTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// retryHint says how long Pictify asked us to wait.
func retryHint(err error) string {
	var api *pictify.APIError
	if errors.As(err, &api) && api.RetryAfter > 0 {
		return fmt.Sprintf("Pictify's rate limit is used up; try again in %s", api.RetryAfter.Round(time.Second))
	}
	return "Pictify's rate limit is used up; try again in a minute"
}

// Report tells the user how a run ended and returns the exit code. A nil error
// is silent success. Others go to stderr as "pictap: error: …" and "pictap:
// hint: …", and in JSON mode to stdout as one line {"type":"error",…} too.
//
// Whatever the error, the code of a run that was interrupted twice is 130.
func (e Env) Report(err error) int {
	code := exitOK
	if err != nil {
		x := explain(err)
		code = x.code
		message := sanitize(strings.TrimSpace(err.Error()), 1000)
		hint := sanitize(x.hint, 1000)
		known, _ := errors.AsType[*outcome](err)
		if e.json && (known == nil || !known.said) {
			newPrinter(e, true, "off").emit(errorLine{lineHead{"error", 0, stamp(e.now())}, int(x.code), message, hint})
		}
		if known == nil || !known.silent {
			fmt.Fprintf(e.stderr(), "pictap: error: %s\n", message)
		}
		if usage, ok := errors.AsType[*usageError](err); ok {
			for _, line := range usage.place {
				fmt.Fprintln(e.stderr(), line)
			}
		}
		if hint != "" {
			fmt.Fprintf(e.stderr(), "pictap: hint: %s\n", hint)
		}
	}
	if e.hurried() {
		code = exitInterrupted
	}
	return int(code)
}
