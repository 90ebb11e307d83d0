package wire

import "net"

// Exchange sends a request over a connection and reads the answer, and says
// whether the connection could carry another.
func Exchange(c *Client, nc net.Conn, r Request) (a Answer, keep bool, err error) {
	head, err := r.head()
	if err != nil {
		return a, false, err
	}
	cn := newConn(nc)
	return c.listen(cn, r.Method, cn.send(head, r.Body))
}
