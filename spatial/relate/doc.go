// Package relate says how two geometries lie to each other: whether they have
// a point in common, and whether one is within the other.
//
// It builds no new geometry and measures nothing. Edges are straight lines in
// the plane of longitude and latitude, as GeoJSON and PostGIS's geometry have
// them; areas are taken by the even-odd rule, so the winding of rings does
// not matter.
//
// Invariant: answers are exact for the coordinates given, as every decision
// falls back to rational numbers where rounding could turn it.
package relate
