package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// parseTime reads 10m, 1h30m, 2d, and RFC 3339.
func parseTime(key string, choices []part) (searchTest, error) {
	c := choices[0]
	if len(choices) > 1 {
		return nil, &SearchError{c.pos, key + " takes one time", ""}
	}
	t := timeTest{before: key == "before"}
	text := c.String()
	if ago, ok := parseAgo(text); ok {
		t.ago, t.text = ago, text
		return t, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || at.UTC().Year() < 1 || at.UTC().Year() > 9999 {
		return nil, &SearchError{c.pos, fmt.Sprintf("%q is not a time", text), "a time is 10m (ago; s, m, h, d) or 2026-01-29T10:00:00Z"}
	}
	t.at = at.UTC()
	return t, nil
}

// parseAgo reads numbers with units, such as 90s, 1h30m, 2d, up to a hundred years.
func parseAgo(text string) (ago time.Duration, ok bool) {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	const most = 100 * 366 * 24 * time.Hour
	for text != "" {
		digits := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
		if digits < 1 {
			return 0, false
		}
		n, err := strconv.ParseInt(text[:digits], 10, 64)
		unit := units[text[digits]]
		if err != nil || unit == 0 || n > int64(most/unit) {
			return 0, false
		}
		ago += time.Duration(n) * unit
		if ago > most {
			return 0, false
		}
		text, ok = text[digits+1:], true
	}
	return ago, ok
}

// parseIDs reads d17, d3..d9, d3.., last, last~2.
func parseIDs(_ string, choices []part) (searchTest, error) {
	var t idTest
	for _, c := range choices {
		text := c.String()
		from, to, isRange := strings.Cut(text, "..")
		var r idRange
		var ok1, ok2 bool
		if !isRange {
			r.from, ok1 = parseRef(from)
			r.to, ok2 = r.from, true
		} else {
			r.from, ok1 = parseRef(from)
			r.to, ok2 = parseRef(to)
			if from == "" && to != "" {
				r.from, ok1 = idRef{n: 1}, true
			} else if to == "" && from != "" {
				r.to, ok2 = idRef{n: maxSeq}, true
			}
		}
		if !ok1 || !ok2 || c.lexedWord[0].quoted {
			return nil, &SearchError{c.pos, fmt.Sprintf("%q is not a delivery", text), "deliveries are d17, d3..d9, last, or last~2 for the one two before"}
		}
		t.any = append(t.any, r)
	}
	return t, nil
}

func parseRef(text string) (ref idRef, ok bool) {
	if text == "last" {
		return idRef{last: true}, true
	}
	if back, isLast := strings.CutPrefix(text, "last~"); isLast {
		n, err := strconv.ParseUint(back, 10, 31)
		return idRef{last: true, n: int64(n)}, err == nil
	}
	if !strings.HasPrefix(text, "d") {
		return idRef{}, false
	}
	n, err := ParseID(text)
	return idRef{n: n}, err == nil
}

func parseTemplate(key string, choices []part) (searchTest, error) {
	t := pathTest{key: key, paths: [][]pattern{{{"data"}, {"templateId"}}, {{"data"}, {"templateUid"}}}}
	return t.withValues(choices)
}

func parsePath(key lexedWord, choices []part) (searchTest, error) {
	var path []pattern
	for _, step := range key.split('.', key[0].pos) {
		if len(step.lexedWord) == 0 {
			return nil, &SearchError{step.pos, "a name is missing in the path", "data.variables.title, or with quotes: data.variables.\"a.b\""}
		}
		path = append(path, newPattern(step.lexedWord))
	}
	return pathTest{paths: [][]pattern{path}}.withValues(choices)
}

func (t pathTest) withValues(choices []part) (searchTest, error) {
	for _, c := range choices {
		op, rest := operator(c.lexedWord)
		v := valueTest{op: op, want: newPattern(rest)}
		if op != "=" {
			number := rest.String()
			if !isNumber(number) {
				return nil, &SearchError{c.pos, fmt.Sprintf("%s needs a number behind it", op), ""}
			}
			v.want = pattern{number}
		}
		t.any = append(t.any, v)
	}
	return t, nil
}

// nearest returns the known word that is closest to word, "" if none is close.
func nearest(word string, known []string) string {
	best, most := "", max(1, len(word)/3)
	if len(word) > 64 {
		return ""
	}
	word = strings.ToLower(word)
	for _, k := range known {
		d := distance(word, k)
		if len(word) > 1 && strings.HasPrefix(k, word) || len(k) > 2 && strings.HasPrefix(word, k) {
			d = min(d, 1)
		}
		if d <= most && (best == "" || d < distance(word, best) || d == distance(word, best) && k < best) {
			best = k
		}
	}
	return best
}

// distance is how many letters have to change to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// quoteIfNeeded writes a literal so that it means itself.
func quoteIfNeeded(s string) string {
	for i, r := range s {
		if unicode.IsLetter(r) || r >= '0' && r <= '9' || r == '_' || r == '/' || i > 0 && strings.ContainsRune(".-+@%#~", r) {
			continue
		}
		return quoteAlways(s)
	}
	if s == "" {
		return `""`
	}
	return s
}

func quoteAlways(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
