package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// exact is the size up to which every whole number is a float64.
const exact = 1 << 53

// lostDigits are codes that a spreadsheet made numbers of: fewer digits than
// the code had, and those of a float64 at most.
var lostDigits = regexp.MustCompile(`^[0-9](\.[0-9]{1,14})?[eE]\+?(1[1-9]|2[0-9])$`)

// maxColumns is less than either store can hold in a table.
const maxColumns = 1000

// featureID is the column of the features' own ids, beside their properties.
const featureID = "@id"

// geoJSON is a GeoJSON file as features.
type geoJSON struct {
	file  io.ReadSeekCloser
	crs   *datum.CRS
	notes []string
}

// OpenGeoJSON reads a GeoJSON file through once: a FeatureCollection, a
// feature, a geometry, or newline-delimited ones (RFC 8142). Positions are x
// before y whatever the system; heights are left out. The features' own ids
// are the column @id. Objects and lists among the properties are their JSON
// text, as are whole numbers beyond 2⁵³, and what is no JSON refuses the file.
func OpenGeoJSON(file io.ReadSeekCloser) (Features, error) {
	f := &geoJSON{file: file}
	met := geoJSONNotes{columns: map[string]*propertyNotes{}}
	crs, err := f.walk(met.see)
	if err != nil {
		return nil, err
	}
	f.crs, f.notes = crs, met.notes()
	return f, nil
}

func (f *geoJSON) walk(see func(feature) error) (*datum.CRS, error) {
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return eachFeature(f.file, see)
}

// Each implements [Features].
func (f *geoJSON) Each(see func(*Record) error) error {
	var record Record
	_, err := f.walk(func(one feature) error {
		record = Record{Number: one.number, Where: fmt.Sprintf("feature %d, byte %d", one.number, one.at), Geometry: one.geometry, Cells: record.Cells[:0]}
		if one.fault != nil && !errors.As(one.fault, &record.Fault) {
			return one.fault
		}
		if one.id != nil {
			record.Cells = append(record.Cells, Cell{Column: featureID, Value: jsonValue(one.id)})
		}
		for _, m := range one.properties {
			record.Cells = append(record.Cells, Cell{Column: m.key, Value: jsonValue(m.raw)})
		}
		return see(&record)
	})
	return err
}

// CRS implements [Features].
func (f *geoJSON) CRS() (datum.CRS, bool) {
	if f.crs == nil {
		return datum.CRS84, false
	}
	return *f.crs, true
}

// Notes implements [Features].
func (f *geoJSON) Notes() []string { return f.notes }

// Close implements [Features].
func (f *geoJSON) Close() error { return f.file.Close() }

// jsonValue is a value of its JSON type; what is none of ours is its text.
func jsonValue(raw []byte) spatial.Value {
	switch raw[0] {
	case 'n':
		return spatial.Null
	case 't', 'f':
		return spatial.Bool(raw[0] == 't')
	case '"':
		return spatial.Text(unquote(raw))
	case '{', '[':
		var compact bytes.Buffer
		if json.Compact(&compact, raw) == nil {
			return spatial.Text(compact.String())
		}
		return spatial.Text(string(raw))
	}
	return jsonNumber(raw)
}

func jsonNumber(raw []byte) spatial.Value {
	text := string(raw)
	if lostDigits.MatchString(text) && strings.Contains(text, "E+") { // JSON's own writers have e
		return spatial.Text(text)
	}
	if !bytes.ContainsAny(raw, ".eE") {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil && i <= exact && i >= -exact {
			return spatial.Int(i)
		}
		return spatial.Text(text)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(f, 0) {
		return spatial.Float(f)
	}
	return spatial.Text(text)
}

// geoJSONNotes is what a file has that a table has not.
type geoJSONNotes struct {
	columns        map[string]*propertyNotes
	order          []string
	features       int
	heights, empty int
}

type propertyNotes struct{ nested, big bool }

func (n *geoJSONNotes) see(f feature) error {
	n.features++
	if f.heights {
		n.heights++
	}
	if f.empty {
		n.empty++
	}
	for _, m := range f.properties {
		nested := m.raw[0] == '{' || m.raw[0] == '['
		big := (m.raw[0] == '-' || m.raw[0] >= '0' && m.raw[0] <= '9') && jsonNumber(m.raw).Type() == spatial.TypeText
		if !nested && !big {
			continue
		}
		if len(n.order) == maxColumns {
			return nil
		}
		if n.columns[m.key] == nil {
			n.columns[m.key] = &propertyNotes{}
			n.order = append(n.order, m.key)
		}
		n.columns[m.key].nested = n.columns[m.key].nested || nested
		n.columns[m.key].big = n.columns[m.key].big || big
	}
	return nil
}

func (n *geoJSONNotes) notes() []string {
	var all []string
	if n.heights > 0 {
		all = append(all, fmt.Sprintf("%d of %d features have heights or measures, which were left out", n.heights, n.features))
	}
	if n.empty > 0 {
		all = append(all, fmt.Sprintf("%d of %d features have an empty geometry and become rows without one", n.empty, n.features))
	}
	for _, key := range n.order {
		if n.columns[key].nested {
			all = append(all, fmt.Sprintf("property %q holds objects or lists, kept as their JSON text", key))
		}
		if n.columns[key].big {
			all = append(all, fmt.Sprintf("property %q holds whole numbers too large for a number, kept as text", key))
		}
	}
	return all
}
