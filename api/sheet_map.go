package api

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"

	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/geodesic"
)

// sheetMap is a drawing of the areas concerned, in units of a tenth of a
// millimetre or so: whatever its box is printed as.
type sheetMap struct {
	Width, Height float64
	Areas         []sheetArea
	Pieces        []string // paths
	Buildings     []string
	Moved         []sheetMark
	Labels        []sheetLabel
	Scale         sheetScale
}

// sheetArea is an area of the lowest level; those concerned have a tone.
type sheetArea struct {
	Path string
	Tone int // 0: a neighbour
}

type sheetLabel struct {
	X, Y      float64
	Name      string
	Code      string
	Concerned bool
}

// sheetMark is a building that changes hands, by its line in the table.
type sheetMark struct {
	Path   string
	X, Y   float64
	Number int
}

type sheetScale struct {
	Length float64
	Plate  float64 // under it
	Text   string
}

const (
	mapWidth, mapHeight = 520.0, 400.0
	mapTones            = 4
	mapBuildings        = 4000 // drawn at most, beside those that move
	mapNumbers          = 60   // of moved buildings at most
)

// projection puts degrees into a map: true to scale in its middle.
type projection struct {
	box  orb.Bound
	x, y float64 // units for each degree
}

// sheetMaps are the maps of a plan before and after; nil if it draws nothing.
func sheetMaps(on *spatial.Snapshot, layer spatial.LayerID, plan *adjustment.Plan) (before, after *sheetMap) {
	areas, err := on.Layer(layer)
	if err != nil {
		return nil, nil
	}
	box, ok := mapBound(layer, plan)
	if !ok {
		return nil, nil
	}
	m := mapper{projection: fit(box), areas: areas, plan: plan, on: on, tones: map[string]int{}}
	for _, u := range plan.Units {
		if u.Level == layer {
			m.tones[u.Code] = 1 + len(m.tones)%mapTones
		}
	}
	return m.draw(func(u *adjustment.Unit) *adjustment.State { return u.Before }, false), m.draw(func(u *adjustment.Unit) *adjustment.State { return u.After }, true)
}

// mapBound holds the pieces that change hands with room around them, and as
// much of the areas concerned as that leaves the pieces to be seen.
func mapBound(layer spatial.LayerID, plan *adjustment.Plan) (orb.Bound, bool) {
	if len(plan.Pieces) == 0 {
		return orb.Bound{}, false
	}
	pieces := plan.Pieces[0].Geometry.Bound()
	for _, p := range plan.Pieces {
		pieces = pieces.Union(p.Geometry.Bound())
	}
	const metre = 1e-5 // degrees, nearly
	size := max(pieces.Max[0]-pieces.Min[0], pieces.Max[1]-pieces.Min[1])
	most := pieces.Pad(max(3*size, 200*metre))
	all := pieces.Pad(max(size/2, 40*metre))
	for _, u := range plan.Units {
		for _, s := range []*adjustment.State{u.Before, u.After} {
			if u.Level == layer && s != nil {
				all = all.Union(s.Geometry.Bound())
			}
		}
	}
	all.Min[0], all.Min[1] = max(all.Min[0], most.Min[0]), max(all.Min[1], most.Min[1])
	all.Max[0], all.Max[1] = min(all.Max[0], most.Max[0]), min(all.Max[1], most.Max[1])
	return all, true
}

// fit is the projection that shows all of a box, and more on two sides.
func fit(box orb.Bound) projection {
	middle := box.Center()
	shrink := math.Cos(middle[1] * math.Pi / 180)
	width, height := (box.Max[0]-box.Min[0])*shrink, box.Max[1]-box.Min[1]
	y := min(mapWidth/width, mapHeight/height)
	x := y * shrink
	half := orb.Point{mapWidth / x / 2, mapHeight / y / 2}
	return projection{orb.Bound{Min: orb.Point{middle[0] - half[0], middle[1] - half[1]}, Max: orb.Point{middle[0] + half[0], middle[1] + half[1]}}, x, y}
}

func (p projection) place(at orb.Point) (x, y float64) {
	return (at[0] - p.box.Min[0]) * p.x, (p.box.Max[1] - at[1]) * p.y
}

// path is an area's outline as far as the map shows it; "" if it does not.
func (p projection) path(g orb.Geometry) string {
	var out strings.Builder
	for _, polygon := range polygonsOf(p.shown(g)) {
		for _, ring := range polygon {
			for i, at := range ring[:max(len(ring)-1, 0)] {
				x, y := p.place(at)
				out.WriteByte("ML"[min(i, 1)])
				out.WriteString(strconv.FormatFloat(x, 'f', 1, 64) + " " + strconv.FormatFloat(y, 'f', 1, 64))
			}
			out.WriteByte('Z')
		}
	}
	return out.String()
}

// shown is the part of an area in the map and a little around it, so that the
// edges of the map are not taken for edges of the area.
func (p projection) shown(g orb.Geometry) orb.Geometry {
	return clip.Geometry(p.box.Pad((p.box.Max[0]-p.box.Min[0])/20), orb.Clone(g))
}

func polygonsOf(g orb.Geometry) []orb.Polygon {
	switch g := g.(type) {
	case orb.Polygon:
		return []orb.Polygon{g}
	case orb.MultiPolygon:
		return g
	case orb.Point:
		const half = 2e-5 // degrees: a point is drawn as a small square
		return []orb.Polygon{orb.Bound{Min: orb.Point{g[0] - half, g[1] - half}, Max: orb.Point{g[0] + half, g[1] + half}}.ToPolygon()}
	}
	return nil
}

// mapper draws the maps of one plan.
type mapper struct {
	projection
	on    *spatial.Snapshot
	areas *spatial.Layer
	plan  *adjustment.Plan
	tones map[string]int // of the areas concerned
}

func (m *mapper) draw(side func(*adjustment.Unit) *adjustment.State, after bool) *sheetMap {
	out := &sheetMap{Width: mapWidth, Height: mapHeight, Scale: m.scale()}
	for f := range m.areas.Intersecting(m.box) {
		if m.tones[f.Code()] == 0 {
			m.area(out, f.Geometry(), f.Code(), f.Label())
		}
	}
	for i := range m.plan.Units {
		u := &m.plan.Units[i]
		if state := side(u); u.Level == m.areas.ID() && state != nil {
			m.area(out, state.Geometry, u.Code, u.Name)
		}
	}
	for _, p := range m.plan.Pieces {
		out.Pieces = append(out.Pieces, m.path(p.Geometry))
	}
	m.buildings(out)
	out.Labels = spaced(out.Labels)
	return out
}

func (m *mapper) area(out *sheetMap, g orb.Geometry, code, name string) {
	path := m.path(g)
	if path == "" {
		return
	}
	out.Areas = append(out.Areas, sheetArea{path, m.tones[code]})
	within := clip.Geometry(m.box, orb.Clone(g))
	if len(polygonsOf(within)) == 0 {
		return
	}
	x, y := m.place(geodesic.PointOnSurface(within))
	out.Labels = append(out.Labels, sheetLabel{x, y, name, code, m.tones[code] > 0})
}

// spaced leaves out labels that would lie on others; those of areas concerned
// come first.
func spaced(labels []sheetLabel) []sheetLabel {
	const width, height = 96.0, 26.0
	slices.SortStableFunc(labels, func(a, b sheetLabel) int { return boolInt(b.Concerned) - boolInt(a.Concerned) })
	var kept []sheetLabel
	for _, l := range labels {
		l.X, l.Y = min(max(l.X, width/2), mapWidth-width/2), min(max(l.Y, height/2), mapHeight-height/2)
		if !slices.ContainsFunc(kept, func(k sheetLabel) bool { return math.Abs(k.X-l.X) < width && math.Abs(k.Y-l.Y) < height }) {
			kept = append(kept, l)
		}
	}
	return kept
}

// buildings draws features with codes of areas: those that move with their
// numbers in the table, others as ground.
func (m *mapper) buildings(out *sheetMap) {
	moved := map[spatial.LayerID]map[int64]int{}
	number := 0
	for _, c := range recodedBy(m.on, m.plan) {
		if number++; moved[c.Layer] == nil {
			moved[c.Layer] = map[int64]int{}
		}
		moved[c.Layer][c.ID] = number
	}
	for layer := range m.on.Layers() {
		if !standsIn(layer.Schema(), m.areas.ID()) {
			continue
		}
		for f := range layer.Intersecting(m.box) {
			n := moved[layer.ID()][f.ID()]
			if n == 0 && len(out.Buildings) == mapBuildings {
				continue
			}
			path := m.path(f.Geometry())
			if n == 0 {
				out.Buildings = append(out.Buildings, path)
				continue
			}
			mark := sheetMark{Path: path}
			if mark.X, mark.Y = m.place(f.Geometry().Bound().Center()); n <= mapNumbers {
				mark.Number = n
			}
			out.Moved = append(out.Moved, mark)
		}
	}
}

// standsIn says whether features of a schema have codes that begin with that
// of an area of a level.
func standsIn(schema *spatial.Schema, level spatial.LayerID) bool {
	code := schema.FieldIndex(schema.Code)
	if code < 0 || schema.Partition || schema.Internal {
		return false
	}
	prefix := schema.FieldIndex(schema.Fields[code].Prefix)
	return prefix >= 0 && schema.Fields[prefix].References == level
}

// scale is a bar of a round length, a fifth of the map at most.
func (m *mapper) scale() sheetScale {
	middle := m.box.Center()
	east := orb.Point{middle[0] + 100/m.x, middle[1]}
	perUnit := float64(geodesic.Distance(middle, east)) / 100
	most := perUnit * mapWidth / 5
	length := math.Pow10(int(math.Floor(math.Log10(most))))
	for _, times := range []float64{5, 2} {
		if length*times <= most {
			length *= times
			break
		}
	}
	text := fmt.Sprintf("%g m", length)
	if length >= 1000 {
		text = fmt.Sprintf("%g km", length/1000)
	}
	return sheetScale{length / perUnit, length/perUnit + 12, text}
}
