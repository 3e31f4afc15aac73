package road

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func box(x1, y1, x2, y2 float64) orb.Polygon {
	return orb.Bound{Min: orb.Point{x1, y1}, Max: orb.Point{x2, y2}}.ToPolygon()
}

// TestMeeting: two streets that meet in the middle, as four edges.
func TestMeeting(t *testing.T) {
	n := networkOf(t, []street{lane("local", raster(0, 1), raster(1, 1), raster(2, 1)), lane("local", raster(1, 0), raster(1, 1), raster(1, 2))})
	whole := box(114.09, 22.49, 114.11, 22.51)
	tests := map[string]struct {
		drawn orb.Geometry
		want  []int32
	}{
		"a line across one":           {orb.LineString{{114.1005, 22.5}, {114.1005, 22.502}}, []int32{0}},
		"a line across two":           {orb.LineString{{114.1005, 22.5}, {114.1005, 22.5015}, {114.102, 22.5015}}, []int32{0, 3}},
		"a line ending on one":        {orb.LineString{{114.1005, 22.5}, {114.1005, 22.501}}, []int32{0}},
		"a line along one":            {orb.LineString{raster(0, 1), {114.1005, 22.501}}, []int32{0}},
		"a line beside them":          {orb.LineString{{114.1, 22.5005}, {114.1009, 22.5005}}, nil},
		"a line through the junction": {orb.LineString{raster(0, 0), raster(2, 2)}, []int32{0, 1, 2, 3}},
		"a polygon within one":        {box(114.1004, 22.5009, 114.1006, 22.5011), []int32{0}},
		"a polygon over all":          {whole, []int32{0, 1, 2, 3}},
		"a polygon with a hole":       {orb.Polygon{whole[0], box(114.095, 22.495, 114.105, 22.505)[0]}, nil},
		"two lines":                   {orb.MultiLineString{{{114.1005, 22.5}, {114.1005, 22.502}}, {{114.1015, 22.5}, {114.1015, 22.502}}}, []int32{0, 1}},
		"two polygons":                {orb.MultiPolygon{box(114.1004, 22.5009, 114.1006, 22.5011), box(114.1, 22.6, 114.2, 22.7)}, []int32{0}},
		"a point":                     {raster(1, 1), nil},
		"nothing":                     {nil, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := n.Meeting(test.drawn); !slices.Equal(got, test.want) {
				t.Errorf("edges %v, want %v", got, test.want)
			}
		})
	}
}

// TestMeetingIsWhatSamplesFind: an edge with a sample in the polygon is among
// those that meet it; one that meets it has a sample near its edge.
func TestMeetingIsWhatSamplesFind(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	rapid.Check(t, func(rt *rapid.T) {
		n := networkOf(t, someStreets(random, 5))
		x, y := rapid.Float64Range(114.099, 114.105).Draw(rt, "x"), rapid.Float64Range(22.499, 22.505).Draw(rt, "y")
		w := rapid.Float64Range(0.00001, 0.004).Draw(rt, "width")
		area := box(x, y, x+w, y+w)
		found := n.Meeting(area)
		for i := range int32(n.Edges()) {
			within, near := false, false
			for j := range 201 {
				p := n.Along(i, float64(j)/200).At
				within = within || area.Bound().Contains(p)
				near = near || area.Bound().Pad(1e-5).Contains(p)
			}
			if got := slices.Contains(found, i); within && !got || !near && got {
				rt.Fatalf("edge %d, %v: found %v, samples within %v, near %v", i, n.edges[i].Line, got, within, near)
			}
		}
	})
}
