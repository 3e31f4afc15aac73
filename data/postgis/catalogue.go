package postgis

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"wangge/spatial"
)

// catalogue is the list of layers in a store.
type catalogue []entry

type entry struct {
	table
	position int64
	version  spatial.Version
}

func readCatalogue(ctx context.Context, tx pgx.Tx) (catalogue, error) {
	rows, err := tx.Query(ctx, "SELECT schema, mapping, position, version FROM layer ORDER BY position")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (e entry, err error) {
		e.Schema = new(spatial.Schema)
		return e, row.Scan(e.Schema, &e.mapping, &e.position, &e.version)
	})
}

func (c catalogue) index(id spatial.LayerID) int {
	return slices.IndexFunc(c, func(e entry) bool { return e.ID == id })
}

// find is the table of a layer; the error is spatial.ErrNotFound.
func (c catalogue) find(id spatial.LayerID) (table, error) {
	if i := c.index(id); i >= 0 {
		return c[i].table, nil
	}
	return table{}, fmt.Errorf("layer %q: %w", id, spatial.ErrNotFound)
}

// rule finds the rule behind a constraint.
func (c catalogue) rule(layer, stored string) (table, rule, bool) {
	t, err := c.find(spatial.LayerID(layer))
	if err != nil {
		return t, rule{}, false
	}
	rules := t.rules(c)
	i := slices.IndexFunc(rules, func(r rule) bool { return r.stored == stored })
	if i < 0 {
		return t, rule{}, false
	}
	return t, rules[i], true
}

// with is the catalogue and a new layer at its end, if that may stand there.
func (c catalogue) with(schema *spatial.Schema, version spatial.Version) (catalogue, error) {
	if err := schema.Validate(); err != nil {
		return nil, err
	}
	if c.index(schema.ID) >= 0 {
		return nil, fmt.Errorf("create layer %s: it exists: %w", schema.ID, spatial.ErrConflict)
	}
	position := int64(1)
	if len(c) > 0 {
		position = c[len(c)-1].position + 1
	}
	next := append(slices.Clip(c), entry{table{Schema: schema}, position, version})
	return next, next.checkReferences(schema)
}

// checkReferences proves that fields refer to codes that can be referred to.
func (c catalogue) checkReferences(schema *spatial.Schema) error {
	for i := range schema.Fields {
		f := &schema.Fields[i]
		if f.References == "" {
			continue
		}
		to, err := c.find(f.References)
		if err != nil {
			return badReference(schema, f, "there is no layer "+string(f.References))
		}
		code := to.FieldIndex(to.Code)
		if code < 0 || !to.Fields[code].Unique || to.Fields[code].Type != f.Type {
			return badReference(schema, f, fmt.Sprintf("layer %s has no unique code of type %v to refer to", to.ID, f.Type))
		}
	}
	return nil
}

func badReference(schema *spatial.Schema, f *spatial.Field, detail string) error {
	return &spatial.InvalidError{Rule: "schema_references", Where: fmt.Sprintf("layer %s, field %s", schema.ID, f.Name), Detail: detail}
}

// without is the catalogue less some layers, if no other refers to them.
func (c catalogue) without(ids []spatial.LayerID) (catalogue, error) {
	next := slices.Clone(c)
	for _, id := range ids {
		i := next.index(id)
		if i < 0 {
			return nil, fmt.Errorf("drop layer %q: %w", id, spatial.ErrNotFound)
		}
		next = slices.Delete(next, i, i+1)
	}
	for _, e := range next {
		for i := range e.Fields {
			if f := &e.Fields[i]; f.References != "" && next.index(f.References) < 0 {
				return nil, &spatial.InvalidError{Rule: e.Constraint(f.Name, "references"), Where: "layer " + string(f.References),
					Detail: fmt.Sprintf("layer %s refers to it", e.ID), Fix: "drop both, or neither"}
			}
		}
	}
	return next, nil
}

// lockCatalogue keeps readers out until the transaction ends. Whoever creates
// or drops tables does it first, as readers of an older state must not find
// the tables of a newer one.
func lockCatalogue(ctx context.Context, tx pgx.Tx) error {
	for _, statement := range []string{"SET LOCAL lock_timeout = " + literal(readersPatience), "LOCK TABLE layer IN ACCESS EXCLUSIVE MODE",
		"SET LOCAL lock_timeout = " + literal(rowPatience)} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (e entry) insert(ctx context.Context, tx pgx.Tx) error {
	schema, err := json.Marshal(e.Schema)
	if err != nil {
		return fmt.Errorf("encode the schema of %s: %w", e.ID, err)
	}
	_, err = tx.Exec(ctx, "INSERT INTO layer (id, position, version, schema, mapping) VALUES ($1, $2, $3, $4, $5)",
		string(e.ID), e.position, e.version, schema, e.mapping)
	if err != nil {
		return err
	}
	return logWhole(ctx, tx, e.ID)
}
