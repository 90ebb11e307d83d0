package command

import (
	"fmt"
	"strings"
	"time"

	"pictap/tunnel/pictify"
)

// A causeLine is why a delivery does not verify, in words: in lines of NDJSON as
// it is, for people through its Sentence and Change.
type causeLine struct {
	Code     string         `json:"code"` // of the first mistake; "unknown", "not-examined"
	Also     []string       `json:"also,omitempty"`
	Sentence string         `json:"sentence"`
	Change   string         `json:"change,omitempty"`
	Proven   bool           `json:"proven"` // computed, not only seen in the header
	RuledOut map[string]int `json:"ruled_out,omitempty"`
	Partial  bool           `json:"partial,omitempty"` // the body is too large to try everything
}

// notExamined is the cause of one of too many.
func notExamined(why string) *causeLine { return &causeLine{Code: "not-examined", Sentence: why} }

// newCauseLine puts a cause into words; nil when there is nothing to explain.
func newCauseLine(c pictify.Cause) *causeLine {
	if c.Verdict == pictify.Valid && len(c.Faults) == 0 && !c.Handler {
		return nil
	}
	line := &causeLine{Proven: c.Proven, Partial: c.Partial}
	if len(c.Faults) == 0 {
		line.Code, line.Sentence = "unknown", unknownSentence(c)
		line.RuledOut = make(map[string]int)
		for _, t := range c.Tried {
			line.RuledOut[string(t.Kind)] = t.Count
		}
		return line
	}
	line.Code = string(c.Faults[0].Code)
	for _, f := range c.Faults[1:] {
		line.Also = append(line.Also, string(f.Code))
	}
	line.Sentence, line.Change = sentence(c), change(c)
	return line
}

// sentence says what happened.
func sentence(c pictify.Cause) string {
	came := "arrived"
	if c.Handler {
		came = "were sent"
	}
	var header, digest []string
	for _, f := range c.Faults {
		w := faultWords[f.Code]
		said := fill(w.says, f.Detail, c.Age)
		switch {
		case f.Detail == pictify.WithNewline:
			said += ", with a line feed at its end"
		case f.Detail == pictify.Reencoded:
			said += ", written again"
		}
		if c.Saw {
			said = strings.Replace(said, "is of ", "is ", 1)
		} else if isBodyForm(f.Code) {
			said += ", not of the bytes that " + came
		}
		if w.header {
			header = append(header, said)
		} else {
			digest = append(digest, said)
		}
	}
	subject := "The signature "
	if c.Handler {
		subject = "What your handler computed "
	}
	if c.Saw {
		subject = "What your handler saw "
	}
	var parts []string
	if len(header) > 0 {
		about := "The header "
		if strings.HasPrefix(header[0], "is rightly") {
			about = "The delivery "
		}
		parts = append(parts, about+strings.Join(header, ", and "))
	}
	if len(digest) > 0 {
		parts = append(parts, subject+strings.Join(digest, ", and "))
	}
	text := strings.Join(parts, ". ") + "."
	if !c.Proven && len(c.Tried) > 0 {
		text += " Read leniently, its digest does not fit either."
	}
	return text
}

// change says what to do, once for each mistake.
func change(c pictify.Cause) string {
	var all []string
	for _, f := range c.Faults {
		text := faultWords[f.Code].change
		if !c.Handler && isBodyForm(f.Code) {
			text = "sign the very bytes that are sent: encode once, keep the result, sign it and send it; a proxy must not rewrite it"
		}
		repeated := false
		for _, before := range all {
			repeated = repeated || before == text
		}
		if !repeated {
			all = append(all, text)
		}
	}
	return strings.Join(all, "; ")
}

// isBodyForm reports whether a mistake is that the body was signed in another form.
func isBodyForm(code pictify.FaultCode) bool {
	return strings.HasPrefix(string(code), "json-") || strings.HasPrefix(string(code), "text-")
}

func fill(says, detail string, age time.Duration) string {
	shown := detail
	switch detail {
	case "":
		shown = "nothing"
	case " ":
		shown = "a blank"
	case "\n", "\r\n":
		shown = "a line break"
	}
	return strings.NewReplacer("{d}", shown, "{age}", ageText(age.Abs())).Replace(says)
}

// ageText is a duration as people say it.
func ageText(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return count(int(d.Seconds()), "second")
	case d < 2*time.Hour:
		return count(int(d.Minutes()), "minute")
	case d < 48*time.Hour:
		return fmt.Sprintf("%s and %s", count(int(d.Hours()), "hour"), count(int(d.Minutes())%60, "minute"))
	}
	return count(int(d.Hours())/24, "day")
}

// kindWords are what was ruled out, with %d for how many were tried.
var kindWords = []struct {
	kind pictify.Kind
	one  string
}{
	{pictify.KindSecrets, "other known secret"},
	{pictify.KindSpelling, "misread secret"},
	{pictify.KindMessage, "other layout of the signed text"},
	{pictify.KindDigest, "other digest"},
	{pictify.KindBody, "other form of the body"},
	{pictify.KindPrefix, "beginning of the body"},
	{pictify.KindSeveral, "combination of those"},
}

func unknownSentence(c pictify.Cause) string {
	if len(c.Tried) == 0 {
		return "The cause is not known, and nothing could be tried."
	}
	var ruled []string
	for _, t := range c.Tried {
		for _, w := range kindWords {
			if w.kind == t.Kind {
				ruled = append(ruled, counted(t.Count, w.one))
			}
		}
	}
	text := "The cause is not known. Ruled out: " + strings.Join(ruled, ", ") + "."
	if c.Partial {
		text += " The body is too large to try everything."
	}
	return text
}

// counted is plural for words whose first noun takes the s.
func counted(n int, thing string) string {
	for _, noun := range []string{"secret", "layout", "digest", "form", "beginning", "combination"} {
		if n != 1 && strings.Contains(thing, noun) {
			thing = strings.Replace(thing, noun, noun+"s", 1)
			break
		}
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// differenceText shows where two bodies part, one below the other.
func differenceText(paint palette, d *pictify.Difference) []string {
	if d == nil {
		return nil
	}
	return []string{
		fmt.Sprintf("first difference at byte %d (%d bytes were sent, %d seen):", d.Offset, d.SentBytes, d.SeenBytes),
		"  sent  " + sanitize(string(d.Sent[:d.Before]), 0) + paint.green(sanitize(string(d.Sent[d.Before:]), 0)),
		"  seen  " + sanitize(string(d.Seen[:d.Before]), 0) + paint.red(sanitize(string(d.Seen[d.Before:]), 0)),
	}
}
