package postgis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wangge/spatial"
)

// Mapping asks for a table of the store's database to be shown as a layer.
type Mapping struct {
	Layer spatial.LayerID
	Table string // as in SQL: table or schema.table
	Title string // the table's name if empty
	AsOf  string // date of the data, 2006-01-02
	ID    string // column of the ids; the primary key if empty
	Code  string // column of the codes, if any
	Label string // column of what people call a feature by, if any
}

// Mapped is a layer that was made of a table.
type Mapped struct {
	Schema  *spatial.Schema
	Version spatial.Version
	Rows    int
	Notes   []string // what was left out or changed, and why
}

// Map shows a table of any schema of the database as a layer, without copying
// it. Its rows are read as they stand and its edits are seen as those of other
// layers, through triggers on it; nothing of ours writes to it. Positions in
// EPSG:4490 and 4326 are taken as they are, those in 4547, 4526 and 3857 are
// transformed, heights are left out. Every row is proved to be one that a
// layer can hold; the error is *spatial.InvalidError if one is not.
func (s *Store) Map(ctx context.Context, m Mapping) (*Mapped, error) {
	done := new(Mapped)
	version, err := s.transact(ctx, anyBase, "mapped "+m.Table, func(tx pgx.Tx) error {
		if err := lockBase(ctx, tx, anyBase); err != nil {
			return err
		}
		if err := lockCatalogue(ctx, tx); err != nil {
			return err
		}
		return s.mapTable(ctx, tx, m, done)
	})
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", m.Table, err)
	}
	done.Version = version
	return done, nil
}

// Unmap takes a mapped layer out of the store and leaves its table as it is,
// without our triggers. The error is spatial.ErrNotFound if there is no such
// layer.
func (s *Store) Unmap(ctx context.Context, id spatial.LayerID) (spatial.Version, error) {
	version, err := s.transact(ctx, anyBase, "unmapped "+string(id), func(tx pgx.Tx) error {
		if err := lockBase(ctx, tx, anyBase); err != nil {
			return err
		}
		if err := lockCatalogue(ctx, tx); err != nil {
			return err
		}
		layers, err := readCatalogue(ctx, tx)
		if err != nil {
			return err
		}
		t, err := layers.find(id)
		if err != nil {
			return err
		}
		if t.mapping == nil {
			return &spatial.InvalidError{Rule: "layer_mapped", Where: "layer " + string(id), Detail: "its table is the store's own, not a mapped one"}
		}
		_, err = drop(ctx, tx, layers, []spatial.LayerID{id})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("unmap %s: %w", id, err)
	}
	return version, nil
}

func (s *Store) mapTable(ctx context.Context, tx pgx.Tx, m Mapping, done *Mapped) error {
	layers, err := readCatalogue(ctx, tx)
	if err != nil {
		return err
	}
	found, err := lookUp(ctx, tx, m)
	if err != nil {
		return err
	}
	if found.schema == s.schema && layers.own(found.table) {
		return refuseMapping(m, "mapped_table", "it is a table of the store itself", "")
	}
	t, notes, err := found.layer(m)
	if err != nil {
		return err
	}
	if layers, err = layers.with(t.Schema, 0); err != nil {
		return err
	}
	added := layers[len(layers)-1]
	added.mapping = t.mapping
	if err := added.insert(ctx, tx); err != nil {
		return err
	}
	if err := added.follow(ctx, tx); err != nil {
		return explainGrant(err, added.table)
	}
	done.Schema, done.Notes = t.Schema, notes
	done.Rows, err = added.prove(ctx, tx)
	return explainGrant(err, added.table)
}

var bookkeeping = []string{"store", "layer", "change", "edit", "migration", "seam", "proof"}

// own says whether a table in the store's schema is one of the store.
func (c catalogue) own(table string) bool {
	t, err := c.find(spatial.LayerID(table))
	return slices.Contains(bookkeeping, table) || err == nil && t.mapping == nil
}

// prove reads all rows and refuses the first that a layer cannot hold.
func (t table) prove(ctx context.Context, tx pgx.Tx) (rows int, err error) {
	for row, err := range t.rows(ctx, tx, t.read(all)) {
		if err == nil {
			err = t.ValidateRow(row)
		}
		if err != nil {
			return rows, err
		}
		rows++
	}
	return rows, nil
}

func refuseMapping(m Mapping, rule, detail, fix string) error {
	return &spatial.InvalidError{Rule: rule, Where: "table " + m.Table, Detail: detail, Fix: fix}
}

// explainGrant says which rights on another's table are needed.
func explainGrant(err error, t table) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != noPrivilege {
		return err
	}
	return &openError{"the user of the store may not read " + t.name() + " or not follow its edits",
		fmt.Sprintf("let its owner run: GRANT USAGE ON SCHEMA %s TO …; GRANT SELECT, TRIGGER ON %s TO …", quote(t.mapping.Schema), t.name()), err}
}

// layer is the layer that a table makes, and what to say about it.
func (f *foreignTable) layer(m Mapping) (t table, notes []string, err error) {
	t = table{&spatial.Schema{ID: m.Layer, Title: spatial.Title{ZH: m.Title, EN: m.Title}, Group: "user", AsOf: m.AsOf, Source: f.schema + "." + f.table},
		&mapping{Schema: f.schema, Table: f.table}}
	if m.Title == "" {
		t.Title = spatial.Title{ZH: f.title(), EN: f.table}
	}
	if t.mapping.ID, err = f.id(m); err != nil {
		return t, nil, err
	}
	for _, c := range f.columns {
		if c.name == t.mapping.ID {
			continue
		}
		note, err := t.add(m, c)
		if err != nil {
			return t, nil, err
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	return t, notes, t.choose(m)
}

// add makes a column a field, the geometry, or leaves it out with a note.
func (t table) add(m Mapping, c foreignColumn) (note string, err error) {
	switch {
	case c.isGeometry() && t.mapping.Geometry == "":
		return t.addGeometry(m, c)
	case c.leftOut():
		return fmt.Sprintf("column %s (%s) is left out", c.name, c.typ), nil
	}
	f := spatial.Field{Name: t.freeName(c.name), Type: c.fieldType(), Title: spatial.Title{ZH: c.title(), EN: c.name}}
	if c.name == m.Code {
		f.Type = spatial.TypeText
	}
	t.Fields = append(t.Fields, f)
	t.mapping.Columns = append(t.mapping.Columns, c.name)
	if c.typ == "timestamp" {
		note = fmt.Sprintf("column %s names no time zone: the database's is taken", c.name)
	}
	return note, nil
}

func (t table) addGeometry(m Mapping, c foreignColumn) (note string, err error) {
	kind, known := c.kinds()
	switch {
	case !known:
		return "", refuseMapping(m, "mapped_geometry", fmt.Sprintf("column %s holds %s, which is not supported", c.name, c.shape),
			"make a column of points, lines or polygons of it")
	case !asIs[c.srid] && !transformed[c.srid]:
		return "", refuseMapping(m, "mapped_srid", fmt.Sprintf("column %s is in SRID %d; 4490, 4326, 4547, 4526 and 3857 are read", c.name, c.srid),
			fmt.Sprintf("ALTER TABLE … ALTER COLUMN %s TYPE geometry(%s, 4490) USING ST_Transform(%s, 4490), or ST_SetSRID if none was declared",
				quote(c.name), c.shape, quote(c.name)))
	}
	t.mapping.Geometry, t.mapping.SRID, t.Geometry = c.name, c.srid, kind
	switch {
	case transformed[c.srid]:
		note = fmt.Sprintf("positions are transformed from EPSG:%d", c.srid)
	case c.srid == 4326:
		note = "positions in WGS 84 are taken for CGCS2000, which differ by less than a metre"
	}
	return note, nil
}

// choose sets the fields of code and label.
func (t table) choose(m Mapping) error {
	for _, choice := range []struct {
		column string
		field  *string
	}{{m.Code, &t.Code}, {m.Label, &t.Label}} {
		i := slices.Index(t.mapping.Columns, choice.column)
		switch {
		case choice.column == "":
		case i < 0:
			return refuseMapping(m, "mapped_column", fmt.Sprintf("no column %q can be a field", choice.column),
				"these can: "+strings.Join(t.mapping.Columns, ", "))
		default:
			*choice.field = t.Fields[i].Name
		}
	}
	return nil
}

// freeName is a field's name made of a column's: the same where that may be.
func (t table) freeName(column string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, strings.ToLower(column))
	name = strings.Trim(name, "_")
	name = name[:min(len(name), 40)]
	if name == "" || name[0] < 'a' || slices.Contains([]string{"id", "fid", "geom", "geometry"}, name) {
		name = strings.TrimRight("field_"+name, "_")
	}
	for n, free := 2, name; ; n++ {
		if t.FieldIndex(free) < 0 {
			return free
		}
		free = fmt.Sprintf("%s_%d", name, n)
	}
}
