package geopackage

import (
	"errors"
	"fmt"
	"strings"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"wangge/spatial"
)

// validate is the gate for rows: the schema's own rules, and that lines and
// polygons are simple as ST_IsValid has it.
func validate(s *spatial.Schema, row spatial.Row) error {
	if err := s.ValidateRow(row); err != nil {
		return err
	}
	err := validShape(row.Geometry)
	if err == nil {
		return nil
	}
	detail, _, _ := strings.Cut(err.Error(), " (at or near ")
	return &spatial.InvalidError{Rule: string(s.ID) + "_geom_valid", Where: fmt.Sprintf("%s %d, geometry", s.ID, row.ID),
		At: placeOf(err), Detail: detail, Fix: "let no outline cross or touch itself, and no hole leave its outline"}
}

func validShape(g orb.Geometry) error {
	switch g := g.(type) {
	case orb.LineString:
		return lineOf(g).Validate()
	case orb.MultiLineString:
		for _, line := range g {
			if err := lineOf(line).Validate(); err != nil {
				return err
			}
		}
	case orb.Ring:
		return polygonOf(orb.Polygon{g}).Validate()
	case orb.Polygon:
		return polygonOf(g).Validate()
	case orb.MultiPolygon:
		polygons := make([]geom.Polygon, len(g))
		for i := range g {
			polygons[i] = polygonOf(g[i])
		}
		return geom.NewMultiPolygon(polygons).Validate()
	}
	return nil
}

func lineOf(positions []orb.Point) geom.LineString {
	numbers := make([]float64, 0, 2*len(positions))
	for _, p := range positions {
		numbers = append(numbers, p[0], p[1])
	}
	return geom.NewLineString(geom.NewSequence(numbers, geom.DimXY))
}

func polygonOf(p orb.Polygon) geom.Polygon {
	rings := make([]geom.LineString, len(p))
	for i := range p {
		rings[i] = lineOf(p[i])
	}
	return geom.NewPolygon(rings)
}

// placeOf reads the position that a fault names in its words, the only place
// where it has one.
func placeOf(err error) *orb.Point {
	var p orb.Point
	_, place, found := strings.Cut(err.Error(), "(at or near ")
	if !found {
		return nil
	}
	if _, err := fmt.Sscanf(place, "{%g %g})", &p[0], &p[1]); err != nil {
		return nil
	}
	return &p
}

// refusedRow turns the violation of a constraint by a row into the rule's
// name. SQLite tells it only in words: the name of a CHECK, table and column
// of the others.
func refusedRow(s *spatial.Schema, row spatial.Row, err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) || failure.Code()&0xff != sqlite3.SQLITE_CONSTRAINT {
		return fmt.Errorf("%s %d: %w", s.ID, row.ID, err)
	}
	words := failure.Error()
	name := words[strings.LastIndex(words, ": ")+2:]
	name, _, _ = strings.Cut(name, " (")
	_, column, _ := strings.Cut(name, ".")
	refusal := &spatial.InvalidError{Rule: name, Where: fmt.Sprintf("%s %d", s.ID, row.ID), Detail: words}
	switch failure.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		refusal.Rule = s.Constraint(column, "unique")
		refusal.Where += ", field " + column
		refusal.Detail = fmt.Sprintf("the value %q is taken", row.Values[s.FieldIndex(column)])
		refusal.Fix = "give every " + column + " once"
	case sqlite3.SQLITE_CONSTRAINT_NOTNULL:
		refusal.Rule = s.Constraint(column, "required")
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		refusal.Rule, refusal.Detail = "id_unique", "the id is taken"
	}
	return refusal
}

// brokenReference finds out which reference made a commit fail; the
// transaction is still open.
func (t *tx) brokenReference(err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) || failure.Code() != sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY {
		return err
	}
	var table, parent, column string
	var id, key int64
	if t.row("PRAGMA foreign_key_check", &table, &id, &parent, &key) != nil {
		return err
	}
	if t.row(fmt.Sprintf("SELECT \"from\" FROM pragma_foreign_key_list('%s') WHERE id = %d", table, key), &column) != nil {
		return err
	}
	var value string
	if t.row(fmt.Sprintf("SELECT CAST(%s AS TEXT) FROM %s WHERE id = %d", quote(column), quote(table), id), &value) != nil {
		return err
	}
	return &spatial.InvalidError{Rule: table + "_" + column + "_references", Where: fmt.Sprintf("%s %d, field %s", table, id, column),
		Detail: fmt.Sprintf("nothing in %s has the code %q", parent, value), Fix: "put what is referred to in the same change, or refer to something else"}
}
