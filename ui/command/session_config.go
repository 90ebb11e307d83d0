package command

import (
	"net/url"
	"time"

	"pictap/mock"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// A sessionConfig is what listen, or demo, wants. Zero fields are left out.
type sessionConfig struct {
	state *state
	way   wayConfig

	target      *url.URL // the app; nil records only
	allowRemote bool
	insecure    bool          // do not check the certificate of an https app
	header      []store.Field // added to what is forwarded
	connections int
	timeout     time.Duration
	secret      pictify.Secret // verifies local hooks and signs what is forwarded
	resign      bool
	relay       bool
	keepCount   int64

	api          *pictify.Client // nil registers nothing
	mode         string          // for ready: ngrok, public-url, local or mock
	baseURL      string          // of the mock, for ready
	mock         *mock.Server    // the one that runs inside; nil when none does
	gallery      string          // of the demo's sample app, for ready
	types        []pictify.EventType
	filters      pictify.Filters
	onExit       string   // delete, pause or keep
	pageAddr     string   // "" means no page; see listenNear
	pageMust     bool     // pageAddr was asked for: no other port will do
	assets       string   // directory to serve the page from, for those who change it
	pictureHosts []string // that pictures may be fetched from, beside Pictify's
	notice       string   // to be told at the start: why nothing is registered
	account      string
	source       string // where the secret comes from, in words
	started      func() // called once it is ready; nil for nothing
}
