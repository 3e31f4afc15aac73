package geopackage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"wangge/spatial"
)

// layers are the schemas in a transaction, in listing order.
type layers struct {
	*tx
	schemas []*spatial.Schema
}

// layers reads the schemas and checks that the tables still fit them, since
// any program may change tables.
func (t *tx) layers() (*layers, error) {
	texts, err := t.texts("SELECT schema FROM wangge_layer ORDER BY position")
	if err != nil {
		return nil, err
	}
	l := &layers{tx: t}
	for i, text := range texts {
		schema, err := parseSchema(i+1, text)
		if err != nil {
			return nil, err
		}
		if err := t.fits(schema); err != nil {
			return nil, err
		}
		l.schemas = append(l.schemas, schema)
	}
	return l, nil
}

func parseSchema(number int, text string) (*spatial.Schema, error) {
	schema := new(spatial.Schema)
	err := json.Unmarshal([]byte(text), schema)
	if err == nil {
		err = schema.Validate()
	}
	if err != nil {
		return nil, &spatial.InvalidError{Rule: "layer_schema", Where: fmt.Sprintf("row %d of table wangge_layer", number),
			Detail: fmt.Sprintf("the description of the layer cannot be read: %v", err), Fix: restore}
	}
	return schema, nil
}

// restore is what helps where another program took away what cannot be made
// again.
const restore = "restore the file from a copy; the other layers can be saved from this one with ogr2ogr"

// fits refuses a layer whose table, or a column of it, was taken away.
// Columns that other programs added are theirs and stay.
func (t *tx) fits(s *spatial.Schema) error {
	there, err := t.texts("SELECT lower(name) FROM pragma_table_info(?)", string(s.ID))
	if err != nil {
		return err
	}
	if len(there) == 0 {
		return &spatial.InvalidError{Rule: "layer_table", Where: "layer " + string(s.ID), Detail: "another program dropped or renamed its table", Fix: restore}
	}
	for _, name := range columnNames(s) {
		if !slices.Contains(there, strings.Trim(name, `"`)) {
			return &spatial.InvalidError{Rule: "layer_column", Where: "layer " + string(s.ID),
				Detail: fmt.Sprintf("another program dropped or renamed the column %s", strings.Trim(name, `"`)), Fix: "add the column again under this name, or " + restore}
		}
	}
	return nil
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
