package ngroktest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	maxHead = 1 << 20 // bytes of one head or one set of trailers; roomier than any receiver, whose limits are what is tested
	maxLine = 4 << 10 // bytes of a chunk-size line
)

var errMalformed = errors.New("malformed HTTP message")

// A head is the start line, the header lines and the empty line of an HTTP/1
// message, each with its line ending, exactly as they came.
type head []string

// readHead reads one head. The error is io.EOF if the sender hung up before the
// first byte, io.ErrUnexpectedEOF if later, and wraps errMalformed for what two
// parsers might read differently: folded lines, names with blanks, no colon.
func readHead(r *bufio.Reader) (head, error) {
	var h head
	for size := 0; ; {
		line, err := readLine(r, maxHead-size)
		if err == io.EOF && len(h) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		size += len(line)
		h = append(h, line)
		text := trimEOL(line)
		switch {
		case text == "" && len(h) == 1:
			return nil, fmt.Errorf("%w: no start line", errMalformed)
		case text == "":
			return h, nil
		case len(h) > 1 && !validField(text):
			return nil, fmt.Errorf("%w: header line %q", errMalformed, text)
		}
	}
}

// readLine reads up to and including a line feed, at most limit bytes.
func readLine(r *bufio.Reader, limit int) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > limit:
			return "", fmt.Errorf("%w: line or head too long", errMalformed)
		case err == nil:
			return string(line), nil
		case err == io.EOF && len(line) > 0:
			return "", io.ErrUnexpectedEOF
		case err != bufio.ErrBufferFull:
			return "", err
		}
	}
}

func trimEOL(line string) string {
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
}

func validField(line string) bool {
	name, _, found := strings.Cut(line, ":")
	return found && name != "" && !strings.ContainsAny(name, " \t")
}

// field splits header line i into its name and its value without blanks around.
func (h head) field(i int) (name, value string) {
	name, value, _ = strings.Cut(trimEOL(h[i]), ":")
	return name, strings.Trim(value, " \t")
}

// values returns the values of all lines called name, in order.
func (h head) values(name string) []string {
	var found []string
	for i := 1; i < len(h)-1; i++ {
		if n, v := h.field(i); strings.EqualFold(n, name) {
			found = append(found, v)
		}
	}
	return found
}

// has reports whether the comma-separated lists called name contain token.
func (h head) has(name, token string) bool {
	for _, list := range h.values(name) {
		for element := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.Trim(element, " \t"), token) {
				return true
			}
		}
	}
	return false
}

// isHTTP10 reports whether the sender speaks HTTP/1.0, or something older.
func (h head) isHTTP10() bool { return !strings.Contains(h[0], "HTTP/1.1") }

// keepsAlive reports whether the sender lets the connection live on.
func (h head) keepsAlive() bool { return !h.isHTTP10() && !h.has("Connection", "close") }

// method returns the first word of a request line.
func (h head) method() string {
	method, _, _ := strings.Cut(h[0], " ")
	return method
}

// status returns the status code of a response, 0 if there is none.
func (h head) status() int {
	_, rest, _ := strings.Cut(trimEOL(h[0]), " ")
	code, _, _ := strings.Cut(rest, " ")
	if n, err := strconv.Atoi(code); err == nil && len(code) == 3 {
		return n
	}
	return 0
}

// A body says where a message's body ends. The zero body is empty.
type body struct {
	chunked bool
	toEOF   bool
	length  int64
}

// requestBody finds the end of a request's body. What two parsers might read
// differently is refused.
func (h head) requestBody() (body, error) {
	encodings, lengths := h.values("Transfer-Encoding"), h.values("Content-Length")
	switch {
	case len(encodings)+len(lengths) > 1:
		return body{}, fmt.Errorf("%w: ambiguous length", errMalformed)
	case len(encodings) == 1 && strings.EqualFold(encodings[0], "chunked") && !h.isHTTP10():
		return body{chunked: true}, nil
	case len(encodings) == 1:
		return body{}, fmt.Errorf("%w: transfer encoding %q", errMalformed, encodings[0])
	case len(lengths) == 1:
		n, err := strconv.ParseUint(lengths[0], 10, 63)
		if err != nil {
			return body{}, fmt.Errorf("%w: content length %q", errMalformed, lengths[0])
		}
		return body{length: int64(n)}, nil
	}
	return body{}, nil
}

// responseBody finds the end of the body of an answer to a request with method.
func (h head) responseBody(method string) (body, error) {
	status := h.status()
	if method == "HEAD" || status < 200 || status == 204 || status == 304 {
		return body{}, nil
	}
	b, err := h.requestBody()
	if b == (body{}) && len(h.values("Content-Length")) == 0 {
		b.toEOF = true
	}
	return b, err
}

// copyBody copies a body byte for byte, chunk sizes and trailers included. It
// reads into buf and never calls a ReadFrom or WriteTo, because reading from src
// may flush dst (see flushReader).
func copyBody(dst io.Writer, src *bufio.Reader, b body, buf []byte) error {
	switch {
	case b.chunked:
		return copyChunks(dst, src, buf)
	case b.toEOF:
		return copyUntil(dst, src, -1, buf)
	}
	return copyUntil(dst, src, b.length, buf)
}

// copyUntil copies n bytes, or all there are if n is negative.
func copyUntil(dst io.Writer, src io.Reader, n int64, buf []byte) error {
	for n != 0 {
		part := buf
		if n > 0 && n < int64(len(part)) {
			part = part[:n]
		}
		m, err := src.Read(part)
		if _, werr := dst.Write(part[:m]); werr != nil {
			return werr
		}
		if n > 0 {
			n -= int64(m)
		}
		switch {
		case err == io.EOF && n < 0:
			return nil
		case err == io.EOF && n > 0:
			return io.ErrUnexpectedEOF
		case err != nil && n != 0:
			return err
		}
	}
	return nil
}

func copyChunks(dst io.Writer, src *bufio.Reader, buf []byte) error {
	for {
		line, err := copyLine(dst, src, maxLine)
		if err != nil {
			return err
		}
		digits, _, _ := strings.Cut(line, ";")
		size, err := strconv.ParseUint(strings.TrimRight(digits, " \t"), 16, 63)
		if err != nil {
			return fmt.Errorf("%w: chunk size %q", errMalformed, line)
		}
		if size == 0 {
			return copyTrailers(dst, src)
		}
		if err := copyUntil(dst, src, int64(size), buf); err != nil {
			return err
		}
		if end, err := copyLine(dst, src, maxLine); err != nil {
			return err
		} else if end != "" {
			return fmt.Errorf("%w: chunk is longer than its size", errMalformed)
		}
	}
}

// copyTrailers copies lines up to and including the empty one.
func copyTrailers(dst io.Writer, src *bufio.Reader) error {
	for size := 0; ; {
		line, err := copyLine(dst, src, maxHead-size)
		if err != nil || line == "" {
			return err
		}
		if !validField(line) {
			return fmt.Errorf("%w: trailer %q", errMalformed, line)
		}
		size += len(line)
	}
}

// copyLine copies a line and returns it without its ending.
func copyLine(dst io.Writer, src *bufio.Reader, limit int) (string, error) {
	line, err := readLine(src, limit)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		_, err = io.WriteString(dst, line)
	}
	return trimEOL(line), err
}
