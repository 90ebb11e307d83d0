package wire

import (
	"bytes"
	"cmp"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"pictap/tunnel/pictify"
)

// Nearly all answers of a webhook handler are short, arrive whole, and have a
// Content-Length. Reading those takes net/http four times as long as finding out
// that they are of that kind, which at twenty thousand a second is what decides.
// Whatever is not of that kind net/http reads; a fuzz target holds the two to the
// same meaning.

const maxPlainFields = 32

// plainAnswer reads an answer of the usual form. Where ok is false nothing was
// consumed: it has another form, or is not there as a whole, or not at all.
func (cn *conn) plainAnswer(method string, most int64) (a Answer, ok bool) {
	if method == "HEAD" || method == "CONNECT" {
		return a, false
	}
	if _, err := cn.br.Peek(1); err != nil { // waits
		return a, false
	}
	buffered, _ := cn.br.Peek(cn.br.Buffered())
	end := bytes.Index(buffered, []byte("\r\n\r\n"))
	if end < 0 {
		return a, false
	}
	head := string(buffered[:end+2]) // each line ends with \r\n
	length, ok := a.readHead(head)
	total := int64(end) + 4 + length
	if !ok || length > most || total > int64(len(buffered)) {
		return Answer{}, false
	}
	if length > 0 {
		a.Body = bytes.Clone(buffered[end+4 : total])
	}
	cn.br.Discard(int(total))
	return a, true
}

// readHead reads status and fields, and returns the length of the body. ok is
// false for everything that is not beyond doubt.
func (a *Answer) readHead(head string) (length int64, ok bool) {
	line, rest, _ := strings.Cut(head, "\r\n")
	status, reason, found := strings.Cut(strings.TrimPrefix(line, "HTTP/1.1 "), " ")
	code, err := strconv.Atoi(status)
	if err != nil || !found || len(status) != 3 || len(line) != len("HTTP/1.1 200 ")+len(reason) || !isText(reason) ||
		code < 200 || code > 599 || code == 204 || code == 304 {
		return 0, false
	}
	a.Status, length = code, -1
	a.Header = make([]pictify.Field, 0, 6)
	for rest != "" {
		line, rest, _ = strings.Cut(rest, "\r\n")
		name, value, found := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		if !found || !isToken(name) || !isText(value) || len(a.Header) == maxPlainFields {
			return 0, false
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		switch name {
		case "Content-Length":
			n, err := strconv.ParseUint(value, 10, 31)
			if err != nil || length >= 0 || value[0] == '+' {
				return 0, false
			}
			length = int64(n)
		case "Connection":
			if !strings.EqualFold(value, "keep-alive") {
				return 0, false
			}
			continue // as net/http has it
		case "Transfer-Encoding", "Trailer", "Upgrade", "Pragma": // the last changes another field in net/http
			return 0, false
		}
		a.Header = append(a.Header, pictify.Field{Name: name, Value: value})
	}
	slices.SortStableFunc(a.Header, func(x, y pictify.Field) int { return cmp.Compare(x.Name, y.Name) })
	return length, length >= 0
}

// isToken reports whether name is letters, digits and hyphens, as all usual names are.
func isToken(name string) bool {
	for i := range len(name) {
		c := name[i] | 0x20 // lower case
		if (c < 'a' || c > 'z') && (name[i] < '0' || name[i] > '9') && name[i] != '-' {
			return false
		}
	}
	return name != ""
}

// isText reports whether s is printable ASCII and blanks.
func isText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
