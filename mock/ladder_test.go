package mock_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

// A line is a server in a bubble of fake time, and the handler at the other end of it.
type line struct {
	*mock.Server
	t      *testing.T
	begin  time.Time
	answer func(context.Context, mock.Delivery) mock.Result

	mu   sync.Mutex
	sent []string // "delivery at offset", in order
}

// newLine makes a line whose handler answers with the status. It must be called in a bubble.
func newLine(t *testing.T, api *mock.Server, status int) *line {
	l := &line{Server: api, t: t, begin: time.Now(), answer: func(context.Context, mock.Delivery) mock.Result { return mock.Result{Status: status} }}
	if api.Random == nil {
		api.Random = random()
	}
	api.SetSend(func(ctx context.Context, d mock.Delivery) mock.Result {
		at := time.Now()
		l.mu.Lock()
		l.sent = append(l.sent, fmt.Sprint(d.ID, " ", at.Sub(l.begin)))
		answer := l.answer
		l.mu.Unlock()
		r := answer(ctx, d)
		r.At, r.Duration = at, time.Since(at)
		return r
	})
	return l
}

func (l *line) set(answer func(context.Context, mock.Delivery) mock.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer = answer
}

func status(n int) func(context.Context, mock.Delivery) mock.Result {
	return func(context.Context, mock.Delivery) mock.Result { return mock.Result{Status: n} }
}

func hang(ctx context.Context, _ mock.Delivery) mock.Result {
	<-ctx.Done()
	return mock.Result{Err: ctx.Err()}
}

// times returns when something was sent since the line began, and forgets it.
func (l *line) times() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for _, s := range l.sent {
		_, at, _ := strings.Cut(s, " ")
		all = append(all, at)
	}
	l.sent = nil
	return all
}

// pass lets time go by, and everything settle that is due by then.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// call asks the API without a socket, which fake time does not wait for.
func (l *line) call(method, path, body string) (int, string) {
	l.t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:4010"+path, strings.NewReader(body))
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4010})))
	r.Header.Set("Authorization", "Bearer key")
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// must is call for what cannot be refused.
func (l *line) must(method, path, body string) string {
	l.t.Helper()
	code, answer := l.call(method, path, body)
	if code/100 != 2 {
		l.t.Fatalf("%s %s: %d %s", method, path, code, answer)
	}
	return answer
}

func (l *line) subscribe() (uid string) {
	l.t.Helper()
	var made struct{ UID string }
	if err := json.Unmarshal([]byte(l.must("POST", "/webhook-subscriptions", `{"event":"render.failed","targetUrl":"`+target+`"}`)), &made); err != nil {
		l.t.Fatal(err)
	}
	return made.UID
}

// shown is what the API says of a subscription, without what never changes.
func (l *line) shown(uid string) string {
	l.t.Helper()
	var one struct{ Subscription map[string]json.RawMessage }
	if err := json.Unmarshal([]byte(l.must("GET", "/webhook-subscriptions/"+uid, "")), &one); err != nil {
		l.t.Fatal(err)
	}
	return fmt.Sprintf("%s deliveries %s failures %s last %s", one.Subscription["status"], one.Subscription["deliveryCount"], one.Subscription["failureCount"], one.Subscription["lastDelivery"])
}

func (l *line) queue() string {
	l.t.Helper()
	var stats struct{ Queue json.RawMessage }
	if err := json.Unmarshal([]byte(l.must("GET", "/webhook-subscriptions/stats", "")), &stats); err != nil {
		l.t.Fatal(err)
	}
	return string(stats.Queue)
}

var renderFailed = event(pictify.RenderFailed, `{"n":1}`)

// The documented course: six attempts, each to the moment; then the subscription is
// disabled, events are skipped, and resume revives it.
func TestLadder(t *testing.T) {
	for name, tt := range map[string]struct {
		ladder mock.Ladder
		want   []string
	}{
		"documented": {mock.Ladder{}, []string{"0s", "1m0s", "6m0s", "36m0s", "2h36m0s", "26h36m0s"}},
		"compressed": {mock.Ladder{Scale: 3000}, []string{"0s", "20ms", "120ms", "720ms", "3.12s", "31.92s"}},
		"slower":     {mock.Ladder{Scale: 0.5, Waits: []time.Duration{time.Second}}, []string{"0s", "2s"}},
		"own":        {mock.Ladder{Waits: []time.Duration{time.Second, 0, 5 * time.Second}}, []string{"0s", "1s", "1s", "6s"}},
		"repeating":  {mock.Ladder{Waits: []time.Duration{time.Second, 2 * time.Second}, Attempts: 5}, []string{"0s", "1s", "3s", "5s", "7s"}},
		"cut short":  {mock.Ladder{Attempts: 2}, []string{"0s", "1m0s"}},
		"paused":     {mock.Ladder{Attempts: 2, After: pictify.Paused}, []string{"0s", "1m0s"}},
		"none":       {mock.Ladder{Waits: []time.Duration{}}, []string{"0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLine(t, &mock.Server{Ladder: tt.ladder}, 500)
				defer l.Close()
				uid := l.subscribe()
				first := l.Emit(t.Context(), renderFailed)
				if len(first) != 1 || first[0].Status != 500 {
					t.Fatalf("Emit = %+v, want one that was answered 500", first)
				}
				pass(100 * time.Hour)
				l.mu.Lock()
				for _, sent := range l.sent {
					if !strings.HasPrefix(sent, first[0].ID+" ") {
						t.Errorf("sent %s, want the id %s each time", sent, first[0].ID)
					}
				}
				l.mu.Unlock()
				if diff := cmp.Diff(tt.want, l.times()); diff != "" {
					t.Errorf("attempts (-want +got)\n%s", diff)
				}
				left := pictify.Failed
				if tt.ladder.After != "" {
					left = tt.ladder.After
				}
				if log, _ := l.Attempts(uid); len(log) == 0 || log[len(log)-1].Left != left || len(log) > 1 && log[0].Left != "" {
					t.Errorf("the log ends with %+v", log)
				}
				if got := l.shown(uid); !strings.HasPrefix(got, fmt.Sprintf(`%q deliveries 1 failures %d `, left, len(tt.want))) || !strings.Contains(got, fmt.Sprintf(`"retryCount":%d}`, len(tt.want)-1)) {
					t.Errorf("in the end: %s", got)
				}
				if attempts, _, scaled := tt.ladder.Course(); attempts != len(tt.want) || scaled.String() != tt.want[len(tt.want)-1] {
					t.Errorf("Course = %d, %s", attempts, scaled)
				}
				if got, want := l.queue(), `{"active":0,"completed":0,"deadLetter":1,"delayed":0,"failed":1,"waiting":0}`; got != want {
					t.Errorf("queue %s, want %s", got, want)
				}
				if all := l.Emit(t.Context(), renderFailed); len(all) != 0 {
					t.Errorf("a failed subscription got %+v", all)
				}
				l.must("POST", "/webhook-subscriptions/"+uid+"/resume", "")
				l.set(status(200))
				if all := l.Emit(t.Context(), renderFailed); len(all) != 1 || !all[0].OK() {
					t.Errorf("after resume: %+v", all)
				}
				if got := l.shown(uid); !strings.HasPrefix(got, `"active" deliveries 2 failures 0 last {"status":"success"`) {
					t.Errorf("after resume: %s", got)
				}
			})
		})
	}
}

// What the API tells on the way down, and when it ends well.
func TestLadderIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, &mock.Server{}, 503)
		defer l.Close()
		uid := l.subscribe()
		l.Emit(t.Context(), renderFailed)
		const last = `{"status":"failed","timestamp":"%s","responseCode":503,"duration":0,"error":"answered 503 Service Unavailable","retryCount":%d,"nextRetry":"%s"}`
		if got, want := l.shown(uid), `"active" deliveries 1 failures 1 last `+fmt.Sprintf(last, "2000-01-01T00:00:00Z", 0, "2000-01-01T00:01:00Z"); got != want {
			t.Errorf("after the first\n%s, want\n%s", got, want)
		}
		pass(time.Minute)
		if got, want := l.shown(uid), `"active" deliveries 1 failures 2 last `+fmt.Sprintf(last, "2000-01-01T00:01:00Z", 1, "2000-01-01T00:06:00Z"); got != want {
			t.Errorf("after the second\n%s, want\n%s", got, want)
		}
		if got, want := l.queue(), `{"active":0,"completed":0,"deadLetter":0,"delayed":1,"failed":0,"waiting":0}`; got != want {
			t.Errorf("queue %s, want %s", got, want)
		}
		l.set(func(context.Context, mock.Delivery) mock.Result {
			<-time.After(3 * time.Second)
			return mock.Result{Status: 204, Body: []byte("thanks")}
		})
		pass(5*time.Minute + time.Second)
		if got, want := l.queue(), `{"active":1,"completed":0,"deadLetter":0,"delayed":0,"failed":0,"waiting":0}`; got != want {
			t.Errorf("queue %s, want %s", got, want)
		}
		pass(2 * time.Second)
		if got, want := l.shown(uid), `"active" deliveries 1 failures 0 last {"status":"success","timestamp":"2000-01-01T00:06:00Z","responseCode":204,"duration":3000,"retryCount":2}`; got != want {
			t.Errorf("after the third\n%s, want\n%s", got, want)
		}
		log, _ := l.Attempts(uid)
		var lines []string
		for _, a := range log {
			next := "-"
			if a.Next != nil {
				next = a.Next.UTC().Format(time.TimeOnly)
			}
			lines = append(lines, fmt.Sprintf("%d at %s: %d %q %g ms, after %s at %s", a.N, a.Time.UTC().Format(time.TimeOnly), a.Status, a.Body, a.DurationMS, a.Wait, next))
		}
		want := []string{
			`1 at 00:00:00: 503 "" 0 ms, after 1m at 00:01:00`,
			`2 at 00:01:00: 503 "" 0 ms, after 5m at 00:06:00`,
			`3 at 00:06:00: 204 "thanks" 3000 ms, after  at -`,
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("delivery log (-want +got)\n%s", diff)
		}
	})
}

// What is done to a subscription in the middle of a ladder.
func TestLadderInterrupted(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(l *line, uid string)
		want []string // attempts from minute 2 on
		due  int      // deliveries in the end
	}{
		"paused":           {func(l *line, uid string) { l.must("POST", "/webhook-subscriptions/"+uid+"/pause", "") }, nil, 0},
		"deleted":          {func(l *line, uid string) { l.must("DELETE", "/webhook-subscriptions/"+uid, "") }, nil, 0},
		"reset":            {func(l *line, uid string) { l.Reset() }, nil, 0},
		"paused by an PUT": {func(l *line, uid string) { l.must("PUT", "/webhook-subscriptions/"+uid, `{"status":"paused"}`) }, nil, 0},
		"paused and resumed before it is due": {func(l *line, uid string) {
			l.must("POST", "/webhook-subscriptions/"+uid+"/pause", "")
			pass(time.Minute)
			l.must("POST", "/webhook-subscriptions/"+uid+"/resume", "")
		}, []string{"6m0s", "36m0s", "2h36m0s", "26h36m0s"}, 1},
		"paused and resumed too late": {func(l *line, uid string) {
			l.must("POST", "/webhook-subscriptions/"+uid+"/pause", "")
			pass(5 * time.Minute)
			l.must("POST", "/webhook-subscriptions/"+uid+"/resume", "")
		}, nil, 0},
		"tried at once": {func(l *line, uid string) {
			if _, err := l.AttemptNow(l.Due()[0].ID); err != nil {
				l.t.Error(err)
			}
		}, []string{"2m0s", "32m0s", "2h32m0s", "26h32m0s"}, 1},
		"tried at once, and well": {func(l *line, uid string) {
			l.set(status(200))
			if _, err := l.AttemptNow(l.Due()[0].ID); err != nil {
				l.t.Error(err)
			}
		}, []string{"2m0s"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLine(t, &mock.Server{}, 500)
				defer l.Close()
				uid := l.subscribe()
				l.Emit(t.Context(), renderFailed)
				pass(2 * time.Minute)
				l.times()
				tt.do(l, uid)
				pass(100 * time.Hour)
				if diff := cmp.Diff(tt.want, l.times()); diff != "" {
					t.Errorf("attempts after that (-want +got)\n%s", diff)
				}
				if due := l.Due(); len(due) != tt.due {
					t.Errorf("still due: %+v, want %d", due, tt.due)
				}
			})
		})
	}
}

// A delivery that was given up can be tried again once its subscription lives.
func TestAttemptNowAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, &mock.Server{Ladder: mock.Ladder{Waits: []time.Duration{time.Second}}}, 500)
		defer l.Close()
		uid := l.subscribe()
		id := l.Emit(t.Context(), renderFailed)[0].ID
		pass(time.Minute)
		if _, err := l.AttemptNow(id); err == nil || !strings.Contains(err.Error(), "resume it first") {
			t.Errorf("AttemptNow of a failed subscription = %v", err)
		}
		l.must("POST", "/webhook-subscriptions/"+uid+"/resume", "")
		l.set(func(ctx context.Context, d mock.Delivery) mock.Result {
			<-time.After(time.Second)
			return mock.Result{Status: 500}
		})
		if d, err := l.AttemptNow(id); err != nil || d.State != "active" || d.Attempts != 2 {
			t.Errorf("AttemptNow = %+v, %v, want a third attempt under way", d, err)
		}
		if _, err := l.AttemptNow(id); err == nil || !strings.Contains(err.Error(), "under way") {
			t.Errorf("AttemptNow twice = %v", err)
		}
		pass(time.Minute)
		if got := l.queue(); !strings.Contains(got, `"failed":1`) || !strings.HasPrefix(l.shown(uid), `"failed" deliveries 1 failures 1 `) {
			t.Errorf("after a third failure: %s, %s", got, l.shown(uid))
		}
		l.must("POST", "/webhook-subscriptions/"+uid+"/resume", "")
		l.set(status(200))
		if _, err := l.AttemptNow(id); err != nil {
			t.Error(err)
		}
		pass(time.Second)
		if got, want := l.queue(), `{"active":0,"completed":1,"deadLetter":0,"delayed":0,"failed":0,"waiting":0}`; got != want {
			t.Errorf("queue %s, want %s", got, want)
		}
		if _, err := l.AttemptNow(id); err == nil || !strings.Contains(err.Error(), "No delivery") {
			t.Errorf("AttemptNow of what was received = %v", err)
		}
	})
}

// One target that never answers has eight attempts under way and no more, and holds up
// nobody; nor do many of them.
func TestHangingTargetsStopNobody(t *testing.T) {
	for _, hanging := range []int{1, 40, 900} {
		t.Run(fmt.Sprint(hanging), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLine(t, &mock.Server{}, 200)
				var stuck, most atomic.Int64
				l.set(func(ctx context.Context, d mock.Delivery) mock.Result {
					if d.Event.Type == pictify.RenderFailed {
						most.Store(max(most.Load(), stuck.Add(1)))
						defer stuck.Add(-1)
						<-ctx.Done()
						return mock.Result{Err: ctx.Err()}
					}
					return mock.Result{Status: 200}
				})
				defer l.Close()
				for range hanging {
					l.subscribe()
				}
				for range 10 {
					l.Enqueue(renderFailed)
				}
				synctest.Wait()
				if want := max(hanging, min(8*hanging, 256)); int(stuck.Load()) < hanging || int(most.Load()) > want {
					t.Errorf("%d attempts hang and at most %d did, want %d to %d", stuck.Load(), most.Load(), hanging, want)
				}
				for range 5 { // subscriptions that come late have room as well
					l.must("POST", "/webhook-subscriptions", `{"event":"render.completed","targetUrl":"`+target+`"}`)
				}
				for range 20 {
					for _, d := range l.Emit(t.Context(), event(pictify.RenderCompleted, `{}`)) {
						if !d.OK() {
							t.Errorf("held up: %+v", d)
						}
					}
				}
				if passed := time.Since(l.begin); passed != 0 {
					t.Errorf("it took %s", passed)
				}
			})
		})
	}
}

// What does not fit is said to be lost.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, &mock.Server{}, 200)
		l.set(hang)
		defer l.Close()
		l.subscribe()
		for range 10_000 {
			if accepted, lost := l.Enqueue(renderFailed); accepted != 1 || lost != 0 {
				t.Fatalf("Enqueue = %d, %d", accepted, lost)
			}
		}
		if accepted, lost := l.Enqueue(renderFailed); accepted != 0 || lost != 1 {
			t.Errorf("one too many: Enqueue = %d, %d", accepted, lost)
		}
		if all := l.Emit(t.Context(), renderFailed); len(all) != 1 || all[0].Err == nil || !strings.Contains(all[0].Problem(), "queue is full") {
			t.Errorf("one too many: Emit = %+v", all)
		}
		if got, want := l.queue(), `{"active":8,"completed":0,"deadLetter":0,"delayed":0,"failed":0,"waiting":9992}`; got != want {
			t.Errorf("queue %s, want %s", got, want)
		}
		l.Reset()
		big := event(pictify.RenderFailed, `{"a":"`+strings.Repeat("x", 30<<20)+`"}`)
		l.subscribe()
		for i, want := range []int{1, 1, 0} {
			if accepted, _ := l.Enqueue(big); accepted != want {
				t.Errorf("event %d of 30 MiB: %d accepted, want %d", i+1, accepted, want)
			}
		}
	})
}

// Who waits for the first attempt may stop waiting; the delivery goes on.
func TestEmitWaitsAsLongAsItIsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, &mock.Server{}, 200)
		l.set(func(context.Context, mock.Delivery) mock.Result {
			<-time.After(10 * time.Second)
			return mock.Result{Status: 200}
		})
		defer l.Close()
		l.subscribe()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if all := l.Emit(ctx, renderFailed); len(all) != 1 || all[0].ID == "" || !errors.Is(all[0].Err, context.DeadlineExceeded) {
			t.Errorf("Emit = %+v", all)
		}
		pass(10 * time.Second)
		if got := l.queue(); !strings.Contains(got, `"completed":1`) {
			t.Errorf("queue %s", got)
		}
	})
}

// Close waits for what is under way, but not for ever, and what is due is told.
func TestCloseSaysWhatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, &mock.Server{}, 500)
		l.subscribe()
		l.Emit(t.Context(), renderFailed)
		l.set(hang)
		for range 10 {
			l.Enqueue(renderFailed)
		}
		synctest.Wait()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(l.begin); took != 2*time.Second {
			t.Errorf("Close took %s, want 2s", took)
		}
		states := map[string]int{}
		for _, d := range l.Due() {
			states[fmt.Sprint(d.State, " after ", d.Attempts)]++
		}
		if diff := cmp.Diff(map[string]int{"waiting after 0": 10, "delayed after 1": 1}, states); diff != "" {
			t.Errorf("due (-want +got)\n%s", diff)
		}
		pass(100 * time.Hour)
		if sent := l.times(); len(sent) != 9 {
			t.Errorf("%d attempts, want 9: none after Close", len(sent))
		}
		if all := l.Emit(t.Context(), renderFailed); len(all) != 1 || all[0].Err == nil {
			t.Errorf("Emit after Close = %+v, want an error", all)
		}
		l.Close() // again
	})
}

// A target without a subscription, such as a batch's webhookUrl, has a ladder too.
func TestEmitTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, &mock.Server{HookSecret: pictify.NewSecret("whsec_of_the_project")}, 500)
		defer l.Close()
		var secrets []string
		l.set(func(_ context.Context, d mock.Delivery) mock.Result {
			secrets = append(secrets, d.Secret.Reveal()+" "+d.URL)
			return mock.Result{Status: 500}
		})
		d := l.EmitTo(t.Context(), target, event(pictify.BatchCompleted, `{}`))
		if d.ID == "" || d.Subscription != "" || d.Status != 500 {
			t.Errorf("EmitTo = %+v", d)
		}
		pass(100 * time.Hour)
		if diff := cmp.Diff([]string{"0s", "1m0s", "6m0s", "36m0s", "2h36m0s", "26h36m0s"}, l.times()); diff != "" {
			t.Errorf("attempts (-want +got)\n%s", diff)
		}
		if slices.Sort(secrets); secrets[0] != "whsec_of_the_project "+target || secrets[5] != secrets[0] {
			t.Errorf("sent with %q", secrets)
		}
		if due := l.Due(); len(due) != 1 || due[0].State != "failed" || due[0].URL != target {
			t.Errorf("Due = %+v", due)
		}
	})
}

func TestParseWaits(t *testing.T) {
	got, err := mock.ParseWaits("1m, 5m,30m,2h,24h")
	if diff := cmp.Diff(pictify.RetryWaits(), got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if got, err := mock.ParseWaits("none"); err != nil || got == nil || len(got) != 0 {
		t.Errorf("none = %v, %v", got, err)
	}
	for _, text := range []string{"", ",", "1m,", "5", "-1s", "721h", "1m;5m", "none,1m", strings.Repeat("1s,", 100) + "1s"} {
		if got, err := mock.ParseWaits(text); err == nil {
			t.Errorf("ParseWaits(%q) = %v, want an error", text, got)
		}
	}
}
