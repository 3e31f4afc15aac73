// Package partition treats the polygons of a layer as one planar
// subdivision: it proves that they cover an area without gap or overlap,
// that levels nest, finds the polygon that holds a point, and mends coverages
// whose edges should agree but do not ([Repair]).
//
// It decides on an integer lattice of 10⁻⁹ degree (about 0.1 mm) with exact
// integer predicates, so no answer depends on rounding. It is not a general
// overlay library.
//
// Invariant: a layer without faults ([Prove]) covers every point within its
// outer boundary exactly once. Each ring is simple and every directed segment
// on it is met by exactly one reverse, the outer boundary aside; so the
// winding numbers of all faces add up to that of the outer boundary, which is
// one inside.
package partition
