package format

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// Drawing is a file read as one area or one line: a proposal that somebody
// made with another program.
type Drawing struct {
	Geometry orb.Geometry // polygon, multipolygon or line in degrees, longitude first
	CRS      datum.CRS    // that its coordinates were taken to be in
	Notes    []string     // how the coordinates were taken, and doubts about that
	Doubt    string       // the one of Notes that says why they may be of another system, "" if none does
}

// drawingParts is the most features that a drawing may have.
const drawingParts = 100

// ReadDrawing reads the features of a file of any kind that [Open] knows:
// polygons, which together are the area, or one line. crs is the user's word
// on the coordinates, nil to ask the file; outline that of the district, by
// which coordinates are doubted, nil if unknown.
func ReadDrawing(path string, s Source, crs *datum.CRS, outline orb.Geometry) (d *Drawing, err error) {
	name := filepath.Base(path)
	s.AnyCRS = crs != nil
	file, err := Open(path, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	read, err := Read(file, spatial.New(0), Options{Layer: "drawing", AsOf: "2000-01-01", Source: name, CRS: crs, Outline: outline})
	if err != nil {
		return nil, err
	}
	if err := read.Err(); err != nil {
		return nil, err
	}
	d = &Drawing{CRS: read.located.crs, Notes: read.Report.Notes, Doubt: read.Report.Doubt}
	if read.Report.Features > drawingParts {
		return nil, drawingError(name, fmt.Sprintf("it has %d features, and a drawing has at most %d", read.Report.Features, drawingParts))
	}
	for row, err := range read.Rows() {
		if err != nil {
			return nil, err
		}
		if d.Geometry, err = join(d.Geometry, row.Geometry, name); err != nil {
			return nil, err
		}
	}
	if d.Geometry == nil {
		return nil, drawingError(name, "nothing is drawn in it")
	}
	return d, nil
}

// join adds a feature to what was read of a drawing.
func join(drawn, next orb.Geometry, name string) (orb.Geometry, error) {
	if lines, ok := next.(orb.MultiLineString); ok && len(lines) == 1 {
		next = lines[0]
	}
	switch next := next.(type) {
	case nil:
		return drawn, nil
	case orb.LineString:
		if drawn != nil {
			return nil, drawingError(name, "it has a line beside something else")
		}
		return next, nil
	case orb.Polygon:
		return joinPolygons(drawn, orb.MultiPolygon{next}, name)
	case orb.MultiPolygon:
		return joinPolygons(drawn, next, name)
	}
	return nil, drawingError(name, fmt.Sprintf("it has a %s", next.GeoJSONType()))
}

func joinPolygons(drawn orb.Geometry, more orb.MultiPolygon, name string) (orb.Geometry, error) {
	switch drawn := drawn.(type) {
	case nil:
		if len(more) == 1 {
			return more[0], nil
		}
		return more, nil
	case orb.Polygon:
		return append(orb.MultiPolygon{drawn}, more...), nil
	case orb.MultiPolygon:
		return append(drawn, more...), nil
	}
	return nil, drawingError(name, "it has a line beside something else")
}

func drawingError(name, detail string) error {
	return &spatial.InvalidError{Rule: "drawing", Where: name, Detail: detail, Fix: "give a file with polygons, which together are the area, or with one line"}
}
