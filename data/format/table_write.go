package format

import (
	"fmt"
	"iter"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// sheet is a selection as a table: a header and one row of values for each
// feature. Every value is of the type of its column, or null.
//
// The columns are the feature's id, the fields by name, then where it is: lon
// and lat (easting and northing in metres) where all are single points, well-known
// text otherwise, and last a column that says so if the data are synthetic,
// so that a table passed on does not lose the label.
type sheet struct {
	Selection
	header []string
	points bool // a column for each coordinate
	wkt    bool // one column of well-known text
}

// newSheet looks through the features of a layer of points, for multipoints.
func newSheet(s Selection) sheet {
	t := sheet{Selection: s, header: []string{"id"}}
	if s.Titled {
		t.header[0] = "序号"
	}
	schema := s.Layer.Schema()
	for _, i := range s.Fields {
		name := schema.Fields[i].Name
		if title := schema.Fields[i].Title.ZH; s.Titled && title != "" {
			name = title
		}
		t.header = append(t.header, name)
	}
	t.points = schema.Geometry == spatial.Points && singlePoints(s.Features)
	t.wkt = !t.points && schema.Geometry != spatial.NoGeometry
	for _, name := range t.geometryColumns() {
		if schema.FieldIndex(name) >= 0 {
			name = "geom_" + name
		}
		t.header = append(t.header, name)
	}
	if schema.Synthetic {
		t.header = append(t.header, syntheticColumn)
	}
	return t
}

// syntheticColumn marks every row of a table of generated data.
const syntheticColumn = "is_synthetic_data"

func singlePoints(features iter.Seq[spatial.Feature]) bool {
	for f := range features {
		if _, multi := f.Geometry().(orb.MultiPoint); multi {
			return false
		}
	}
	return true
}

// geometryColumns say by their names what is in them, as far as coordinates
// themselves do not: shifted ones look like true ones.
func (t *sheet) geometryColumns() []string {
	suffix := map[datum.CRS]string{datum.GCJ02: "_gcj02", datum.BD09: "_bd09"}[t.CRS]
	switch {
	case t.points && t.CRS.Unit() == datum.Metre:
		return []string{"easting", "northing"}
	case t.points:
		return []string{"lon" + suffix, "lat" + suffix}
	case t.wkt:
		return []string{"wkt" + suffix}
	}
	return nil
}

func (t *sheet) decimals() int {
	if t.CRS.Unit() == datum.Metre {
		return metreDecimals
	}
	return degreeDecimals
}

// row appends a feature's values to dst, in the order of the header.
func (t *sheet) row(dst []spatial.Value, f spatial.Feature) ([]spatial.Value, error) {
	dst = append(dst, spatial.Int(f.ID()))
	for _, i := range t.Fields {
		dst = append(dst, f.Value(i))
	}
	dst, err := t.place(dst, f)
	if err != nil {
		return nil, fmt.Errorf("%s %d: %w", t.Layer.ID(), f.ID(), err)
	}
	if t.Layer.Schema().Synthetic {
		dst = append(dst, spatial.Bool(true))
	}
	return dst, nil
}

func (t *sheet) place(dst []spatial.Value, f spatial.Feature) ([]spatial.Value, error) {
	if !t.points && !t.wkt {
		return dst, nil
	}
	g, err := datum.Transform(datum.CRS84, t.CRS, f.Geometry())
	switch p, isPoint := g.(orb.Point); {
	case err != nil:
		return nil, err
	case t.points && isPoint:
		return append(dst, spatial.Float(p[0]), spatial.Float(p[1])), nil
	case t.points:
		return append(dst, spatial.Null, spatial.Null), nil
	case g == nil:
		return append(dst, spatial.Null), nil
	}
	return append(dst, spatial.Text(string(appendWKT(nil, g, t.decimals())))), nil
}

// isCoordinate says whether a column is one of the points' coordinates.
func (t *sheet) isCoordinate(column int) bool {
	first := 1 + len(t.Fields)
	return t.points && (column == first || column == first+1)
}
