package postgis

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/jackc/pgx/v5"

	"wangge/spatial"
)

// channel is where commits are announced, as "<schema> <version>".
const channel = "wangge"

// writing is how a commit sees the store, whatever the database's default: at
// a stricter level, whoever waited in lockVersion would be thrown out instead
// of reading the version that was made meanwhile.
var writing = pgx.TxOptions{IsoLevel: pgx.ReadCommitted}

// lockVersion reads the version and makes other committers wait.
func lockVersion(ctx context.Context, tx pgx.Tx) (version spatial.Version, err error) {
	err = tx.QueryRow(ctx, "SELECT version FROM store FOR UPDATE").Scan(&version)
	return version, err
}

// book enters a commit: the version, the change log, the announcement.
func (s *Store) book(ctx context.Context, tx pgx.Tx, version spatial.Version, note string, layers []string) error {
	batch := new(pgx.Batch)
	batch.Queue("UPDATE store SET version = $1", version)
	batch.Queue("UPDATE layer SET version = $1 WHERE id = ANY ($2)", version, layers)
	batch.Queue("INSERT INTO change (version, note, layers) VALUES ($1, $2, $3)", version, note, layers)
	batch.Queue("SELECT pg_notify($1, $2)", channel, fmt.Sprintf("%s %d", s.schema, version))
	return tx.SendBatch(ctx, batch).Close()
}

// source feeds COPY with rows, after each was found to keep the rules of a
// single row.
type source struct {
	table  table
	next   func() (spatial.Row, error, bool)
	report func(done int)
	row    spatial.Row
	done   int
	err    error
}

func (s *source) Next() bool {
	row, err, ok := s.next()
	if !ok {
		return false
	}
	if err == nil {
		err = s.table.ValidateRow(row)
	}
	if err != nil {
		s.err = err
		return false
	}
	s.row = row
	s.done++
	s.report(s.done)
	return true
}

func (s *source) Values() ([]any, error) { return s.table.values(s.row), nil }
func (s *source) Err() error             { return s.err }

// copyIn appends rows to the table.
func (t table) copyIn(ctx context.Context, tx pgx.Tx, rows iter.Seq2[spatial.Row, error], report func(done int)) error {
	next, stop := iter.Pull2(rows)
	defer stop()
	from := &source{table: t, next: next, report: report}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{string(t.ID)}, t.columns(), from)
	if from.err != nil { // the server only repeats it
		return from.err
	}
	return err
}

// remove deletes rows and returns the ids of those that were there.
func (t table) remove(ctx context.Context, tx pgx.Tx, ids []int64) ([]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, "DELETE FROM "+t.name()+" WHERE id = ANY ($1) RETURNING id", ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// edit makes a layer's part of a change. Rows to be replaced are deleted
// first, so that rows may exchange unique values.
func (t table) edit(ctx context.Context, tx pgx.Tx, c spatial.LayerChange) error {
	there, err := t.remove(ctx, tx, c.Delete)
	if err != nil {
		return err
	}
	if len(there) < len(c.Delete) {
		missing := slices.IndexFunc(c.Delete, func(id int64) bool { return !slices.Contains(there, id) })
		return fmt.Errorf("%s %d: %w", t.ID, c.Delete[missing], spatial.ErrNotFound)
	}
	if len(c.Put) == 0 {
		return nil
	}
	if _, err := t.remove(ctx, tx, putIDs(c)); err != nil {
		return err
	}
	return t.copyIn(ctx, tx, withoutErrors(c.Put), func(int) {})
}

func withoutErrors(rows []spatial.Row) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func putIDs(c spatial.LayerChange) []int64 {
	ids := make([]int64, len(c.Put))
	for i := range c.Put {
		ids[i] = c.Put[i].ID
	}
	return ids
}

// stale is the refusal of a change that was planned on another version.
func stale(base, current spatial.Version) error {
	return fmt.Errorf("the change was planned on version %d, the store is at %d: %w", base, current, spatial.ErrConflict)
}
