package partition

import (
	"fmt"

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

// facesOf reads a layer's polygons; features that are no polygons, vertices
// off the lattice and rings without area are faults.
func facesOf(layer *spatial.Layer) ([]face, []Fault) {
	faces := make([]face, 0, layer.Len())
	var faults []Fault
	for f := range layer.All() {
		face, fault := newFace(nameOf(f), f.Geometry())
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
		reverse(vertices)
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

func reverse(ring []Vertex) {
	for i, j := 0, len(ring)-1; i < j; i, j = i+1, j-1 {
		ring[i], ring[j] = ring[j], ring[i]
	}
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
