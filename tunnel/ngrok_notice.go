package tunnel

import "sync"

// A NoticeKind says what became of a tunnel.
type NoticeKind string

const (
	// Lost: the tunnel is down and is being brought back. It is repeated, with
	// the newest reason, for every attempt that failed.
	Lost NoticeKind = "lost"
	// Online: the tunnel is back after a Lost. Whether the public URL still
	// leads here is not known until somebody has tried.
	Online NoticeKind = "online"
	// Ended: the tunnel is down and nothing is being done about it.
	Ended NoticeKind = "ended"
)

// A Notice is a change in a tunnel's state.
type Notice struct {
	Kind NoticeKind
	Err  error  // why, for Lost and Ended
	URL  string // for Online: where the service says the tunnel is now
}

// noticeBacklog is how many notices wait for a slow reader: enough for a few
// outages.
const noticeBacklog = 16

// notices hands notices to one reader without ever waiting for it: when too many
// are unread the oldest is dropped, since the newest tells the state.
type notices struct {
	mu     sync.Mutex
	ch     chan Notice
	closed bool
}

func newNotices() *notices { return &notices{ch: make(chan Notice, noticeBacklog)} }

// send never blocks. After close it does nothing.
func (n *notices) send(notice Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	for {
		select {
		case n.ch <- notice:
			return
		default:
		}
		select {
		case <-n.ch: // the reader may have been faster
		default:
		}
	}
}

func (n *notices) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed {
		n.closed = true
		close(n.ch)
	}
}
