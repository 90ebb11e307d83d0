package tunnel

import "context"

// TryNow looks at once whether the app is there, rather than at the end of the
// present pause. If it is, what waits goes out, in the order of arrival. The error
// says why it is not; [Forwarder.State] has the same in words.
func (f *Forwarder) TryNow(ctx context.Context) error {
	f.init()
	if err := f.tryPort(ctx); err != nil {
		if ctx.Err() == nil {
			f.wentDown(err)
		}
		return err
	}
	f.cameUp()
	f.q.resume()
	return nil
}
