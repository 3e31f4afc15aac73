package postgis

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wangge/spatial"
)

// writing is how a commit sees the store, whatever the database's default: at
// a stricter level, whoever waited in lockBase would be thrown out instead of
// reading the version that was made meanwhile.
var writing = pgx.TxOptions{IsoLevel: pgx.ReadCommitted}

// How long to wait for locks. For rows and tables that other clients write to
// it is less than the second after which PostgreSQL looks for deadlocks, so
// that of two who wait for each other it is not the other who is thrown out.
// Readers of the catalogue wait for nobody, so waiting for them is safe.
const (
	rowPatience     = "800ms"
	faultPatience   = "200ms"
	readersPatience = "30s"
)

// anyBase is the base of what may be written on any version.
const anyBase spatial.Version = math.MinInt64

// transact runs an edit in a transaction and returns the version that this
// was given last, after all was written. An edit that is refused because the
// store has moved on is a conflict.
func (s *Store) transact(ctx context.Context, base spatial.Version, note string, edit func(pgx.Tx) error) (version spatial.Version, err error) {
	refused := false
	err = pgx.BeginTxFunc(ctx, s.pool, writing, func(tx pgx.Tx) error {
		version, err = number(ctx, tx, base, note, edit)
		refused = err != nil
		return err
	})
	switch {
	case err == nil:
		return version, nil
	case refused && base != anyBase && s.overtaken(ctx, base, err):
		return 0, fmt.Errorf("the store is no longer at version %d: %w", base, spatial.ErrConflict)
	}
	return 0, s.explain(ctx, explainText(err))
}

func number(ctx context.Context, tx pgx.Tx, base spatial.Version, note string, edit func(pgx.Tx) error) (version spatial.Version, err error) {
	if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = "+literal(rowPatience)); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, "SELECT set_config('wangge.note', $1, true), set_config('wangge.proved', 'on', true)", note); err != nil {
		return 0, err
	}
	if err := edit(tx); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, "SELECT change_number()").Scan(&version)
	return version, err
}

// lockBase makes other committers wait until the transaction ends, and is
// spatial.ErrConflict if the store is not at the base.
func lockBase(ctx context.Context, tx pgx.Tx, base spatial.Version) error {
	return atBase(ctx, tx, base, "FOR UPDATE")
}

func atBase(ctx context.Context, tx pgx.Tx, base spatial.Version, lock string) error {
	var current spatial.Version
	if err := tx.QueryRow(ctx, "SELECT version FROM store "+lock).Scan(&current); err != nil {
		return err
	}
	if base != anyBase && current != base {
		return fmt.Errorf("the change was planned on version %d, the store is at %d: %w", base, current, spatial.ErrConflict)
	}
	return nil
}

// overtaken says whether an edit may have been refused only because another
// client committed after the base. It says no where nothing was refused, such
// as when the connection was lost.
func (s *Store) overtaken(ctx context.Context, base spatial.Version, err error) bool {
	var broken *spatial.InvalidError
	var refused *pgconn.PgError
	if !errors.As(err, &broken) && !errors.Is(err, spatial.ErrNotFound) && !(errors.As(err, &refused) && refused.Severity == "ERROR") {
		return false
	}
	current, err := s.Version(ctx)
	return err == nil && current != base
}

// logWhole enters that layers were created or dropped.
func logWhole(ctx context.Context, tx pgx.Tx, layers ...spatial.LayerID) error {
	_, err := tx.Exec(ctx, "INSERT INTO edit (layer, size) SELECT unnest($1::text[]), edit_limit() + 1", layers)
	return err
}

// logNamed enters that a layer was named by a change without rows.
func logNamed(ctx context.Context, tx pgx.Tx, layer spatial.LayerID) error {
	_, err := tx.Exec(ctx, "INSERT INTO edit (layer, ids, size) VALUES ($1, '{}', 0)", string(layer))
	return err
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
	return t.copyTo(ctx, tx, string(t.ID), rows, report)
}

// copyTo appends rows to another table with the same columns.
func (t table) copyTo(ctx context.Context, tx pgx.Tx, name string, rows iter.Seq2[spatial.Row, error], report func(done int)) error {
	next, stop := iter.Pull2(rows)
	defer stop()
	from := &source{table: t, next: next, report: report}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{name}, t.columns(), from)
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
	if len(c.Put)+len(c.Delete) == 0 {
		return logNamed(ctx, tx, t.ID)
	}
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
