package mock_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

func TestIdempotencyKey(t *testing.T) {
	var clock clock
	api := &mock.Server{Now: clock.now}
	c := start(t, api)
	n := pictify.NewSubscription{Event: pictify.RenderCompleted, TargetURL: target}
	first, err := c.Create(t.Context(), n, "key-1")
	if err != nil {
		t.Fatal(err)
	}
	clock.advance(24*time.Hour - time.Second)
	again, err := c.Create(t.Context(), n, "key-1")
	if diff := cmp.Diff(first, again); err != nil || diff != "" {
		t.Errorf("the same key: %v (-first +again)\n%s", err, diff)
	}
	if again.Secret.IsZero() || len(api.Subscriptions()) != 1 {
		t.Errorf("secret %v, %d subscriptions", again.Secret, len(api.Subscriptions()))
	}
	if _, err := c.Create(t.Context(), pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: target}, "key-1"); !errors.Is(err, pictify.ErrRefused) {
		t.Errorf("the same key for another request: %v, want %v", err, pictify.ErrRefused)
	}
	if other, err := c.Create(t.Context(), n, "key-2"); err != nil || other.UID == first.UID {
		t.Errorf("another key: %v, %s", err, other.UID)
	}
	stranger := *c
	stranger.Key = pictify.NewSecret("pk_test_2")
	if other, err := stranger.Create(t.Context(), n, "key-1"); err != nil || other.UID == first.UID {
		t.Errorf("another account: %v, %s", err, other.UID)
	}
	if err := c.Delete(t.Context(), first.UID); err != nil {
		t.Fatal(err)
	}
	if again, err := c.Create(t.Context(), n, "key-1"); err != nil || again.UID != first.UID {
		t.Errorf("after its deletion: %v, %s, want the answer as it was", err, again.UID)
	}
	clock.advance(2 * time.Second)
	if other, err := c.Create(t.Context(), n, "key-1"); err != nil || other.UID == first.UID {
		t.Errorf("after 24 hours: %v, %s, want a new one", err, other.UID)
	}
}

// What was answered is answered again after a restart: the same bytes, with the secret,
// for a subscription and for a render, and nothing is made a second time.
func TestIdempotencyKeySurvivesARestart(t *testing.T) {
	var clock clock
	file := filepath.Join(t.TempDir(), "mock.json")
	first := &mock.Server{Now: clock.now}
	if err := first.KeepState(file); err != nil {
		t.Fatal(err)
	}
	c := start(t, first)
	requests := [][3]string{
		{"/webhook-subscriptions", `{"event":"render.failed","targetUrl":"` + target + `"}`, "key-1"},
		{"/image", `{"html":"<b>&amp;\u2028</b>"}`, "key-2"},
		{"/webhook-subscriptions", `{"event":"render.completed","targetUrl":"` + target + `"}`, ""},
	}
	post := func(c *pictify.Client, r [3]string) (int, string) {
		status, _, answer := ask(t, c, "POST", r[0], r[1], http.Header{"Idempotency-Key": {r[2]}})
		return status, answer
	}
	var want []string
	for _, r := range requests {
		status, answer := post(c, r)
		want = append(want, fmt.Sprint(status, answer))
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), "key-1") {
		t.Errorf("%v, or a key is in the state", err)
	}

	second := &mock.Server{Now: clock.now, Random: rand.NewChaCha8([32]byte{2})}
	if err := second.KeepState(file); err != nil {
		t.Fatal(err)
	}
	again := start(t, second)
	for i, r := range requests {
		status, answer := post(again, r)
		if got := fmt.Sprint(status, answer); (got == want[i]) != (r[2] != "") {
			t.Errorf("%s with %q answered %s\nbefore %s", r[0], r[2], got, want[i])
		}
	}
	if n := len(second.Subscriptions()); n != 3 {
		t.Errorf("%d subscriptions, want 3", n)
	}
	if status, answer := post(again, [3]string{"/image", `{"html":"another"}`, "key-2"}); status != 409 {
		t.Errorf("the same key for another request: %d %s", status, answer)
	}
	clock.advance(25 * time.Hour)
	if text, err := second.Snapshot(); err != nil || strings.Contains(string(text), `"answers"`) {
		t.Errorf("%v, or answers are saved that are too old", err)
	}
}

// A refusal is not kept: the corrected request may use the same key.
func TestIdempotencyKeyOfRefusal(t *testing.T) {
	c := start(t, &mock.Server{})
	if _, err := c.Create(t.Context(), pictify.NewSubscription{Event: "batch.failed", TargetURL: target}, "key"); err == nil {
		t.Error("batch.failed was accepted")
	}
	if _, err := c.Create(t.Context(), pictify.NewSubscription{Event: "render.failed", TargetURL: target}, "key"); err != nil {
		t.Error(err)
	}
}

func TestIdempotencyKeysAreBounded(t *testing.T) {
	api := &mock.Server{}
	c := start(t, api)
	n := pictify.NewSubscription{Event: pictify.RenderCompleted, TargetURL: target}
	for i := range 1001 {
		s, err := c.Create(t.Context(), n, fmt.Sprint("key-", i))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Delete(t.Context(), s.UID); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		key  string
		want int // subscriptions afterwards
	}{{"key-1000", 0}, {"key-1", 0}, {"key-0", 1}} { // the oldest is forgotten
		if _, err := c.Create(t.Context(), n, tt.key); err != nil || len(api.Subscriptions()) != tt.want {
			t.Errorf("%s: %v, %d subscriptions, want %d", tt.key, err, len(api.Subscriptions()), tt.want)
		}
	}
}
