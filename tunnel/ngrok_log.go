package tunnel

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"pictap/tunnel/pictify"
)

// An ngrokLog passes the SDK's log on, as debug records: what a user should know
// comes as a [Notice].
//
// It passes on scalars only. The structs among the SDK's records are requests and
// answers, which carry the authtoken and the session's cookie.
//
// After close nothing is logged: goroutines of the SDK outlive their session, and
// the log may not outlive us.
type ngrokLog struct {
	log   *slog.Logger
	token pictify.Secret
	bound func(url string) // is told each URL that the service allots

	mu     sync.Mutex
	closed bool
}

func (l *ngrokLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}

// Log implements the SDK's log.Logger.
func (l *ngrokLog) Log(ctx context.Context, _ int, msg string, data map[string]any) {
	if url := boundURL(data["resp"]); url != "" {
		l.bound(url)
	}
	if !l.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	var attrs []slog.Attr
	for _, key := range slices.Sorted(maps.Keys(data)) {
		switch v := data[key].(type) {
		case error:
			attrs = append(attrs, slog.String(key, redact(v.Error(), l.token)))
		case string, bool, int, int64, uint32, time.Duration:
			attrs = append(attrs, slog.String(key, redact(fmt.Sprint(v), l.token)))
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.log.LogAttrs(ctx, slog.LevelDebug, "ngrok: "+redact(msg, l.token), attrs...)
	}
}

// boundURL returns the URL in the SDK's record of a bind's answer, "" for
// everything else. The SDK itself ignores the URL when it binds again, and tells
// nobody; this is the one place where it shows. It is a hint: the type is the
// SDK's own and may change.
func boundURL(resp any) string {
	v := reflect.Indirect(reflect.ValueOf(resp))
	if v.Kind() != reflect.Struct || v.Type().Name() != "BindResp" {
		return ""
	}
	if url := v.FieldByName("URL"); url.Kind() == reflect.String {
		return url.String()
	}
	return ""
}
