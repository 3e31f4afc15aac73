package geopackage

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
)

// validate checks what needs no look at the rows in the file.
func (l *layers) validate(changes []spatial.LayerChange) error {
	for _, c := range changes {
		s := l.find(c.Layer)
		if s == nil {
			return fmt.Errorf("layer %q: %w", c.Layer, spatial.ErrNotFound)
		}
		for _, row := range c.Put {
			if err := validate(s, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// edit writes a change of one layer.
func (l *layers) edit(c spatial.LayerChange) error {
	if err := l.remove(c.Layer, c.Delete); err != nil {
		return err
	}
	in, err := l.inserter(l.find(c.Layer))
	if err != nil {
		return err
	}
	for _, row := range c.Put {
		if err := in.put(row); err != nil {
			return errors.Join(err, in.release())
		}
	}
	return in.close()
}

func (l *layers) remove(id spatial.LayerID, rows []int64) error {
	statement, err := l.conn.PrepareContext(l.ctx, fmt.Sprintf("DELETE FROM %s WHERE id = ?", quote(string(id))))
	if err != nil {
		return err
	}
	defer statement.Close()
	for _, row := range rows {
		result, err := statement.ExecContext(l.ctx, row)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return fmt.Errorf("%s %d: %w", id, row, errors.Join(spatial.ErrNotFound, err))
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
	defer in.release()
	in.fresh = true
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
		if err := in.put(row); err != nil {
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

// exchangeLimit is how many rows of one change may take unique values that
// other rows of it give away. They wait in memory.
const exchangeLimit = 100_000

// inserter writes rows of one layer: new ones, and in place those that exist,
// so that columns of other programs keep their values. It does not use ON
// CONFLICT, which the standard triggers of the R-tree cannot bear.
type inserter struct {
	*layers
	schema      *spatial.Schema
	add, change *sql.Stmt
	fresh       bool // the layer is empty and ids ascend: no row is there yet
	args        []any
	blob        []byte
	bound       orb.Bound
	located     bool          // bound holds something
	multi       bool          // a row had more than one part
	waiting     []spatial.Row // rows whose unique values were taken when they came
}

func (l *layers) inserter(s *spatial.Schema) (*inserter, error) {
	columns := columnNames(s)
	marks := make([]string, len(columns))
	for i, name := range columns {
		marks[i] = fmt.Sprintf("%s = ?%d", name, i+1)
	}
	add, err := l.conn.PrepareContext(l.ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (?%s)",
		quote(string(s.ID)), strings.Join(columns, ", "), strings.Repeat(", ?", len(columns)-1)))
	if err != nil {
		return nil, err
	}
	change, err := l.conn.PrepareContext(l.ctx, fmt.Sprintf("UPDATE %s SET %s WHERE id = ?1", quote(string(s.ID)), strings.Join(marks[min(1, len(marks)-1):], ", ")))
	if err != nil {
		return nil, errors.Join(err, add.Close())
	}
	return &inserter{layers: l, schema: s, add: add, change: change}, nil
}

func (in *inserter) release() error { return errors.Join(in.add.Close(), in.change.Close()) }

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

// put writes a row. One whose unique value is taken waits for the end: the
// other row may yet give it away.
func (in *inserter) put(row spatial.Row) error {
	err := in.insert(row)
	if err == nil {
		return nil
	}
	if !takes(err) || len(in.waiting) == exchangeLimit {
		return refusedRow(in.schema, row, err)
	}
	row.Values, row.Geometry = slices.Clone(row.Values), orb.Clone(row.Geometry)
	in.waiting = append(in.waiting, row)
	return nil
}

func (in *inserter) insert(row spatial.Row) error {
	in.args = append(in.args[:0], row.ID)
	if in.schema.Geometry != spatial.NoGeometry {
		in.args = append(in.args, in.encode(row.Geometry))
	}
	for _, v := range row.Values {
		in.args = append(in.args, stored(v))
	}
	if !in.fresh {
		result, err := in.change.ExecContext(in.ctx, in.args...)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
	}
	_, err := in.add.ExecContext(in.ctx, in.args...)
	return err
}

// exchange writes the rows that wait. Their old states go out before the new
// come in, so that rows may exchange unique values.
//
// BUG(geopackage): a row that waited loses what other programs keep of it in
// columns that the layer does not have.
func (in *inserter) exchange() error {
	for _, row := range in.waiting {
		if err := in.exec(fmt.Sprintf("DELETE FROM %s WHERE id = ?", quote(string(in.schema.ID))), row.ID); err != nil {
			return err
		}
	}
	for _, row := range in.waiting {
		if err := in.insert(row); err != nil {
			return refusedRow(in.schema, row, err)
		}
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
	in.blob = appendBlob(in.blob[:0], srid, g)
	return in.blob
}

// close ends the insertion and keeps the word on the layer's extent and type
// true; the extent never shrinks.
func (in *inserter) close() error {
	err := errors.Join(in.exchange(), in.release())
	if err != nil || !in.located {
		return err
	}
	if err := in.exec(`UPDATE gpkg_contents SET min_x = min(?2, coalesce(min_x, ?2)), min_y = min(?3, coalesce(min_y, ?3)),
		max_x = max(?4, coalesce(max_x, ?4)), max_y = max(?5, coalesce(max_y, ?5)) WHERE table_name = ?1`,
		string(in.schema.ID), in.bound.Min[0], in.bound.Min[1], in.bound.Max[0], in.bound.Max[1]); err != nil || !in.multi {
		return err
	}
	return in.widen(in.schema)
}

// widen lets a layer's geometry column hold geometries of several parts. A
// column's declared type, which SQLite itself does not heed, can only be
// changed in the text of the schema (sqlite.org/lang_altertable.html,
// section 7). The column stands first in it.
func (t *tx) widen(s *spatial.Schema) error {
	narrow, wide := " geom "+geometryType(s.Geometry), " geom GEOMETRY"
	var place, schema int
	if err := t.row(fmt.Sprintf("SELECT instr(sql, '%s') FROM sqlite_schema WHERE name = '%s'", narrow, s.ID), &place); err != nil {
		return err
	}
	if place == 0 || narrow == wide {
		return nil
	}
	if err := t.row("PRAGMA schema_version", &schema); err != nil {
		return err
	}
	return t.execAll([]string{
		fmt.Sprintf("UPDATE gpkg_geometry_columns SET geometry_type_name = 'GEOMETRY' WHERE table_name = '%s'", s.ID),
		"PRAGMA writable_schema = ON",
		fmt.Sprintf("UPDATE sqlite_schema SET sql = substr(sql, 1, %d) || '%s' || substr(sql, %d) WHERE name = '%s'",
			place-1, wide, place+len(narrow), s.ID),
		fmt.Sprintf("PRAGMA schema_version = %d", schema+1),
		"PRAGMA writable_schema = OFF",
	})
}

// layoutOf is the one way an instant is written: in whole seconds or with the
// three decimals of GeoPackage if that says it all, else to the microsecond.
func layoutOf(at time.Time) string {
	switch n := at.Nanosecond(); {
	case n == 0:
		return "2006-01-02T15:04:05Z"
	case n%int(time.Millisecond) == 0:
		return "2006-01-02T15:04:05.000Z"
	}
	return "2006-01-02T15:04:05.000000Z"
}

// stored is a value as it stands in the file.
func stored(v spatial.Value) any {
	switch v.Type() {
	case spatial.TypeBool:
		return storedBool(v)
	case spatial.TypeDate:
		return v.Time().Format(time.DateOnly)
	case spatial.TypeTime:
		return v.Time().Format(layoutOf(v.Time()))
	}
	return v.Any()
}
