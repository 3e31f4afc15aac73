package format

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"

	"wangge/spatial"
)

// Options say what a file's features are to become.
type Options struct {
	Layer  spatial.LayerID
	Title  spatial.Title // the file's name if empty
	AsOf   string        // date of the data, 2006-01-02
	Source string        // where it is from: the file's name
}

// Report says what a reader met that the user should know.
type Report struct {
	Features int      // read, each of which becomes a row
	Warnings []string // what was left out, converted or renamed
}

// Import is a file that was read through once and found good: the schema
// that fits it, and its rows. Rows are read from the file again, so it must
// stay open and unchanged; memory holds one feature at a time.
type Import struct {
	Schema *spatial.Schema
	Report Report

	file    io.ReadSeeker
	columns *columns
}

// ReadGeoJSON reads a GeoJSON file: a FeatureCollection, a feature, a
// geometry, or newline-delimited ones (RFC 8142). Coordinates are degrees,
// longitude first; heights are left out. Ids count from 1 in the order of the
// file, and an id of the file's own becomes the field source_id. Types are
// inferred from all values: int, float, bool, date (2006-01-02) or, where they
// mix, text. The first fault refuses the file, as [*spatial.InvalidError] with
// the feature's number, its place in the file, and what to do.
func ReadGeoJSON(file io.ReadSeeker, o Options) (*Import, error) {
	in := &Import{file: file, columns: newColumns()}
	met := survey{columns: in.columns}
	if err := in.each(met.see); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Source, err)
	}
	if met.features == 0 {
		return nil, &spatial.InvalidError{Rule: "geojson_empty", Where: o.Source, Detail: "the file has no features"}
	}
	in.columns.name()
	in.Report = Report{Features: met.features, Warnings: append(met.warnings(), in.columns.warnings()...)}
	in.Schema = schemaOf(o, met.kinds, in.columns)
	if err := in.Schema.Validate(); err != nil {
		return nil, err
	}
	return in, nil
}

func schemaOf(o Options, kinds spatial.GeometryKind, c *columns) *spatial.Schema {
	title := o.Title
	if title == (spatial.Title{}) {
		name := strings.TrimSuffix(filepath.Base(o.Source), filepath.Ext(o.Source))
		title = spatial.Title{ZH: name, EN: name}
	}
	return &spatial.Schema{ID: o.Layer, Title: title, Group: "user", Geometry: kinds,
		Fields: c.fields(), Label: c.label(), AsOf: o.AsOf, Source: o.Source}
}

func (in *Import) each(see func(feature) error) error {
	if _, err := in.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return eachFeature(in.file, see)
}

// Rows yields the rows in order of id.
func (in *Import) Rows() iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		err := in.each(func(f feature) error {
			row := spatial.Row{ID: int64(f.number), Geometry: f.geometry, Values: in.columns.values(f)}
			if err := in.Schema.ValidateRow(row); err != nil {
				return err
			}
			if !yield(row, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(spatial.Row{}, err)
		}
	}
}

// errStopped says that the consumer wants no more rows.
var errStopped = errors.New("stopped")

// Change is the change that creates the layer with all its rows. Its base is
// left to whoever commits it.
func (in *Import) Change() (spatial.Change, error) {
	rows := make([]spatial.Row, 0, in.Report.Features)
	for row, err := range in.Rows() {
		if err != nil {
			return spatial.Change{}, fmt.Errorf("read %s: %w", in.Schema.Source, err)
		}
		rows = append(rows, row)
	}
	return spatial.Change{Create: []*spatial.Schema{in.Schema}, Note: "import of " + in.Schema.Source,
		Layers: []spatial.LayerChange{{Layer: in.Schema.ID, Put: rows}}}, nil
}

// survey is what the first reading of a file finds.
type survey struct {
	columns  *columns
	features int
	kinds    spatial.GeometryKind
	heights  int
	empty    int
	missing  int
}

func (s *survey) see(f feature) error {
	s.features++
	s.kinds |= spatial.KindOf(f.geometry)
	switch {
	case f.heights:
		s.heights++
	case f.empty:
		s.empty++
	case f.geometry == nil:
		s.missing++
	}
	return s.columns.see(f)
}

func (s *survey) warnings() []string {
	var all []string
	tell := func(n int, what string) {
		if n > 0 {
			all = append(all, fmt.Sprintf("%d of %d features %s", n, s.features, what))
		}
	}
	tell(s.heights, "have heights or measures, which were left out")
	tell(s.empty, "have an empty geometry and become rows without one")
	tell(s.missing, "have no geometry")
	return all
}
