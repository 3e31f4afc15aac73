package geopackage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
)

// Commit writes a change in one transaction and returns its version, the base
// plus one.
func (s *Store) Commit(ctx context.Context, c spatial.Change) (spatial.Version, error) {
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
		return t.record(next, c.Note, touched)
	})
	if err != nil {
		return 0, fmt.Errorf("commit to %s: %w", s.path, err)
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
		return t.record(1, "filled", l.ids())
	})
	if err != nil {
		return fmt.Errorf("fill %s: %w", s.path, err)
	}
	s.checkpoint(ctx)
	return nil
}

// settle turns the edits of other programs into a version, which must be the
// base.
func (t *tx) settle(base spatial.Version) error {
	var version spatial.Version
	if err := t.row(selectVersion, &version); err != nil {
		return err
	}
	if version != base {
		return fmt.Errorf("a change of version %d meets version %d: %w", base, version, spatial.ErrConflict)
	}
	return t.exec("UPDATE wangge_layer SET version = ?, edits = 0 WHERE edits > 0", version)
}

// record ends a change: the touched layers and the store get its version.
func (t *tx) record(version spatial.Version, note string, touched []spatial.LayerID) error {
	names, err := json.Marshal(touched)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		"UPDATE wangge_layer SET version = ?1, edits = 0 WHERE id IN (SELECT value FROM json_each(?3))",
		"UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE table_name IN (SELECT value FROM json_each(?3))",
		"INSERT INTO wangge_change (version, note, layers) VALUES (?1, ?2, ?3)",
		"UPDATE wangge_store SET version = ?1",
	} {
		if err := t.exec(statement, version, note, string(names)); err != nil {
			return err
		}
	}
	return nil
}

// layers are the schemas in a transaction, in listing order.
type layers struct {
	*tx
	schemas []*spatial.Schema
}

func (t *tx) layers() (*layers, error) {
	rows, err := t.conn.QueryContext(t.ctx, "SELECT schema FROM wangge_layer ORDER BY position")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	l := &layers{tx: t}
	for rows.Next() {
		var text []byte
		schema := new(spatial.Schema)
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, schema); err != nil {
			return nil, fmt.Errorf("schema of a layer: %w", err)
		}
		l.schemas = append(l.schemas, schema)
	}
	return l, rows.Err()
}

func (l *layers) ids() []spatial.LayerID {
	ids := make([]spatial.LayerID, len(l.schemas))
	for i, schema := range l.schemas {
		ids[i] = schema.ID
	}
	return ids
}

func (l *layers) find(id spatial.LayerID) *spatial.Schema {
	if i := slices.IndexFunc(l.schemas, func(s *spatial.Schema) bool { return s.ID == id }); i >= 0 {
		return l.schemas[i]
	}
	return nil
}

// apply writes a change and lists the layers it touches.
func (l *layers) apply(c spatial.Change) ([]spatial.LayerID, error) {
	if err := l.drop(c.Drop); err != nil {
		return nil, err
	}
	if err := l.create(c.Create); err != nil {
		return nil, err
	}
	var touched []spatial.LayerID
	for _, schema := range c.Create {
		touched = append(touched, schema.ID)
	}
	if err := l.validate(c.Layers); err != nil {
		return nil, err
	}
	for _, change := range c.Layers {
		if err := l.edit(change); err != nil {
			return nil, err
		}
		touched = append(touched, change.Layer)
	}
	for _, schema := range c.Create {
		if err := l.execAll(createRest(schema)); err != nil {
			return nil, err
		}
	}
	return touched, nil
}

// drop removes layers, those that refer before those referred to.
func (l *layers) drop(ids []spatial.LayerID) error {
	for i, id := range ids {
		if l.find(id) == nil || slices.Contains(ids[:i], id) {
			return fmt.Errorf("drop layer %q: %w", id, spatial.ErrNotFound)
		}
	}
	for _, s := range l.schemas {
		if err := stillReferring(s, ids); err != nil {
			return err
		}
	}
	for i := len(l.schemas) - 1; i >= 0; i-- {
		if id := l.schemas[i].ID; slices.Contains(ids, id) {
			if err := l.execAll(expand(dropTable, id)); err != nil {
				return err
			}
		}
	}
	l.schemas = slices.DeleteFunc(l.schemas, func(s *spatial.Schema) bool { return slices.Contains(ids, s.ID) })
	return nil
}

func stillReferring(s *spatial.Schema, dropped []spatial.LayerID) error {
	if slices.Contains(dropped, s.ID) {
		return nil
	}
	for _, f := range s.Fields {
		if slices.Contains(dropped, f.References) {
			return &spatial.InvalidError{Rule: s.Constraint(f.Name, "references"), Where: fmt.Sprintf("layer %s", s.ID),
				Detail: fmt.Sprintf("its field %s refers to %s", f.Name, f.References), Fix: "drop both layers in one change"}
		}
	}
	return nil
}

// create makes the tables of new layers and registers them.
func (l *layers) create(schemas []*spatial.Schema) error {
	for _, s := range schemas {
		if err := l.check(s); err != nil {
			return err
		}
		l.schemas = append(l.schemas, s)
	}
	for _, s := range schemas {
		if err := l.createOne(s); err != nil {
			return fmt.Errorf("create layer %s: %w", s.ID, err)
		}
	}
	return nil
}

// ours are beginnings of table names that are not for layers.
var ours = []string{"gpkg_", "rtree_", "sqlite_", "wangge_"}

func (l *layers) check(s *spatial.Schema) error {
	if err := s.Validate(); err != nil {
		return err
	}
	if l.find(s.ID) != nil {
		return fmt.Errorf("create layer %s: it exists: %w", s.ID, spatial.ErrConflict)
	}
	if slices.ContainsFunc(ours, func(prefix string) bool { return strings.HasPrefix(string(s.ID), prefix) }) {
		return &spatial.InvalidError{Rule: "layer_id", Where: fmt.Sprintf("layer %q", s.ID),
			Detail: "names that begin with " + strings.Join(ours, ", ") + " are reserved", Fix: "choose another name"}
	}
	return nil
}

func (l *layers) createOne(s *spatial.Schema) error {
	if err := l.checkReferences(s); err != nil {
		return err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := l.execAll(append([]string{createTable(s, l.find)}, createUniques(s)...)); err != nil {
		return err
	}
	if err := l.exec("INSERT INTO wangge_layer (id, position, version, schema) SELECT ?, coalesce(max(position), 0) + 1, 0, ? FROM wangge_layer",
		string(s.ID), string(text)); err != nil {
		return err
	}
	return l.register(s)
}

// checkReferences wants a unique code in each layer referred to.
func (l *layers) checkReferences(s *spatial.Schema) error {
	for _, f := range s.Fields {
		if f.References == "" {
			continue
		}
		refuse := func(detail string) error {
			return &spatial.InvalidError{Rule: "schema_references", Where: fmt.Sprintf("layer %s, field %s", s.ID, f.Name), Detail: detail}
		}
		parent := l.find(f.References)
		if parent == nil {
			return refuse(fmt.Sprintf("there is no layer %q to refer to", f.References))
		}
		if i := parent.FieldIndex(parent.Code); i < 0 || !parent.Fields[i].Unique {
			return refuse(fmt.Sprintf("layer %s has no unique code to refer to", f.References))
		}
	}
	return nil
}

// register tells other programs of a layer: contents, geometry column, titles
// and lists of values.
func (l *layers) register(s *spatial.Schema) error {
	kind, system := "attributes", any(nil)
	if s.Geometry != spatial.NoGeometry {
		kind, system = "features", srid
	}
	description := strings.TrimPrefix(s.Title.ZH+" / "+s.Title.EN, " / ")
	if err := l.exec("INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES (?, ?, ?, ?, ?)",
		string(s.ID), kind, string(s.ID), strings.TrimSuffix(description, " / "), system); err != nil {
		return err
	}
	if s.Geometry != spatial.NoGeometry {
		if err := l.exec("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", string(s.ID), geometryType(s.Geometry), srid); err != nil {
			return err
		}
	}
	titles := map[string]bool{}
	for i := range s.Fields {
		if err := l.registerField(s, &s.Fields[i], titles); err != nil {
			return err
		}
	}
	return nil
}

// registerField gives a column its title, which must be the only one in its
// table, and its list of values.
func (l *layers) registerField(s *spatial.Schema, f *spatial.Field, titles map[string]bool) error {
	var title, list any
	if f.Title.ZH != "" && !titles[f.Title.ZH] {
		title = f.Title.ZH
		titles[f.Title.ZH] = true
	}
	if len(f.Values) > 0 {
		list = s.Constraint(f.Name, "values")
	}
	if title == nil && f.Title.EN == "" && list == nil {
		return nil
	}
	for _, label := range f.Values {
		if err := l.exec("INSERT INTO gpkg_data_column_constraints (constraint_name, constraint_type, value, description) VALUES (?, 'enum', ?, ?)",
			list, label.Value, label.Title.ZH); err != nil {
			return err
		}
	}
	return l.exec("INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description, constraint_name) VALUES (?, ?, ?, ?, ?, ?)",
		string(s.ID), f.Name, title, f.Title.ZH, f.Title.EN, list)
}

// validate checks what needs no look at the rows in the file.
func (l *layers) validate(changes []spatial.LayerChange) error {
	edited := map[spatial.LayerID]bool{}
	for _, c := range changes {
		if err := l.validateOne(c); err != nil {
			return err
		}
		if edited[c.Layer] {
			return fmt.Errorf("layer %q stands twice in one change", c.Layer)
		}
		edited[c.Layer] = true
	}
	return nil
}

func (l *layers) validateOne(c spatial.LayerChange) error {
	s := l.find(c.Layer)
	if s == nil {
		return fmt.Errorf("layer %q: %w", c.Layer, spatial.ErrNotFound)
	}
	seen := make(map[int64]bool, len(c.Put)+len(c.Delete))
	for _, row := range c.Put {
		if err := validate(s, row); err != nil {
			return err
		}
		seen[row.ID] = true
	}
	for _, id := range c.Delete {
		seen[id] = true
	}
	if len(seen) < len(c.Put)+len(c.Delete) {
		return fmt.Errorf("layer %s: an id stands twice in one change", c.Layer)
	}
	return nil
}

// edit writes a change of one layer. Replaced rows go out before new ones
// come in, so that two rows may exchange their codes.
func (l *layers) edit(c spatial.LayerChange) error {
	if err := l.remove(c); err != nil {
		return err
	}
	in, err := l.inserter(l.find(c.Layer))
	if err != nil {
		return err
	}
	for _, row := range c.Put {
		if err := in.insert(row); err != nil {
			return errors.Join(err, in.statement.Close())
		}
	}
	return in.close()
}

func (l *layers) remove(c spatial.LayerChange) error {
	statement, err := l.conn.PrepareContext(l.ctx, fmt.Sprintf("DELETE FROM %s WHERE id = ?", quote(string(c.Layer))))
	if err != nil {
		return err
	}
	defer statement.Close()
	for _, row := range c.Put {
		if _, err := statement.ExecContext(l.ctx, row.ID); err != nil {
			return err
		}
	}
	for _, id := range c.Delete {
		result, err := statement.ExecContext(l.ctx, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return fmt.Errorf("%s %d: %w", c.Layer, id, errors.Join(spatial.ErrNotFound, err))
		}
	}
	return nil
}

// progressEvery is how many rows pass between two words of progress.
const progressEvery = 1000

func (l *layers) fill(s *spatial.Schema, from data.Source, progress data.Progress) error {
	in, err := l.inserter(s)
	if err != nil {
		return err
	}
	defer in.statement.Close()
	done, last := 0, int64(0)
	for row, err := range from.Rows(s.ID) {
		switch {
		case err != nil:
			return fmt.Errorf("rows of %s: %w", s.ID, err)
		case row.ID <= last:
			return fmt.Errorf("rows of %s: id %d after %d: rows must ascend from 1", s.ID, row.ID, last)
		}
		if err := validate(s, row); err != nil {
			return err
		}
		if err := in.insert(row); err != nil {
			return err
		}
		last = row.ID
		if done++; progress != nil && done%progressEvery == 0 {
			progress(s.ID, done)
		}
	}
	if progress != nil {
		progress(s.ID, done)
	}
	if err := in.close(); err != nil {
		return err
	}
	return l.execAll(createRest(s))
}

// inserter writes rows of one layer.
type inserter struct {
	*tx
	schema    *spatial.Schema
	statement *sql.Stmt
	args      []any
	blob      []byte
	bound     orb.Bound
	located   bool // bound holds something
	multi     bool // a row had more than one part
}

func (l *layers) inserter(s *spatial.Schema) (*inserter, error) {
	columns := columnNames(s)
	statement, err := l.conn.PrepareContext(l.ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (?%s)",
		quote(string(s.ID)), strings.Join(columns, ", "), strings.Repeat(", ?", len(columns)-1)))
	if err != nil {
		return nil, err
	}
	return &inserter{tx: l.tx, schema: s, statement: statement}, nil
}

// columnNames are id, geom if there is geometry, and the fields, quoted.
func columnNames(s *spatial.Schema) []string {
	names := []string{"id"}
	if s.Geometry != spatial.NoGeometry {
		names = append(names, "geom")
	}
	for i := range s.Fields {
		names = append(names, quote(s.Fields[i].Name))
	}
	return names
}

func (in *inserter) insert(row spatial.Row) error {
	in.args = append(in.args[:0], row.ID)
	if in.schema.Geometry != spatial.NoGeometry {
		in.args = append(in.args, in.encode(row.Geometry))
	}
	for _, v := range row.Values {
		in.args = append(in.args, stored(v))
	}
	if _, err := in.statement.ExecContext(in.ctx, in.args...); err != nil {
		return refusedRow(in.schema, row, err)
	}
	return nil
}

func (in *inserter) encode(g orb.Geometry) any {
	if g == nil {
		return nil
	}
	switch g.(type) {
	case orb.MultiPoint, orb.MultiLineString, orb.MultiPolygon:
		in.multi = true
	}
	if !in.located {
		in.bound, in.located = g.Bound(), true
	}
	in.bound = in.bound.Union(g.Bound())
	in.blob = appendBlob(in.blob[:0], g)
	return in.blob
}

// close ends the insertion and keeps the word on the layer's extent and type
// true; the extent never shrinks.
func (in *inserter) close() error {
	err := in.statement.Close()
	if err != nil || !in.located {
		return err
	}
	if err := in.exec(`UPDATE gpkg_contents SET min_x = min(?2, coalesce(min_x, ?2)), min_y = min(?3, coalesce(min_y, ?3)),
		max_x = max(?4, coalesce(max_x, ?4)), max_y = max(?5, coalesce(max_y, ?5)) WHERE table_name = ?1`,
		string(in.schema.ID), in.bound.Min[0], in.bound.Min[1], in.bound.Max[0], in.bound.Max[1]); err != nil || !in.multi {
		return err
	}
	return in.exec("UPDATE gpkg_geometry_columns SET geometry_type_name = 'GEOMETRY' WHERE table_name = ?", string(in.schema.ID))
}

// timeLayout is the one way an instant is written, to the microsecond.
const timeLayout = "2006-01-02T15:04:05.999999Z"

// stored is a value as it stands in the file.
func stored(v spatial.Value) any {
	switch v.Type() {
	case spatial.TypeBool:
		return storedBool(v)
	case spatial.TypeDate:
		return v.Time().Format(time.DateOnly)
	case spatial.TypeTime:
		return v.Time().Format(timeLayout)
	}
	return v.Any()
}
