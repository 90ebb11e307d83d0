package tunnel

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// LoadHooks fills hooks with the paths that the store knows: those of
// subscriptions, whose deliveries may come at any moment, and retired ones. It
// adds a local hook for each documented event type that has none yet. Local
// paths stay the same between runs, so they may be typed into a dashboard.
func LoadHooks(ctx context.Context, s *store.Store, hooks *Hooks) error {
	rows, err := s.Subscriptions(ctx)
	if err != nil {
		return fmt.Errorf("load hooks: %w", err)
	}
	missing := pictify.EventTypes()
	for _, row := range rows {
		h := Hook{Token: row.Token, Event: row.Event, Subscription: row.UID, Source: store.FromPictify, Secret: row.Secret,
			Retired: row.State == store.Retired}
		if row.Kind == store.Local {
			h.Source = store.FromLocal
			missing = slices.DeleteFunc(missing, func(t pictify.EventType) bool { return t == row.Event })
		}
		hooks.Set(h)
	}
	for _, t := range missing {
		token, err := newToken(nil)
		if err != nil {
			return fmt.Errorf("load hooks: %w", err)
		}
		row := store.Subscription{Token: token, State: store.Live, Kind: store.Local, Event: t, CreatedAt: time.Now()}
		if err := s.SaveSubscription(ctx, row); err != nil {
			return fmt.Errorf("load hooks: %w", err)
		}
		hooks.Set(Hook{Token: token, Event: t, Source: store.FromLocal})
	}
	return nil
}

// Local returns the hooks that were never registered, in the order of the
// documented types.
func (h *Hooks) Local() []Hook {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var list []Hook
	for _, hook := range h.byToken {
		if hook.Source == store.FromLocal && !hook.Retired {
			list = append(list, hook)
		}
	}
	order := pictify.EventTypes()
	slices.SortFunc(list, func(a, b Hook) int {
		if n := slices.Index(order, a.Event) - slices.Index(order, b.Event); n != 0 {
			return n
		}
		return strings.Compare(a.Token, b.Token)
	})
	return list
}
