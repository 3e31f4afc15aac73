package response

import (
	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/road"
)

// barrierLayers are what nobody walks across between a road and a place, if a
// snapshot has them.
var barrierLayers = []spatial.LayerID{"water", "railways"}

// layersOf are the layers that accesses depend on.
func layersOf(s *spatial.Snapshot, more spatial.LayerID) []spatial.LayerID {
	layers := append(road.Layers(s), more)
	for _, id := range barrierLayers {
		if _, err := s.Layer(id); err == nil && id != more {
			layers = append(layers, id)
		}
	}
	return layers
}

// barriers are the edges of waters and the railways.
type barriers struct {
	sides  rtree.RTreeGN[float64, side]
	waters []orb.Geometry
}

type side struct {
	a, b  orb.Point
	shore bool
}

// barriersOf are those of a snapshot, made once for each state of their layers.
func barriersOf(s *spatial.Snapshot) (*barriers, error) {
	var layers []spatial.LayerID
	for _, id := range barrierLayers {
		if _, err := s.Layer(id); err == nil {
			layers = append(layers, id)
		}
	}
	return spatial.Derive(s, layers, func(s *spatial.Snapshot) (*barriers, error) {
		b := &barriers{}
		for _, id := range layers {
			layer, err := s.Layer(id)
			if err != nil {
				return nil, err
			}
			for f := range layer.All() {
				b.add(f)
			}
		}
		return b, nil
	})
}

func (b *barriers) add(f spatial.Feature) {
	shore := f.Kind() == spatial.Polygons
	if !shore && f.Kind() != spatial.Lines {
		return
	}
	for part := range f.Parts() {
		for i := 1; i < len(part.Degrees); i++ {
			s := side{part.Degrees[i-1], part.Degrees[i], shore}
			box := orb.LineString{s.a, s.b}.Bound()
			b.sides.Insert(box.Min, box.Max, s)
		}
	}
	if shore {
		b.waters = append(b.waters, f.Geometry())
	}
}

// afloat says whether a place lies in a water.
func (b *barriers) afloat(p orb.Point) bool {
	for _, w := range b.waters {
		if w.Bound().Contains(p) {
			if d, _ := geodesic.DistanceTo(p, w); d == 0 {
				return true
			}
		}
	}
	return false
}

// between says whether a barrier lies between a place and a road. Who is in a
// water leaves it over one shore.
func (b *barriers) between(p, at orb.Point) bool {
	box := orb.LineString{p, at}.Bound()
	shores, barred := 0, false
	b.sides.Search(box.Min, box.Max, func(_, _ [2]float64, s side) bool {
		if crosses(p, at, s.a, s.b) {
			if !s.shore {
				barred = true
				return false
			}
			shores++
		}
		return true
	})
	return barred || shores > 1 || shores == 1 && !b.afloat(p)
}

// crosses says whether two segments cross; of the second its first end is on it
// and the last is not, so that a line is crossed once at a vertex.
func crosses(p, q, a, b orb.Point) bool {
	beside := func(a, b, c orb.Point) bool { return (b[0]-a[0])*(c[1]-a[1])-(b[1]-a[1])*(c[0]-a[0]) >= 0 }
	return beside(p, q, a) != beside(p, q, b) && beside(a, b, p) != beside(a, b, q)
}

// The roads by which a place is reached are those within walkable of it, or, where
// there is none, up to half as far again as the nearest; beyond farthest none is
// looked for.
const (
	walkable geodesic.Meters = 100
	farthest geodesic.Meters = 10_000
)

// Hindrance is why no road leads to a place.
type Hindrance int8

// The hindrances.
const (
	Free      Hindrance = iota
	NoRoad              // there is none within 10 km that the profile may use
	OverWater           // those near lie across a water or a railway
	Closed              // those near are closed
)

// String is the hindrance in words.
func (h Hindrance) String() string {
	return [...]string{"free", "no road", "water or rails between", "closed"}[h]
}

// accesses are the positions by which a place is reached, the nearest first.
func (b *barriers) accesses(g *road.Graph, p orb.Point) ([]road.Position, Hindrance) {
	if open := b.open(p, g.Within(p, walkable)); len(open) > 0 && open[0].Away*1.5 <= walkable {
		return open, Free
	}
	nearest, ok := g.Snap(p)
	if !ok || nearest.Away > farthest {
		return nil, NoRoad
	}
	for within := max(walkable, nearest.Away*1.5); ; within = min(within*2, farthest) {
		open := b.open(p, g.Within(p, within))
		if len(open) > 0 {
			reach := max(walkable, open[0].Away*1.5)
			if reach > within && within < farthest {
				open = b.open(p, g.Within(p, reach))
			}
			for len(open) > 1 && open[len(open)-1].Away > reach {
				open = open[:len(open)-1]
			}
			return open, Free
		}
		if within >= farthest {
			return nil, OverWater
		}
	}
}

// open are the positions without a barrier between.
func (b *barriers) open(p orb.Point, all []road.Position) []road.Position {
	open := all[:0]
	for _, at := range all {
		if !b.between(p, at.At) {
			open = append(open, at)
		}
	}
	return open
}

// nearest is the nearest access, [road.Nowhere] if there is none.
func (b *barriers) nearest(g *road.Graph, p orb.Point) road.Position {
	at, ok := g.Snap(p)
	if ok && at.Away <= farthest && !b.between(p, at.At) {
		return at
	}
	if open, _ := b.accesses(g, p); len(open) > 0 {
		return open[0]
	}
	return road.Nowhere()
}
