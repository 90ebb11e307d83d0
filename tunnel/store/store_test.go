package store_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

func open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), store.FileName), o)
}

func openAt(t testing.TB, path string, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// delivery makes a verified delivery; deliveries of different n differ in
// everything that makes one the repeat of another.
func delivery(n int) store.Delivery {
	proof := sha256.Sum256(fmt.Append(nil, "proof", n))
	body := fmt.Appendf(nil, `{"event":"render.completed","data":{"n":%d}}`, n)
	return store.Delivery{
		ReceivedAt: time.UnixMicro(1_790_000_000_000_000 + int64(n)),
		Event:      pictify.RenderCompleted, About: "tmpl_xyz", DeliveryID: fmt.Sprintf("del_%d", n),
		Hook: "token", Subscription: "wh_1", Source: store.FromPictify, Verdict: pictify.Valid, State: store.Waiting,
		Method: "POST", Path: "/in/a/token", Remote: "127.0.0.1:1",
		Header: []store.Field{{Name: "B", Value: "2"}, {Name: "a", Value: "1"}, {Name: "B", Value: "é: x"}, {Name: "C", Value: ""}},
		Body:   body, BodySize: int64(len(body)), Proof: proof[:16],
	}
}

func record(t testing.TB, s *store.Store, d store.Delivery) store.Delivery {
	t.Helper()
	d, err := s.Record(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRecordKeepsEveryByte(t *testing.T) {
	bodies := map[string][]byte{
		"json": []byte(`{"a":1}`), "empty": {}, "binary": {0, 0xff, '\r', '\n', 0x80}, "bom": []byte("\xef\xbb\xbf{}\n"),
		"large": make([]byte, 3<<20),
	}
	s := open(t, store.Options{})
	n := 0
	for name, body := range bodies {
		n++
		d := delivery(n)
		d.Body, d.BodySize = body, int64(len(body))
		got := record(t, s, d)
		read, err := s.Get(t.Context(), got.Seq)
		if err != nil {
			t.Fatal(err)
		}
		if string(read.Body) != string(body) {
			t.Errorf("%s: body changed: %d bytes, want %d", name, len(read.Body), len(body))
		}
		d.Seq, d.Rev, d.FirstRev, d.Arrivals, d.Proof = got.Seq, got.Rev, got.FirstRev, 1, nil
		d.Body, read.Body = nil, nil // compared above
		if diff := cmp.Diff(d, read, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: Get differs (-recorded +read):\n%s", name, diff)
		}
	}
}

func TestNumbersAreNeverUsedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	s := openAt(t, path, store.Options{KeepCount: 1})
	var last store.Delivery
	for n := range 5 {
		last = record(t, s, delivery(n))
		if _, err := s.AddAttempt(t.Context(), last.Seq, store.Attempt{Kind: store.Forward, Status: 200}, store.Done); err != nil {
			t.Fatal(err)
		}
	}
	rev, err := s.LastRev(t.Context())
	if err != nil || rev != 10 {
		t.Fatalf("LastRev = %d, %v, want 10", rev, err)
	}
	s.Close()
	s = openAt(t, path, store.Options{})
	if d := record(t, s, delivery(99)); d.Seq != last.Seq+1 || d.Rev != rev+1 || d.ID() != "d6" {
		t.Errorf("after reopening: %s rev %d, want d6 rev %d", d.ID(), d.Rev, rev+1)
	}
}

func TestRepeats(t *testing.T) {
	first := delivery(1)
	sameProof := delivery(2)
	sameProof.Proof = first.Proof
	retry := delivery(1)
	retry.Proof = delivery(3).Proof // a later attempt of Pictify's: signed again, same id and bytes
	otherBody := delivery(4)
	otherBody.DeliveryID = first.DeliveryID // the id is not signed: it must not swallow another event
	otherHook := delivery(1)
	otherHook.Proof, otherHook.Hook = delivery(5).Proof, "another"

	tests := []struct {
		name   string
		d      store.Delivery
		repeat bool
	}{
		{"the same signature again", sameProof, true},
		{"the same id and body, signed afresh", retry, true},
		{"the same id, another body", otherBody, false},
		{"the same id and body on another hook", otherHook, false},
		{"no id at all", store.Delivery{Verdict: pictify.Valid, Proof: delivery(6).Proof, State: store.Waiting}, false},
	}
	s := open(t, store.Options{})
	one := record(t, s, first)
	arrivals := 1
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := record(t, s, tt.d)
			if got.Repeat != tt.repeat || (got.Seq == one.Seq) != tt.repeat {
				t.Fatalf("Record = %s, Repeat %v, want Repeat %v", got.ID(), got.Repeat, tt.repeat)
			}
			if tt.repeat {
				if arrivals++; got.Arrivals != arrivals {
					t.Errorf("Arrivals = %d, want %d", got.Arrivals, arrivals)
				}
			}
		})
	}
}

func TestRepeatAsksTheAppAgainOnlyAfterFailure(t *testing.T) {
	s := open(t, store.Options{})
	for n, after := range []store.State{store.Waiting, store.Done, store.Failed} {
		d := record(t, s, delivery(n))
		if after != store.Waiting {
			if _, err := s.AddAttempt(t.Context(), d.Seq, store.Attempt{Status: 500}, after); err != nil {
				t.Fatal(err)
			}
		}
		want := after
		if after == store.Failed {
			want = store.Waiting
		}
		if again := record(t, s, delivery(n)); again.State != want {
			t.Errorf("repeat of a %s delivery is %s, want %s", after, again.State, want)
		}
	}
}

func TestAttempts(t *testing.T) {
	s := open(t, store.Options{})
	d := record(t, s, delivery(1))
	want := []store.Attempt{
		{Kind: store.Forward, At: time.UnixMicro(5), URL: "http://localhost:3000/x", Error: "connection refused", Duration: 1500 * time.Microsecond},
		{Kind: store.Replay, At: time.UnixMicro(9), URL: "http://localhost:3000/x", Status: 500, Duration: time.Second,
			Header: []store.Field{{Name: "X", Value: "1"}, {Name: "X", Value: "2"}}, Body: []byte("no\x00"), BodySize: 3},
	}
	for i := range want {
		got, err := s.AddAttempt(t.Context(), d.Seq, want[i], store.Failed)
		if err != nil {
			t.Fatal(err)
		}
		want[i].N, want[i].Rev = i+1, d.Rev+int64(i)+1
		if got.N != want[i].N || got.Rev != want[i].Rev {
			t.Errorf("attempt %d: N %d Rev %d, want N %d Rev %d", i, got.N, got.Rev, want[i].N, want[i].Rev)
		}
	}
	got, err := s.Get(t.Context(), d.Seq)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Attempts, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("attempts differ (-want +got):\n%s", diff)
	}
	if got.State != store.Failed || got.Rev != want[1].Rev {
		t.Errorf("delivery is %s rev %d, want failed rev %d", got.State, got.Rev, want[1].Rev)
	}
	again, err := s.AddAttempt(t.Context(), d.Seq, store.Attempt{Kind: store.Replay, Status: 502}, "")
	if err != nil || again.N != 3 {
		t.Fatalf("%+v, %v", again, err)
	}
	changed, err := s.Since(t.Context(), again.Rev-1, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]store.Delivery{changed, whole(t, s)} { // from memory, and from the database
		if len(list) != 1 || list[0].State != store.Failed || len(list[0].Attempts) != 3 {
			t.Errorf("an attempt that changes no state: %+v", list)
		}
	}
	if _, err := s.AddAttempt(t.Context(), 999, want[0], store.Done); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("attempt for a delivery that is gone: %v, want ErrNotFound", err)
	}
}

// Everything that one bad write of a group would take with it must survive.
func TestOneBadWriteDoesNotFailItsGroup(t *testing.T) {
	s := open(t, store.Options{})
	var wg sync.WaitGroup
	for n := range 200 {
		wg.Go(func() {
			if n%10 == 0 {
				if _, err := s.AddAttempt(t.Context(), 1<<40, store.Attempt{}, store.Done); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("bad write: %v, want ErrNotFound", err)
				}
			} else if _, err := s.Record(t.Context(), delivery(n)); err != nil {
				t.Errorf("good write: %v", err)
			}
		})
	}
	wg.Wait()
	if c, err := s.Count(t.Context()); err != nil || c.Deliveries != 180 {
		t.Errorf("Count = %+v, %v, want 180 deliveries", c, err)
	}
}

func TestRetention(t *testing.T) {
	s := open(t, store.Options{KeepCount: 10})
	var waiting store.Delivery
	for n := range 50 {
		d := record(t, s, delivery(n))
		if n == 3 {
			waiting = d
			continue
		}
		if _, err := s.AddAttempt(t.Context(), d.Seq, store.Attempt{Status: 200}, store.Done); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.List(t.Context(), store.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 10 || list[9].Seq != waiting.Seq || list[0].Seq != 50 {
		t.Errorf("kept %d deliveries from %s to %s, want 10 from d50 to %s", len(list), list[0].ID(), list[len(list)-1].ID(), waiting.ID())
	}
	c, err := s.Count(t.Context())
	if err != nil || c.Deliveries != 10 || c.Waiting != 1 {
		t.Errorf("Count = %+v, %v, want 10 deliveries, 1 waiting", c, err)
	}
}

func TestRetentionByBytes(t *testing.T) {
	const keep = 100_000
	s := open(t, store.Options{KeepBytes: keep})
	for n := range 40 {
		d := delivery(n)
		d.State, d.Body = store.Done, make([]byte, 10_000)
		record(t, s, d)
	}
	c, err := s.Count(t.Context())
	if err != nil || c.Bytes > keep+keep/100 || c.Bytes < keep/2 {
		t.Errorf("Count = %+v, %v, want at most %d bytes and a hundredth, and at least half of it", c, err, keep)
	}
}

// The app's answers count, too: they may be far longer than what it was sent. Of what
// did not verify nothing counts, since it has a bound of its own.
func TestRetentionCountsAnswers(t *testing.T) {
	const keep = 500_000
	s := open(t, store.Options{KeepBytes: keep})
	add := func(d store.Delivery, kind string) {
		t.Helper()
		a := store.Attempt{Kind: kind, Status: 500, Header: []store.Field{{Name: "X", Value: "1"}}, Body: make([]byte, 100_000)}
		if _, err := s.AddAttempt(t.Context(), d.Seq, a, store.Failed); err != nil {
			t.Fatal(err)
		}
	}
	forged := delivery(1000)
	forged.Verdict, forged.Proof = pictify.Mismatch, nil
	forged = record(t, s, forged)
	for range 10 {
		add(forged, store.Replay)
	}
	if c, err := s.Count(t.Context()); err != nil || c.Bytes != 0 {
		t.Errorf("of a forged one %d bytes count (%v)", c.Bytes, err)
	}
	for n := range 40 {
		add(record(t, s, delivery(n)), []string{store.Forward, store.Replay}[n%2])
		c, err := s.Count(t.Context())
		if err != nil || c.Bytes > keep+keep/100+store.AnswerLimit+2000 {
			t.Fatalf("after %d: %+v, %v, want hardly more than %d bytes", n+1, c, err, keep)
		}
	}
	list := whole(t, s)
	if len(list) < 6 || len(list) > 10 {
		t.Errorf("%d are stored, want those whose answers fit", len(list))
	}
	if n, err := s.Clear(t.Context(), store.Search{}); err != nil || n != len(list) {
		t.Fatalf("removed %d of %d: %v", n, len(list), err)
	}
	if c, err := s.Count(t.Context()); err != nil || c.Bytes != 0 {
		t.Errorf("when all are gone, %d bytes are left (%v)", c.Bytes, err)
	}
}

// Of a delivery that was sent very often, the answers to the latest attempts are read.
func TestManyAttempts(t *testing.T) {
	s := open(t, store.Options{})
	d := record(t, s, delivery(1))
	const attempts = 70
	for range attempts {
		if _, err := s.AddAttempt(t.Context(), d.Seq, store.Attempt{Kind: store.Replay, Body: []byte("no"), BodySize: 2, Header: []store.Field{{Name: "X", Value: "1"}}}, store.Failed); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Get(t.Context(), d.Seq)
	if err != nil || len(got.Attempts) != attempts {
		t.Fatalf("%d attempts, %v", len(got.Attempts), err)
	}
	for i, a := range got.Attempts {
		if there := i >= attempts-50; (string(a.Body) == "no") != there || (len(a.Header) == 1) != there || a.N != i+1 || a.BodySize != 2 {
			t.Errorf("attempt %d: %+v", i+1, a)
		}
	}
	size := int64(len(d.Body)) + 50*int64(len("no")+len("X: 1\r\n"))
	if c, err := s.Count(t.Context()); err != nil || c.Bytes < size-100 || c.Bytes > size+200 {
		t.Errorf("%d bytes are kept, want about the %d of the body and 50 answers (%v)", c.Bytes, size, err)
	}
}

func TestUnverifiedIsBoundedAndPushesNothingOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	s := openAt(t, path, store.Options{KeepCount: 5})
	for n := range 5 {
		record(t, s, delivery(n))
	}
	for n := range 1000 {
		d := delivery(n)
		d.Verdict, d.Body = pictify.Mismatch, make([]byte, 4096)
		s.RecordUnverified(d)
	}
	s.Close()
	s = openAt(t, path, store.Options{})
	c, err := s.Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Deliveries != 5 || c.Unverified == 0 || c.Unverified > store.UnverifiedCount {
		t.Errorf("Count = %+v, want 5 deliveries and 1 to %d unverified", c, store.UnverifiedCount)
	}
	list, err := s.List(t.Context(), store.Query{Verdict: string(pictify.Mismatch), Limit: 1000})
	if err != nil || int64(len(list)) != c.Unverified {
		t.Errorf("List = %d unverified, %v, want %d", len(list), err, c.Unverified)
	}
	for _, d := range list {
		if d.State != store.Kept {
			t.Fatalf("unverified %s is %s, want kept", d.ID(), d.State)
		}
	}
}

func TestUnverifiedBytesAreBounded(t *testing.T) {
	s := open(t, store.Options{})
	for range 20 {
		s.RecordUnverified(store.Delivery{Verdict: pictify.Stale, Body: make([]byte, 256<<10)})
	}
	s.Close()
	s = openAt(t, s.Path(), store.Options{})
	if c, err := s.Count(t.Context()); err != nil || c.Unverified < 5 || c.Unverified > 8 {
		t.Errorf("Count = %+v, %v, want 5 to 8 of 256 KiB within 2 MiB", c, err)
	}
}

func TestSubscriptionsKeepTheirSecretUntilRetired(t *testing.T) {
	s := open(t, store.Options{})
	sub := store.Subscription{
		Token: "abc", State: store.Intended, Kind: store.Registered, Event: pictify.RenderFailed,
		Filters: pictify.Filters{TemplateID: "tmpl_1"}, TargetURL: "https://x.test/in/i/abc", IdempotencyKey: "k", CreatedAt: time.UnixMicro(7),
	}
	check := func() {
		t.Helper()
		if err := s.SaveSubscription(t.Context(), sub); err != nil {
			t.Fatal(err)
		}
		got, err := s.Subscriptions(t.Context())
		if err != nil || len(got) != 1 {
			t.Fatalf("Subscriptions = %d, %v", len(got), err)
		}
		if !got[0].Secret.Equal(sub.Secret) {
			t.Errorf("%s: another secret came back", sub.State)
		}
		got[0].Secret, sub.Secret = pictify.Secret{}, pictify.Secret{}
		if diff := cmp.Diff(sub, got[0], cmpopts.IgnoreTypes(pictify.Secret{})); diff != "" {
			t.Error(diff)
		}
	}
	check()
	sub.State, sub.UID, sub.Secret = store.Live, "wh_1", pictify.NewSecret("whsec_0123456789abcdef")
	check()
	sub.State, sub.Secret = store.Retired, pictify.NewSecret("whsec_0123456789abcdef")
	if err := s.SaveSubscription(t.Context(), sub); err != nil {
		t.Fatal(err)
	}
	sub.Secret = pictify.Secret{}
	check()
}

func TestGrantsWorkOnce(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	s := open(t, store.Options{Now: func() time.Time { return now }})
	take := func(name string, want bool) {
		t.Helper()
		if got, err := s.TakeGrant(t.Context(), []byte(name)); err != nil || got != want {
			t.Errorf("TakeGrant(%s) = %v, %v, want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"a", "old"} {
		if err := s.SaveGrant(t.Context(), []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	take("unknown", false)
	take("a", true)
	take("a", false)
	now = now.Add(31 * 24 * time.Hour)
	take("old", false)
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	path := filepath.Join(t.TempDir(), store.FileName)
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path, store.Options{})
	record(t, s, delivery(1))
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", info.Name(), info.Mode().Perm())
		}
	}
}

func TestClosedStore(t *testing.T) {
	s := open(t, store.Options{})
	changed := s.Changed()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	<-changed // Close wakes whoever sleeps
	if _, err := s.Record(t.Context(), delivery(1)); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Record after Close: %v, want ErrClosed", err)
	}
	s.RecordUnverified(delivery(2)) // does nothing, in particular no panic
}
