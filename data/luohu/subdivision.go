package luohu

import (
	"slices"

	"github.com/paulmach/orb"
)

// subdivision is the district cut into faces. Each vertex is stored once and a
// ring is a list of vertex numbers, so that neighbours share their edges
// exactly; a vertex put on an edge goes into both rings.
type subdivision struct {
	sites []site
	at    []vec
	faces []*face
	left  map[edge]int32 // face left of a directed edge
	marks map[edge]mark  // keyed by edge.either
}

// face is a simple polygon of the subdivision, counter-clockwise.
type face struct {
	ring    []int32
	samples []int32 // ground samples inside
	mass    float64
	cover   cover
}

func subdivide(a *arrangement) *subdivision {
	s := &subdivision{sites: a.sites, at: a.at, left: map[edge]int32{}, marks: a.edges}
	for _, ring := range a.trace() {
		s.addFace(ring)
	}
	return s
}

func (s *subdivision) addFace(ring []int32) int32 {
	s.faces = append(s.faces, nil)
	f := int32(len(s.faces) - 1)
	s.setFace(f, ring)
	return f
}

func (s *subdivision) setFace(f int32, ring []int32) {
	s.faces[f] = &face{ring: ring}
	for i, v := range ring {
		s.left[edge{v, ring[(i+1)%len(ring)]}] = f
	}
}

func (s *subdivision) positions(ring []int32) []vec {
	out := make([]vec, len(ring))
	for i, v := range ring {
		out[i] = s.at[v]
	}
	return out
}

func (s *subdivision) addVertex(v vec) int32 {
	p := v.site()
	s.sites = append(s.sites, p)
	s.at = append(s.at, p.vec())
	return int32(len(s.sites) - 1)
}

// cutEdge puts vertex v on an edge and so into the rings of both sides.
func (s *subdivision) cutEdge(e edge, v int32) {
	m := s.marks[e.either()]
	delete(s.marks, e.either())
	s.marks[edge{e.a, v}.either()] = m
	s.marks[edge{v, e.b}.either()] = m
	for _, d := range []edge{e, e.reverse()} {
		f, ok := s.left[d]
		if !ok {
			continue
		}
		delete(s.left, d)
		s.left[edge{d.a, v}] = f
		s.left[edge{v, d.b}] = f
		ring := s.faces[f].ring
		i := slices.Index(ring, d.a)
		s.faces[f].ring = slices.Insert(ring, i+1, v)
	}
}

// divide cuts face f along a path of vertices whose ends are in its ring. The
// part left of the path becomes a new face.
func (s *subdivision) divide(f int32, path []int32, m mark) int32 {
	ring := s.faces[f].ring
	i, j := slices.Index(ring, path[0]), slices.Index(ring, path[len(path)-1])
	one := append(stretch(ring, j, i), path[1:len(path)-1]...)
	back := slices.Clone(path[1 : len(path)-1])
	slices.Reverse(back)
	two := append(stretch(ring, i, j), back...)
	for k := 1; k < len(path); k++ {
		s.marks[edge{path[k-1], path[k]}.either()] = m
	}
	s.setFace(f, two)
	return s.addFace(one)
}

// stretch is the ring from position i to position j, both included.
func stretch(ring []int32, i, j int) []int32 {
	var out []int32
	for k := i; ; k = (k + 1) % len(ring) {
		out = append(out, ring[k])
		if k == j {
			return out
		}
	}
}

// dissolve joins faces of equal label and returns each label's polygons,
// shells counter-clockwise and holes clockwise, every vertex kept. Faces with
// a negative label are left out.
func (s *subdivision) dissolve(labels []int, n int) []orb.MultiPolygon {
	next := make([]map[int32][]int32, n)
	for l := range next {
		next[l] = map[int32][]int32{}
	}
	starts := make([][]int32, n)
	for f, fc := range s.faces {
		l := labels[f]
		if l < 0 {
			continue
		}
		for i, v := range fc.ring {
			w := fc.ring[(i+1)%len(fc.ring)]
			if g, ok := s.left[edge{w, v}]; !ok || labels[g] != l {
				next[l][v] = append(next[l][v], w)
				starts[l] = append(starts[l], v)
			}
		}
	}
	out := make([]orb.MultiPolygon, n)
	for l := range out {
		out[l] = s.chain(next[l], starts[l])
	}
	return out
}

// chain links directed boundary edges into polygons.
func (s *subdivision) chain(next map[int32][]int32, starts []int32) orb.MultiPolygon {
	var shells, holes [][]int32
	for _, v := range starts {
		for len(next[v]) > 0 {
			ring := []int32{}
			for at, from := v, int32(-1); len(next[at]) > 0; {
				ring = append(ring, at)
				to := s.turnRight(next, from, at)
				from, at = at, to
			}
			if area(s.positions(ring)) > 0 {
				shells = append(shells, ring)
			} else {
				holes = append(holes, ring)
			}
		}
	}
	var out orb.MultiPolygon
	for _, shell := range shells {
		poly := orb.Polygon{s.ring(shell)}
		for _, hole := range holes {
			if inside(s.positions(shell), s.at[hole[0]].lerp(s.at[hole[1]], 0.5)) {
				poly = append(poly, s.ring(hole))
			}
		}
		out = append(out, poly)
	}
	return out
}

// turnRight takes the way out of a vertex. Where a boundary touches itself it
// takes the rightmost, which keeps rings simple.
func (s *subdivision) turnRight(next map[int32][]int32, from, at int32) int32 {
	ways := next[at]
	best := 0
	if from >= 0 && len(ways) > 1 {
		for i := 1; i < len(ways); i++ {
			if bearing(s.at[from], s.at[at], s.at[ways[i]]) < bearing(s.at[from], s.at[at], s.at[ways[best]]) {
				best = i
			}
		}
	}
	to := ways[best]
	next[at] = slices.Delete(slices.Clone(ways), best, best+1)
	return to
}

func (s *subdivision) ring(ring []int32) orb.Ring {
	out := make(orb.Ring, 0, len(ring)+1)
	for _, v := range ring {
		out = append(out, s.sites[v].point())
	}
	return append(out, out[0])
}
