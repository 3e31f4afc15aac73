package shelter

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"wangge/spatial"
	"wangge/spatial/exposure"
	"wangge/spatial/geodesic"
	"wangge/spatial/road"
)

// Standard is a rule set: what a shelter must offer, to whom, and how near. It
// is dated data with the clause it comes from, and may be edited.
type Standard struct {
	Code          string
	Name          spatial.Title
	Clause        string
	Dated         string                // a day or a year
	Certainty     string                // how sure the numbers are: "public", "textbook"
	AreaPerPerson geodesic.SquareMeters // 0: not stated
	Radius        geodesic.Meters       // along a straight line, or on foot along roads; 0: not stated
	Walking       road.Millis           // on foot; 0: not stated
	Share         float64               // of the population to be sheltered
	Classes       []string              // of facilities; nil: any
	Settings      map[Hazard][]Setting
	Exclusions    []Exclusion
	Note          spatial.Title
}

// Exclusion bars shelters that are within a distance of the features of a
// layer: 0 where they touch.
type Exclusion struct {
	Name   string // as it stands in the rule set
	Layer  spatial.LayerID
	Within geodesic.Meters
	Where  *spatial.Where // nil: all features
}

// StandardsOf reads the rule sets of a table, one a row, with the columns
//
//   - code, name, name_en, clause, dated, certainty, note, note_en;
//   - area_per_person (m²), radius (m), walking_minutes, share (0 to 1);
//   - classes: those of facilities that are eligible, with commas between
//     them; empty: any;
//   - earthquake, typhoon, rainstorm, geological, stranded: indoor, outdoor or
//     any, the settings that are eligible; empty: none;
//   - exclude: layers and distances in metres, "high_risk_zones:0;
//     flood_hazards[status=open]:30".
//
// Columns that are not there are empty; a share that is empty is 1. The error
// is [spatial.InvalidError].
func StandardsOf(layer *spatial.Layer) ([]Standard, error) {
	var all []Standard
	for f := range layer.All() {
		s, err := StandardOf(f)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// StandardOf reads one row of the table.
func StandardOf(f spatial.Feature) (Standard, error) {
	text := func(name string) string { return f.Attribute(name).String() }
	s := Standard{Code: text("code"), Name: spatial.Title{ZH: text("name"), EN: text("name_en")}, Clause: text("clause"), Dated: text("dated"),
		Certainty: text("certainty"), Classes: words(text("classes"), ","), Note: spatial.Title{ZH: text("note"), EN: text("note_en")},
		AreaPerPerson: geodesic.SquareMeters(f.Attribute("area_per_person").Float()), Radius: geodesic.Meters(f.Attribute("radius").Float()), Share: 1}
	if v := f.Attribute("share"); !v.IsNull() {
		s.Share = v.Float()
	}
	minutes := f.Attribute("walking_minutes").Float()
	if !(minutes >= 0 && minutes <= maxMinutes) {
		return s, s.invalid("standard_walking", fmt.Sprintf("%v minutes are not from 0 to %v", minutes, maxMinutes))
	}
	s.Walking = road.Millis(math.Round(minutes * 60_000))
	var err error
	if s.Settings, err = settingsOf(f); err == nil {
		s.Exclusions, err = exclusionsOf(text("exclude"))
	}
	if err != nil {
		return s, s.invalid("standard_text", err.Error())
	}
	return s, s.Validate()
}

// maxMinutes is the longest walk of a rule, a day.
const maxMinutes = 24 * 60

func words(text, separator string) []string {
	var all []string
	for word := range strings.SplitSeq(text, separator) {
		if word = strings.TrimSpace(word); word != "" {
			all = append(all, word)
		}
	}
	return all
}

func settingsOf(f spatial.Feature) (map[Hazard][]Setting, error) {
	settings := map[Hazard][]Setting{}
	for _, h := range Hazards() {
		switch text := f.Attribute(string(h)).Text(); text {
		case "":
		case "any":
			settings[h] = []Setting{Indoor, Outdoor}
		case string(Indoor), string(Outdoor):
			settings[h] = []Setting{Setting(text)}
		default:
			return nil, fmt.Errorf("%s is %q: use indoor, outdoor or any", h, text)
		}
	}
	return settings, nil
}

// exclusionsOf reads rules like "flood_hazards[status=open]:30".
func exclusionsOf(text string) ([]Exclusion, error) {
	var all []Exclusion
	for _, rule := range words(text, ";") {
		e := Exclusion{Name: rule}
		what, distance, ok := strings.Cut(rule, ":")
		metres, err := strconv.ParseFloat(strings.TrimSpace(distance), 64)
		if !ok || err != nil || !(metres >= 0 && metres <= float64(maxRadius)) {
			return nil, fmt.Errorf("exclude %q: write a layer, a colon and metres", rule)
		}
		e.Within = geodesic.Meters(metres)
		what, where, filtered := strings.Cut(strings.TrimSpace(what), "[")
		e.Layer = spatial.LayerID(strings.TrimSpace(what))
		if filtered {
			field, value, equals := strings.Cut(strings.TrimSuffix(where, "]"), "=")
			if !equals || !strings.HasSuffix(where, "]") {
				return nil, fmt.Errorf("exclude %q: write a field and its value as [field=value]", rule)
			}
			e.Where = &spatial.Where{Field: strings.TrimSpace(field), Value: strings.TrimSpace(value)}
		}
		all = append(all, e)
	}
	return all, nil
}

// Validate refuses numbers that no shelter could be judged by.
func (s *Standard) Validate() error {
	switch {
	case s.AreaPerPerson != 0 && !(s.AreaPerPerson >= minPerPerson && s.AreaPerPerson <= maxPerPerson):
		return s.invalid("standard_area", fmt.Sprintf("%v m² per person are not from %v to %v", s.AreaPerPerson, minPerPerson, maxPerPerson))
	case !(s.Radius >= 0 && s.Radius <= maxRadius):
		return s.invalid("standard_radius", fmt.Sprintf("a radius of %v m is not from 0 to %v m", s.Radius, maxRadius))
	case s.Walking < 0:
		return s.invalid("standard_walking", fmt.Sprintf("a walk of %v s is less than none", s.Walking.Seconds()))
	case !(s.Share > 0 && s.Share <= 1):
		return s.invalid("standard_share", fmt.Sprintf("a share of %v is not above 0 and at most 1", s.Share))
	}
	return nil
}

func (s *Standard) invalid(rule, detail string) error {
	return &spatial.InvalidError{Rule: rule, Where: fmt.Sprintf("rule set %q", s.Code), Detail: detail}
}

// Refuses says why a facility is no shelter from a hazard under the rule set,
// "" if it is one. It does not look at exclusions; [Standard.Exclude] does.
func (s *Standard) Refuses(f *Facility, h Hazard) string {
	switch {
	case !f.Open:
		return "closed"
	case f.Setting != "" && !slices.Contains(s.Settings[h], f.Setting), len(s.Settings[h]) == 0:
		return cmpOr(string(f.Setting), "no setting") + " is not eligible for " + string(h)
	case len(s.Classes) > 0 && f.Class != "" && !slices.Contains(s.Classes, f.Class):
		return "class " + f.Class
	case !f.serves(h):
		return "does not serve " + string(h)
	}
	return ""
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Excluded is a facility that is too near to something.
type Excluded struct {
	Facility int    // its number in the list
	By       string // the rule
	Feature  spatial.Feature
	Distance geodesic.Meters
}

// Exclude finds the facilities that break a rule of exclusion, each with the
// nearest feature it is too near to for each rule broken, in order of
// facility. The error is [spatial.ErrNotFound] for a layer that is not there.
func (s *Standard) Exclude(snapshot *spatial.Snapshot, facilities []Facility) ([]Excluded, error) {
	layers := make([]*spatial.Layer, len(s.Exclusions))
	for i, e := range s.Exclusions {
		layer, err := snapshot.Layer(e.Layer)
		if err != nil {
			return nil, fmt.Errorf("rule set %q, exclude %q: %w", s.Code, e.Name, err)
		}
		if e.Where != nil && layer.Schema().FieldIndex(e.Where.Field) < 0 {
			return nil, s.invalid("standard_exclude", fmt.Sprintf("%q: %s has no field %q", e.Name, e.Layer, e.Where.Field))
		}
		layers[i] = layer
	}
	var all []Excluded
	for i := range facilities {
		for k, e := range s.Exclusions {
			near := exposure.Near(layers[k], facilities[i].Place, e.Within, e.Where.Picks)
			if len(near) > 0 {
				all = append(all, Excluded{i, e.Name, near[0].Feature, near[0].Distance})
			}
		}
	}
	return all, nil
}
