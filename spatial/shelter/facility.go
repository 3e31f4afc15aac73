package shelter

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// Hazard is what people take shelter from.
type Hazard string

// The hazards.
const (
	Earthquake Hazard = "earthquake"
	Typhoon    Hazard = "typhoon"
	Rainstorm  Hazard = "rainstorm"
	Geological Hazard = "geological"
	Stranded   Hazard = "stranded"
)

// Hazards are all of them.
func Hazards() []Hazard { return []Hazard{Earthquake, Typhoon, Rainstorm, Geological, Stranded} }

// ParseHazard reads the name of a hazard.
func ParseHazard(s string) (Hazard, error) {
	h := Hazard(s)
	if !slices.Contains(Hazards(), h) {
		return "", &spatial.InvalidError{Rule: "hazard_unknown", Where: "hazard",
			Detail: fmt.Sprintf("there is no hazard %q", s), Fix: "use " + list(Hazards())}
	}
	return h, nil
}

func list[T ~string](words []T) string {
	var texts []string
	for _, w := range words {
		texts = append(texts, string(w))
	}
	return strings.Join(texts, ", ")
}

// Setting is where people stay: indoors or outdoors; "" where it is not
// stated, as for sites that are only candidates, and then fits any rule.
type Setting string

// The settings.
const (
	Indoor  Setting = "indoor"
	Outdoor Setting = "outdoor"
)

// Facility is a shelter or a candidate site.
type Facility struct {
	Layer   spatial.LayerID
	ID      int64
	Code    string
	Name    string
	Place   orb.Geometry          // point or area, degrees; distances are to its nearest position, 0 inside
	Unit    string                // code of the finest unit it stands in
	Area    geodesic.SquareMeters // effective
	Setting Setting
	Class   string   // "" if not stated
	Open    bool     // also where it is not stated
	Serves  []Hazard // nil: not stated, fits any
}

// FacilitiesOf reads a layer of shelters or candidate sites, in order of id,
// with the fields code, name, grid, effective_area, setting, class, open and
// serves_earthquake and so on, as far as it has them. Features without
// geometry are left out. An area that is missing is NaN: see
// [Facility.Validate].
func FacilitiesOf(layer *spatial.Layer) []Facility {
	var all []Facility
	for f := range layer.All() {
		if f.HasGeometry() {
			all = append(all, facilityOf(f))
		}
	}
	return all
}

func facilityOf(f spatial.Feature) Facility {
	text := func(name string) string { return f.Attribute(name).Text() }
	facility := Facility{Layer: f.Layer().ID(), ID: f.ID(), Code: f.Code(), Name: f.Label(), Place: f.Geometry(), Unit: text("grid"),
		Area: geodesic.SquareMeters(math.NaN()), Setting: Setting(text("setting")), Class: text("class"), Open: true}
	if v := f.Attribute("effective_area"); !v.IsNull() {
		facility.Area = geodesic.SquareMeters(v.Float())
	}
	if v := f.Attribute("open"); v.Type() == spatial.TypeBool {
		facility.Open = v.Bool()
	}
	for _, h := range Hazards() {
		v := f.Attribute("serves_" + string(h))
		if v.IsNull() {
			continue
		}
		if facility.Serves == nil {
			facility.Serves = []Hazard{}
		}
		if v.Bool() {
			facility.Serves = append(facility.Serves, h)
		}
	}
	return facility
}

// The greatest area of a facility and the least area per person, which keep
// capacities within whole numbers.
const (
	maxArea      geodesic.SquareMeters = 1e9
	minPerPerson geodesic.SquareMeters = 0.01
	maxPerPerson geodesic.SquareMeters = 1e4
)

// Validate refuses an area that is missing, negative or too large, and a place
// that is neither a point nor an area, with [spatial.InvalidError].
func (f *Facility) Validate() error {
	where := fmt.Sprintf("%s %d", f.Layer, f.ID)
	if !(f.Area >= 0 && f.Area <= maxArea) {
		return &spatial.InvalidError{Rule: "facility_area", Where: where,
			Detail: fmt.Sprintf("the effective area %v m² is not from 0 to %v m²", f.Area, maxArea), Fix: "give the area in square metres"}
	}
	if kind := spatial.KindOf(f.Place); kind != spatial.Points && kind != spatial.Polygons || !finiteBound(f.Place) {
		return &spatial.InvalidError{Rule: "facility_place", Where: where, Detail: "it has no place: neither a point nor an area of finite coordinates"}
	}
	return nil
}

// finiteBound says whether a geometry has positions, all of them finite.
func finiteBound(g orb.Geometry) bool {
	b := g.Bound()
	return !b.IsEmpty() && isFinite(b.Min[0]) && isFinite(b.Min[1]) && isFinite(b.Max[0]) && isFinite(b.Max[1])
}

func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// Capacity is how many people the facility holds: the whole number of times
// that its area has the area per person. A quotient that is a whole number
// but for rounding, such as 0.3 / 0.1, is that number.
func (f *Facility) Capacity(perPerson geodesic.SquareMeters) int64 {
	q := float64(f.Area / perPerson)
	if whole := math.Round(q); math.Abs(q-whole) <= 1e-9*max(1, q) {
		return int64(whole)
	}
	return int64(q)
}

// serves says whether the facility is for a hazard.
func (f *Facility) serves(h Hazard) bool { return f.Serves == nil || slices.Contains(f.Serves, h) }
