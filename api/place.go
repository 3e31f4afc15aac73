package api

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
	"wangge/spatial/partition"
)

// foundPlace is a way to read a text as coordinates.
type foundPlace struct {
	At     orb.Point `json:"at"`     // degrees, longitude first
	CRS    string    `json:"crs"`    // that the text is taken to be in
	Order  string    `json:"order"`  // of the two figures as they are taken
	Doubts []doubt   `json:"doubts"` // why it may be meant otherwise
	Grid   *unit     `json:"grid,omitempty"`
}

// doubt is a reason to look twice. Its kind is stable.
type doubt struct {
	Kind   string `json:"kind"`
	Detail string `json:"detail"`
}

var (
	eitherOrder = doubt{"either_order", "nothing says which of the figures is the longitude"}
	swapped     = doubt{"latitude_first", "taken as latitude before longitude, as only so the figures make a place"}
	metresOnly  = doubt{"metres_only", "shifted coordinates of map vendors are good to metres only"}
	inNoGrid    = doubt{"outside", "in no grid of the district"}
	perhapsGCJ  = doubt{"perhaps_gcj02", "as GCJ-02, the shifted coordinates of map vendors, it would lie in the district"}
	takenAsGCJ  = doubt{"taken_as_gcj02", "taken as GCJ-02, the shifted coordinates of map vendors, as only so it lies in the district"}
)

// placesIn are the ways to read a text as coordinates, the likeliest first;
// none if it is something else.
func placesIn(s *spatial.Snapshot, text string) []foundPlace {
	list := []foundPlace{}
	crs, rest, told := cutDatum(fold(text))
	a, b, ok := cutFigures(rest)
	if !ok {
		return list
	}
	for _, r := range readings(a, b, crs, told) {
		list = append(list, r.placesIn(s, told)...)
	}
	return list
}

// cutDatum takes the name of a coordinate system off the beginning of a text.
func cutDatum(text string) (crs datum.CRS, rest string, told bool) {
	end := strings.IndexAny(text, " :,")
	if strings.HasPrefix(text, "epsg:") {
		end = strings.IndexByte(text, ' ')
	}
	if end < 0 {
		return datum.CRS84, text, false
	}
	name := text[:end]
	switch name {
	case "wgs84", "wgs-84":
		return datum.CRS84, text[end+1:], true
	case "cgcs2000":
		return datum.EPSG4490, text[end+1:], true
	}
	crs, err := datum.Parse(name)
	if err != nil {
		return datum.CRS84, text, false
	}
	return crs, text[end+1:], true
}

// coordinate is one of the two figures of a pair.
type coordinate struct {
	value float64
	axis  byte // x, y, or 0 if nothing says which
}

// One coordinate: a mark, degrees or metres, minutes, seconds, a mark.
const figurePattern = `(北纬|南纬|东经|西经|纬度|经度|lat|lon|lng|[nsew])?[:=]?\s*([-+]?\d+(?:\.\d+)?)` +
	`\s*(?:(?:°|度|d)\s*(?:(\d+(?:\.\d+)?)\s*(?:'|分|m)\s*(?:(\d+(?:\.\d+)?)\s*(?:"|秒|s)\s*)?)?)?\s*([nsew])?`

var (
	pairPattern = regexp.MustCompile(`^\s*` + figurePattern + `[\s,;/、]+` + figurePattern + `\s*$`)
	joinPattern = regexp.MustCompile(`([\d"'°])([nsew])(\d)`)
	marks       = strings.NewReplacer("′′", `"`, "''", `"`, "′", "'", "’", "'", "‘", "'", "″", `"`, "”", `"`, "“", `"`)
)

// cutFigures reads two coordinates.
func cutFigures(text string) (a, b coordinate, ok bool) {
	text = marks.Replace(text)
	// N22.531E114.119 and 22.531N114.119E have nothing between.
	for _, parted := range []string{text, joinPattern.ReplaceAllString(text, "$1 $2$3"), joinPattern.ReplaceAllString(text, "$1$2 $3")} {
		parts := pairPattern.FindStringSubmatch(parted)
		if parts == nil {
			continue
		}
		a, okA := readFigure(parts[1:6])
		b, okB := readFigure(parts[6:11])
		if okA && okB {
			return a, b, true
		}
	}
	return a, b, false
}

// readFigure reads the groups of a figure.
func readFigure(parts []string) (c coordinate, ok bool) {
	sign := 1.0
	if strings.HasPrefix(parts[1], "-") {
		sign = -1
	}
	for i, unit := range []float64{1, 60, 3600} {
		if parts[1+i] == "" {
			continue
		}
		v, err := strconv.ParseFloat(parts[1+i], 64)
		if err != nil || i > 0 && v >= 60 {
			return c, false
		}
		c.value += math.Abs(v) / unit
	}
	mark := parts[0] + parts[4]
	switch mark {
	case "":
	case "n", "s", "北纬", "南纬", "纬度", "lat":
		c.axis = 'y'
	case "e", "w", "东经", "西经", "经度", "lon", "lng":
		c.axis = 'x'
	default: // a mark before and another one after
		return c, false
	}
	switch mark {
	case "s", "w", "南纬", "西经":
		sign = -sign
	}
	c.value *= sign
	return c, true
}

// reading is a pair taken as a position in a system.
type reading struct {
	crs    datum.CRS
	xy     orb.Point
	order  string
	doubts []doubt
}

const (
	lonFirst   = "longitude, latitude"
	latFirst   = "latitude, longitude"
	eastFirst  = "easting, northing"
	northFirst = "northing, easting"
)

// readings are the ways to take a pair. Degrees and metres are told apart by
// their size, and so are the systems of metres.
func readings(a, b coordinate, crs datum.CRS, told bool) []reading {
	if told && crs.Unit() == datum.Metre || !told && max(math.Abs(a.value), math.Abs(b.value)) > 360 {
		return meterReadings(a.value, b.value, crs, told)
	}
	return degreeReadings(a, b, crs)
}

func meterReadings(a, b float64, crs datum.CRS, told bool) []reading {
	var list []reading
	for _, r := range []reading{{xy: orb.Point{a, b}, order: eastFirst}, {xy: orb.Point{b, a}, order: northFirst}} {
		for _, system := range []datum.CRS{datum.EPSG4547, datum.EPSG4526, datum.EPSG3857} {
			if plausible(system, r.xy) && (!told || system == crs) {
				r.crs = system
				list = append(list, r)
			}
		}
	}
	return list
}

// plausible says whether metres can be a place in the south of China in a
// system, as their size says.
func plausible(crs datum.CRS, xy orb.Point) bool {
	within := func(v, low, high float64) bool { return low < v && v < high }
	switch crs {
	case datum.EPSG4547:
		return within(xy[0], 2e5, 8e5) && within(xy[1], 1e6, 6.7e6)
	case datum.EPSG4526:
		return within(xy[0], 38.2e6, 38.8e6) && within(xy[1], 1e6, 6.7e6)
	}
	return within(xy[0], 8e6, 15.2e6) && within(xy[1], 1e6, 7.5e6)
}

func degreeReadings(a, b coordinate, crs datum.CRS) []reading {
	lon := reading{crs: crs, xy: orb.Point{a.value, b.value}, order: lonFirst}
	lat := reading{crs: crs, xy: orb.Point{b.value, a.value}, order: latFirst}
	valid := func(r reading) bool { return math.Abs(r.xy[0]) <= 180 && math.Abs(r.xy[1]) <= 90 }
	switch {
	case a.axis != 0 && a.axis == b.axis:
		return nil
	case a.axis == 'x' || b.axis == 'y':
		return keep(valid, lon)
	case a.axis == 'y' || b.axis == 'x':
		return keep(valid, lat)
	case valid(lon) && valid(lat):
		lon.doubts, lat.doubts = []doubt{eitherOrder}, []doubt{eitherOrder}
	case valid(lat):
		lat.doubts = []doubt{swapped}
	}
	return keep(valid, lon, lat)
}

func keep(valid func(reading) bool, list ...reading) []reading {
	var kept []reading
	for _, r := range list {
		if valid(r) {
			kept = append(kept, r)
		}
	}
	return kept
}

// placesIn is where a reading lies in the district. One that lies outside
// comes again as GCJ-02 if that lies inside, unless the text names its
// system.
func (r reading) placesIn(s *spatial.Snapshot, told bool) []foundPlace {
	p := foundPlace{At: datum.ToLL(r.crs, r.xy), CRS: r.crs.String(), Order: r.order, Doubts: append([]doubt{}, r.doubts...)}
	if math.IsNaN(p.At[0]) || math.IsNaN(p.At[1]) {
		return nil
	}
	if !r.crs.SurveyGrade() {
		p.Doubts = append(p.Doubts, metresOnly)
	}
	grids, err := s.Layer(gridLayer)
	if err != nil {
		return []foundPlace{p}
	}
	if grid, ok := partition.Locate(grids, p.At); ok {
		p.Grid = unitOf(grid)
		return []foundPlace{p}
	}
	p.Doubts = append(p.Doubts, inNoGrid)
	if told || r.crs.Unit() != datum.Degree {
		return []foundPlace{p}
	}
	if _, ok := partition.Locate(grids, datum.ToLL(datum.GCJ02, r.xy)); ok {
		p.Doubts = append(p.Doubts, perhapsGCJ)
		shifted := reading{datum.GCJ02, r.xy, r.order, append(slices.Clone(r.doubts), takenAsGCJ)}
		return append([]foundPlace{p}, shifted.placesIn(s, true)...)
	}
	return []foundPlace{p}
}
