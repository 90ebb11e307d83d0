package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
)

// An indexing is one transaction that brings the index further. It reads the database
// as of one moment.
type indexing struct {
	from, to    *sql.Tx // the database and the index
	size        int64   // of a part
	rev, newest int64   // the database's
	stored      int64   // verified deliveries in it
	upto        int64   // deliveries up to this number have been looked at
	parts       []indexPartOf

	scratch []byte
}

// batch indexes as many as belong into one transaction, and reports whether there are
// more.
func (x *index) batch(ctx context.Context, db *sql.DB, still func() bool) (more bool, err error) {
	b := &indexing{size: x.size}
	if b.from, err = x.source.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
		return false, err
	}
	defer b.from.Rollback() // nothing was written
	if err := b.from.QueryRowContext(ctx, "SELECT rev, seq, count FROM clock").Scan(&b.rev, &b.newest, &b.stored); err != nil {
		return false, err
	}
	if b.to, err = db.BeginTx(ctx, nil); err != nil {
		return false, err
	}
	defer b.to.Rollback() // does nothing after the commit
	state, err := readIndex(ctx, b.to)
	if err != nil {
		return false, err
	}
	if !state.fits(x.s.epoch, b.rev) {
		return false, errStale
	}
	b.upto, b.parts = state.upto, state.parts
	dropped, err := b.dropOld(ctx)
	if err != nil {
		return false, err
	}
	if b.upto < b.newest {
		if more, err = b.add(ctx, still); err != nil {
			return false, err
		}
	}
	if !dropped && b.upto == state.upto {
		return more, nil
	}
	if _, err := b.to.ExecContext(ctx, "UPDATE about SET rev = ?, upto = ?", b.rev, b.upto); err != nil {
		return false, err
	}
	return more, b.to.Commit()
}

// add puts the next deliveries into the newest part, or a new one when it is full.
// Those that did not verify are never put in: they are few and soon gone.
func (b *indexing) add(ctx context.Context, still func() bool) (more bool, err error) {
	p, err := b.openPart(ctx)
	if err != nil {
		return false, err
	}
	insert, err := b.to.PrepareContext(ctx, "INSERT INTO "+p.table()+" (rowid, text) VALUES (?, ?)")
	if err != nil {
		return false, err
	}
	defer insert.Close()
	most := min(indexBatch, b.size-p.rows)
	rows, err := b.from.QueryContext(ctx, `SELECT d.seq, d.event, d.delivery_id, d.subscription, iif(length(c.body) <= ?, c.body, NULL), length(c.body)
		FROM deliveries d CROSS JOIN contents c ON c.seq = d.seq WHERE d.seq > ? AND d.proof IS NOT NULL ORDER BY d.seq LIMIT ?`,
		indexBody, b.upto, most)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	c := candidate{Delivery: new(Delivery)}
	n, bytes := int64(0), int64(0)
	for ; n < most && rows.Next(); n++ {
		if n > 0 && (bytes > indexBytes || !still()) {
			more = true
			break
		}
		if err := rows.Scan(&c.Seq, &c.Event, &c.DeliveryID, &c.Subscription, (*sql.RawBytes)(&c.Body), &c.BodySize); err != nil {
			return false, err
		}
		if err := b.addOne(ctx, insert, &c); err != nil {
			return false, err
		}
		b.upto, bytes = c.Seq, bytes+int64(len(c.Body))
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return false, err
	}
	more = more || n == most
	if !more {
		b.upto = b.newest
	}
	_, err = b.to.ExecContext(ctx, "UPDATE parts SET last = ?, rows = rows + ? WHERE n = ?", b.upto, n, p.n)
	return more, err
}

func (b *indexing) addOne(ctx context.Context, insert *sql.Stmt, c *candidate) error {
	if c.BodySize > indexBody {
		_, err := b.to.ExecContext(ctx, "INSERT INTO large VALUES (?)", c.Seq)
		return err
	}
	b.scratch = appendText(b.scratch[:0], c)
	_, err := insert.ExecContext(ctx, c.Seq, string(b.scratch))
	return err
}

// openPart returns the part that the next delivery goes into.
func (b *indexing) openPart(ctx context.Context) (p indexPartOf, err error) {
	if len(b.parts) > 0 && b.parts[0].last == b.upto && b.parts[0].rows < b.size {
		return b.parts[0], nil
	}
	p = indexPartOf{n: 1, first: b.upto + 1, last: b.upto}
	if len(b.parts) > 0 {
		p.n = b.parts[0].n + 1
	}
	if _, err := b.to.ExecContext(ctx, "INSERT INTO parts VALUES (?, ?, ?, 0)", p.n, p.first, p.last); err != nil {
		return p, err
	}
	_, err = b.to.ExecContext(ctx, "CREATE VIRTUAL TABLE "+p.table()+
		" USING fts5 (text, tokenize = 'trigram case_sensitive 1', content = '', columnsize = 0, detail = none)")
	if err == nil { // a quarter of what is usual: it takes several times as much memory
		_, err = b.to.ExecContext(ctx, "INSERT INTO "+p.table()+" ("+p.table()+", rank) VALUES ('hashsize', 262144)")
	}
	return p, err
}

// dropOld removes parts of which less than a quarter is still stored. What is left of
// them will be read when it is searched. It looks each time that half a part has gone.
func (b *indexing) dropOld(ctx context.Context) (dropped bool, err error) {
	indexed := int64(0)
	for _, p := range b.parts {
		indexed += p.rows
	}
	if gone := indexed - b.stored; gone < b.size/2 && !(b.stored == 0 && indexed > 0) {
		return false, nil
	}
	for i, p := range slices.Clone(b.parts) {
		rows := int64(0)
		err := b.from.QueryRowContext(ctx, "SELECT count(*) FROM deliveries WHERE seq BETWEEN ? AND ? AND proof IS NOT NULL", p.first, p.last).Scan(&rows)
		if err != nil {
			return false, err
		}
		if rows > 0 && (i == 0 || rows >= b.size/4) {
			if _, err := b.to.ExecContext(ctx, "UPDATE parts SET rows = ? WHERE n = ?", rows, p.n); err != nil {
				return false, err
			}
			continue
		}
		for _, q := range []string{"DROP TABLE " + p.table(), "DELETE FROM parts WHERE n = ?1", "DELETE FROM large WHERE seq BETWEEN ?2 AND ?3"} {
			if _, err := b.to.ExecContext(ctx, q, p.n, p.first, p.last); err != nil {
				return false, err
			}
		}
	}
	b.parts, err = indexParts(ctx, b.to)
	return true, err
}
