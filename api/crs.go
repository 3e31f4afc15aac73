package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/datum"
)

// frame is how coordinates are written: in a coordinate system, x before y
// or the other way round. The zero value is longitude, latitude.
type frame struct {
	crs     datum.CRS
	swapped bool
}

// served are the coordinate systems that answers may be in.
var served = []datum.CRS{datum.CRS84, datum.EPSG4326, datum.EPSG4490, datum.EPSG4547, datum.EPSG4526, datum.EPSG3857}

// servedURIs lists them as OGC API - Features - Part 2 does.
func servedURIs() []string {
	uris := make([]string, len(served))
	for i, crs := range served {
		uris[i] = crs.URI()
	}
	return uris
}

// The parameters that name coordinate systems.
var (
	crsParam       = frameParam("crs", "coordinate system of the answer")
	bboxCRSParam   = frameParam("bbox-crs", "coordinate system of bbox")
	filterCRSParam = frameParam("filter-crs", "coordinate system of the geometries in filter")
	datumParam     = &param[frame]{
		declaration{name: "datum", in: inQuery, example: "gcj02", schema: jsonSchema{"type": "string", "enum": []string{"wgs84", "gcj02", "bd09"}},
			description: "all coordinates, of the question and of the answer, as map vendors shift them: gcj02 (高德, 腾讯) or bd09 (百度), good to metres only"},
		parseDatum,
	}
)

func frameParam(name, description string) *param[frame] {
	return &param[frame]{
		declaration{name: name, in: inQuery, example: datum.EPSG4490.URI(), schema: jsonSchema{"type": "string"},
			description: description + ", longitude before latitude in degrees if none is named. A URI means the axis order of its register (4326, 4490: latitude first; 4547, 4526: northing first); a short name like EPSG:4547 means x before y"},
		parseFrame,
	}
}

func parseFrame(text string) (frame, error) {
	crs, err := datum.Parse(text)
	if err != nil || crs.URI() == "" {
		detail := fmt.Sprintf("%q is not a coordinate system served here: %s", shorten(text), strings.Join(shortNames(), ", "))
		if err == nil {
			detail = crs.String() + " is in no register; ask with datum="
		}
		return frame{}, errors.New(detail)
	}
	official := strings.Contains(text, "/") || strings.HasPrefix(strings.ToLower(text), "urn:")
	return frame{crs, official && crs.AxisOrder().Swapped()}, nil
}

func shortNames() []string {
	names := make([]string, len(served))
	for i, crs := range served {
		names[i] = crs.String()
	}
	return names
}

func parseDatum(text string) (frame, error) {
	switch strings.ToLower(text) {
	case "wgs84", "cgcs2000":
		return frame{}, nil
	case "gcj02":
		return frame{crs: datum.GCJ02}, nil
	case "bd09":
		return frame{crs: datum.BD09}, nil
	}
	return frame{}, fmt.Errorf("%q is none of wgs84, gcj02, bd09", shorten(text))
}

// frame is the coordinates that a parameter, or datum for all of them, names.
func (r *request) frame(p *param[frame]) (frame, error) {
	if datumParam.given(r) && p.given(r) {
		return frame{}, p.refuse("datum is given too, and says it for all coordinates")
	}
	if datumParam.given(r) {
		return datumParam.of(r), nil
	}
	return p.of(r), nil
}

// plain says whether coordinates are longitude, latitude in degrees.
func (f frame) plain() bool {
	return !f.swapped && (f.crs == datum.CRS84 || f.crs == datum.EPSG4326 || f.crs == datum.EPSG4490)
}

// name is what headers call it: the URI where the register's order holds.
func (f frame) name() string {
	if f.crs.URI() != "" && f.swapped == f.crs.AxisOrder().Swapped() {
		return f.crs.URI()
	}
	return f.crs.String()
}

// head says what coordinates the answer has.
func (f frame) head(h http.Header) { h.Set("Content-Crs", "<"+f.name()+">") }

// coordinates describes the coordinates of an answer that are not longitude,
// latitude.
type coordinates struct {
	CRS         string    `json:"crs"`
	Name        string    `json:"name"`
	Axes        [2]string `json:"axes"`
	SurveyGrade bool      `json:"survey_grade"`
	Note        string    `json:"note,omitempty"`
}

func (f frame) describe() *coordinates {
	if f.plain() {
		return nil
	}
	c := &coordinates{CRS: f.name(), Name: f.crs.Name(), Axes: [2]string{"longitude", "latitude"}, SurveyGrade: f.crs.SurveyGrade()}
	if f.crs.Unit() == datum.Metre {
		c.Axes = [2]string{"easting", "northing"}
	}
	if f.swapped {
		c.Axes[0], c.Axes[1] = c.Axes[1], c.Axes[0]
	}
	if !c.SurveyGrade {
		c.Note = "坐标经过偏移，仅米级精度，不可用于测绘 shifted coordinates, good to metres only: not survey grade"
	}
	return c
}

// fromLL gives a geometry of degrees in these coordinates.
func (f frame) fromLL(g orb.Geometry) (orb.Geometry, error) {
	if f.plain() || g == nil {
		return g, nil
	}
	out, err := datum.Transform(datum.CRS84, f.crs, g)
	if err != nil {
		return nil, &spatial.InvalidError{Rule: "crs_domain", Where: "query parameter crs", Detail: err.Error(), Fix: "ask for a system that covers the features"}
	}
	if f.swapped {
		out = project.Geometry(out, swapAxes)
	}
	return out, nil
}

// toLL turns a geometry of these coordinates into degrees. The edges of a
// box bend, so a box becomes a polygon of many.
func (f frame) toLL(g orb.Geometry) (orb.Geometry, error) {
	if f.plain() {
		return g, nil
	}
	if box, ok := g.(orb.Bound); ok {
		g = outline(box)
	}
	if f.swapped {
		g = project.Geometry(orb.Clone(g), swapAxes)
	}
	out, err := datum.Transform(f.crs, datum.CRS84, g)
	if err != nil {
		return nil, fmt.Errorf("%w: give coordinates of %s", err, f.crs)
	}
	return out, nil
}

// outlineSteps is in how many edges each side of a box is cut.
const outlineSteps = 20

func outline(b orb.Bound) orb.Polygon {
	corners := b.ToRing()
	ring := orb.Ring{corners[0]}
	for i := 1; i < len(corners); i++ {
		from, to := corners[i-1], corners[i]
		for step := 1; step < outlineSteps; step++ {
			share := float64(step) / outlineSteps
			ring = append(ring, orb.Point{from[0] + share*(to[0]-from[0]), from[1] + share*(to[1]-from[1])})
		}
		ring = append(ring, to)
	}
	return orb.Polygon{ring}
}

// swapAxes exchanges both coordinates of a position.
func swapAxes(p orb.Point) orb.Point { return orb.Point{p[1], p[0]} }

// appendFeature appends a feature with its geometry in these coordinates.
func (f frame) appendFeature(dst []byte, feature spatial.Feature, fields []int) ([]byte, error) {
	if f.plain() {
		return format.AppendFeature(dst, feature, fields), nil
	}
	g, err := f.fromLL(feature.Geometry())
	if err != nil {
		return dst, err
	}
	dst = strconv.AppendInt(append(dst, `{"type":"Feature","id":`...), feature.ID(), 10)
	dst = format.AppendGeometry(append(dst, `,"geometry":`...), g)
	dst = append(dst, `,"properties":{`...)
	for n, i := range fields {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(format.AppendString(dst, feature.Layer().Schema().Fields[i].Name), ':')
		dst = format.AppendValue(dst, feature.Value(i))
	}
	return append(dst, "}}"...), nil
}

// bboxNumbers are the numbers of a bbox, without heights.
type bboxNumbers [4]float64

// parseBBox reads west,south,east,north in whatever coordinates, or the same
// with heights, which are ignored.
func parseBBox(text string) (bboxNumbers, error) {
	parts := strings.Split(text, ",")
	if len(parts) != 4 && len(parts) != 6 {
		return bboxNumbers{}, fmt.Errorf("%d numbers; it takes 4 (west,south,east,north) or 6 (with heights after south and north)", len(parts))
	}
	numbers := make([]float64, len(parts))
	for i, part := range parts {
		var err error
		if numbers[i], err = parseFinite(strings.TrimSpace(part)); err != nil {
			return bboxNumbers{}, fmt.Errorf("number %d: %w", i+1, err)
		}
	}
	half := len(numbers) / 2
	return bboxNumbers{numbers[0], numbers[1], numbers[half], numbers[half+1]}, nil
}

// areas are the geometries in degrees that a bbox of these coordinates asks
// for. A box of degrees whose west is east of its east crosses the 180th
// meridian and gives two.
func (f frame) areas(n bboxNumbers) ([]orb.Geometry, error) {
	low, high := orb.Point{n[0], n[1]}, orb.Point{n[2], n[3]}
	if f.swapped {
		low, high = orb.Point{n[1], n[0]}, orb.Point{n[3], n[2]}
	}
	if (frame{crs: f.crs}).plain() {
		return boxes(low, high)
	}
	if low[0] > high[0] || low[1] > high[1] {
		return nil, errors.New("its first corner is not below and left of its second")
	}
	area, err := frame{crs: f.crs}.toLL(orb.Bound{Min: low, Max: high})
	if err != nil {
		return nil, err
	}
	return []orb.Geometry{area}, nil
}

func boxes(low, high orb.Point) ([]orb.Geometry, error) {
	switch {
	case max(low[0], high[0]) > 180 || min(low[0], high[0]) < -180 || max(low[1], high[1]) > 90 || min(low[1], high[1]) < -90:
		return nil, errors.New("it is off the globe: degrees, longitude (-180 to 180) before latitude (-90 to 90)")
	case low[1] > high[1]:
		return nil, fmt.Errorf("its south %v is north of its north %v", low[1], high[1])
	case low[0] > high[0]:
		return []orb.Geometry{orb.Bound{Min: low, Max: orb.Point{180, high[1]}}, orb.Bound{Min: orb.Point{-180, low[1]}, Max: high}}, nil
	}
	return []orb.Geometry{orb.Bound{Min: low, Max: high}}, nil
}

// geometry is a geometry of degrees as GeoJSON in these coordinates.
func (f frame) geometry(g orb.Geometry) (json.RawMessage, error) {
	g, err := f.fromLL(g)
	if err != nil {
		return nil, err
	}
	return format.AppendGeometry(nil, g), nil
}
