package response

import (
	"cmp"
	"slices"

	"wangge/spatial/partition"
)

// site is a position on a plane of whole numbers from 0 to plane.
type site struct{ x, y int64 }

// plane is the greatest coordinate of a site: products of four differences fit
// into 128 bits.
const plane = 1 << 27

// mesh is the Delaunay triangulation of sites: no circle around a triangle has a
// site within. It is built by adding one site after another and flipping edges
// (Lawson 1977), with exact predicates, so that sites on one line or one circle
// do no harm. Its first four sites are the corners of the plane.
type mesh struct {
	sites     []site
	triangles []triangle
	last      int32 // where the search for the next site begins
}

// triangle has its corners counter-clockwise; beyond[i] is the triangle at the
// other side of the edge opposite corner i, -1 for none.
type triangle struct {
	corner, beyond [3]int32
}

// newMesh triangulates sites; at says which number in the mesh each has, the same
// for those at the same position.
func newMesh(sites []site) (m *mesh, at []int32) {
	m = &mesh{sites: []site{{0, 0}, {plane, 0}, {plane, plane}, {0, plane}}}
	m.triangles = []triangle{{[3]int32{0, 1, 2}, [3]int32{-1, 1, -1}}, {[3]int32{0, 2, 3}, [3]int32{-1, -1, 0}}}
	order := make([]int32, len(sites))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(sites[a].along(), sites[b].along()) })
	at = make([]int32, len(sites))
	for _, i := range order {
		at[i] = m.add(sites[i])
	}
	return m, at
}

// along is the place of a site on Hilbert's curve, so that sites that follow each
// other are near.
func (s site) along() (d uint64) {
	x, y := s.x>>11, s.y>>11
	for side := int64(1 << 16); side > 0; side >>= 1 {
		rx, ry := int64(0), int64(0)
		if x&side != 0 {
			rx = 1
		}
		if y&side != 0 {
			ry = 1
		}
		d = d<<2 | uint64(3*rx^ry)
		if ry == 0 {
			if rx == 1 {
				x, y = side-1-x&(side-1), side-1-y&(side-1)
			}
			x, y = y, x
		}
	}
	return d
}

// add takes in a site and is its number.
func (m *mesh) add(s site) int32 {
	t, on := m.locate(s)
	for _, c := range m.triangles[t].corner {
		if m.sites[c] == s {
			return c
		}
	}
	v := int32(len(m.sites))
	m.sites = append(m.sites, s)
	if on >= 0 {
		m.splitEdge(t, on, v)
	} else {
		m.splitTriangle(t, v)
	}
	return v
}

// locate walks to the triangle that holds a site, and tells the edge that it lies
// on, -1 for none.
func (m *mesh) locate(s site) (t int32, on int) {
	t = m.last
	for {
		tri, moved := &m.triangles[t], false
		on = -1
		for i := range 3 {
			a, b := m.sites[tri.corner[(i+1)%3]], m.sites[tri.corner[(i+2)%3]]
			switch side := turn(a, b, s); {
			case side < 0:
				t, moved = tri.beyond[i], true
			case side == 0:
				on = i
				continue
			default:
				continue
			}
			break
		}
		if !moved {
			m.last = t
			return t, on
		}
	}
}

// turn is twice the area of a triangle, positive if its corners run counter-
// clockwise.
func turn(a, b, c site) int64 { return (b.x-a.x)*(c.y-a.y) - (b.y-a.y)*(c.x-a.x) }

func (m *mesh) splitTriangle(t, v int32) {
	old := m.triangles[t]
	n := int32(len(m.triangles))
	parts := [3]int32{t, n, n + 1}
	m.triangles = append(m.triangles, triangle{}, triangle{})
	for i := range 3 {
		m.triangles[parts[i]] = triangle{[3]int32{v, old.corner[(i+1)%3], old.corner[(i+2)%3]}, [3]int32{old.beyond[i], parts[(i+1)%3], parts[(i+2)%3]}}
		m.relink(old.beyond[i], t, parts[i])
	}
	for _, p := range parts {
		m.legalize(p)
	}
}

// splitEdge puts a site on an edge: the triangles on both sides are cut in two.
func (m *mesh) splitEdge(t int32, i int, v int32) {
	old := m.triangles[t]
	u := old.beyond[i]
	apex, a, b := old.corner[i], old.corner[(i+1)%3], old.corner[(i+2)%3]
	n := int32(len(m.triangles))
	m.triangles = append(m.triangles, triangle{})
	m.triangles[t] = triangle{[3]int32{v, apex, a}, [3]int32{old.beyond[(i+2)%3], -1, n}}
	m.triangles[n] = triangle{[3]int32{v, b, apex}, [3]int32{old.beyond[(i+1)%3], t, -1}}
	m.relink(old.beyond[(i+1)%3], t, n)
	parts := []int32{t, n}
	if u >= 0 {
		other := m.triangles[u]
		j := other.at(t)
		far := other.corner[j]
		w := int32(len(m.triangles))
		m.triangles = append(m.triangles, triangle{})
		m.triangles[u] = triangle{[3]int32{v, far, b}, [3]int32{other.beyond[(j+2)%3], n, w}}
		m.triangles[w] = triangle{[3]int32{v, a, far}, [3]int32{other.beyond[(j+1)%3], u, t}}
		m.relink(other.beyond[(j+1)%3], u, w)
		m.triangles[t].beyond[1], m.triangles[n].beyond[2] = w, u
		parts = append(parts, u, w)
	}
	for _, p := range parts {
		m.legalize(p)
	}
}

// at is the edge of a triangle beyond which another lies.
func (t *triangle) at(other int32) int {
	return slices.Index(t.beyond[:], other)
}

// relink tells a triangle that another one lies beyond the edge it had with one.
func (m *mesh) relink(t, was, is int32) {
	if t >= 0 {
		m.triangles[t].beyond[m.triangles[t].at(was)] = is
	}
}

// legalize flips the edge opposite the first corner of a triangle, the newest
// site, if the site beyond it lies in the circle around the triangle; and so on.
func (m *mesh) legalize(t int32) {
	tri := m.triangles[t]
	u := tri.beyond[0]
	if u < 0 {
		return
	}
	other := m.triangles[u]
	j := other.at(t)
	v, a, b, far := tri.corner[0], tri.corner[1], tri.corner[2], other.corner[j]
	if !inCircle(m.sites[v], m.sites[a], m.sites[b], m.sites[far]) {
		return
	}
	m.triangles[t] = triangle{[3]int32{v, a, far}, [3]int32{other.beyond[(j+1)%3], u, tri.beyond[2]}}
	m.triangles[u] = triangle{[3]int32{v, far, b}, [3]int32{other.beyond[(j+2)%3], tri.beyond[1], t}}
	m.relink(other.beyond[(j+1)%3], u, t)
	m.relink(tri.beyond[1], t, u)
	m.legalize(t)
	m.legalize(u)
}

// inCircle says whether d lies within the circle around a, b, c, which run counter-
// clockwise; exactly.
func inCircle(a, b, c, d site) bool {
	ax, ay, bx, by, cx, cy := a.x-d.x, a.y-d.y, b.x-d.x, b.y-d.y, c.x-d.x, c.y-d.y
	var sum partition.Int128
	sum.AddProduct(ax*ax+ay*ay, bx*cy-by*cx)
	sum.AddProduct(bx*bx+by*by, cx*ay-cy*ax)
	sum.AddProduct(cx*cx+cy*cy, ax*by-ay*bx)
	return sum.Sign() > 0
}

// centre is the middle of the circle around a triangle.
func (m *mesh) centre(t int32) (x, y float64) {
	c := m.triangles[t].corner
	a, b, d := m.sites[c[0]], m.sites[c[1]], m.sites[c[2]]
	bx, by, dx, dy := float64(b.x-a.x), float64(b.y-a.y), float64(d.x-a.x), float64(d.y-a.y)
	twice := 2 * (bx*dy - by*dx)
	bb, dd := bx*bx+by*by, dx*dx+dy*dy
	return float64(a.x) + (dy*bb-by*dd)/twice, float64(a.y) + (bx*dd-dx*bb)/twice
}

// borders are the edges of the cells of sites, joined to regions by their owner:
// rings of triangles, whose centres are the corners, with the region to the left.
// Triangles with a corner of the plane are beyond; owners below 0 have no rings.
func (m *mesh) borders(owner func(site int32) int, owners int) [][][]int32 {
	next := make([]map[int32][]int32, owners)
	for i := range next {
		next[i] = map[int32][]int32{}
	}
	for t := range m.triangles {
		tri := &m.triangles[t]
		for i, u := range tri.beyond {
			from, to := tri.corner[(i+1)%3], tri.corner[(i+2)%3]
			// Seen from a site the triangles run counter-clockwise: from t, which
			// has the edge from→to, on to u is counter-clockwise around to.
			if mine := owner(to); u >= 0 && mine >= 0 && owner(from) != mine {
				next[mine][int32(t)] = append(next[mine][int32(t)], u)
			}
		}
	}
	rings := make([][][]int32, owners)
	for i := range next {
		rings[i] = chained(next[i])
	}
	return rings
}

// chained joins steps into closed walks.
func chained(next map[int32][]int32) [][]int32 {
	starts := make([]int32, 0, len(next))
	for t := range next {
		starts = append(starts, t)
	}
	slices.Sort(starts)
	var rings [][]int32
	for _, start := range starts {
		for len(next[start]) > 0 {
			var ring []int32
			for t := start; ; {
				onward := next[t]
				if len(onward) == 0 {
					break
				}
				ring = append(ring, t)
				next[t] = onward[:len(onward)-1]
				t = onward[len(onward)-1]
			}
			rings = append(rings, ring)
		}
	}
	return rings
}
