package response

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// TestMeshIsDelaunay: sites on coarse rasters, on lines and anywhere. Triangles
// run counter-clockwise, know their neighbours, fill the square, and no circle
// has a site within.
func TestMeshIsDelaunay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		coarse := int64(1) << rapid.IntRange(0, 26).Draw(rt, "raster")
		sites := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) site {
			return site{rapid.Int64Range(0, plane/coarse).Draw(t, "x") * coarse, rapid.Int64Range(0, plane/coarse).Draw(t, "y") * coarse}
		}), 0, 60).Draw(rt, "sites")
		if rapid.Bool().Draw(rt, "on a line") {
			for i := range sites {
				sites[i].y = sites[i].x / 2
			}
		}
		m, at := newMesh(sites)
		for i, s := range sites {
			if m.sites[at[i]] != s {
				rt.Fatalf("site %d is %v, not %v", i, m.sites[at[i]], s)
			}
		}
		area := int64(0)
		for k := range m.triangles {
			tri := &m.triangles[k]
			a, b, c := m.sites[tri.corner[0]], m.sites[tri.corner[1]], m.sites[tri.corner[2]]
			if turn(a, b, c) <= 0 {
				rt.Fatalf("triangle %v %v %v", a, b, c)
			}
			area += turn(a, b, c)
			for _, s := range m.sites {
				if inCircle(a, b, c, s) {
					rt.Fatalf("%v in the circle around %v %v %v", s, a, b, c)
				}
			}
			for i, u := range tri.beyond {
				if u >= 0 && m.triangles[u].beyond[m.triangles[u].at(int32(k))] != int32(k) || u >= 0 && !shares(tri, &m.triangles[u], i) {
					rt.Fatalf("triangles %d and %d", k, u)
				}
			}
		}
		if area != 2*plane*plane {
			rt.Fatalf("the triangles fill %d of %d", area, int64(2*plane*plane))
		}
	})
}

func shares(t, u *triangle, i int) bool {
	a, b := t.corner[(i+1)%3], t.corner[(i+2)%3]
	has := func(c int32) bool { return u.corner[0] == c || u.corner[1] == c || u.corner[2] == c }
	return has(a) && has(b)
}

// TestBordersHoldWhatIsNearest: a position lies within the rings of the owner of
// the nearest site and of nobody else.
func TestBordersHoldWhatIsNearest(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 2))
	for range 30 {
		var sites []site
		var whose []int
		for range 40 {
			sites = append(sites, site{plane/4 + random.Int64N(plane/2), plane/4 + random.Int64N(plane/2)})
			whose = append(whose, random.IntN(4))
		}
		for i := range 64 {
			sin, cos := math.Sincos(float64(i) * math.Pi / 32)
			sites = append(sites, site{plane/2 + int64(sin*plane/2.1), plane/2 + int64(cos*plane/2.1)})
			whose = append(whose, -1)
		}
		m, at := newMesh(sites)
		owner := map[int32]int{0: -1, 1: -1, 2: -1, 3: -1}
		for i, v := range at {
			owner[v] = whose[i]
		}
		rings := m.borders(func(s int32) int { return owner[s] }, 4)
		for range 200 {
			p := site{plane/4 + random.Int64N(plane/2), plane/4 + random.Int64N(plane/2)}
			nearest, least := -1, math.Inf(1)
			for i, s := range sites {
				if d := math.Hypot(float64(s.x-p.x), float64(s.y-p.y)); d < least {
					nearest, least = whose[i], d
				}
			}
			for who := range 4 {
				want := 0
				if who == nearest {
					want = 1
				}
				if got := windingOf(m, rings[who], p); got != want {
					t.Fatalf("%v: winding %d of owner %d, the nearest is %d", p, got, who, nearest)
				}
			}
		}
	}
}

// windingOf is how often rings run around a position.
func windingOf(m *mesh, rings [][]int32, p site) int {
	n := 0
	for _, ring := range rings {
		for i := range ring {
			ax, ay := m.centre(ring[i])
			bx, by := m.centre(ring[(i+1)%len(ring)])
			px, py := float64(p.x), float64(p.y)
			switch side := (bx-ax)*(py-ay) - (by-ay)*(px-ax); {
			case ay <= py && by > py && side > 0:
				n++
			case ay > py && by <= py && side < 0:
				n--
			}
		}
	}
	return n
}
