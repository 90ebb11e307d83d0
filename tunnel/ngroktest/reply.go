package ngroktest

import (
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// lingerFor is how long a caller may go on sending after its answer.
const lingerFor = 500 * time.Millisecond

// refuse answers in the agent's stead and gives the caller time to read it.
func (c *relay) refuse(status, code, text string) {
	c.writeError(status, code, text)
	c.linger()
}

func (c *relay) writeError(status, code, text string) {
	text = strings.TrimRight(text+"\n\n"+code, "\n") + "\n"
	fmt.Fprintf(c.w, "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n",
		status, len(text))
	if code != "" {
		fmt.Fprintf(c.w, "Ngrok-Error-Code: %s\r\n", code)
	}
	fmt.Fprintf(c.w, "\r\n%s", text)
	c.w.Flush()
}

// linger ends the connection so that the caller gets its answer even if it is
// still sending: closing with unread bytes would reset it.
func (c *relay) linger() {
	if half, ok := c.conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	c.conn.SetReadDeadline(time.Now().Add(lingerFor))
	copyUntil(io.Discard, c.conn, -1, c.ansBuf) // the sender may still hold the other buffer
}

// forwarded returns the head that the agent gets: the caller's, with the headers
// that ngrok documents. X-Forwarded-For and -Proto get a value appended,
// X-Forwarded-Host is left alone if there is one.
func (c *relay) forwarded(req head, host string) head {
	client := c.conn.RemoteAddr().String()
	if ip, _, err := net.SplitHostPort(client); err == nil {
		client = ip
	}
	out := append(head(nil), req[:len(req)-1]...)
	out = out.appendValue("X-Forwarded-For", client)
	out = out.appendValue("X-Forwarded-Proto", c.front.scheme)
	if len(req.values("X-Forwarded-Host")) == 0 {
		out = append(out, "X-Forwarded-Host: "+host+"\r\n")
	}
	return append(out, req[len(req)-1])
}

// appendValue adds value to the last line called name, or adds a line. The head
// is one without its empty line.
func (h head) appendValue(name, value string) head {
	for i := len(h) - 1; i > 0; i-- {
		n, old := h.field(i)
		if !strings.EqualFold(n, name) {
			continue
		}
		if old != "" {
			value = old + ", " + value
		}
		h[i] = n + ": " + value + h[i][len(trimEOL(h[i])):]
		return h
	}
	return append(h, name+": "+value+"\r\n")
}
