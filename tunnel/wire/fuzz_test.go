package wire_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
	"pictap/tunnel/wire"
)

// seeds are the answers in testdata/seeds.
func seeds(t testing.TB) (list [][]byte) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "seeds", "answer", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, data)
	}
	return list
}

func TestSeedsAreThere(t *testing.T) {
	if n := len(seeds(t)); n < 12 {
		t.Errorf("%d seeds, want at least 12", n)
	}
}

// A script is a connection that says what was written down, and then no more.
type script struct {
	net.Conn // nil: what is not defined here is not used
	says     *bytes.Reader
	read     int
	written  bytes.Buffer
}

func (s *script) Read(p []byte) (int, error) {
	n, err := s.says.Read(p)
	s.read += n
	return n, err
}

func (s *script) Write(p []byte) (int, error) { return s.written.Write(p) }
func (s *script) Close() error                { return nil }
func (s *script) SetDeadline(time.Time) error { return nil }

var _ io.ReadWriteCloser = (*script)(nil)

// FuzzAnswer reads any bytes as an answer. Little of it is read, less is kept, and
// what is no answer has no status.
func FuzzAnswer(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	const maxBody = 64 << 10
	client := &wire.Client{Origin: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, MaxBody: maxBody}
	request := wire.Request{URI: "/", Host: "x", Body: []byte("body"), Header: []pictify.Field{{Name: "B", Value: "1"}, {Name: "a", Value: "2"}, {Name: "B", Value: "3"}}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := &script{says: bytes.NewReader(raw)}
		a, keep, err := wire.Exchange(client, c, request)
		if (a.Status == 0) != (err != nil) || a.Status != 0 && a.Status != 101 && (a.Status < 200 || a.Status > 999) {
			t.Errorf("status %d, %v", a.Status, err)
		}
		if len(a.Body) > maxBody || c.read > wire.MaxHead+maxBody+64<<10 {
			t.Errorf("%d bytes kept, %d read", len(a.Body), c.read)
		}
		if a.Status != 0 && !bytes.Contains(raw, fmt.Appendf(nil, "%03d", a.Status)) {
			t.Errorf("status %d is nowhere in the answer", a.Status)
		}
		if keep && (err != nil || a.BrokenOff || a.Longer || a.Status == 101) {
			t.Errorf("the connection is kept after %d, %v, broken off %t, longer %t", a.Status, err, a.BrokenOff, a.Longer)
		}
		n := 0
		for _, field := range a.Header {
			n += len(field.Name) + len(field.Value)
			if strings.ContainsAny(field.Name+field.Value, "\n") {
				t.Errorf("%q: %q is more than a field", field.Name, field.Value)
			}
		}
		if n > wire.MaxHead {
			t.Errorf("%d bytes of header", n)
		}
		if sent := c.written.String(); sent != "POST / HTTP/1.1\r\nHost: x\r\nB: 1\r\na: 2\r\nB: 3\r\nContent-Length: 4\r\n\r\nbody" {
			t.Errorf("sent %q", sent)
		}
	})
}

// FuzzPlainAnswer holds what is read by hand to what net/http makes of it.
func FuzzPlainAnswer(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: x\r\nx-a: 1\r\nX-A: 2\r\n\r\nOK", "HTTP/1.1 401 Unauthorized\r\nContent-Length:0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nOK", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nO",
		"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\nOK", "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
		"HTTP/1.1 200 OK\r\n Content-Length: 1\r\n\r\nx", "HTTP/1.1 200 OK\r\nA:\r\n b\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		const most = 1000
		got, ok := wire.PlainAnswer(&script{says: bytes.NewReader(raw)}, "POST", most)
		if !ok {
			return
		}
		want, err := wire.ReadAnswer(&script{says: bytes.NewReader(raw)}, "POST", most)
		if err != nil {
			t.Fatalf("%q is taken, but net/http says %v", raw, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-net/http +ours)\n%s", raw, diff)
		}
	})
}
