package geopackage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"wangge/data"
	"wangge/spatial"
)

// Commit writes a change in one transaction and returns its version, the base
// plus one.
func (s *Store) Commit(ctx context.Context, c spatial.Change) (spatial.Version, error) {
	if err := c.Validate(); err != nil {
		return 0, err
	}
	next := c.Base + 1
	err := s.write(ctx, func(t *tx) error {
		if err := t.settle(c.Base); err != nil {
			return err
		}
		l, err := t.layers()
		if err != nil {
			return err
		}
		touched, err := l.apply(c)
		if err != nil {
			return err
		}
		return t.record(next, c.Note, touched, len(c.Create)+len(c.Drop) > 0)
	})
	if err != nil {
		return 0, s.unwritten(ctx, "commit to", err)
	}
	return next, nil
}

// Fill writes a source into an empty store as version 1.
func (s *Store) Fill(ctx context.Context, from data.Source, progress data.Progress) error {
	err := s.write(ctx, func(t *tx) error {
		if err := t.settle(0); err != nil {
			return &spatial.InvalidError{Rule: "store_empty", Where: s.path, Detail: "the store is not empty", Fix: "name a new file"}
		}
		l := &layers{tx: t}
		if err := l.create(from.Schemas()); err != nil {
			return err
		}
		for _, schema := range from.Schemas() {
			if err := l.fill(schema, from, progress); err != nil {
				return err
			}
		}
		return t.record(1, "filled", l.ids(), true)
	})
	if err != nil {
		return s.unwritten(ctx, "fill", err)
	}
	s.checkpoint(ctx)
	return nil
}

// unwritten says why a transaction left no trace. Of one that was interrupted
// the place where it happened to be means nothing.
func (s *Store) unwritten(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		err = fmt.Errorf("interrupted, nothing was written: %w", context.Cause(ctx))
	}
	return fmt.Errorf("%s %s: %w", what, s.path, err)
}

// settle begins a change of the version that must be the base: what the
// triggers log from here on is part of it.
func (t *tx) settle(base spatial.Version) error {
	var version spatial.Version
	if err := t.row(selectVersion, &version); err != nil {
		return err
	}
	if version != base {
		return fmt.Errorf("a change of version %d meets version %d: %w", base, version, spatial.ErrConflict)
	}
	return t.exec("UPDATE wangge_store SET version = version + 1, committing = 1")
}

// record ends a change: the touched layers get its version. The log cannot
// lead over a change of the list of layers.
func (t *tx) record(version spatial.Version, note string, touched []spatial.LayerID, listed bool) error {
	slices.Sort(touched)
	names, err := json.Marshal(slices.Compact(touched))
	if err != nil {
		return err
	}
	for _, statement := range []string{
		"UPDATE wangge_layer SET version = ?1 WHERE id IN (SELECT value FROM json_each(?3))",
		"UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE table_name IN (SELECT value FROM json_each(?3))",
		"INSERT INTO wangge_change (version, note, layers) VALUES (?1, ?2, ?3)",
		"UPDATE wangge_store SET committing = 0, logged_from = iif(?4, ?1, logged_from)",
	} {
		if err := t.exec(statement, version, note, string(names), listed); err != nil {
			return err
		}
	}
	return nil
}
