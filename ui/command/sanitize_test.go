package command

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestSanitize(t *testing.T) {
	tests := []struct {
		name, in string
		max      int
		want     string
	}{
		{"plain", "render.completed", 0, "render.completed"},
		{"letters of the world, symbols, marks", "Größe 1200×630 日本語 é ✓ 🙂", 0, "Größe 1200×630 日本語 é ✓ 🙂"},
		{"clear screen", "a\x1b[2Jb", 0, `a\x1b[2Jb`},
		{"window title", "\x1b]0;x\x07", 0, `\x1b]0;x\x07`},
		{"C1 as a byte", "\x9b2J", 0, `\x9b2J`},
		{"C1 as a rune", "\u009b2J", 0, `\u009b2J`},
		{"line breaks and tab", "a\r\nb\tc", 0, `a\x0d\x0ab\x09c`},
		{"backspace, delete, NUL", "\b\x7f\x00", 0, `\x08\x7f\x00`},
		{"right to left", "\u202egnp.exe", 0, `\u202egnp.exe`},
		{"isolate", "\u2066x", 0, `\u2066x`},
		{"zero width", "a\u200bb\ufeff", 0, `a\u200bb\ufeff`},
		{"line separator", "a\u2028b", 0, `a\u2028b`},
		{"tag rune", "a\U000e0041", 0, `a\U000e0041`},
		{"blanks that are not the space", "a\u00a0b\u3000c", 0, `a\u00a0b\u3000c`},
		{"a real replacement rune stays", "\ufffd", 0, "\ufffd"},
		{"fits exactly", "abcdef", 6, "abcdef"},
		{"cut", "abcdefg", 6, "abc…"},
		{"escapes are not cut in two", "ab\x1b\x1b\x1b", 10, `ab\x1b…`},
		{"runes are not cut in two", "ééééé", 8, "éé…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sanitize(tt.in, tt.max); got != tt.want {
				t.Errorf("sanitize(%q, %d) = %q, want %q", tt.in, tt.max, got, tt.want)
			}
		})
	}
}

func FuzzSanitize(f *testing.F) {
	for _, seed := range []string{"", "a b", "\x1b]52;c;AAAA\x07", "\x9b", "\u202e\u2066\u200b", strings.Repeat("é", 100), "\xed\xa0\x80"} {
		f.Add(seed, 20)
	}
	f.Fuzz(func(t *testing.T, in string, max int) {
		got := sanitize(in, max)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("sanitize(%q, %d) = %q is not printable", in, max, got)
		}
		if max >= len("…") && len(got) > max {
			t.Errorf("sanitize(%q, %d) has %d bytes", in, max, len(got))
		}
		if again := sanitize(got, 0); again != got {
			t.Errorf("sanitize(%q) = %q: escaped twice", got, again)
		}
	})
}

func TestColours(t *testing.T) {
	tests := []struct {
		name string
		when string
		tty  bool
		env  map[string]string
		want bool
	}{
		{"a terminal", "auto", true, nil, true},
		{"a pipe", "auto", false, nil, false},
		{"NO_COLOR", "auto", true, map[string]string{"NO_COLOR": "1"}, false},
		{"empty NO_COLOR is unset", "auto", true, map[string]string{"NO_COLOR": ""}, true},
		{"dumb terminal", "auto", true, map[string]string{"TERM": "dumb"}, false},
		{"on wins over all", "on", false, map[string]string{"NO_COLOR": "1", "TERM": "dumb"}, true},
		{"off", "off", true, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := Env{Getenv: func(name string) string { return tt.env[name] }}
			if got := env.colours(tt.when, tt.tty); got != tt.want {
				t.Errorf("colours(%q, %v) = %v, want %v", tt.when, tt.tty, got, tt.want)
			}
		})
	}
}

func TestPalette(t *testing.T) {
	if got := (palette{}).red("x"); got != "x" {
		t.Errorf("off: %q", got)
	}
	if got := (palette{on: true}).red("x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("on: %q", got)
	}
}
