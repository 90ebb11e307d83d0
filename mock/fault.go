package mock

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A FaultKind is a way in which a request goes wrong.
type FaultKind string

// The ways.
const (
	FaultStatus   FaultKind = "status"   // that error is answered, and the request is not carried out
	FaultReset    FaultKind = "reset"    // the connection is reset without an answer; not carried out
	FaultEmpty    FaultKind = "empty"    // the connection is closed without an answer; not carried out
	FaultHang     FaultKind = "hang"     // no answer comes until the connection is cut; not carried out
	FaultTruncate FaultKind = "truncate" // carried out, but half of the answer's body is missing
	FaultSlow     FaultKind = "slow"     // carried out, but the answer's body drips
	FaultType     FaultKind = "type"     // carried out, but the answer says that it is text/html
	FaultGone     FaultKind = "gone"     // 404 once the path was first asked for a while ago
)

// defaultFor is how long the kinds take that take a while, if nothing else is said.
var defaultFor = map[FaultKind]time.Duration{
	FaultHang: 5 * time.Minute, FaultSlow: 2 * time.Second, FaultGone: 10 * time.Second,
}

// A Fault is what goes wrong with a part of the requests.
type Fault struct {
	Method string // "" is any
	Path   string // without /v1 and /api; "*" stands for any text
	Kind   FaultKind
	Status int           // of FaultStatus
	For    time.Duration // of hang, slow and gone
	Part   float64       // of the requests that match, above 0 to 1

	Pictures bool // it is about all that serves pictures, and Path is ""
}

// picturesPath is written for the path of a fault of pictures.
const picturesPath = "pictures"

// String is the fault as [ParseFault] reads it.
func (f Fault) String() string {
	method := f.Method
	if method == "" {
		method = "*"
	}
	path := f.Path
	if f.Pictures {
		path = picturesPath
	}
	text := method + " " + path + "=" + f.what()
	if f.Part < 1 {
		text += ":" + partText(f.Part)
	}
	return text
}

// partText is "10%" where that is exact, and "0.1234567" where it is not.
func partText(part float64) string {
	text := strconv.FormatFloat(part*100, 'f', -1, 64) + "%"
	if again, err := parsePart(text); err == nil && again == part && len(text) < 10 {
		return text
	}
	return strconv.FormatFloat(part, 'g', -1, 64)
}

// what is the kind with its parameter.
func (f Fault) what() string {
	switch {
	case f.Kind == FaultStatus:
		return strconv.Itoa(f.Status)
	case defaultFor[f.Kind] != 0:
		return string(f.Kind) + "@" + f.For.String()
	}
	return string(f.Kind)
}

// matches reports whether a request is one that the fault is about.
func (f Fault) matches(r *http.Request) bool {
	if f.Method != "" && f.Method != r.Method {
		return false
	}
	if f.Pictures {
		return isPicture(withoutPrefix(r.URL.Path))
	}
	return matchPath(f.Path, r.URL.Path) || matchPath(f.Path, withoutPrefix(r.URL.Path))
}

// isPicture reports whether a path serves pictures: those of renders and templates
// below /media/, those of bindings at /b/, and those that a URL asks for at /r/.
func isPicture(path string) bool {
	return strings.HasPrefix(path, "/media/") || strings.HasPrefix(path, "/r/") || strings.HasPrefix(path, "/b/") && !strings.HasSuffix(path, "/url")
}

// ParseFault reads "[METHOD ]PATH=WHAT[@DURATION][:PART]", such as
// "POST /image=500:10%" or "GET /media/*=slow@3s". WHAT is a status from 400 to
// 599 or one of the other kinds. PART is "10%" or "0.1"; without it every request
// that matches has the fault. PATH may be "pictures", as [Fault.String] writes it.
func ParseFault(text string) (Fault, error) {
	place, what, found := cutLast(text, "=")
	if !found {
		return Fault{}, errors.New("it has no =, as in POST /image=500:10%")
	}
	f, err := parseWhat(what)
	if err != nil {
		return Fault{}, err
	}
	method, path, found := strings.Cut(strings.TrimSpace(place), " ")
	if !found {
		method, path = "*", method
	}
	f.Path = strings.TrimSpace(path)
	if method != "*" {
		f.Method = strings.ToUpper(method)
	}
	if !isToken(f.Method) {
		return Fault{}, fmt.Errorf("%q is no method", method)
	}
	if f.Path == picturesPath {
		f.Path, f.Pictures = "", true
		return f, nil
	}
	if f.Path == "" || f.Path[0] != '/' && f.Path[0] != '*' || strings.ContainsFunc(f.Path, isOdd) || len(f.Path) > 1000 {
		return Fault{}, fmt.Errorf("%q is no path: it begins with / or *, and has no blank in it", f.Path)
	}
	return f, nil
}

// ParseMediaFault reads "WHAT[@DURATION][:PART]" as a fault of the pictures that
// the mock serves: 404, gone, slow, truncate, type and so on.
func ParseMediaFault(text string) (Fault, error) {
	f, err := parseWhat(text)
	f.Pictures = err == nil
	return f, err
}

// parseWhat reads all of a fault but its place.
func parseWhat(text string) (f Fault, err error) {
	what, part, found := strings.Cut(strings.TrimSpace(text), ":")
	f.Part = 1
	if found {
		if f.Part, err = parsePart(part); err != nil {
			return Fault{}, err
		}
	}
	what, length, timed := strings.Cut(what, "@")
	f.Kind = FaultKind(what)
	if status, err := strconv.Atoi(what); err == nil {
		f.Kind, f.Status = FaultStatus, status
		if status < 400 || status > 599 || len(what) != 3 {
			return Fault{}, fmt.Errorf("%q is no status from 400 to 599", what)
		}
	} else if !slices.Contains(faultKinds(), f.Kind) {
		return Fault{}, fmt.Errorf("%q is no fault: there are a status and %s", what, kindList())
	}
	f.For = defaultFor[f.Kind]
	if timed {
		if f.For == 0 {
			return Fault{}, fmt.Errorf("%s takes no time", what)
		}
		if f.For, err = time.ParseDuration(length); err != nil || f.For <= 0 || f.For > time.Hour {
			return Fault{}, fmt.Errorf("%q is no time above 0s and up to 1h", length)
		}
	}
	return f, nil
}

func faultKinds() []FaultKind {
	return []FaultKind{FaultReset, FaultEmpty, FaultTruncate, FaultHang, FaultSlow, FaultType, FaultGone}
}

func kindList() string {
	var names []string
	for _, k := range faultKinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// parsePart reads "10%" or "0.1", above 0 and at most 1.
func parsePart(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	part, err := strconv.ParseFloat(number, 64)
	if percent {
		part /= 100
	}
	if err != nil || math.IsNaN(part) || part <= 0 || part > 1 {
		return 0, fmt.Errorf("%q is no part above 0 and up to 100%%", text)
	}
	return part, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// isToken reports whether s can be a method, or is none.
func isToken(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return (r < 'A' || r > 'Z') && r != '-' }) && len(s) <= 20
}

func isOdd(r rune) bool { return r <= ' ' || r == 0x7f }

// withoutPrefix is a path without the /v1 or /api that any path may have.
func withoutPrefix(path string) string {
	for _, prefix := range []string{"/v1", "/api"} {
		if below, ok := strings.CutPrefix(path, prefix+"/"); ok {
			return "/" + below
		}
	}
	return path
}

// matchPath reports whether path has the form of pattern, in which "*" stands for
// any text, slashes included. It takes time len(pattern)·len(path) at most.
func matchPath(pattern, path string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(path) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == path[i]:
			p, i = p+1, i+1
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
