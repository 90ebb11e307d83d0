// Package ngroktest is a stand-in ngrok service, as net/http/httptest is a
// stand-in web server: a [Server] speaks the session protocol of ngrok's Go SDK
// on loopback and carries public HTTP requests to the SDK's listener. What is
// tested is therefore the real SDK, over TLS and its own multiplexer, with no
// account and no network.
//
//	edge := ngroktest.NewServer(ngroktest.Config{})
//	defer edge.Close()
//
//	sess, err := ngrok.Connect(ctx, ngrok.WithServer(edge.Addr()),
//		ngrok.WithCA(edge.CertPool()), ngrok.WithAuthtoken("any text"))
//	tun, err := sess.Listen(ctx, config.HTTPEndpoint())
//	go http.Serve(tun, handler)
//	resp, err := edge.Client().Get(tun.URL()) // through the edge to handler
//
// # A request's way
//
//	caller ─HTTP(S)─► front ─► relay ─ proxy stream ─► session ─TLS─► SDK ─► net.Listener
//
// A front reads the head of a request as raw lines, finds the endpoint by Host,
// adds the X-Forwarded-* headers that ngrok documents, and passes everything
// else on as it came: order, case and repeats of the headers and the bytes of
// the body are the sender's. The answer travels back the same way. That is the
// reason for a relay of our own; httputil.ReverseProxy sorts and rewrites.
//
// An endpoint that is not online answers 404 with ERR_NGROK_3200, one whose
// tunnel breaks before it answered 502 with ERR_NGROK_3004, both in the header
// Ngrok-Error-Code.
//
// # Public URLs
//
// By default endpoints get names such as https://brisk-otter-1.ngrok.test, which
// only [Server.Client] can reach, since it alone knows where they are. A tool that
// calls its own public URL, or another process that does, needs
// [Config.PortPerEndpoint]: then every endpoint is https://127.0.0.1:PORT, found
// without DNS, with a certificate of the edge's own CA.
//
// # A second process
//
// The edge runs in the test; the program under test gets its address and CA, by
// whatever settings it has for ngrok's ingress and root:
//
//	ca := filepath.Join(t.TempDir(), "ca.pem")
//	err := os.WriteFile(ca, edge.CAPEM(), 0o600)
//	cmd.Env = append(os.Environ(), "PICTAP_NGROK_SERVER="+edge.Addr(),
//		"PICTAP_NGROK_CA="+ca, "NGROK_AUTHTOKEN=any text")
//
// # What is not there
//
// TCP and TLS endpoints, traffic policies, webhook verification, basic auth,
// compression (all stored, none applied), pooling, HTTP/2, upgrades such as
// websockets, rate limits, remote stop and restart commands, and the warning
// page that browsers get from free endpoints. It was written from the source of
// golang.ngrok.com/ngrok v1.12.1 and the public documentation of ngrok, and was
// not compared with the service itself.
package ngroktest
