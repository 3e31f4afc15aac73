package geopackage

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"wangge/data"
	"wangge/spatial"
)

// Upsert writes rows as they come, in one transaction. Rows that exchange
// unique values are held in memory, at most 100,000 of them.
func (s *Store) Upsert(ctx context.Context, base spatial.Version, into *spatial.Schema, rows iter.Seq2[spatial.Row, error], note string, progress data.Progress) (spatial.Version, error) {
	next := base + 1
	err := s.write(ctx, func(t *tx) error {
		if err := t.settle(base); err != nil {
			return err
		}
		l, err := t.layers()
		if err != nil {
			return err
		}
		created, err := l.upsert(into, rows, progress)
		if err != nil {
			return err
		}
		return t.record(next, note, []spatial.LayerID{into.ID}, created)
	})
	if err != nil {
		return 0, s.unwritten(ctx, "upsert into", err)
	}
	return next, nil
}

func (l *layers) upsert(into *spatial.Schema, rows iter.Seq2[spatial.Row, error], progress data.Progress) (created bool, err error) {
	s := l.find(into.ID)
	if s != nil {
		return false, l.stream(s, into, rows, progress)
	}
	if err := l.create([]*spatial.Schema{into}); err != nil {
		return true, err
	}
	if err := l.stream(into, into, rows, progress); err != nil {
		return true, err
	}
	return true, l.execAll(createRest(into))
}

// stream writes rows of the layer s as a source describes it.
func (l *layers) stream(s, source *spatial.Schema, rows iter.Seq2[spatial.Row, error], progress data.Progress) error {
	if !sameFields(s, source) {
		return &spatial.InvalidError{Rule: "layer_fields", Where: "layer " + string(s.ID), Detail: "the layer in the store has other fields than the rows",
			Fix: "write rows with the layer's own fields, or into a layer of another name"}
	}
	seen, err := l.once(s)
	if err != nil {
		return err
	}
	in, err := l.inserter(s)
	if err != nil {
		return err
	}
	defer in.release()
	done := 0
	for row, err := range rows {
		if err == nil {
			err = validate(s, row)
		}
		if err == nil {
			err = seen(row.ID)
		}
		if err == nil {
			err = in.put(row)
		}
		if err != nil {
			return err
		}
		if done++; progress != nil && done%progressEvery == 0 {
			progress(s.ID, done)
		}
	}
	if progress != nil {
		progress(s.ID, done)
	}
	if err := l.exec("DROP TABLE temp.upserted"); err != nil {
		return err
	}
	return in.close()
}

func sameFields(a, b *spatial.Schema) bool {
	return slices.EqualFunc(a.Fields, b.Fields, func(f, g spatial.Field) bool { return f.Name == g.Name && f.Type == g.Type })
}

// once refuses an id that comes again. It remembers them in a table that
// SQLite keeps beside the file, not in memory.
func (l *layers) once(s *spatial.Schema) (func(id int64) error, error) {
	if err := l.exec("CREATE TEMP TABLE upserted (id INTEGER PRIMARY KEY)"); err != nil {
		return nil, err
	}
	return func(id int64) error {
		result, err := l.conn.ExecContext(l.ctx, "INSERT OR IGNORE INTO temp.upserted VALUES (?)", id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 1 {
			return err
		}
		return &spatial.InvalidError{Rule: "row_once", Where: fmt.Sprintf("%s %d", s.ID, id), Detail: "the row stands twice in one change"}
	}, nil
}
