package postgis

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"wangge/data"
	"wangge/spatial"
)

// reportEvery is how many rows lie between two reports of progress.
const reportEvery = 1000

// Fill writes a source into a store without layers. Rows are streamed; rules
// and indexes come after the rows of each layer, which proves and builds them
// in one go.
func (s *Store) Fill(ctx context.Context, from data.Source, progress data.Progress) error {
	if progress == nil {
		progress = func(spatial.LayerID, int) {}
	}
	_, err := s.transact(ctx, anyBase, "filled", func(tx pgx.Tx) error {
		if err := lockBase(ctx, tx, anyBase); err != nil {
			return err
		}
		if err := lockCatalogue(ctx, tx); err != nil {
			return err
		}
		return s.fill(ctx, tx, from, progress)
	})
	if err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	return nil
}

func (s *Store) fill(ctx context.Context, tx pgx.Tx, from data.Source, progress data.Progress) error {
	layers, err := readCatalogue(ctx, tx)
	if err != nil {
		return err
	}
	if len(layers) > 0 {
		return &spatial.InvalidError{Rule: "store_empty", Where: "schema " + s.schema, Detail: "the store is not empty",
			Fix: "name another database"}
	}
	for _, schema := range from.Schemas() {
		if layers, err = layers.with(schema, 0); err != nil {
			return err
		}
		report := func(done int) { progress(schema.ID, done) }
		if err := fillLayer(ctx, tx, layers, from.Rows(schema.ID), report); err != nil {
			return fmt.Errorf("layer %s: %w", schema.ID, err)
		}
	}
	return nil
}

// fillLayer makes and fills the last of the layers.
func fillLayer(ctx context.Context, tx pgx.Tx, layers catalogue, rows iter.Seq2[spatial.Row, error], report func(done int)) error {
	return makeLayer(ctx, tx, layers, func(t table) error {
		count := 0
		err := t.copyIn(ctx, tx, ascending(rows), func(done int) {
			if count = done; done%reportEvery == 0 {
				report(done)
			}
		})
		report(count)
		return err
	})
}

// makeLayer makes the last of the layers. Rules and indexes come after its
// rows, which proves and builds them in one go.
func makeLayer(ctx context.Context, tx pgx.Tx, layers catalogue, fill func(table) error) error {
	added := layers[len(layers)-1]
	if err := added.insert(ctx, tx); err != nil {
		return err
	}
	if err := added.create(ctx, tx); err != nil {
		return explainTable(err, string(added.ID))
	}
	if err := fill(added.table); err != nil {
		return err
	}
	err := proven(ctx, tx, layers, func(tx pgx.Tx) error { return added.addRules(ctx, tx, layers) })
	if err == nil {
		err = added.addIndexes(ctx, tx)
	}
	if err == nil {
		err = added.follow(ctx, tx)
	}
	if err == nil {
		err = added.guard(ctx, tx)
	}
	return explainTable(err, string(added.ID))
}

// ascending ends rows with an error if their ids do not ascend.
func ascending(rows iter.Seq2[spatial.Row, error]) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		last := int64(0)
		for row, err := range rows {
			if err == nil && row.ID <= last {
				err = fmt.Errorf("row %d after row %d: rows must come in ascending order of id", row.ID, last)
			}
			last = row.ID
			if !yield(row, err) {
				return
			}
		}
	}
}
