package ngroktest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"
)

// requests are well formed, each with what follows its body.
var requests = []struct {
	name, head, body, rest string
}{
	{"no body", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", "GET /next HTTP/1.1\r\n"},
	{"length", "POST / HTTP/1.1\r\nhost: a\r\nCONTENT-length:  3 \r\n\r\n", "abc", "d"},
	{"length 0", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "", "d"},
	{"chunks", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "3;x=y\r\nabc\r\n00B\r\n\r\n\x00 chunk\r\n\r\n0\r\n\r\n", "d"},
	{"trailers", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", "1\r\na\r\n0\r\nX-Sum: 1\r\nx-b: 2\r\n\r\n", "d"},
	{"bare line feeds", "POST / HTTP/1.1\nHost: a\nContent-Length: 1\n\n", "a", "\n"},
	{"repeats and blanks", "POST / HTTP/1.1\r\nHost: a\r\nX-A:1\r\nx-a:\t2\t\r\nX-A:\r\n\r\n", "", ""},
	{"not UTF-8", "POST /\xff HTTP/1.1\r\nHost: a\r\nX-A: \xff\x01\r\nContent-Length: 2\r\n\r\n", "\x00\xff", ""},
}

func TestMessagesAreCopiedVerbatim(t *testing.T) {
	for _, tt := range requests {
		t.Run(tt.name, func(t *testing.T) {
			copied, rest, err := relayed([]byte(tt.head + tt.body + tt.rest))
			if err != nil {
				t.Fatal(err)
			}
			if want := tt.head + tt.body; string(copied) != want {
				t.Errorf("copied %q, want %q", copied, want)
			}
			if string(rest) != tt.rest {
				t.Errorf("left %q, want %q", rest, tt.rest)
			}
		})
	}
}

// relayed reads a request as a relay does and returns what it would send, and
// what it leaves for the next one.
func relayed(in []byte) (copied, rest []byte, err error) {
	r := bufio.NewReaderSize(bytes.NewReader(in), 16)
	req, err := readHead(r)
	if err != nil {
		return nil, nil, err
	}
	reqBody, err := req.requestBody()
	if err != nil {
		return nil, nil, err
	}
	var out bytes.Buffer
	for _, line := range req {
		out.WriteString(line)
	}
	if err := copyBody(&out, r, reqBody, make([]byte, 5)); err != nil {
		return nil, nil, err
	}
	rest, err = io.ReadAll(r)
	return out.Bytes(), rest, err
}

func TestAmbiguousMessagesAreRefused(t *testing.T) {
	const start = "POST / HTTP/1.1\r\nHost: a\r\n"
	for _, tt := range []struct {
		name, in string
		want     error
	}{
		{"nothing", "", io.EOF},
		{"half a start line", "GET /", io.ErrUnexpectedEOF},
		{"no end of head", start, io.ErrUnexpectedEOF},
		{"empty line first", "\r\n" + start + "\r\n", errMalformed},
		{"folded header", start + "X-A: 1\r\n 2\r\n\r\n", errMalformed},
		{"blank before colon", start + "Content-Length : 1\r\n\r\na", errMalformed},
		{"no colon", start + "Content-Length\r\n\r\n", errMalformed},
		{"no name", start + ": 1\r\n\r\n", errMalformed},
		{"two lengths", start + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", errMalformed},
		{"length list", start + "Content-Length: 1, 1\r\n\r\na", errMalformed},
		{"negative length", start + "Content-Length: -1\r\n\r\n", errMalformed},
		{"huge length", start + "Content-Length: 9223372036854775808\r\n\r\n", errMalformed},
		{"length and chunks", start + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", errMalformed},
		{"gzip, chunked", start + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", errMalformed},
		{"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", errMalformed},
		{"short body", start + "Content-Length: 2\r\n\r\na", io.ErrUnexpectedEOF},
		{"short chunk", start + "Transfer-Encoding: chunked\r\n\r\n2\r\na", io.ErrUnexpectedEOF},
		{"no last chunk", start + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", io.ErrUnexpectedEOF},
		{"long chunk", start + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", errMalformed},
		{"chunk of no size", start + "Transfer-Encoding: chunked\r\n\r\n\r\n", errMalformed},
		{"negative chunk", start + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", errMalformed},
		{"bad trailer", start + "Transfer-Encoding: chunked\r\n\r\n0\r\nx\r\n\r\n", errMalformed},
		{"endless head", start + strings.Repeat("X-A: 1\r\n", maxHead/8), errMalformed},
		{"endless chunk line", start + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("0", maxLine+1), errMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			copied, _, err := relayed([]byte(tt.in))
			if !errors.Is(err, tt.want) || err == nil {
				t.Errorf("error %v, want %v; copied %q", err, tt.want, copied)
			}
		})
	}
}

func TestResponseBody(t *testing.T) {
	for _, tt := range []struct {
		method, head string
		want         body
	}{
		{"GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", body{length: 3}},
		{"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", body{}},
		{"GET", "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n", body{chunked: true}},
		{"GET", "HTTP/1.1 200 OK\r\n\r\n", body{toEOF: true}},
		{"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", body{}},
		{"POST", "HTTP/1.1 204 No Content\r\n\r\n", body{}},
		{"POST", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", body{}},
		{"POST", "HTTP/1.1 100 Continue\r\n\r\n", body{}},
	} {
		h, err := readHead(bufio.NewReader(strings.NewReader(tt.head)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := h.responseBody(tt.method); err != nil || got != tt.want {
			t.Errorf("%s, %q: body %+v, %v, want %+v", tt.method, tt.head, got, err, tt.want)
		}
	}
}

// What a relay takes for a request it passes on byte for byte, and it agrees with
// net/http, which reads it next, about where the body begins and ends.
func FuzzRequest(f *testing.F) {
	if len(requests) == 0 {
		f.Fatal("no seeds")
	}
	for _, seed := range requests {
		f.Add([]byte(seed.head + seed.body + seed.rest))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		copied, rest, err := relayed(in)
		if err != nil {
			return
		}
		if !bytes.Equal(append(bytes.Clone(copied), rest...), in) {
			t.Fatalf("copied %q and left %q of %q", copied, rest, in)
		}
		r := bufio.NewReader(bytes.NewReader(in))
		req, err := http.ReadRequest(r)
		if err != nil || req.ProtoMajor != 1 {
			return // net/http is stricter about start lines and names
		}
		want, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		body := copied[len(copied)-bodySize(copied):]
		if len(req.TransferEncoding) > 0 {
			if body, err = io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(body))); err != nil {
				t.Fatalf("chunks of %q: %v", in, err)
			}
		}
		if !bytes.Equal(body, want) {
			t.Errorf("body of %q is %q, net/http says %q", in, body, want)
		}
		if next, _ := io.ReadAll(r); !bytes.Equal(rest, next) {
			t.Errorf("after %q comes %q, net/http says %q", in, rest, next)
		}
	})
}

// bodySize returns how many bytes of a request follow its head.
func bodySize(in []byte) int {
	r := bufio.NewReader(bytes.NewReader(in))
	readHead(r)
	rest, _ := io.ReadAll(r)
	return len(rest)
}
