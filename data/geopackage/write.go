package geopackage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// WriteFile writes a plain GeoPackage of one table, as a GIS would: name,
// title, description, geometry type, coordinate system and columns as t has
// them, ids and geometries in the columns id and geom, an R-tree, and the
// columns' titles. Geometries are in t's system, easting or longitude first,
// and of t's type; single ones become multiple where the type is. Rows come in
// any order with ids of their own. Memory is bounded. The file stands at its
// path once it is whole; one that is there already is refused.
func WriteFile(ctx context.Context, path string, t Table, rows iter.Seq2[spatial.Row, error]) error {
	if err := checkTarget(path, &t); err != nil {
		return err
	}
	part := path + ".part"
	if err := removeParts(part); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err := writeFile(ctx, part, &t, rows)
	if err == nil {
		err = settleFile(part, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, explain(path, err)), removeParts(part))
	}
	return nil
}

func checkTarget(path string, t *Table) error {
	if _, err := os.Lstat(path); err == nil {
		return &spatial.InvalidError{Rule: "file_exists", Where: path, Detail: "the file exists", Fix: "name another file, or remove it"}
	}
	if t.Name == "" || strings.ContainsAny(t.Name, `"'`) || strings.HasPrefix(strings.ToLower(t.Name), "gpkg_") {
		return &spatial.InvalidError{Rule: "table_name", Where: fmt.Sprintf("table %q", t.Name), Detail: "a table cannot be named so"}
	}
	seen := map[string]bool{"id": true, "geom": true}
	for _, c := range t.Columns {
		if name := strings.ToLower(c.Name); name == "" || seen[name] {
			return &spatial.InvalidError{Rule: "column_name", Where: fmt.Sprintf("table %s, column %q", t.Name, c.Name),
				Detail: "the name is empty, taken, or reserved for id and geometry"}
		}
		seen[strings.ToLower(c.Name)] = true
	}
	return nil
}

func removeParts(part string) error {
	for _, end := range []string{"", "-journal"} {
		if err := os.Remove(part + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// settleFile makes a whole file durable under its name.
func settleFile(part, path string) error {
	file, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(part, path)
}

func writeFile(ctx context.Context, path string, t *Table, rows iter.Seq2[spatial.Row, error]) error {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(absolute), RawQuery: "_pragma=journal_mode(MEMORY)&_pragma=synchronous(OFF)"}
	c, err := newConnector(u.String())
	if err != nil {
		return err
	}
	db := sql.OpenDB(c)
	conn, err := db.Conn(ctx)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	w := &writer{tx: &tx{ctx: ctx, conn: conn}, table: t}
	return errors.Join(w.write(rows), conn.Close(), db.Close())
}

// writer writes a table of a file.
type writer struct {
	*tx
	table     *Table
	statement *sql.Stmt
	args      []any
	blob      []byte
	bound     orb.Bound
	located   bool // bound holds something
}

func (w *writer) write(rows iter.Seq2[spatial.Row, error]) error {
	if err := w.exec("BEGIN"); err != nil {
		return err
	}
	if err := w.create(); err != nil {
		return err
	}
	for row, err := range rows {
		if err == nil {
			err = w.insert(row)
		}
		if err != nil {
			return errors.Join(err, w.statement.Close())
		}
	}
	if err := errors.Join(w.statement.Close(), w.finish()); err != nil {
		return err
	}
	return w.exec("COMMIT")
}

func (w *writer) create() (err error) {
	t := w.table
	columns, marks := []string{"id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"}, "?"
	if t.Geometry != "" {
		columns, marks = append(columns, "geom "+t.Geometry), marks+", ?"
	}
	for _, c := range t.Columns {
		columns, marks = append(columns, quoteAny(c.Name)+" "+columnTypes[c.Type]), marks+", ?"
	}
	if err := w.execAll([]string{createGeoPackage, fmt.Sprintf("CREATE TABLE %s (%s)", quote(t.Name), strings.Join(columns, ", "))}); err != nil {
		return err
	}
	if err := w.register(); err != nil {
		return err
	}
	w.statement, err = w.conn.PrepareContext(w.ctx, fmt.Sprintf("INSERT INTO %s VALUES (%s)", quote(t.Name), marks))
	return err
}

// register tells of the table: contents, coordinate system, titles.
func (w *writer) register() error {
	t := w.table
	kind, system := "attributes", any(nil)
	if t.Geometry != "" {
		kind, system = "features", t.SRS.ID
		if err := w.exec("INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)",
			t.SRS.Name, t.SRS.ID, t.SRS.Organization, t.SRS.Code, t.SRS.WKT); err != nil {
			return err
		}
	}
	identifier := t.Title
	if identifier == "" {
		identifier = t.Name
	}
	if err := w.exec("INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES (?, ?, ?, ?, ?)",
		t.Name, kind, identifier, t.Description, system); err != nil {
		return err
	}
	if t.Geometry != "" {
		if err := w.exec("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", t.Name, t.Geometry, t.SRS.ID); err != nil {
			return err
		}
	}
	return w.registerTitles()
}

// registerTitles keeps the rule that a table has each name once.
func (w *writer) registerTitles() error {
	taken := map[string]bool{}
	for _, c := range w.table.Columns {
		if c.Title == "" {
			continue
		}
		name := any(c.Title)
		if taken[c.Title] {
			name = nil
		}
		taken[c.Title] = true
		if err := w.exec("INSERT INTO gpkg_data_columns (table_name, column_name, name, title) VALUES (?, ?, ?, ?)",
			w.table.Name, c.Name, name, c.Title); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) insert(row spatial.Row) error {
	if len(row.Values) != len(w.table.Columns) {
		return fmt.Errorf("row %d has %d values for %d columns", row.ID, len(row.Values), len(w.table.Columns))
	}
	w.args = append(w.args[:0], row.ID)
	if w.table.Geometry != "" {
		blob, err := w.encode(row.Geometry)
		if err != nil {
			return placed(err, "geom_kind", fmt.Sprintf("row %d", row.ID))
		}
		w.args = append(w.args, blob)
	}
	for _, v := range row.Values {
		w.args = append(w.args, stored(v))
	}
	if _, err := w.statement.ExecContext(w.ctx, w.args...); err != nil {
		return fmt.Errorf("row %d: %w", row.ID, err)
	}
	return nil
}

func (w *writer) encode(g orb.Geometry) (any, error) {
	if g == nil {
		return nil, nil
	}
	g = multiple(w.table.Geometry, g)
	if kind := strings.ToUpper(g.GeoJSONType()); kind != w.table.Geometry && w.table.Geometry != "GEOMETRY" || spatial.KindOf(g) == spatial.NoGeometry {
		return nil, fmt.Errorf("a %s in a table of %s", kind, w.table.Geometry)
	}
	if !w.located {
		w.bound, w.located = g.Bound(), true
	}
	w.bound = w.bound.Union(g.Bound())
	w.blob = appendBlob(w.blob[:0], w.table.SRS.ID, g)
	return w.blob, nil
}

// multiple makes a single geometry a multiple one where the type wants it.
func multiple(kind string, g orb.Geometry) orb.Geometry {
	switch g := g.(type) {
	case orb.Point:
		if kind == "MULTIPOINT" {
			return orb.MultiPoint{g}
		}
	case orb.LineString:
		if kind == "MULTILINESTRING" {
			return orb.MultiLineString{g}
		}
	case orb.Polygon:
		if kind == "MULTIPOLYGON" {
			return orb.MultiPolygon{g}
		}
	}
	return g
}

// finish writes what is known only at the end: the extent and the R-tree.
func (w *writer) finish() error {
	if w.table.Geometry == "" {
		return nil
	}
	if w.located {
		if err := w.exec("UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ?",
			w.bound.Min[0], w.bound.Min[1], w.bound.Max[0], w.bound.Max[1]); err != nil {
			return err
		}
	}
	return w.execAll(expand(createRTree, spatial.LayerID(w.table.Name)))
}
