// Pictap receives, inspects and fakes Pictify webhooks on a developer's machine.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"pictap/ui/command"
)

func main() {
	ctx, hurry := interruptible()
	env := command.OS()
	env.Hurry = hurry
	os.Exit(command.Run(ctx, env, os.Args,
		command.Demo(env),     // all of it on this machine: mock, sample app, page
		command.Listen(env),   // tunnel, register, verify, record, forward, show
		command.Trigger(env),  // signed fake events
		command.Replay(env),   // stored deliveries again
		command.Events(env),   // what was recorded
		command.Wait(env),     // until it has arrived
		command.Sign(env),     // the signature of a body
		command.Verify(env),   // what a signature is worth
		command.Explain(env),  // why it does not match, and what to change
		command.Fixtures(env), // files for tests
		command.Mock(env),     // the Pictify API on this machine
		command.Check(env),    // whether the app's handler would survive production
		command.Snippet(env),  // a handler for your framework
		command.Subs(env),     // what Pictify believes it should call
		command.Secret(env),   // the one secret that the app verifies with
		command.Version(env),  // which pictap this is
	))
}

// sameInterrupt is how close together signals are one wish of the user: npm, make
// and timeout(1) pass on the Ctrl-C that the terminal has sent to us already.
const sameInterrupt = 50 * time.Millisecond

// interruptible returns a context that ends with the first interrupt, so that the
// command can clean up, and a channel that is closed by the second one. Half a
// second after that the process ends, whatever it is doing.
func interruptible() (context.Context, <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	hurry := make(chan struct{})
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup makes it
		signal.Notify(signals, syscall.SIGHUP)
	}
	signal.Ignore(syscall.SIGPIPE) // a closed stdout is an error of Write, not a sudden death
	go func() {
		<-signals
		cancel()
		for first := time.Now(); time.Since(first) < sameInterrupt; {
			<-signals
		}
		close(hurry)
		<-time.After(500 * time.Millisecond)
		os.Exit(130)
	}()
	return ctx, hurry
}
