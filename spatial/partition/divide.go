package partition

import (
	"slices"

	"github.com/paulmach/orb"
)

// Divide cuts an area along regions: a part for each, which is what lies in the
// area and in the region, nil for none, and what lies in no region. A region is
// rings that have it to their left; they may begin anywhere, touch and cross. Of
// regions that overlap the first has the place. The parts and the rest are a
// partition: together they are the area, and edges that two of them share have the
// same vertices.
func Divide(area orb.Geometry, regions [][]orb.Ring) (parts []orb.Geometry, rest orb.Geometry) {
	faces := lattice.faces([]Area{{Geometry: area}})
	for _, rings := range regions {
		faces = append(faces, regionOf(rings))
	}
	a := arrange(faces)
	owner := map[int32]int{} // by outer cycle
	cells := a.cells()
	for _, c := range cells {
		switch {
		case len(c.covers) == 0 || c.covers[0] != 0:
		case len(c.covers) == 1:
			owner[c.outer] = len(regions)
		default:
			owner[c.outer] = int(c.covers[1]) - 1
		}
	}
	boundary := make([][]halfEdge, len(regions)+1)
	for _, c := range cells {
		mine, within := owner[c.outer]
		if !within {
			continue
		}
		for h := range a.edgesOf(c) {
			if beyond, ok := owner[a.cellOf(h.reverse())]; !ok || beyond != mine {
				boundary[mine] = append(boundary[mine], h)
			}
		}
	}
	for _, edges := range boundary {
		parts = append(parts, polygonOf(edges))
	}
	return parts[:len(regions)], parts[len(regions)]
}

// regionOf puts rings on the lattice as they run, without those that have no
// three vertices there.
func regionOf(rings []orb.Ring) face {
	var f face
	for _, ring := range rings {
		vertices := slices.Compact(lineOf(ring))
		if len(vertices) > 1 && vertices[0] == vertices[len(vertices)-1] {
			vertices = vertices[:len(vertices)-1]
		}
		if len(vertices) > 2 {
			f.rings = append(f.rings, vertices)
		}
	}
	return f
}
