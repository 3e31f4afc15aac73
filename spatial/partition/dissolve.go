package partition

import "github.com/paulmach/orb"

// Dissolve joins polygons that are parts of a partition: segments that two of
// them share vanish. It is nil without any.
func Dissolve(parts []orb.Geometry) orb.Geometry {
	edges, _ := pair(facesNamed(parts))
	return polygonOf(edges.unpaired())
}

// SameOutline says whether two sets of polygons, each of them parts of a
// partition, cover the same area with the same vertices around it.
func SameOutline(before, after []orb.Geometry) bool {
	was, _ := pair(facesNamed(before))
	now, _ := pair(facesNamed(after))
	return sameEdges(was.unpaired(), now.unpaired())
}

func facesNamed(parts []orb.Geometry) []face {
	faces := make([]face, len(parts))
	for i, g := range parts {
		faces[i], _ = newFace("", g)
	}
	return faces
}
