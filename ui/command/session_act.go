package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"pictap/fixtures"
	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

// acts are what the page can do with a delivery.
func (s *session) acts() ui.Acts {
	return ui.Acts{
		Validate: validateEdited,
		Send:     s.sendEdited,
		Copy:     s.copyDelivery, CopyForms: copyChoices(),
		Fixture: s.saveFixture,
		Export:  s.exportPage, ExportForms: exportChoices(),
	}
}

// maxShownProblems is how many problems of an edited body the page is told.
const maxShownProblems = 100

// validateEdited holds a body to the schema of the type that it names, and the type
// that goes into the header to the body.
func validateEdited(event pictify.EventType, body []byte) []ui.Problem {
	var list []ui.Problem
	if e, err := pictify.ParseEvent(body); err == nil && e.Type != event {
		list = append(list, ui.Problem{Line: 1, Column: 1, Path: "event", Warning: true,
			Text: fmt.Sprintf("is %q, but the header will say %q", clip(string(e.Type), shortText), clip(string(event), shortText))})
	}
	for _, p := range fixtures.Validate(body) {
		if len(list) == maxShownProblems {
			break
		}
		list = append(list, ui.Problem{Line: p.Line, Column: p.Column, Path: p.Path, Text: p.Text, Warning: p.Unknown})
	}
	return list
}

// editedHeader says of an edited event in the store which delivery it was made from.
// Like all of ours it is not handed on to the app.
const editedHeader = "X-Pictap-Edited"

// sendEdited sends a body through our own receiver, signed with the local secret,
// as trigger does. It comes in by the path of its type; one that is not
// documented by the first path, as a new type of Pictify's would come by some path.
func (s *session) sendEdited(ctx context.Context, o ui.Outgoing) (seq int64, err error) {
	hooks := s.hooks.Local()
	if len(hooks) == 0 {
		return 0, errors.New("no path takes what is made here")
	}
	hook := hooks[0]
	if i := slices.IndexFunc(hooks, func(h tunnel.Hook) bool { return h.Event == o.Event }); i >= 0 {
		hook = hooks[i]
	}
	before, err := s.store.LastRev(ctx)
	if err != nil {
		return 0, err
	}
	at := s.env.now()
	id := fixtures.New(at.UnixNano(), at, "").NewDeliveryID()
	m := pictify.NewMessage(pictify.NewSigner(s.cfg.secret), s.nextSecond(at), o.Event, id, o.Body)
	if o.Of > 0 {
		m.Header = append(m.Header, pictify.Field{Name: editedHeader, Value: store.Delivery{Seq: o.Of}.ID()})
	}
	r := s.sender.Send(ctx, "http://"+s.door.Addr().String()+s.hooks.Path(hook.Token), m)
	seq, err = s.findSent(ctx, before, id)
	switch {
	case err != nil:
		return 0, err
	case seq == 0 && r.Status == http.StatusRequestEntityTooLarge:
		return 0, &ui.Refusal{Code: r.Status, Text: "it is longer than a delivery may be"}
	case seq == 0:
		return 0, &ui.Refusal{Code: http.StatusBadGateway, Text: "our own receiver did not take it: " + clip(r.Problem(), shortText)}
	}
	return seq, nil // with --ack relay the answer is the app's, which the delivery has
}

// nextSecond is now, or later by so many seconds as have been used: a signature knows
// only seconds, and the same bytes signed twice in one would be one delivery.
func (s *session) nextSecond(now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	now = now.Truncate(time.Second)
	if !now.After(s.signed) {
		now = s.signed.Add(time.Second)
	}
	s.signed = now
	return now
}

// findSent finds the delivery with an id of our making among what changed after a
// revision; 0 when there is none. It is stored when the receiver has answered.
func (s *session) findSent(ctx context.Context, rev int64, id string) (int64, error) {
	for {
		list, err := s.store.Since(ctx, rev, tellBatch)
		if err != nil || len(list) == 0 {
			return 0, err
		}
		for _, d := range list {
			if d.DeliveryID == id {
				return d.Seq, nil
			}
		}
		rev = list[len(list)-1].Rev
	}
}

// maxCopied is the longest body that is put into a command, in bytes.
const maxCopied = 256 << 10

func (s *session) copyDelivery(_ context.Context, d store.Delivery, name string) (text, note string, err error) {
	form, ok := findRequestForm(name)
	if !ok {
		return "", "", fmt.Errorf("no form %s", name) // the page offers only those that there are
	}
	if err := wholeBody(d); err != nil {
		return "", "", err
	}
	if len(d.Body) > maxCopied {
		return "", "", &ui.Refusal{Code: http.StatusRequestEntityTooLarge, Text: fmt.Sprintf(
			"its body is too long to paste; in a terminal: pictap trigger --from %s --as %s", d.ID(), form.name)}
	}
	m, note := s.requestOf(d)
	if s.cfg.target == nil {
		return form.write(captureTarget, m), strings.TrimSpace("There is no app to send it to, so it goes to the guide's address. " + note), nil
	}
	return form.write(s.cfg.target.String(), m), note, nil
}

func wholeBody(d store.Delivery) error {
	if int64(len(d.Body)) < d.BodySize {
		return &ui.Refusal{Code: http.StatusConflict, Text: fmt.Sprintf("only %d of its %d bytes were kept", len(d.Body), d.BodySize)}
	}
	return nil
}

// requestOf is a delivery as the app gets it: what the signature is about, and what
// says how to read it. As in a replay, only what had verified is signed anew.
func (s *session) requestOf(d store.Delivery) (m pictify.Message, note string) {
	m.Body = d.Body
	genuine := d.Verdict == pictify.Valid || d.Verdict == pictify.Stale
	if !genuine {
		note = "It did not verify, so it has the signature that it came with."
	}
	seen, odd := map[string]bool{}, 0
	for _, f := range d.Header {
		name := strings.ToLower(f.Name)
		switch {
		case seen[name], name != "content-type" && name != "content-encoding" && !strings.HasPrefix(name, "x-pictify-"):
			continue
		case name == "x-pictify-signature" && genuine && s.cfg.resign:
			f.Value = pictify.Sign(s.cfg.secret, s.env.now(), d.Body)
		}
		if !utf8.ValidString(f.Value) || strings.ContainsFunc(f.Value, func(r rune) bool { return !unicode.IsPrint(r) }) {
			odd++
			continue
		}
		seen[name] = true
		m.Header = append(m.Header, f)
	}
	if odd > 0 {
		note = strings.TrimSpace(note + " Fields of its header that are not plain text are left out.")
	}
	return m, note
}

// fixtureFolder is where the page writes fixtures, below the folder that listen was
// started in, which as a rule is the project's.
var fixtureFolder = filepath.Join("testdata", "pictify")

var fixtureName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// saveFixture writes a delivery as "fixtures capture" does, but for the manifest,
// which is about a whole folder. It replaces nothing.
func (s *session) saveFixture(ctx context.Context, d store.Delivery, name string, exact bool) (path string, err error) {
	if err := wholeBody(d); err != nil {
		return "", err
	}
	ending := "json"
	switch {
	case json.Valid(d.Body):
	case exact:
		ending = "bin"
	default:
		return "", &ui.Refusal{Code: http.StatusUnprocessableEntity, Text: "it is no JSON, so nobody can tell what in it is personal; save the exact bytes, if you mean it"}
	}
	if name, err = nameFixture(name, d, ending); err != nil {
		return "", err
	}
	body := d.Body
	if !exact {
		files, err := redactAll(ctx, new(fixtures.Redactor), []store.Delivery{d})
		if errors.Is(err, fixtures.ErrLeft) {
			return "", &ui.Refusal{Code: http.StatusUnprocessableEntity, Text: "nothing was written: something personal in it is also the name of a member, and names stay"}
		}
		if err != nil {
			return "", err
		}
		body = files[0].body
	}
	folder, err := fixtures.OpenFolder(fixtureFolder)
	if err != nil {
		return "", &ui.Refusal{Code: http.StatusConflict, Text: err.Error()}
	}
	defer folder.Close()
	folder.Mode = 0o600
	path = filepath.Join(fixtureFolder, name)
	err = folder.Write(name, body)
	if errors.Is(err, fixtures.ErrExists) {
		return "", &ui.Refusal{Code: http.StatusConflict, Text: path + " exists already; nothing was overwritten"}
	}
	return path, err
}

// nameFixture is the name of a fixture: the one wanted, if that can be a name on every
// system, else one of our own making.
func nameFixture(wanted string, d store.Delivery, ending string) (string, error) {
	if wanted == "" {
		return fileName(d.Event, d.ID(), ending), nil
	}
	name := strings.TrimSuffix(wanted, "."+ending) + "." + ending
	if !fixtureName.MatchString(name) || !filepath.IsLocal(name) || reservedName.MatchString(name) {
		return "", &ui.Refusal{Code: http.StatusBadRequest, Text: "a name has letters, digits, dots, - and _, at most 100 of them, begins with a letter or digit, and is no device of Windows such as con"}
	}
	return name, nil
}

// reservedName matches what Windows takes for a device, on every system: the files
// go into repositories.
var reservedName = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)`)
