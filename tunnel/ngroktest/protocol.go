package ngroktest

import (
	"encoding/json"
	"strings"

	"golang.ngrok.com/muxado/v2"
)

// The session protocol, as golang.ngrok.com/ngrok v1.12.1 speaks it
// (internal/tunnel/proto/msg.go, internal/tunnel/client/raw_session.go). Every
// stream begins with its type; a request and its answer are one JSON object each.
const (
	authStream       muxado.StreamType = 0
	bindStream       muxado.StreamType = 1
	unbindStream     muxado.StreamType = 2
	proxyStream      muxado.StreamType = 3 // opened by us
	srvInfoStream    muxado.StreamType = 8
	stopTunnelStream muxado.StreamType = 9 // opened by us
	heartbeatStream  muxado.StreamType = 0xFFFFFFFF
)

type authRequest struct {
	Version  []string
	ClientID string `json:"ClientId"` // the one we gave when it reconnects
	Extra    struct {
		OS, Arch, Authtoken, Version, Hostname, UserAgent, Metadata, Cookie, ClientType string

		HeartbeatInterval, HeartbeatTolerance int64 // nanoseconds
	}
}

type authResponse struct {
	Version  string
	ClientID string `json:"ClientId"`
	Error    string
	Extra    authResponseExtra
}

type authResponseExtra struct {
	Version, Region, Cookie, AccountName, PlanName string
}

type bindRequest struct {
	ID         string `json:"Id"` // the one we gave when it binds again
	Proto      string
	ForwardsTo string
	Opts       json.RawMessage
	Extra      struct {
		Name, Token, Metadata, Description string
		PoolingEnabled                     bool
	}
}

// bindOpts are the options of an HTTP endpoint that choose its address. All ask
// for the same; URL is the newest way.
type bindOpts struct {
	URL, Domain, Hostname string
}

// host returns the host that was asked for, "" if none was.
func (o bindOpts) host() string {
	host := o.URL
	if _, rest, found := strings.Cut(host, "://"); found {
		host = rest
	}
	host, _, _ = strings.Cut(host, "/")
	if host == "" {
		host = o.Domain
	}
	if host == "" {
		host = o.Hostname
	}
	return strings.ToLower(host)
}

type bindResponse struct {
	ID    string `json:"Id"`
	URL   string
	Proto string
	Opts  any
	Error string
	Extra struct{ Token string }
}

type unbindRequest struct {
	ID string `json:"Id"`
}

type errorResponse struct {
	Error string
}

type proxyHeader struct {
	ID         string `json:"Id"`
	ClientAddr string
	Proto      string
	EdgeType   string
}

type stopTunnel struct {
	ID        string `json:"Id"`
	Message   string
	ErrorCode string
}
