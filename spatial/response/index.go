package response

import (
	"iter"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// Index ranks the features of a layer for many places, as [Nearest] does. It is
// immutable and safe for any number of readers.
//
// Points stand in a tree by halves (Bentley 1975, doi:10.1145/361002.361007)
// by their place in space, so the search needs no plane: the straight line
// through the earth is never longer than the geodesic, and shorter by no more
// than [geodesic.Longest] tells. Layers with lines and areas have no tree; they
// are searched with Nearest.
type Index struct {
	layer *spatial.Layer
	keep  func(spatial.Feature) bool
	mixed bool // not all are points
	nodes []treeNode
	count int
}

// treeNode is a point of the tree. The point in the middle of a stretch of nodes
// parts it in two: along its axis those before it are no greater, those behind
// it no smaller.
type treeNode struct {
	at      geodesic.Space
	feature spatial.Feature
	axis    int8
}

// leafSize is up to how many points are looked at one by one.
const leafSize = 12

// NewIndex is the index of the features of a layer that keep holds for; nil
// keeps all. Cost: about 0.5 µs a feature.
func NewIndex(layer *spatial.Layer, keep func(spatial.Feature) bool) *Index {
	x := &Index{layer: layer, keep: keep}
	for f := range layer.All() {
		if !f.HasGeometry() || keep != nil && !keep(f) {
			continue
		}
		x.count++
		p, isPoint := f.Geometry().(orb.Point)
		if !isPoint {
			x.mixed = true
			continue
		}
		x.nodes = append(x.nodes, treeNode{at: geodesic.InSpace(p), feature: f})
	}
	if x.mixed {
		x.nodes = nil
	}
	grow(x.nodes)
	return x
}

// IndexOf is the index of all features of a layer, made once for each of its
// states. The error is [spatial.ErrNotFound].
func IndexOf(s *spatial.Snapshot, layer spatial.LayerID) (*Index, error) {
	return spatial.Derive(s, []spatial.LayerID{layer}, func(s *spatial.Snapshot) (*Index, error) {
		l, err := s.Layer(layer)
		if err != nil {
			return nil, err
		}
		return NewIndex(l, nil), nil
	})
}

// Len is how many features are in the index.
func (x *Index) Len() int { return x.count }

// grow puts nodes in the order of a tree.
func grow(nodes []treeNode) {
	for len(nodes) > leafSize {
		axis, middle := widest(nodes), len(nodes)/2
		part(nodes, middle, axis)
		nodes[middle].axis = int8(axis)
		grow(nodes[:middle])
		nodes = nodes[middle+1:]
	}
}

// widest is the axis along which nodes lie farthest apart.
func widest(nodes []treeNode) (axis int) {
	low, high := nodes[0].at, nodes[0].at
	for i := range nodes {
		for a, x := range nodes[i].at {
			low[a], high[a] = min(low[a], x), max(high[a], x)
		}
	}
	for a := range low {
		if high[a]-low[a] > high[axis]-low[axis] {
			axis = a
		}
	}
	return axis
}

// part puts the k-th smallest node along an axis in its place, the smaller ones
// before it and the greater behind (Hoare's Find).
func part(nodes []treeNode, k, axis int) {
	low, high := 0, len(nodes)-1
	for low < high {
		pivot := nodes[(low+high)/2].at[axis]
		i, j := low, high
		for i <= j {
			for nodes[i].at[axis] < pivot {
				i++
			}
			for nodes[j].at[axis] > pivot {
				j--
			}
			if i <= j {
				nodes[i], nodes[j] = nodes[j], nodes[i]
				i++
				j--
			}
		}
		if k <= j {
			high = j
		} else if k >= i {
			low = i
		} else {
			return
		}
	}
}

// Nearest ranks the k features that are nearest to p, as the function of that
// name does. Cost: about 0.3 µs for one of some dozens, 1 µs for one of 42,336.
func (x *Index) Nearest(p orb.Point, k int) []Candidate {
	if k < 1 {
		return nil
	}
	if x.mixed {
		return Nearest(x.layer, p, k, x.keep)
	}
	s := lookout{from: geodesic.InSpace(p)}
	return s.nearest(x.nodes, p, k, nil)
}

// lookout is a search in an index. It is one goroutine's and used again.
type lookout struct {
	from  geodesic.Space
	least []float64 // squares of the shortest lines so far, ascending
	limit float64   // square of the longest line that is of interest
	found []*treeNode
}

// nearest appends the k nearest features to dst.
func (s *lookout) nearest(nodes []treeNode, p orb.Point, k int, dst []Candidate) []Candidate {
	s.least, s.limit, s.found = s.least[:0], math.Inf(1), s.found[:0]
	s.measure(nodes, min(k, len(nodes)))
	longest := float64(geodesic.Longest(math.Sqrt(s.limit)))
	s.limit = longest * longest
	s.collect(nodes)
	start := len(dst)
	for _, n := range s.found {
		at := n.feature.Geometry().(orb.Point)
		dst = append(dst, Candidate{n.feature, geodesic.Distance(p, at), at})
	}
	if len(dst)-start > 1 {
		slices.SortFunc(dst[start:], byDistance)
	}
	return dst[:min(start+k, len(dst))]
}

// measure finds the length of the k-th shortest line.
func (s *lookout) measure(nodes []treeNode, k int) {
	for len(nodes) > leafSize {
		middle := len(nodes) / 2
		n := &nodes[middle]
		s.note(n, k)
		away := s.from[n.axis] - n.at[n.axis]
		near, far := nodes[:middle], nodes[middle+1:]
		if away > 0 {
			near, far = far, near
		}
		s.measure(near, k)
		if away*away > s.limit {
			return
		}
		nodes = far
	}
	for i := range nodes {
		s.note(&nodes[i], k)
	}
}

func (s *lookout) note(n *treeNode, k int) {
	d := s.from.Chord2(n.at)
	if d >= s.limit {
		return
	}
	if len(s.least) < k {
		s.least = append(s.least, d)
	}
	i := len(s.least) - 1
	for ; i > 0 && s.least[i-1] > d; i-- {
		s.least[i] = s.least[i-1]
	}
	s.least[i] = d
	if len(s.least) == k {
		s.limit = s.least[k-1]
	}
}

// collect finds all lines up to the limit.
func (s *lookout) collect(nodes []treeNode) {
	for len(nodes) > leafSize {
		middle := len(nodes) / 2
		n := &nodes[middle]
		if s.from.Chord2(n.at) <= s.limit {
			s.found = append(s.found, n)
		}
		away := s.from[n.axis] - n.at[n.axis]
		near, far := nodes[:middle], nodes[middle+1:]
		if away > 0 {
			near, far = far, near
		}
		s.collect(near)
		if away*away > s.limit {
			return
		}
		nodes = far
	}
	for i := range nodes {
		if s.from.Chord2(nodes[i].at) <= s.limit {
			s.found = append(s.found, &nodes[i])
		}
	}
}

// Each ranks the k nearest features for each of many places, on all processors,
// and yields them in the order of the places. Cost: that of Nearest.
func (x *Index) Each(places []orb.Point, k int) iter.Seq2[int, []Candidate] {
	const batch = 1 << 14
	return func(yield func(int, []Candidate) bool) {
		ranked := make([][]Candidate, min(batch, len(places)))
		for first := 0; first < len(places); first += batch {
			some := places[first:min(first+batch, len(places))]
			abreast(len(some), func(from, to int) { x.rank(some[from:to], k, ranked[from:to]) })
			for i := range some {
				if !yield(first+i, ranked[i]) {
					return
				}
			}
		}
	}
}

func (x *Index) rank(places []orb.Point, k int, into [][]Candidate) {
	if x.mixed || k < 1 {
		for i, p := range places {
			into[i] = x.Nearest(p, k)
		}
		return
	}
	var s lookout
	all := make([]Candidate, 0, len(places)*(min(k, x.count)+1))
	for i, p := range places {
		s.from = geodesic.InSpace(p)
		start := len(all)
		all = s.nearest(x.nodes, p, k, all)
		into[i] = all[start:len(all):len(all)]
	}
}
