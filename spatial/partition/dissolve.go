package partition

import "github.com/paulmach/orb"

// Dissolve joins polygons that are parts of a partition: segments that two of
// them share vanish. It is nil without any.
func Dissolve(parts []orb.Geometry) orb.Geometry {
	edges, _ := pair(facesNamed(parts))
	return polygonOf(edges.unpaired())
}

// Redissolve is the outline of a whole after some of the parts of a partition
// that it is made of were redrawn, came or went. changed is false if it is the
// same; the outline is nil if nothing is left. It costs by the outline and
// the redrawn parts.
func Redissolve(whole orb.Geometry, before, after []orb.Geometry) (outline orb.Geometry, changed bool) {
	was, _ := pair(facesNamed(before))
	now, _ := pair(facesNamed(after))
	if sameEdges(was.unpaired(), now.unpaired()) {
		return whole, false
	}
	c := chain{}
	f := knownFace("", whole)
	for h := range f.halfEdges() {
		c.add(h)
	}
	for _, h := range was.unpaired() {
		c.add(h.reverse())
	}
	for _, h := range now.unpaired() {
		c.add(h)
	}
	return polygonOf(c.edges()), true
}

// chain is a sum of directed segments, in which opposite ones cancel.
type chain struct {
	edgeList
	cancelled []bool
}

func (c *chain) add(h halfEdge) {
	if i := c.find(h.reverse()); i >= 0 && !c.cancelled[i] {
		c.cancelled[i] = true
		return
	}
	i, added := c.edgeList.add(h)
	if added {
		c.cancelled = append(c.cancelled, false)
	}
	c.cancelled[i] = false
}

// edges are those left, in the order they were added first.
func (c *chain) edges() []halfEdge {
	var left []halfEdge
	for i, h := range c.order {
		if !c.cancelled[i] {
			left = append(left, h)
		}
	}
	return left
}

func facesNamed(parts []orb.Geometry) []face {
	faces := make([]face, len(parts))
	for i, g := range parts {
		faces[i] = knownFace("", g)
	}
	return faces
}
