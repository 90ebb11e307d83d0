package wire

import "net"

// Exchange sends a request over a connection and reads the answer, and says
// whether the connection could carry another.
func Exchange(c *Client, nc net.Conn, r Request) (a Answer, keep bool, err error) {
	if err := r.check(); err != nil {
		return a, false, err
	}
	cn := newConn(nc)
	return c.listen(cn, r.Method, cn.send(r))
}

// PlainAnswer reads an answer as is done first; ok is false when it is left to net/http.
func PlainAnswer(nc net.Conn, method string, most int64) (a Answer, ok bool) {
	cn := newConn(nc)
	cn.src.N = MaxHead
	return cn.plainAnswer(method, most)
}

// ReadAnswer reads an answer with net/http alone.
func ReadAnswer(nc net.Conn, method string, most int64) (a Answer, err error) {
	cn := newConn(nc)
	cn.src.N = MaxHead
	res, err := readAnswer(cn.br, method)
	if err != nil {
		return a, err
	}
	a.Status, a.Header = res.StatusCode, fieldsOf(res.Header)
	a.Body, err = readBody(res, most)
	return a, err
}
