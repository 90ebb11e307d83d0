package tunnel

import (
	"context"
	"fmt"
)

// ForgetRemoved takes out of the line what no longer waits in the store: somebody
// has deleted it, or another process has handed it on. Without it such deliveries
// would count as waiting until the app is back, though they never reach it. To be
// called when [store.Store.Removed] has risen.
func (f *Forwarder) ForgetRemoved(ctx context.Context) error {
	f.init()
	line := f.q.line() // before the store is asked: whoever is in it was stored by then
	gone := make(map[int64]bool, len(line))
	for _, seq := range line {
		gone[seq] = true
	}
	for after := int64(0); len(gone) > 0; {
		page, err := f.Store.Waiting(ctx, after, waitingPage)
		if err != nil {
			return fmt.Errorf("look for what was deleted: %w", err)
		}
		for _, seq := range page {
			delete(gone, seq)
			after = seq
		}
		if len(page) < waitingPage {
			break
		}
	}
	if len(gone) > 0 {
		f.q.drop(gone)
		f.notify(0)
	}
	return nil
}
