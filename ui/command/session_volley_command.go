package command

import (
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"pictap/ui"
)

// commandFor is the pictap trigger that sends the same payloads as a volley of the page, for
// a POSIX shell. It goes to the app that deliveries are forwarded to, without us between them.
func (s *session) commandFor(w ui.Volley, v *volley) string {
	words := []string{"pictap", "trigger"}
	add := func(flag, value string) { words = append(words, "--"+flag+"="+value) }
	if w.Scenario != "" {
		add("scenario", w.Scenario)
	} else {
		words = append(words, string(w.Event))
	}
	add("seed", strconv.FormatInt(int64(v.seed), 10))
	if w.At != "" {
		add("at", w.At)
	}
	if w.Type != "" {
		add("type", w.Type)
	}
	if v.media != "" {
		add("media-base", v.media)
	}
	if w.Strict {
		words = append(words, "--strict")
	}
	if w.ID != "" {
		add("id", w.ID)
	}
	words = append(words, editFlags(w.Edits)...)
	for _, t := range w.Tamper {
		add("tamper", t)
	}
	words = append(words, amountFlags(w)...)
	if standard, err := defaultStateDir(runtime.GOOS, s.env.getenv); err != nil || standard != s.cfg.state.dir {
		add("state-dir", s.cfg.state.dir)
	}
	for i, word := range words {
		words[i] = shellWord(word)
	}
	return strings.Join(words, " ")
}

func editFlags(edits []ui.Edit) []string {
	var words []string
	for _, e := range edits {
		switch {
		case e.Remove:
			words = append(words, "--unset="+e.Path)
		case e.New:
			words = append(words, "--add="+e.Path+"="+e.Value)
		default:
			words = append(words, "--set="+e.Path+"="+e.Value)
		}
	}
	return words
}

func amountFlags(w ui.Volley) []string {
	var words []string
	number := func(flag string, n *int) {
		if n != nil && (*n != 1 || flag == "concurrency") {
			words = append(words, "--"+flag+"="+strconv.Itoa(*n))
		}
	}
	number("count", w.Count)
	number("duplicate", w.Duplicate)
	if w.Shuffle {
		words = append(words, "--shuffle")
	}
	if w.Drop > 0 {
		words = append(words, "--drop="+decimal(w.Drop)+"%")
	}
	if w.Delay != "" {
		words = append(words, "--delay="+w.Delay)
	}
	if w.Rate != nil {
		words = append(words, "--rate="+decimal(*w.Rate)+"/s")
	}
	number("concurrency", w.Together)
	return words
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// plainWord is what means itself in every POSIX shell.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+,-]+$`)

// shellWord quotes a word for a POSIX shell: within single quotes nothing has a meaning but
// the single quote.
func shellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
