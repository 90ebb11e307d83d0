package store

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"pictap/tunnel/pictify"
)

// A Search chooses deliveries by words that must all hold. It is made by
// [ParseSearch]; the zero Search means all deliveries. It does not change, and may
// be used by several goroutines.
//
// Words are separated by blanks, and "!" or "-" in front of one turns it round:
//
//	event:render.*          the type; * stands for anything
//	verdict:mismatch        valid, unsigned, malformed, stale, mismatch, unknown-secret
//	state:held              waiting (or held), done, failed, kept
//	source:local            pictify, local
//	status:>=500            the app's last answer: 200, 5xx, <400, none
//	attempts:>1             likewise arrivals and bytes
//	after:10m               or 2026-01-29T10:00:00Z; before: likewise. Units: s m h d
//	d17  d3..d9  d9..       by number; last~2 is the one two before the newest
//	del_abc123              the sender's id; also delivery:abc
//	template:tmpl_x         data.templateId or data.templateUid
//	data.width:>1000        a path into the JSON body, compared as number
//	data.variables.tags:x   or as text: exactly, or with *; of a list, any element
//	data.userStorageUrl:*   it is there
//	hello                   that text, in either case, anywhere in body, event or ids
//
// A comma separates alternatives: status:none,5xx. Double quotes take the meaning from
// blanks, commas, colons and *, with \" and \\ inside: data.title:"Hello World".
type Search struct{ words []searchWord }

// A searchWord is one of the words, which must hold or, if not is set, must not.
type searchWord struct {
	not  bool
	test searchTest
}

// A searchTest is what a word asks of a delivery.
type searchTest interface {
	match(c *candidate) bool

	// where returns a condition in SQL that every delivery fulfils for which the
	// test holds, or, if not is set, does not hold; "" when there is none that is
	// cheap. It is exact when no other delivery fulfils it.
	where(not bool) (cond string, args []any, exact bool)

	// hint returns an FTS5 expression that is true of the text in the index (see
	// appendText) of every delivery for which the test holds; "" when there is none.
	hint() string

	// sieve returns what the census makes of the test; nil when it knows nothing of
	// what is asked for. Without a census it returns whether there is one, no more.
	sieve(*census) sieve

	// String is the word as it could have been typed.
	String() string
}

// Bounds on what a search may be.
const (
	maxSearch  = 4096 // bytes
	maxWords   = 50
	maxChoices = 100 // alternatives of one word
)

// A SearchError says what in the text of a search makes no sense.
type SearchError struct {
	Pos  int    // offset in bytes, of where it begins
	Text string // what is wrong
	Hint string // what would be right; may be ""
}

func (e *SearchError) Error() string { return e.Text }

// ParseSearch reads a search as people type it; see [Search] for the words. The
// error is a [*SearchError].
func ParseSearch(text string) (Search, error) {
	lexed, err := lexSearch(text)
	if err != nil {
		return Search{}, err
	}
	var s Search
	for _, l := range lexed {
		w, err := parseWord(l)
		if err != nil {
			return Search{}, err
		}
		s.words = append(s.words, w)
	}
	return s, nil
}

// And returns the search for what both choose.
func (s Search) And(other Search) Search {
	return Search{append(slices.Clip(s.words), other.words...)}
}

// EventIs returns the search for events of exactly this type, whatever is in its
// name.
func EventIs(t pictify.EventType) Search {
	return Search{[]searchWord{{test: globTest{"event", "event", []pattern{{string(t)}}}}}}
}

// IsAll reports whether the search has no words.
func (s Search) IsAll() bool { return len(s.words) == 0 }

// String returns a text that [ParseSearch] understands as the same search.
func (s Search) String() string {
	var words []string
	for _, w := range s.words {
		if w.not {
			words = append(words, "!"+w.test.String())
		} else {
			words = append(words, w.test.String())
		}
	}
	return strings.Join(words, " ")
}

// A lexeme is one character of a word. In quotes it means itself.
type lexeme struct {
	r      rune // emptyQuotes for ""
	pos    int
	quoted bool
}

const emptyQuotes = -1

// A lexedWord is a word without its quotes. It has at least one lexeme.
type lexedWord []lexeme

func (w lexedWord) is(i int, r rune) bool { return i < len(w) && w[i].r == r && !w[i].quoted }

// index returns where r stands outside of quotes, -1 if nowhere.
func (w lexedWord) index(r rune) int {
	return slices.IndexFunc(w, func(l lexeme) bool { return l.r == r && !l.quoted })
}

// split cuts w, which begins at pos, at each r that is not in quotes.
func (w lexedWord) split(r rune, pos int) []part {
	var list []part
	for {
		i := w.index(r)
		if i < 0 {
			return append(list, part{w, pos})
		}
		list = append(list, part{w[:i], pos})
		pos, w = w[i].pos+1, w[i+1:]
	}
}

// A part of a word may be empty; pos is where it begins or would.
type part struct {
	lexedWord
	pos int
}

func (w lexedWord) String() string {
	var b strings.Builder
	for _, l := range w {
		if l.r != emptyQuotes {
			b.WriteRune(l.r)
		}
	}
	return b.String()
}

// lexSearch cuts a text into words.
func lexSearch(text string) ([]lexedWord, error) {
	if len(text) > maxSearch {
		return nil, &SearchError{maxSearch, fmt.Sprintf("a search has at most %d bytes", maxSearch), ""}
	}
	var words []lexedWord
	var word lexedWord
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return nil, &SearchError{i, "this is not UTF-8", ""}
		case r == '"':
			part, end, err := lexQuoted(text, i)
			if err != nil {
				return nil, err
			}
			word = append(word, part...)
			size = end - i
		case !unicode.IsSpace(r):
			word = append(word, lexeme{r: r, pos: i})
		case len(word) > 0:
			words, word = append(words, word), nil
		}
		if len(words) == maxWords && len(word) > 0 {
			return nil, &SearchError{word[0].pos, fmt.Sprintf("a search has at most %d words", maxWords), ""}
		}
		i += size
	}
	if len(word) > 0 {
		words = append(words, word)
	}
	return words, nil
}

// lexQuoted reads what is in the quotes that begin at start; end is behind them.
func lexQuoted(text string, start int) (part lexedWord, end int, err error) {
	for i := start + 1; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		at := i
		i += size
		switch {
		case r == utf8.RuneError && size == 1:
			return nil, 0, &SearchError{at, "this is not UTF-8", ""}
		case r == '"' && len(part) == 0:
			return lexedWord{{emptyQuotes, start, true}}, i, nil
		case r == '"':
			return part, i, nil
		case r == '\\' && i < len(text) && (text[i] == '"' || text[i] == '\\'):
			r = rune(text[i])
			i++
		}
		part = append(part, lexeme{r, at, true})
	}
	return nil, 0, &SearchError{start, "these quotes are not closed", `write \" for quotes inside of quotes`}
}
