package luohu

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// The distance between copies of the district, in lattice steps: a little
// more than its width and height.
const (
	stepEast  = 156_000_000
	stepNorth = 92_000_000
)

// Scaled is n copies of a dataset laid side by side in a square block, the
// first in its own place, the others to the east and north of it under the
// fictitious district codes 990001, 990002, … Rows are made as they are read.
type Scaled struct {
	base *Dataset
	n    int
}

// Scale returns n copies of the dataset, at least one and fewer than 10,000.
// The tables of published figures and rules are not copied. Lengths and areas are those of
// the original; on the ground they shrink by up to 1 % for each degree north.
func (d *Dataset) Scale(n int) *Scaled {
	return &Scaled{base: d, n: min(9999, max(1, n))}
}

// Schemas lists the layers, those referred to before those referring.
func (s *Scaled) Schemas() []*spatial.Schema { return s.base.schemas }

// Len is the number of rows of a layer.
func (s *Scaled) Len(layer spatial.LayerID) int { return s.base.Len(layer) * s.copies(layer) }

func (s *Scaled) copies(layer spatial.LayerID) int {
	if published(layer) {
		return 1
	}
	return s.n
}

// Rows yields a layer's rows in ascending order of id; the error is always nil.
func (s *Scaled) Rows(layer spatial.LayerID) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		rows := s.base.rows[layer]
		coded := s.coded(layer)
		for k := range s.copies(layer) {
			for _, r := range rows {
				r = s.copyOf(r, k, len(rows), coded)
				if layer == "districts" && k > 0 {
					r.Values[1] = spatial.Text(fmt.Sprintf("%s（副本%d）", r.Values[1].Text(), k))
				}
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// coded are the positions of fields that hold codes.
func (s *Scaled) coded(layer spatial.LayerID) []int {
	i := slices.IndexFunc(s.base.schemas, func(s *spatial.Schema) bool { return s.ID == layer })
	if i < 0 {
		return nil
	}
	var out []int
	for k, f := range s.base.schemas[i].Fields {
		if f.Name == s.base.schemas[i].Code || f.References != "" {
			out = append(out, k)
		}
	}
	return out
}

// copyOf is a row in the k-th copy; the original for k = 0.
func (s *Scaled) copyOf(r spatial.Row, k, rows int, coded []int) spatial.Row {
	if k == 0 {
		return r
	}
	side := int(math.Ceil(math.Sqrt(float64(s.n))))
	code := fmt.Sprint(990000 + k)
	values := slices.Clone(r.Values)
	for _, i := range coded {
		if rest, ok := strings.CutPrefix(values[i].Text(), districtCode); ok {
			values[i] = spatial.Text(code + rest)
		}
	}
	return spatial.Row{ID: r.ID + int64(k)*int64(rows), Geometry: moved(r.Geometry, int64(k%side)*stepEast, int64(k/side)*stepNorth), Values: values}
}

// moved is a geometry shifted by whole lattice steps.
func moved(g orb.Geometry, dx, dy int64) orb.Geometry {
	if g == nil {
		return nil
	}
	shift := func(p orb.Point) orb.Point {
		return site{int64(math.Round(p[0]*perDegree)) + dx, int64(math.Round(p[1]*perDegree)) + dy}.point()
	}
	g = orb.Clone(g)
	switch g := g.(type) {
	case orb.Point:
		return shift(g)
	case orb.LineString:
		each(g, shift)
	case orb.Polygon:
		for _, ring := range g {
			each(ring, shift)
		}
	case orb.MultiPolygon:
		for _, poly := range g {
			for _, ring := range poly {
				each(ring, shift)
			}
		}
	}
	return g
}

func each(ps []orb.Point, change func(orb.Point) orb.Point) {
	for i := range ps {
		ps[i] = change(ps[i])
	}
}
