package postgis

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/spatial"
)

// Commit writes a change in one transaction. A row that another client holds
// is waited for briefly; then the answer is spatial.ErrConflict.
func (s *Store) Commit(ctx context.Context, c spatial.Change) (spatial.Version, error) {
	if err := c.Validate(); err != nil {
		return 0, err
	}
	version, err := s.transact(ctx, c.Base, c.Note, func(tx pgx.Tx) error { return write(ctx, tx, c) })
	if err != nil {
		return 0, fmt.Errorf("commit: %w", err)
	}
	return version, nil
}

// write makes a change. Who creates or drops layers locks first, so that
// nobody sees the catalogue of one version and the tables of another; who
// edits rows locks last, as every other client does.
func write(ctx context.Context, tx pgx.Tx, c spatial.Change) error {
	if len(c.Drop)+len(c.Create) > 0 {
		if err := lockBase(ctx, tx, c.Base); err != nil {
			return err
		}
		if err := lockCatalogue(ctx, tx); err != nil {
			return err
		}
	}
	layers, err := readCatalogue(ctx, tx)
	if err != nil {
		return err
	}
	if layers, err = drop(ctx, tx, layers, c.Drop); err != nil {
		return err
	}
	if layers, err = create(ctx, tx, layers, c.Create, c.Base+1); err != nil {
		return err
	}
	return proven(ctx, tx, layers, func(tx pgx.Tx) error {
		if err := editAll(ctx, tx, layers, c.Layers); err != nil {
			return err
		}
		return lockBase(ctx, tx, c.Base)
	})
}

func drop(ctx context.Context, tx pgx.Tx, layers catalogue, ids []spatial.LayerID) (catalogue, error) {
	if len(ids) == 0 {
		return layers, nil
	}
	next, err := layers.without(ids)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM layer WHERE id = ANY ($1)", ids); err != nil {
		return nil, err
	}
	if err := logWhole(ctx, tx, ids...); err != nil {
		return nil, err
	}
	var names []string
	for _, e := range layers {
		if !slices.Contains(ids, e.ID) {
			continue
		}
		if e.mapping == nil {
			names = append(names, e.name())
		} else if err := e.unfollow(ctx, tx); err != nil {
			return nil, err
		}
	}
	if len(names) == 0 {
		return next, nil
	}
	_, err = tx.Exec(ctx, "DROP TABLE "+strings.Join(names, ", "))
	return next, explainTable(err, strings.Join(names, ", "))
}

func create(ctx context.Context, tx pgx.Tx, layers catalogue, schemas []*spatial.Schema, version spatial.Version) (_ catalogue, err error) {
	for _, schema := range schemas {
		if layers, err = layers.with(schema, version); err != nil {
			return nil, err
		}
		added := layers[len(layers)-1]
		if err := added.insert(ctx, tx); err != nil {
			return nil, err
		}
		if err := added.build(ctx, tx, layers); err != nil {
			return nil, explainTable(err, string(schema.ID))
		}
	}
	return layers, nil
}

// build makes an empty table with its rules and indexes, and has its edits
// logged.
func (t table) build(ctx context.Context, tx pgx.Tx, layers catalogue) error {
	if err := t.create(ctx, tx); err != nil {
		return err
	}
	if err := t.addRules(ctx, tx, layers); err != nil {
		return err
	}
	if err := t.addIndexes(ctx, tx); err != nil {
		return err
	}
	if err := t.follow(ctx, tx); err != nil {
		return err
	}
	return t.guard(ctx, tx)
}

func editAll(ctx context.Context, tx pgx.Tx, layers catalogue, changes []spatial.LayerChange) error {
	for _, c := range changes {
		t, err := layers.find(c.Layer)
		if err != nil {
			return err
		}
		if t.mapping != nil {
			return t.keptElsewhere()
		}
		if err := t.edit(ctx, tx, c); err != nil {
			return fmt.Errorf("edit %s: %w", t.ID, err)
		}
	}
	return nil
}
