package partition

import (
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// Fault is one reason why a layer is not a partition, with its place.
type Fault struct {
	Rule   string                // "gap", "overlap", "crossing", "t_junction", "lattice", "ring", "boundary"
	At     orb.Point             // degrees lon, lat
	Codes  []string              // the features concerned
	Area   geodesic.SquareMeters // of a gap or overlap; 0 if it has none or is not known
	Detail string
}

// String is the fault in one line.
func (f Fault) String() string {
	return fmt.Sprintf("%s at %.9f,%.9f: %s", f.Rule, f.At[0], f.At[1], f.Detail)
}

// face is a polygon feature on the lattice: shells counter-clockwise, holes
// clockwise, first vertices not repeated.
type face struct {
	code  string
	rings [][]Vertex
}

// nameOf is a feature's code, or its id where the layer has no codes.
func nameOf(f spatial.Feature) string {
	if code := f.Code(); code != "" {
		return code
	}
	return fmt.Sprint(f.ID())
}

// facesOf reads polygon features; what is no polygon, vertices off the
// lattice, rings without area, and holes and parts that do not nest are
// faults.
func facesOf(features iter.Seq[spatial.Feature]) ([]face, []Fault) {
	var faces []face
	var faults []Fault
	for f := range features {
		face, fault := newFace(nameOf(f), f.Geometry())
		if len(fault) == 0 {
			fault = face.misnested()
		}
		faces = append(faces, face)
		faults = append(faults, fault...)
	}
	return faces, faults
}

func newFace(code string, g orb.Geometry) (face, []Fault) {
	f := face{code: code}
	var faults []Fault
	for polygon := range polygonsOf(g) {
		for i, ring := range polygon {
			vertices, fault := newRing(code, ring, i == 0)
			f.rings = append(f.rings, vertices)
			faults = append(faults, fault...)
		}
	}
	if len(f.rings) == 0 {
		faults = append(faults, Fault{Rule: "ring", Codes: []string{code}, Detail: code + " is not a polygon"})
	}
	return f, faults
}

// knownFace reads an area of a partition, which is known to have no faults.
func knownFace(code string, g orb.Geometry) face {
	f := face{code: code}
	for polygon := range polygonsOf(g) {
		for i, ring := range polygon {
			vertices := lineOf(ring[:max(len(ring)-1, 0)])
			if (winding(vertices) > 0) != (i == 0) {
				slices.Reverse(vertices)
			}
			f.rings = append(f.rings, vertices)
		}
	}
	return f
}

// polygonsOf yields the polygons of a geometry, none if it has none.
func polygonsOf(g orb.Geometry) func(yield func(orb.Polygon) bool) {
	return func(yield func(orb.Polygon) bool) {
		switch g := g.(type) {
		case orb.Polygon:
			yield(g)
		case orb.MultiPolygon:
			for _, p := range g {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// newRing puts a closed ring on the lattice, a shell counter-clockwise and a
// hole clockwise.
func newRing(code string, ring orb.Ring, shell bool) ([]Vertex, []Fault) {
	var faults []Fault
	vertices := make([]Vertex, 0, len(ring))
	for _, p := range ring[:max(len(ring)-1, 0)] {
		v := VertexOf(p)
		if v.LL() != p && faults == nil {
			faults = append(faults, Fault{Rule: "lattice", At: p, Codes: []string{code},
				Detail: fmt.Sprintf("%s has a vertex off the lattice of 10⁻⁹ degree", code)})
		}
		vertices = append(vertices, v)
	}
	if at, twice := repeated(vertices); twice {
		return vertices, append(faults, Fault{Rule: "ring", At: at.LL(), Codes: []string{code},
			Detail: code + " has a ring that passes a vertex twice"})
	}
	turn := winding(vertices)
	if turn == 0 {
		return vertices, append(faults, Fault{Rule: "ring", At: placeOf(vertices), Codes: []string{code},
			Detail: code + " has a ring that encloses nothing"})
	}
	if (turn > 0) != shell {
		slices.Reverse(vertices)
	}
	return vertices, faults
}

func repeated(ring []Vertex) (Vertex, bool) {
	seen := make(map[Vertex]bool, len(ring))
	for _, v := range ring {
		if seen[v] {
			return v, true
		}
		seen[v] = true
	}
	return Vertex{}, false
}

func placeOf(ring []Vertex) orb.Point {
	if len(ring) == 0 {
		return orb.Point{}
	}
	return ring[0].LL()
}

// misnested reports holes outside their outline and parts inside another. A
// ring is on one side of all others, or else the segments meet.
func (f *face) misnested() []Fault {
	if len(f.rings) < 2 {
		return nil
	}
	var faults []Fault
	twice := f.doubled().rings
	for i, ring := range f.rings {
		others := face{rings: slices.Delete(slices.Clone(twice), i, i+1)}
		at := others.locate(Vertex{ring[0].X + ring[1].X, ring[0].Y + ring[1].Y})
		switch shell := winding(ring) > 0; {
		case shell && at == inside:
			faults = append(faults, Fault{Rule: "ring", At: ring[0].LL(), Codes: []string{f.code}, Detail: f.code + " has a part inside another"})
		case !shell && at == outside:
			faults = append(faults, Fault{Rule: "ring", At: ring[0].LL(), Codes: []string{f.code}, Detail: f.code + " has a hole outside its outline"})
		}
	}
	return faults
}

// doubled is the face in half steps.
func (f *face) doubled() *face {
	twice := &face{code: f.code, rings: make([][]Vertex, len(f.rings))}
	for i, ring := range f.rings {
		twice.rings[i] = make([]Vertex, len(ring))
		for k, v := range ring {
			twice.rings[i][k] = Vertex{2 * v.X, 2 * v.Y}
		}
	}
	return twice
}

// box is the face's box in steps; ok is false if it has no vertex.
func (f *face) box() (low, high [2]float64, ok bool) {
	low, high = [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for _, ring := range f.rings {
		for _, v := range ring {
			x, y := float64(v.X), float64(v.Y)
			low = [2]float64{min(low[0], x), min(low[1], y)}
			high = [2]float64{max(high[0], x), max(high[1], y)}
		}
	}
	return low, high, low[0] <= high[0]
}

// side is where a point lies with respect to a face.
type side int

const (
	outside side = iota
	onEdge
	inside
)

// locate finds the side of p, exactly, by the parity of crossings.
func (f *face) locate(p Vertex) side {
	odd := false
	for _, ring := range f.rings {
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			if onSegment(p, a, b) {
				return onEdge
			}
			if (a.Y > p.Y) != (b.Y > p.Y) && crossesRay(p, a, b) {
				odd = !odd
			}
		}
	}
	if odd {
		return inside
	}
	return outside
}

// crossesRay says whether the segment a–b, one end above p and one not,
// passes to the right of p.
func crossesRay(p, a, b Vertex) bool {
	if a.Y < b.Y {
		return orientation(a, b, p) > 0
	}
	return orientation(b, a, p) > 0
}
