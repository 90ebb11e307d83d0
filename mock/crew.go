package mock

import (
	"context"
	"sync"
	"time"
)

// crewGrace is what batches and refreshes under way get to end by themselves when a
// Server is closed. After that they end early, and say so.
const crewGrace = 3 * time.Second

// A crew is the goroutines in which a Server works after it has answered: batches
// and refreshes. The zero crew is ready.
type crew struct {
	mu     sync.Mutex // guards what follows
	closed bool
	next   int
	quit   map[int]context.CancelFunc // of what is under way
	wg     sync.WaitGroup
}

// start has work done in a goroutine of its own, and reports false after close. The
// work must return soon when its context ends.
func (c *crew) start(work func(context.Context)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	if c.quit == nil {
		c.quit = make(map[int]context.CancelFunc)
	}
	ctx, cancel := context.WithCancel(context.Background())
	id := c.next
	c.next++
	c.quit[id] = cancel
	c.wg.Go(func() {
		defer cancel()
		work(ctx)
		c.mu.Lock()
		delete(c.quit, id)
		c.mu.Unlock()
	})
	return true
}

// close waits for what is under way, and after a grace ends it.
func (c *crew) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	hurry := time.AfterFunc(crewGrace, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, cancel := range c.quit {
			cancel()
		}
	})
	c.wg.Wait()
	hurry.Stop()
}
