package command

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"pictap/fixtures"
)

// problemLine is something wrong with a file. A file that cannot be read has no line.
type problemLine struct {
	lineHead
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"` // in characters
	Path     string `json:"path,omitempty"`   // of the value: "data.width"
	Severity string `json:"severity"`         // "error" or "warning"
	Message  string `json:"message"`
}

// summaryLine says how much was checked and found.
type summaryLine struct {
	lineHead
	Files      int `json:"files"`
	Payloads   int `json:"payloads"`
	Signatures int `json:"signatures"` // that are right
	Errors     int `json:"errors"`
	Warnings   int `json:"warnings"`
	Unread     int `json:"unread"` // files and folders that could not be read
	Others     int `json:"others"` // in folders: files that are not of a kind that is checked, and links
}

// unread tells that a file could not be read, or not to its end.
func (r *checkRun) unread(name string, err error) {
	r.sum.Unread++
	r.say(problemLine{File: name, Severity: "error", Message: reason(err)})
}

func (r *checkRun) problem(name string, p fixtures.Problem) {
	line := problemLine{File: name, Line: p.Line, Column: p.Column, Path: p.Path, Severity: "error", Message: p.Text}
	if p.Unknown && !r.strict {
		line.Severity = "warning"
		r.sum.Warnings++
	} else {
		r.sum.Errors++
	}
	r.say(line)
}

func (r *checkRun) say(line problemLine) {
	r.bar.end()
	if r.p.json {
		line.lineHead = r.p.head("problem")
		line.File = clip(line.File, longText)
		r.p.emit(line)
		return
	}
	severity := r.p.paint.red(line.Severity)
	if line.Severity == "warning" {
		severity = r.p.paint.yellow(line.Severity)
	}
	place := sanitize(line.File, 300)
	if line.Line > 0 {
		place += fmt.Sprintf(":%d:%d", line.Line, line.Column)
	}
	text := line.Message
	if line.Path != "" {
		text = line.Path + ": " + text
	}
	r.p.data(fmt.Sprintf("%s: %s: %s", r.p.paint.bold(place), severity, sanitize(text, 900)))
}

// end sums up and decides how the run ended.
func (r *checkRun) end(interrupted bool) error {
	sum := r.sum
	r.bar.end()
	if r.p.json {
		sum.lineHead = r.p.head("summary")
		r.p.emit(sum)
	} else {
		r.p.note("%s", sum)
	}
	switch {
	case interrupted:
		return errInterrupted
	case sum.Unread > 0:
		return errUnread
	case sum.Errors > 0:
		return withCode(exitAssertion, fmt.Errorf("%w: %s", errInvalid, count(int64(sum.Errors), "problem")))
	}
	return nil
}

// String is the summary for people: "12 files, 30 payloads, 30 signatures right: 2 errors".
func (s summaryLine) String() string {
	checked := []string{count(int64(s.Files), "file"), count(int64(s.Payloads), "payload")}
	if s.Signatures > 0 {
		checked = append(checked, count(int64(s.Signatures), "signature")+" right")
	}
	var found []string
	for _, one := range []struct {
		n    int
		what string
	}{{s.Errors, "error"}, {s.Warnings, "warning"}} {
		if one.n > 0 {
			found = append(found, count(int64(one.n), one.what))
		}
	}
	if s.Unread > 0 {
		found = append(found, fmt.Sprintf("%d not read", s.Unread))
	}
	if found == nil {
		found = []string{"all valid"}
	}
	text := strings.Join(checked, ", ") + ": " + strings.Join(found, ", ")
	if s.Others > 0 {
		text += fmt.Sprintf(" (%s passed over)", count(int64(s.Others), "other file"))
	}
	return text
}

// reason is the cause of an error of a file, whose name is said already.
func reason(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathErr.Err
	}
	return err.Error()
}
