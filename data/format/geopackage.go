package format

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/data/geopackage"
	"wangge/spatial"
	"wangge/spatial/datum"
)

// GeoPackage is a table of a GeoPackage of any maker, read as [Features].
// Numbers of records are the rows' ids.
type GeoPackage struct {
	file     *geopackage.File
	table    geopackage.Table
	crs      datum.CRS
	declared bool
	notes    []string
}

// OpenGeoPackage opens a table of a GeoPackage; "" stands for the only one.
// Faults are [*spatial.InvalidError].
func OpenGeoPackage(path, table string) (Features, error) {
	return openGeoPackage(path, table, false)
}

// openGeoPackage opens a table; with anyCRS a coordinate system that is not
// known is a note, for a user who gives another.
func openGeoPackage(path, table string, anyCRS bool) (Features, error) {
	file, err := geopackage.OpenFile(context.Background(), path)
	if err != nil {
		return nil, err
	}
	g := &GeoPackage{file: file}
	if err := g.open(filepath.Base(path), table, anyCRS); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return g, nil
}

func (g *GeoPackage) open(name, table string, anyCRS bool) (err error) {
	if g.table, err = chooseTable(name, table, g.file.Tables()); err != nil {
		return err
	}
	g.notes = slices.Clone(g.table.Notes)
	if g.table.Geometry == "" {
		return nil
	}
	var note string
	g.crs, g.declared, note, err = crsOf(g.table)
	if err != nil && anyCRS {
		note, err = fmt.Sprintf("%v; passed over for the one that was given", err), nil
	}
	if note != "" {
		g.notes = append(g.notes, note)
	}
	return err
}

func chooseTable(name, table string, tables []geopackage.Table) (geopackage.Table, error) {
	var names []string
	for _, t := range tables {
		if strings.EqualFold(t.Name, table) {
			return t, nil
		}
		names = append(names, t.Name)
	}
	bad := func(detail, fix string) (geopackage.Table, error) {
		return geopackage.Table{}, &spatial.InvalidError{Rule: "geopackage_table", Where: name, Detail: detail, Fix: fix}
	}
	list := strings.Join(names, ", ")
	switch {
	case len(tables) == 0:
		return bad("the file has no tables of features or attributes", "give another file")
	case table != "":
		return bad(fmt.Sprintf("the file has no table %q", table), "give one of "+list)
	case len(tables) > 1:
		return bad(fmt.Sprintf("the file has %d tables: %s", len(tables), list), "name one: --sheet "+names[0])
	}
	return tables[0], nil
}

// crsOf is the coordinate system of a table, by its number or its definition.
func crsOf(t geopackage.Table) (crs datum.CRS, declared bool, note string, err error) {
	where := "table " + t.Name
	if t.SRS.ID == 0 || t.SRS.ID == -1 {
		return 0, false, where + " has an undefined coordinate system", nil
	}
	if crs, err := datum.Parse(fmt.Sprint(t.SRS.Code)); err == nil && strings.EqualFold(t.SRS.Organization, "EPSG") {
		return crs, true, "", nil
	}
	return parsePRJ(where, t.SRS.WKT)
}

// CRS is the system that the file gives for the table.
func (g *GeoPackage) CRS() (datum.CRS, bool) { return g.crs, g.declared }

// Notes tell what was left out.
func (g *GeoPackage) Notes() []string { return g.notes }

// Close releases the file.
func (g *GeoPackage) Close() error { return g.file.Close() }

// Each hands out the rows in the order of their ids.
func (g *GeoPackage) Each(see func(*Record) error) error {
	var record Record
	for row, err := range g.file.Rows(context.Background(), g.table.Name) {
		if err != nil {
			return err
		}
		record = Record{Number: int(row.ID), Where: fmt.Sprintf("%s, row %d", g.table.Name, row.ID), Geometry: row.Geometry, Cells: record.Cells[:0]}
		for i, v := range row.Values {
			record.Cells = append(record.Cells, Cell{Column: g.table.Columns[i].Name, Value: v})
		}
		if err := see(&record); err != nil {
			return err
		}
	}
	return nil
}

// WriteGeoPackage writes a new GeoPackage with the selection as its one
// table, ids, types and titles kept. In GCJ-02 and BD-09, which no register
// has, the coordinate system is left undefined and the table is named for it.
func WriteGeoPackage(path string, s Selection) error {
	schema := s.Layer.Schema()
	t := geopackage.Table{Name: layerName(s), Title: schema.Title.ZH, Description: schema.Description.ZH, Geometry: geometryType(s), SRS: srsOf(s.CRS)}
	if t.Title == "" {
		t.Title = schema.Title.EN
	}
	for _, i := range s.Fields {
		f := schema.Fields[i]
		t.Columns = append(t.Columns, geopackage.Column{Name: f.Name, Title: f.Title.ZH, Type: f.Type})
	}
	return geopackage.WriteFile(context.Background(), path, t, selectedRows(s))
}

// layerName is the layer's id, marked where the coordinates are shifted.
func layerName(s Selection) string {
	name := string(s.Layer.ID())
	if !s.CRS.SurveyGrade() {
		name += "_" + plainName(s.CRS.String())
	}
	return name
}

func srsOf(crs datum.CRS) geopackage.SRS {
	if !crs.SurveyGrade() {
		return geopackage.SRS{ID: 0, Name: "Undefined geographic SRS", Organization: "NONE", WKT: "undefined"}
	}
	code := 4326
	switch crs {
	case datum.EPSG4490:
		code = 4490
	case datum.EPSG4547:
		code = 4547
	case datum.EPSG4526:
		code = 4526
	case datum.EPSG3857:
		code = 3857
	}
	srs, _ := geopackage.EPSG(code)
	return srs
}

// geometryType is the narrowest type of all the geometries: one kind, multiple
// if any is; GEOMETRY where kinds mix; "" in a layer of none.
func geometryType(s Selection) string {
	kind := s.Layer.Schema().Geometry
	multiple := ""
	for f := range s.Features {
		kind |= f.Kind()
		switch f.Geometry().(type) {
		case orb.MultiPoint, orb.MultiLineString, orb.MultiPolygon:
			multiple = "MULTI"
		}
	}
	switch kind {
	case spatial.NoGeometry:
		return ""
	case spatial.Points:
		return multiple + "POINT"
	case spatial.Lines:
		return multiple + "LINESTRING"
	case spatial.Polygons:
		return multiple + "POLYGON"
	}
	return "GEOMETRY"
}

// selectedRows are the rows of a selection with its fields and coordinates.
func selectedRows(s Selection) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		for f := range s.Features {
			row := spatial.Row{ID: f.ID()}
			for _, i := range s.Fields {
				row.Values = append(row.Values, f.Value(i))
			}
			var err error
			if row.Geometry, err = projectedShape(f, s.CRS); err != nil {
				yield(spatial.Row{}, err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// projectedShape is a feature's geometry in coordinates of a system.
func projectedShape(f spatial.Feature, crs datum.CRS) (orb.Geometry, error) {
	g := f.Geometry()
	if g == nil || crs == datum.CRS84 || crs == datum.EPSG4326 || crs == datum.EPSG4490 {
		return g, nil
	}
	g, err := datum.Transform(datum.CRS84, crs, g)
	if err != nil {
		return nil, fmt.Errorf("%s %d: %w", f.Layer().ID(), f.ID(), err)
	}
	return g, nil
}
