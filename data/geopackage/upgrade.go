package geopackage

import (
	"fmt"
	"slices"

	"wangge/spatial"
)

// upgrade makes a store of the first format one of this: its counters of
// edits become the log.
func (t *tx) upgrade() error {
	l, err := t.layers()
	if err != nil {
		return err
	}
	for _, schema := range l.schemas {
		if err := t.dropTriggers(schema.ID); err != nil {
			return err
		}
	}
	if err := t.execAll([]string{
		"ALTER TABLE wangge_store ADD COLUMN committing INTEGER NOT NULL DEFAULT 0",
		"ALTER TABLE wangge_store ADD COLUMN logged_from INTEGER NOT NULL DEFAULT 0",
		"UPDATE wangge_store SET version = version + (SELECT coalesce(sum(edits), 0) FROM wangge_layer)",
		"UPDATE wangge_layer SET version = (SELECT version FROM wangge_store) WHERE edits > 0",
		"ALTER TABLE wangge_layer DROP COLUMN edits",
		createEdits,
	}); err != nil {
		return err
	}
	if err := t.exec("UPDATE wangge_store SET format = ?, logged_from = version", format); err != nil {
		return err
	}
	for _, schema := range l.schemas {
		if err := t.execAll(createTriggers(schema)); err != nil {
			return fmt.Errorf("layer %s: %w", schema.ID, err)
		}
	}
	return nil
}

// mend puts back triggers that another program took away with a table it
// made anew. What happened without them is not known.
func (t *tx) mend() error {
	l, err := t.layers()
	if err != nil {
		return err
	}
	for _, schema := range l.schemas {
		if err := t.mendLayer(schema); err != nil {
			return fmt.Errorf("layer %s: %w", schema.ID, err)
		}
	}
	return nil
}

func (t *tx) mendLayer(s *spatial.Schema) error {
	there, err := t.texts("SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? AND name GLOB 'wangge_*'", string(s.ID))
	if err != nil {
		return err
	}
	want := createTriggers(s)
	slices.Sort(there)
	if slices.Equal(there, slices.Sorted(slices.Values(want))) {
		return nil
	}
	if err := t.dropTriggers(s.ID); err != nil {
		return err
	}
	if err := t.execAll(want); err != nil {
		return err
	}
	if err := t.exec("UPDATE wangge_store SET version = version + 1, logged_from = version + 1"); err != nil {
		return err
	}
	return t.exec("UPDATE wangge_layer SET version = (SELECT version FROM wangge_store) WHERE id = ?", string(s.ID))
}
