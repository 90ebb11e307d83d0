package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/mock/check"
)

// battery is what the flags ask for, but for the secret.
func (e Env) battery(c *cli.Context) (*check.Battery, error) {
	target, err := parseTarget(c.Args().First(), c.String("path"))
	if err != nil {
		return nil, err
	}
	b := &check.Battery{Target: target, TLS: appTLS(c.Bool("insecure")), Timeout: c.Duration("timeout"), Seed: c.Int64("seed"),
		Now: e.Now, Random: e.random(), Allow: check.Local}
	if b.Timeout < 100*time.Millisecond || b.Timeout > 5*time.Minute {
		return nil, usagef("--timeout must be from 100ms to 5m")
	}
	if c.Bool("allow-public-target") {
		b.Allow = func(netip.Addr) error { return nil }
	}
	if !c.IsSet("seed") {
		b.Seed = e.now().UnixNano() % 1_000_000
	}
	if b.Cases, err = chooseCases(splitList(c.StringSlice("only")), splitList(c.StringSlice("skip"))); err != nil {
		return nil, err
	}
	b.Effect, err = e.effect(c, b.Allow)
	return b, err
}

// chooseCases leaves the cases that only names, or all, without those that skip names.
func chooseCases(only, skip []string) ([]check.Case, error) {
	all := check.Cases()
	matches := func(c check.Case, word string) bool {
		return word == string(c.Group) || word == c.Name || word == c.ID()
	}
	for flag, words := range map[string][]string{"only": only, "skip": skip} {
		for _, word := range words {
			if slices.ContainsFunc(all, func(c check.Case) bool { return matches(c, word) }) {
				continue
			}
			var names []string
			for _, c := range all {
				names = append(names, string(c.Group), c.Name, c.ID())
			}
			err := usagef("--%s %q is no case and no group of cases", flag, sanitize(word, 60))
			if near := nearest(word, names); near != "" {
				return nil, err.withHint("did you mean %s?", near)
			}
			return nil, err.withHint("pictap check URL --dry-run lists them")
		}
	}
	chosen := slices.DeleteFunc(all, func(c check.Case) bool {
		named := func(word string) bool { return matches(c, word) }
		if c.Group == check.First {
			return false // everything rests on it
		}
		return len(only) > 0 && !slices.ContainsFunc(only, named) || slices.ContainsFunc(skip, named)
	})
	if len(chosen) == 1 && !slices.Contains(only, string(check.First)) && !slices.Contains(only, chosen[0].Name) && !slices.Contains(only, chosen[0].ID()) {
		return nil, usagef("--only and --skip leave no case")
	}
	return chosen, nil
}

// noted is allow, and keeps the first refusal. Dialling calls it from one goroutine at a
// time until the first connection stands.
func noted(allow func(netip.Addr) error, refused *error) func(netip.Addr) error {
	return func(a netip.Addr) error {
		err := allow(a)
		if err != nil && *refused == nil {
			*refused = err
		}
		return err
	}
}

// effect returns what measures the effect of deliveries, or nil.
func (e Env) effect(c *cli.Context, allow func(netip.Addr) error) (func(context.Context) (string, error), error) {
	address, command := c.String("effect-url"), c.String("effect-cmd")
	switch {
	case address != "" && command != "":
		return nil, usagef("--effect-url and --effect-cmd measure the same; one is enough")
	case command != "":
		return func(ctx context.Context) (string, error) { return effectOfCommand(ctx, command) }, nil
	case address == "":
		return nil, nil
	}
	u, err := parseTarget(address, "")
	if err != nil {
		return nil, usagef("--effect-url %q is no URL that can be asked", sanitize(address, 120))
	}
	get := check.Get(u, appTLS(c.Bool("insecure")), allow)
	return func(ctx context.Context) (string, error) {
		text, err := get(ctx)
		if err != nil {
			err = fmt.Errorf("--effect-url: %w", err)
		}
		return text, err
	}, nil
}

const (
	effectTime = 10 * time.Second // for one measurement
	maxEffect  = 64 << 10         // bytes that it may have
)

func effectOfCommand(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, effectTime)
	defer cancel()
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C"}
	}
	cmd := exec.CommandContext(ctx, shell[0], append(shell[1:], command)...)
	cmd.WaitDelay = time.Second // what it has started may hold on to its output
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &bounded{&out, maxEffect}, &bounded{&said, 1 << 10}
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("--effect-cmd: %w %s", err, strings.TrimSpace(firstLine(said.String())))
	}
	return out.String(), nil
}

// bounded writes no more than left bytes, and forgets the rest.
type bounded struct {
	w    io.Writer
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.left -= n
	if _, err := b.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}
