package adjustment

import (
	"fmt"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// mostPositions is how many positions a drawing may have: it takes a second
// to arrange them.
const mostPositions = 50_000

func asGeometry(line orb.LineString) orb.Geometry {
	if line == nil {
		return nil
	}
	return line
}

// checkDrawing refuses what is no valid geometry, or not drawn in the place of
// the areas.
func (p *planner) checkDrawing(drawing orb.Geometry) error {
	if drawing == nil {
		return nil
	}
	if err := spatial.ValidateGeometry(drawing); err != nil {
		return err
	}
	if n := positionsIn(drawing); n > mostPositions {
		return &spatial.InvalidError{Rule: "drawing_size", Detail: fmt.Sprintf("the drawing has %d positions, more than %d", n, mostPositions), Fix: "simplify it"}
	}
	return p.checkExtent(drawing.Bound())
}

func (p *planner) checkExtent(box orb.Bound) error {
	all, ok := p.areas.Bound()
	if !ok {
		return nil // there are no areas, and none will be found
	}
	at := box.Min
	reach := 10 * max(all.Max[0]-all.Min[0], all.Max[1]-all.Min[1])
	around := all.Pad(reach)
	switch {
	case !all.Intersects(box):
		return &spatial.InvalidError{Rule: "drawing_outside", At: &at, Detail: "the drawing lies outside of all areas",
			Fix: "draw in degrees, longitude first, and name another coordinate system"}
	case box.Max[0]-box.Min[0] > 180:
		return &spatial.InvalidError{Rule: "drawing_outside", At: &at, Detail: "the drawing goes around the globe, as one across the antimeridian does", Fix: "draw near the areas"}
	case !around.Contains(box.Min) || !around.Contains(box.Max):
		return &spatial.InvalidError{Rule: "drawing_outside", At: &at, Detail: "the drawing reaches far beyond all areas", Fix: "draw near the areas"}
	}
	return nil
}

func positionsIn(g orb.Geometry) (n int) {
	switch g := g.(type) {
	case orb.LineString:
		return len(g)
	case orb.Polygon:
		for _, ring := range g {
			n += len(ring)
		}
	case orb.MultiPolygon:
		for _, polygon := range g {
			n += positionsIn(polygon)
		}
	}
	return n
}

// partsOf are the polygons of an area.
func partsOf(g orb.Geometry) []orb.Polygon {
	switch g := g.(type) {
	case orb.Polygon:
		return []orb.Polygon{g}
	case orb.MultiPolygon:
		return g
	}
	return nil
}
