package postgis

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/data"
	"wangge/spatial"
)

// staged is the temporary table that rows are streamed to: they meet the
// layer's own table only when all are there and whole, so that nobody waits
// for the source of the rows. No layer can have the name.
const staged = "incoming rows"

// Upsert streams rows into a temporary table and moves them from there.
func (s *Store) Upsert(ctx context.Context, base spatial.Version, into *spatial.Schema, rows iter.Seq2[spatial.Row, error], note string, progress data.Progress) (spatial.Version, error) {
	if progress == nil {
		progress = func(spatial.LayerID, int) {}
	}
	version, err := s.transact(ctx, base, note, func(tx pgx.Tx) error {
		if err := atBase(ctx, tx, base, ""); err != nil { // before the work, and again after it
			return err
		}
		return upsert(ctx, tx, base, into, rows, progress)
	})
	if err != nil {
		return 0, fmt.Errorf("upsert %s: %w", into.ID, err)
	}
	return version, nil
}

// stage fills the temporary table and proves that its rows are whole and come
// once each.
func stage(ctx context.Context, tx pgx.Tx, t table, rows iter.Seq2[spatial.Row, error], progress data.Progress) error {
	if err := t.Validate(); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf("CREATE TEMPORARY TABLE %s (%s) ON COMMIT DROP", quote(staged), t.columnList("id bigint"))); err != nil {
		return err
	}
	count := 0
	err := t.copyTo(ctx, tx, staged, rows, func(done int) {
		if count = done; done%reportEvery == 0 {
			progress(t.ID, done)
		}
	})
	if err != nil {
		return err
	}
	progress(t.ID, count)
	var twice int64
	err = tx.QueryRow(ctx, fmt.Sprintf("SELECT id FROM %s GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT 1", quote(staged))).Scan(&twice)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return &spatial.InvalidError{Rule: "row_once", Where: fmt.Sprintf("%s %d", t.ID, twice), Detail: "the row stands twice"}
}

// upsert puts rows into their layer, which is made if it is missing.
func upsert(ctx context.Context, tx pgx.Tx, base spatial.Version, into *spatial.Schema, rows iter.Seq2[spatial.Row, error], progress data.Progress) error {
	layers, err := readCatalogue(ctx, tx)
	if err != nil {
		return err
	}
	t, err := layers.find(into.ID)
	if err != nil {
		if err := stage(ctx, tx, table{Schema: into}, rows, progress); err != nil {
			return err
		}
		return moveToNew(ctx, tx, base, into)
	}
	if t.mapping != nil {
		return t.keptElsewhere()
	}
	if err := t.takes(into); err != nil {
		return err
	}
	if err := stage(ctx, tx, t, rows, progress); err != nil {
		return err
	}
	return move(ctx, tx, base, layers, t)
}

// move replaces rows of a layer by those staged.
func move(ctx context.Context, tx pgx.Tx, base spatial.Version, layers catalogue, t table) error {
	return proven(ctx, tx, layers, func(tx pgx.Tx) error {
		if err := logNamed(ctx, tx, t.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, fmt.Sprintf("DELETE FROM %s AS t USING %s AS i WHERE t.id = i.id", t.name(), quote(staged))); err != nil {
			return err
		}
		if err := t.insertStaged(ctx, tx); err != nil {
			return err
		}
		return lockBase(ctx, tx, base)
	})
}

func moveToNew(ctx context.Context, tx pgx.Tx, base spatial.Version, into *spatial.Schema) error {
	if err := lockBase(ctx, tx, base); err != nil {
		return err
	}
	if err := lockCatalogue(ctx, tx); err != nil {
		return err
	}
	layers, err := readCatalogue(ctx, tx)
	if err != nil {
		return err
	}
	if layers, err = layers.with(into, base+1); err != nil {
		return err
	}
	return makeLayer(ctx, tx, layers, func(t table) error { return t.insertStaged(ctx, tx) })
}

func (t table) insertStaged(ctx context.Context, tx pgx.Tx) error {
	var columns []string
	for _, name := range t.columns() {
		columns = append(columns, quote(name))
	}
	list := strings.Join(columns, ", ")
	_, err := tx.Exec(ctx, fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s ORDER BY id", t.name(), list, list, quote(staged)))
	return err
}

// takes refuses rows of a schema whose fields are not those of the layer.
func (t table) takes(rows *spatial.Schema) error {
	same := slices.EqualFunc(t.Fields, rows.Fields, func(a, b spatial.Field) bool { return a.Name == b.Name && a.Type == b.Type })
	if same && rows.Geometry&^t.Geometry == 0 && (rows.Geometry == 0) == (t.Geometry == 0) {
		return nil
	}
	return &spatial.InvalidError{Rule: "schema_fields", Where: "layer " + string(t.ID),
		Detail: "the rows do not have the fields and kinds of geometry of the layer that is there", Fix: "name another layer, or drop this one first"}
}
