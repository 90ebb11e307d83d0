package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
)

// Record stores a delivery and returns it with its numbers. When it returns
// without error, the delivery is durable.
//
// A delivery that is there already is not stored twice. It is there already if
// it has the same Proof (somebody sent the same bytes again), or if it came in
// on the same hook with the same DeliveryID and the same body (Pictify tries
// again, with a fresh signature). The id alone is not enough: it is not signed.
// Record then counts the arrival and returns the stored one with Repeat set; if
// the app had refused it, its state is d.State again.
//
// d.Proof must not be nil; requests that did not verify go to
// [Store.RecordUnverified].
func (s *Store) Record(ctx context.Context, d Delivery) (Delivery, error) {
	return s.RecordThen(ctx, d, nil)
}

// RecordThen is Record with something to do between the commit and the return.
// Those calls are made one at a time in the order of Seq, which the callers'
// own returns are not; then must be quick, for all writers wait for it. It is
// not called when Record fails, but it is when only ctx has ended meanwhile.
func (s *Store) RecordThen(ctx context.Context, d Delivery, then func(Delivery)) (Delivery, error) {
	var out Delivery
	digest := sha256.Sum256(d.Body) // here, and not in the writer, where all others would wait for it
	op := write{apply: func(ctx context.Context, b *batch) (err error) {
		out, err = record(ctx, b, d, digest)
		return err
	}}
	if then != nil {
		op.then = func(err error) {
			if err == nil {
				then(out)
			}
		}
	}
	err := s.writer.do(ctx, op)
	if err != nil {
		return Delivery{}, fmt.Errorf("record delivery: %w", err)
	}
	return out, nil
}

func record(ctx context.Context, b *batch, d Delivery, digest digest) (Delivery, error) {
	stored, err := insert(ctx, b, d, digest)
	if !errors.Is(err, errRepeat) {
		return stored, err
	}
	var seq int64
	found, err := scanOne(ctx, b.stmt[findProof], []any{d.Proof}, &seq)
	if err == nil && !found {
		found, err = scanOne(ctx, b.stmt[findDeliveryID], []any{d.DeliveryID, d.Hook, digest[:]}, &seq)
	}
	if err == nil && !found {
		err = errors.New("it is there and is not")
	}
	if err != nil {
		return d, fmt.Errorf("look for repeat: %w", err)
	}
	return recordRepeat(ctx, b, seq, d)
}

func recordRepeat(ctx context.Context, b *batch, seq int64, d Delivery) (Delivery, error) {
	d.Seq, d.Rev, d.Repeat = seq, b.nextRev(), true
	var at int64
	_, err := scanOne(ctx, b.stmt[repeatDelivery], []any{d.Rev, string(d.State), seq},
		&d.State, &d.Arrivals, &d.AttemptCount, &d.FirstRev, &at)
	d.ReceivedAt = fromMicros(at)
	b.changes = append(b.changes, change{d: d, repeat: true})
	return d, err
}

// A digest is a body's SHA-256.
type digest = [sha256.Size]byte

// errRepeat is what insert returns for a delivery that is there already.
var errRepeat = errors.New("repeat")

// insert stores d as a new row. The statement itself looks for a repeat: in
// nearly all cases there is none, and a look of its own would be wasted.
func insert(ctx context.Context, b *batch, d Delivery, digest digest) (Delivery, error) {
	header := encodeFields(d.Header)
	kept := int64(len(header) + len(d.Body))
	var proof any // a nil []byte would be stored as an empty blob
	if d.Proof != nil {
		proof = d.Proof
	}
	d.Seq, d.Rev, d.Arrivals = b.seq+1, b.rev+1, 1
	d.FirstRev = d.Rev
	res, err := b.stmt[insertDelivery].ExecContext(ctx, d.Seq, d.Rev, d.FirstRev, micros(d.ReceivedAt),
		string(d.Event), d.About, d.DeliveryID, d.Hook, d.Subscription, string(d.Source), string(d.Verdict),
		d.Reason, string(d.State), d.Method, d.Path, d.Remote, d.BodySize, kept, proof, digest[:])
	if err != nil {
		return d, fmt.Errorf("insert delivery: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return d, errors.Join(err, errRepeat)
	}
	if _, err := b.stmt[insertContents].ExecContext(ctx, d.Seq, header, notNil(d.Body)); err != nil {
		return d, fmt.Errorf("insert contents: %w", err)
	}
	b.seq, b.rev = d.Seq, d.Rev
	if d.Proof != nil { // the others have a bound of their own
		b.count++
		b.bytes += kept
	}
	b.changes = append(b.changes, change{d: d})
	return d, nil
}

// notNil makes an empty blob of a nil slice, which would be NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// AddAttempt stores an attempt and the state that the delivery has after it, ""
// for the one that it has, and returns it with its number once it is durable. [ErrNotFound] if the
// delivery has been removed meanwhile.
func (s *Store) AddAttempt(ctx context.Context, seq int64, a Attempt, after State) (Attempt, error) {
	err := s.writer.do(ctx, write{apply: func(ctx context.Context, b *batch) error {
		return addAttempt(ctx, b, seq, &a, after)
	}})
	if err == nil && a.N == 0 { // not in memory
		err = s.read.QueryRowContext(ctx, "SELECT n FROM attempts WHERE seq = ? AND rev = ?", seq, a.Rev).Scan(&a.N)
		if errors.Is(err, sql.ErrNoRows) {
			err = ErrNotFound // pruned by the very write: it waited no more
		}
	}
	if err != nil {
		return a, fmt.Errorf("add attempt to d%d: %w", seq, err)
	}
	return a, nil
}

// NoteAttempt is AddAttempt without the wait: the attempt is stored with the
// next group, and then, if not nil, is called with what came of it. If the
// process dies before that, the delivery is still waiting and the app gets it
// once more. An error means that the attempt could not even be queued; then is
// not called.
func (s *Store) NoteAttempt(ctx context.Context, seq int64, a Attempt, after State, then func(error)) error {
	return s.writer.enqueue(ctx, write{apply: func(ctx context.Context, b *batch) error {
		return addAttempt(ctx, b, seq, &a, after)
	}, then: then})
}

// keepAnswers is for a replay, of which there may be thousands: it lets go of the answer
// to the one 50 before it. It returns by how much the bytes that count change: not at
// all for a delivery that did not verify, which has a bound of its own, and which nothing
// is done with but that.
func keepAnswers(ctx context.Context, b *batch, seq, kept int64) (int64, error) {
	var verified bool
	var n int
	if err := b.conn.QueryRowContext(ctx, "SELECT proof IS NOT NULL, attempts FROM deliveries WHERE seq = ?", seq).Scan(&verified, &n); err != nil {
		return 0, err
	}
	if n > wholeAttempts {
		var old int64
		err := b.conn.QueryRowContext(ctx, "SELECT length(header) + length(body) FROM attempts WHERE seq = ? AND n = ?", seq, n-wholeAttempts).Scan(&old)
		if err != nil {
			return 0, err
		}
		if _, err := b.conn.ExecContext(ctx, "UPDATE attempts SET header = x'', body = x'' WHERE seq = ? AND n = ?", seq, n-wholeAttempts); err != nil {
			return 0, err
		}
		if _, err := b.conn.ExecContext(ctx, "UPDATE deliveries SET kept = kept - ? WHERE seq = ?", old, seq); err != nil {
			return 0, err
		}
		kept -= old
	}
	if !verified {
		kept = 0
	}
	return kept, nil
}

// addAttempt stores *a. Its number is found by the database; it is set in *a
// after the commit, where it is known without asking.
func addAttempt(ctx context.Context, b *batch, seq int64, a *Attempt, after State) error {
	a.N, a.Rev = 0, b.rev+1
	header, body := encodeFields(a.Header), notNil(a.Body[:min(len(a.Body), AnswerLimit)])
	kept := int64(len(header) + len(body))
	res, err := b.stmt[touchDelivery].ExecContext(ctx, a.Rev, string(after), kept, seq)
	if err != nil {
		return fmt.Errorf("touch delivery: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNotFound)
	}
	if _, err := b.stmt[insertAttempt].ExecContext(ctx, a.Rev, a.Kind, micros(a.At), a.URL,
		a.Status, a.Duration.Microseconds(), a.Error, a.BodySize, header, body, seq); err != nil {
		return fmt.Errorf("insert attempt: %w", err)
	}
	if a.Kind == Replay {
		if kept, err = keepAnswers(ctx, b, seq, kept); err != nil {
			return fmt.Errorf("keep answers of d%d: %w", seq, err)
		}
	}
	b.bytes += kept
	b.rev = a.Rev
	b.changes = append(b.changes, change{d: Delivery{Seq: seq, Rev: a.Rev, State: after}, attempt: a})
	return nil
}
