package pictify_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"pictap/tunnel/pictify"
)

const canary = "whsec_c4n4ryc4n4ryc4n4ry"

// A holder has secrets wherever a struct can have them.
type holder struct {
	Exported pictify.Secret
	hidden   pictify.Secret
	Pointer  *pictify.Secret
	list     []pictify.Secret
	Map      map[string]pictify.Secret
	any      any
}

func newHolder() holder {
	s := pictify.NewSecret(canary)
	return holder{s, s, &s, []pictify.Secret{s}, map[string]pictify.Secret{"a": s}, s}
}

func mustNotLeak(t *testing.T, how, text string) {
	t.Helper()
	for _, form := range []string{canary, "c4n4ry", fmt.Sprintf("%x", canary), fmt.Sprintf("%X", "c4n4ry"), fmt.Sprint([]byte("c4n4ry"))} {
		if strings.Contains(text, form) {
			t.Errorf("%s shows the secret: %s", how, text)
		}
	}
}

func TestSecretInEveryVerb(t *testing.T) {
	h := newHolder()
	for _, value := range []any{h.Exported, &h.Exported, h, &h, []any{h}, errors.Join(fmt.Errorf("with %v", h.Exported))} {
		for _, flag := range []string{"", "+", "#", "-", " ", "0", "40", ".3"} {
			for _, verb := range "vTtbcdoOqxXUeEfFgGsp" {
				format := "%" + flag + string(verb)
				mustNotLeak(t, fmt.Sprintf("Sprintf(%q, %T)", format, value), fmt.Sprintf(format, value))
			}
		}
		mustNotLeak(t, "Sprint", fmt.Sprint(value))
		mustNotLeak(t, "Sprintln", fmt.Sprintln(value))
	}
}

func TestSecretInLogs(t *testing.T) {
	h := newHolder()
	var b bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		log := slog.New(handler).With("with", h.Exported)
		log.Info("message", "secret", h.Exported, "pointer", h.Pointer, "struct", h, "pointer to struct", &h, "list", h.list, "any", h.any)
		log.Info("message", slog.Group("group", "secret", h.Exported), "error", fmt.Errorf("with %v", h.Exported))
	}
	mustNotLeak(t, "slog", b.String())
	if !strings.Contains(b.String(), "whsec_…") {
		t.Errorf("log has no placeholder: %s", b.String())
	}
}

func TestSecretInEncodings(t *testing.T) {
	h := newHolder()
	for _, value := range []any{h.Exported, h.Pointer, h, &h, h.list, map[string]any{"k": h}} {
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatalf("json.Marshal(%T): %v", value, err)
		}
		mustNotLeak(t, fmt.Sprintf("json.Marshal(%T)", value), string(encoded))
	}
	encoded, err := xml.Marshal(h.Exported)
	if err != nil {
		t.Fatal(err)
	}
	mustNotLeak(t, "xml.Marshal", string(encoded))

	var b bytes.Buffer
	if err := template.Must(template.New("").Parse("{{.Exported}} {{printf \"%s\" .Pointer}} {{.Map}}")).Execute(&b, h); err != nil {
		t.Fatal(err)
	}
	mustNotLeak(t, "text/template", b.String())
}

func TestSecretText(t *testing.T) {
	for _, tt := range []struct{ text, shown, goString string }{
		{"", "", `pictify.Secret("")`},
		{"whsec_abc", "whsec_…", `pictify.Secret("whsec_…")`},
		{"pk_live_abc", "redacted", `pictify.Secret("redacted")`},
	} {
		s := pictify.NewSecret(tt.text)
		if s.Reveal() != tt.text || s.IsZero() != (tt.text == "") {
			t.Errorf("NewSecret(%q): Reveal = %q, IsZero = %t", tt.text, s.Reveal(), s.IsZero())
		}
		if s.String() != tt.shown || s.GoString() != tt.goString || fmt.Sprintf("%#v", s) != tt.goString {
			t.Errorf("NewSecret(%q): String = %q, GoString = %q, %%#v = %#v", tt.text, s.String(), s.GoString(), s)
		}
	}
}

func TestSecretVerbs(t *testing.T) {
	s := pictify.NewSecret("whsec_abc")
	for format, want := range map[string]string{
		"%v": "whsec_…", "%+v": "whsec_…", "%s": "whsec_…", "%q": `"whsec_…"`, "%d": "whsec_…", "%x": "whsec_…",
	} {
		if got := fmt.Sprintf(format, s); got != want {
			t.Errorf("Sprintf(%s) = %s, want %s", format, got, want)
		}
	}
}

func TestSecretEqual(t *testing.T) {
	a := pictify.NewSecret("whsec_a")
	for _, tt := range []struct {
		other pictify.Secret
		want  bool
	}{
		{a, true},
		{pictify.NewSecret("whsec_a"), true},
		{pictify.NewSecret("whsec_b"), false},
		{pictify.NewSecret("whsec_aa"), false},
		{pictify.Secret{}, false},
	} {
		if got := a.Equal(tt.other); got != tt.want {
			t.Errorf("Equal(%q) = %t, want %t", tt.other.Reveal(), got, tt.want)
		}
	}
	if !(pictify.Secret{}).Equal(pictify.NewSecret("")) {
		t.Error("the zero Secret is not equal to an empty one")
	}
}

func TestSecretUnmarshalJSON(t *testing.T) {
	var got struct{ A, B, C pictify.Secret }
	if err := json.Unmarshal([]byte(`{"A":"whsec_abc","B":null,"C":""}`), &got); err != nil {
		t.Fatal(err)
	}
	if got.A.Reveal() != "whsec_abc" || !got.B.IsZero() || !got.C.IsZero() {
		t.Errorf("read %q, %q, %q", got.A.Reveal(), got.B.Reveal(), got.C.Reveal())
	}
	for _, input := range []string{`"whsec_…"`, `"redacted"`, `5`, `{"c4n4ry":1}`, `["c4n4ry"]`} {
		err := json.Unmarshal([]byte(input), &got.A)
		if err == nil {
			t.Errorf("Unmarshal(%s) succeeded, want an error", input)
			continue
		}
		mustNotLeak(t, "error", err.Error())
	}
}

func TestGenerateSecret(t *testing.T) {
	s, err := pictify.GenerateSecret(strings.NewReader(strings.Repeat("Z", 32)))
	if want := "whsec_" + strings.Repeat("5a", 32); err != nil || s.Reveal() != want {
		t.Errorf("GenerateSecret = %q, %v, want %q", s.Reveal(), err, want)
	}
	if s, err := pictify.GenerateSecret(strings.NewReader("short")); !errors.Is(err, io.ErrUnexpectedEOF) || !s.IsZero() {
		t.Errorf("GenerateSecret(short source) = %q, %v, want no secret and %v", s.Reveal(), err, io.ErrUnexpectedEOF)
	}
}
