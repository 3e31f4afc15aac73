package geopackage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wangge/spatial"
)

// File is a GeoPackage of any maker, a store among them, opened for reading.
// It is safe for concurrent use.
type File struct {
	db     *sql.DB
	path   string
	tables []Table
}

// Table is a layer of a file: a table or view with features or plain rows.
type Table struct {
	Name        string
	Title       string // what people call it; may be empty
	Description string
	Geometry    string // geometry type in capitals, such as POLYGON or GEOMETRY; empty for a table without
	SRS         SRS    // of the geometries
	Columns     []Column
	Notes       []string // what the reader leaves out and why

	key, geometry string // columns of the row's id and its geometry
}

// Column is an attribute of a table.
type Column struct {
	Name  string
	Title string // may be empty
	Type  spatial.Type
}

// OpenFile opens a GeoPackage. The error is an *[spatial.InvalidError] for a
// file that is none.
func OpenFile(ctx context.Context, path string) (*File, error) {
	if err := checkDatabase(path); err != nil {
		return nil, err
	}
	var err error
	for _, options := range readingOptions(path) {
		f := &File{path: path}
		if f.db, err = openReading(path, options); err != nil {
			return nil, fmt.Errorf("open %s: %w", path, err)
		}
		if f.tables, err = f.readTables(ctx); err == nil {
			return f, nil
		}
		_ = f.db.Close()
	}
	return nil, fmt.Errorf("open %s: %w", path, explain(path, err))
}

// checkDatabase refuses what is no SQLite database before SQLite sees it.
func checkDatabase(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open %w", err)
	}
	defer file.Close()
	_, err = readHead(file, path)
	return err
}

// readingOptions are the ways to open a file, the best first. A file that
// may be written is opened so, for only then SQLite takes its log away again;
// one in a directory that may not be written can have no log beside it and is
// taken as it stands.
func readingOptions(path string) []string {
	options := []string{"mode=ro"}
	if file, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
		_ = file.Close()
		options = []string{"mode=rw", "mode=ro"}
	}
	if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		options = append(options, "mode=ro&immutable=1")
	}
	return options
}

func openReading(path, options string) (*sql.DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(absolute), RawQuery: options + "&_pragma=busy_timeout(5000)&_pragma=query_only(1)"}
	c, err := newConnector(u.String())
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

// Tables lists the layers of the file in the file's order. Tiles and other
// pictures are none.
func (f *File) Tables() []Table { return slices.Clone(f.tables) }

// Close releases the file.
func (f *File) Close() error { return f.db.Close() }

func (f *File) readTables(ctx context.Context) ([]Table, error) {
	found, err := f.names(ctx, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
	if err != nil {
		return nil, err
	}
	if !slices.Contains(found, "gpkg_contents") {
		return nil, &spatial.InvalidError{Rule: "geopackage", Where: filepath.Base(f.path),
			Detail: "it is an SQLite database without the tables of a GeoPackage", Fix: "make a GeoPackage of it: ogr2ogr new.gpkg old.db"}
	}
	names, err := f.names(ctx, "SELECT table_name FROM gpkg_contents WHERE data_type IN ('features', 'attributes', 'aspatial') ORDER BY rowid")
	if err != nil {
		return nil, err
	}
	var tables []Table
	for _, name := range names {
		if !slices.ContainsFunc(found, func(s string) bool { return strings.EqualFold(s, name) }) {
			continue // a word left behind by a table that was dropped
		}
		t, err := f.readTable(ctx, name, slices.Contains(found, "gpkg_data_columns"))
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", name, err)
		}
		tables = append(tables, t)
	}
	return tables, nil
}

func (f *File) names(ctx context.Context, query string) ([]string, error) {
	rows, err := f.db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

func (f *File) readTable(ctx context.Context, name string, titled bool) (Table, error) {
	t := Table{Name: name}
	err := f.db.QueryRowContext(ctx, "SELECT coalesce(identifier, ''), coalesce(description, '') FROM gpkg_contents WHERE table_name = ?", name).
		Scan(&t.Title, &t.Description)
	if err != nil {
		return t, err
	}
	if err := f.readGeometry(ctx, &t); err != nil {
		return t, err
	}
	return t, f.readColumns(ctx, &t, titled)
}

func (f *File) readGeometry(ctx context.Context, t *Table) error {
	var z, m int
	err := f.db.QueryRowContext(ctx, `SELECT column_name, upper(geometry_type_name), z, m, g.srs_id, coalesce(srs_name, ''),
		coalesce(upper(organization), ''), coalesce(organization_coordsys_id, g.srs_id), coalesce(definition, '')
		FROM gpkg_geometry_columns g LEFT JOIN gpkg_spatial_ref_sys USING (srs_id) WHERE lower(table_name) = lower(?)`, t.Name).
		Scan(&t.geometry, &t.Geometry, &z, &m, &t.SRS.ID, &t.SRS.Name, &t.SRS.Organization, &t.SRS.Code, &t.SRS.WKT)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if z == 1 || m == 1 {
		t.Notes = append(t.Notes, "heights and measures of the positions are left out")
	}
	t.SRS.flatten()
	return err
}

func (f *File) readColumns(ctx context.Context, t *Table, titled bool) error {
	query := "SELECT name, upper(type), pk, '' FROM pragma_table_info(?1)"
	if titled {
		query = `SELECT i.name, upper(i.type), pk, coalesce(d.title, d.name, '') FROM pragma_table_info(?1) i
			LEFT JOIN gpkg_data_columns d ON d.table_name = ?1 AND d.column_name = i.name`
	}
	rows, err := f.db.QueryContext(ctx, query, t.Name)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name, declared, title string
		var key int
		if err := rows.Scan(&name, &declared, &key, &title); err != nil {
			return err
		}
		t.take(Column{name, title, typeOf(declared)}, declared, key)
	}
	return rows.Err()
}

// take sorts a column in.
func (t *Table) take(c Column, declared string, key int) {
	switch {
	case strings.EqualFold(c.Name, t.geometry):
	case key == 1 && declared == "INTEGER":
		t.key = c.Name
	case strings.Contains(declared, "BLOB"):
		t.Notes = append(t.Notes, fmt.Sprintf("column %s holds binary data and is left out", c.Name))
	default:
		t.Columns = append(t.Columns, c)
	}
}

// typeOf is the type that a column declares, in GeoPackage's words (OGC
// 12-128r18 table 1) or by SQLite's rules for those of others.
func typeOf(declared string) spatial.Type {
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(declared, word) })
	}
	switch {
	case declared == "DATE":
		return spatial.TypeDate
	case has("DATETIME", "TIMESTAMP"):
		return spatial.TypeTime
	case has("BOOL"):
		return spatial.TypeBool
	case has("INT"):
		return spatial.TypeInt
	case has("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL"):
		return spatial.TypeFloat
	}
	return spatial.TypeText
}

// Rows yields the rows of a table, by its name, in one read transaction and
// bounded memory: id, geometry in the table's coordinate system (nil if there
// is none or it is empty), and a value for each column. A value is of its
// column's type if it can be without loss, else of the type that the row
// gives it. Rows of a view, or of a table without an id, are counted from 1.
// The first fault ends the sequence, an *[spatial.InvalidError] naming row
// and column if it is one of theirs.
func (f *File) Rows(ctx context.Context, table string) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		i := slices.IndexFunc(f.tables, func(t Table) bool { return t.Name == table })
		if i < 0 {
			yield(spatial.Row{}, fmt.Errorf("table %q of %s: %w", table, f.path, spatial.ErrNotFound))
			return
		}
		if err := f.eachRow(ctx, &f.tables[i], yield); err != nil && !errors.Is(err, errStopped) {
			yield(spatial.Row{}, fmt.Errorf("read %s: %w", f.path, explain(f.path, err)))
		}
	}
}

func (f *File) eachRow(ctx context.Context, t *Table, yield func(spatial.Row, error) bool) error {
	conn, err := f.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(c any) error {
		count := int64(0)
		return eachRaw(ctx, c.(driver.QueryerContext), t.selectRows(), func(raw []driver.Value) error {
			count++
			row, err := t.decode(count, raw)
			if err != nil {
				return err
			}
			if !yield(row, nil) {
				return errStopped
			}
			return nil
		})
	})
}

// selectRows reads the id, the geometry and the columns; the sign before a
// column takes its declared type away, by which the driver would parse dates.
func (t *Table) selectRows() string {
	names := []string{"NULL", "NULL"}
	order := ""
	if t.key != "" {
		names[0] = quoteAny(t.key)
		order = " ORDER BY " + names[0]
	}
	if t.geometry != "" {
		names[1] = "+" + quoteAny(t.geometry)
	}
	for i := range t.Columns {
		names = append(names, "+"+quoteAny(t.Columns[i].Name))
	}
	return "SELECT " + strings.Join(names, ", ") + " FROM " + quoteAny(t.Name) + order
}

// quoteAny makes a name of another program an SQL name.
func quoteAny(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func (t *Table) decode(count int64, raw []driver.Value) (spatial.Row, error) {
	row := spatial.Row{ID: count, Values: make([]spatial.Value, len(t.Columns))}
	if id, ok := raw[0].(int64); ok {
		row.ID = id
	}
	if raw[1] != nil {
		blob, _ := raw[1].([]byte)
		g, err := parseBlob(blob, t.SRS.ID)
		if err != nil {
			return row, placed(err, "geom_blob", fmt.Sprintf("table %s, row %d, geometry", t.Name, row.ID))
		}
		row.Geometry = g
	}
	for i, value := range raw[2:] {
		v, err := foreignValue(t.Columns[i].Type, value)
		if err != nil {
			return row, placed(err, "value_type", fmt.Sprintf("table %s, row %d, column %s", t.Name, row.ID, t.Columns[i].Name))
		}
		row.Values[i] = v
	}
	return row, nil
}

// placed makes any fault a refusal that says where.
func placed(err error, rule, where string) error {
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) {
		return &spatial.InvalidError{Rule: rule, Where: where, Detail: err.Error()}
	}
	refusal := *invalid
	refusal.Where = where
	return &refusal
}
