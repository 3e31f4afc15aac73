package format

import (
	"iter"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// Features is a file read as features, from its beginning as often as
// needed. Each kind of file has one.
type Features interface {
	// Each hands every record of the file to see, in the file's order, and
	// ends with see's error or the file's own, an *[spatial.InvalidError] that
	// says where the fault is and what to do. The record and all it points to
	// are valid until see returns.
	Each(see func(*Record) error) error
	// CRS is the coordinate system that the file declares, if it does. One that
	// is declared and not known is an error of the opening.
	CRS() (crs datum.CRS, declared bool)
	// Notes are what the user should know of how the file was read, such as
	// the encoding that was taken and why.
	Notes() []string
	// Close releases the file.
	Close() error
}

// Record is one feature as a file has it.
type Record struct {
	Number   int          // counts from 1, as the file's own program shows it
	Where    string       // "row 12", "feature 7 at byte 1234"
	Geometry orb.Geometry // in the file's coordinates, easting before northing; nil if none
	Cells    []Cell       // a column may be missing from some records

	// Fault is what keeps this record from being read, nil if nothing: the
	// ones after it can be, and what there is of it is of no use.
	Fault *spatial.InvalidError
}

// Cell is one attribute of a record, of the type that the file gives it. Text
// may yet turn out to be a number or a date.
type Cell struct {
	Column string // the column's name as the file has it, in UTF-8
	Value  spatial.Value
}

// Selection is a part of a layer to be written to a file.
type Selection struct {
	Layer    *spatial.Layer
	Fields   []int // indexes of the layer's fields
	Features iter.Seq[spatial.Feature]
	CRS      datum.CRS // of the coordinates written
	Titled   bool      // a table's columns are called by the Chinese titles of the fields, and ids are numbers of rows
}
