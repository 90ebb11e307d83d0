package command

import (
	"net/url"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/net/http/httpguts"

	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// listenConfig reads the flags, and refuses what cannot work before anything is
// opened.
func (e Env) listenConfig(c *cli.Context) (cfg sessionConfig, err error) {
	if cfg.state, err = e.state(c); err != nil {
		return cfg, err
	}
	if cfg.target, err = listenTarget(c); err != nil {
		return cfg, err
	}
	cfg.allowRemote, cfg.insecure = c.Bool("allow-remote"), c.Bool("insecure")
	if t := cfg.target; t != nil && !cfg.allowRemote && !isLoopbackName(t.Hostname()) {
		return cfg, usagef("%s is not this machine", sanitize(t.Host, 120)).withHint("add --allow-remote if you mean it: deliveries hold customers' data")
	}
	if cfg.header, err = parseHeaders(c.StringSlice("header")); err != nil {
		return cfg, err
	}
	if cfg.types, err = pickTypes(pictify.EventTypes(), splitList(c.StringSlice("events"))); err != nil {
		return cfg, err
	}
	cfg.filters = pictify.Filters{TemplateID: c.String("template"), BindingID: c.String("binding"), Type: c.String("type")}
	cfg.connections, cfg.timeout, cfg.keepCount = c.Int("max-connections"), c.Duration("timeout"), c.Int64("keep")
	if cfg.connections < 1 || cfg.timeout <= 0 || cfg.keepCount < 1 {
		return cfg, usagef("--max-connections, --timeout and --keep must be more than 0")
	}
	cfg.resign, cfg.relay, cfg.onExit = !c.Bool("no-resign"), c.String("ack") == "relay", c.String("on-exit")
	if !c.Bool("no-ui") {
		cfg.pageAddr, cfg.pageMust, cfg.assets = c.String("ui-addr"), c.IsSet("ui-addr"), c.String("assets")
	}
	if cfg.relay && cfg.target == nil {
		return cfg, usagef("--ack relay needs a target: there is no answer to relay")
	}
	if cfg.pictureHosts, err = parseHosts(c.StringSlice("picture-host")); err != nil {
		return cfg, err
	}
	if err := e.wayIn(c, &cfg); err != nil {
		return cfg, err
	}
	return cfg, e.registration(c, &cfg)
}

func listenTarget(c *cli.Context) (*url.URL, error) {
	text, flag := c.Args().First(), c.String("forward-to")
	switch {
	case text != "" && flag != "":
		return nil, usagef("the target is given twice, as %q and as --forward-to %q", sanitize(text, 80), sanitize(flag, 80))
	case text == "":
		text = flag
	}
	if text == "" && c.String("path") == "" {
		return nil, nil
	}
	if text == "" {
		text = defaultPort
	}
	return parseTarget(text, c.String("path"))
}

// wayIn reads how requests are to come in.
func (e Env) wayIn(c *cli.Context, cfg *sessionConfig) (err error) {
	w := &cfg.way
	w.receiverAddr, w.receiverMust = c.String("receiver-addr"), c.IsSet("receiver-addr")
	if w.ngrok.CA, err = loadCA(c.String("ngrok-ca")); err != nil {
		return err
	}
	w.publicURL = strings.TrimSuffix(c.String("public-url"), "/")
	switch {
	case c.Bool("mock"):
		w.kind, cfg.mode = wayLocal, "mock"
	case w.publicURL != "":
		w.kind, cfg.mode, w.receiverMust = wayPublic, wayPublic, true // the user's tunnel leads to this port
		return checkPublicURL(w.publicURL)
	case c.String("tunnel") == "none":
		w.kind, cfg.mode = wayLocal, "local"
	default:
		w.kind, cfg.mode = wayNgrok, wayNgrok
		w.ngrok.Server, w.ngrok.URL = c.String("ngrok-server"), c.String("url")
		token, err := e.secretFrom(c, "authtoken-file", envAuthtoken)
		w.ngrok.Authtoken = pictify.NewSecret(token)
		return err
	}
	return nil
}

func checkPublicURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && !(u.Scheme == "http" && isLoopbackName(u.Hostname())) ||
		u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return usagef("--public-url %q is not of the form https://host", sanitize(text, 120)).withHint("Pictify calls https only, and pictap chooses the path")
	}
	return nil
}

// anyKey is sent where any key will do, which is to a mock.
const anyKey = "pictap-mock-key"

// registration decides whether subscriptions are registered, and where.
func (e Env) registration(c *cli.Context, cfg *sessionConfig) error {
	base := c.String("base-url")
	local := isLoopbackURL(base)
	if c.Bool("mock") {
		if c.Bool("no-register") {
			return usagef("--mock without registering would have nobody to send")
		}
		return nil // listen fills it in when the mock runs
	}
	if c.Bool("no-register") {
		return e.needAuthtoken(cfg)
	}
	if cfg.way.kind == wayLocal && !local {
		cfg.notice = "nothing is registered: without a tunnel Pictify cannot reach this machine"
		return nil
	}
	key, err := e.secretFrom(c, "api-key-file", envAPIKey)
	if err != nil {
		return err
	}
	switch {
	case key == "" && local:
		key = anyKey
	case key == "":
		return withHint(withCode(exitDenied, errNoKey), "set %s to a key from https://pictify.io/dashboard; without an account: pictap demo, or pictap listen --mock", envAPIKey)
	case !local:
		cfg.account = describeKey(key)
	}
	cfg.api = &pictify.Client{BaseURL: base, Key: pictify.NewSecret(key), Now: e.Now}
	return e.needAuthtoken(cfg)
}

func (e Env) needAuthtoken(cfg *sessionConfig) error {
	if cfg.way.kind == wayNgrok && cfg.way.ngrok.Authtoken.IsZero() {
		return tunnel.ErrNoAuthtoken
	}
	return nil
}

// describeKey tells keys apart without showing them.
func describeKey(key string) string {
	kind := "key"
	for prefix, name := range map[string]string{"pk_live_": "live key", "pk_test_": "test key", "pic_live_": "live key"} {
		if strings.HasPrefix(key, prefix) {
			kind = name + " " + prefix
		}
	}
	if len(key) < 24 {
		return kind
	}
	return kind + "…" + key[len(key)-4:]
}

func isLoopbackURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && isLoopbackName(u.Hostname())
}

func parseHeaders(list []string) ([]store.Field, error) {
	var fields []store.Field
	for _, text := range list {
		name, value, ok := strings.Cut(text, ":")
		value = strings.TrimSpace(value)
		if !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return nil, usagef("--header %q is not of the form 'Name: value'", sanitize(text, 80))
		}
		fields = append(fields, store.Field{Name: name, Value: value})
	}
	return fields, nil
}
