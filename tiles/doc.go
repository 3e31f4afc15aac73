// Package tiles turns a snapshot and a tile address into a Mapbox Vector Tile
// (version 2.1 of the specification), keeps what it has made in a memo,
// describes layers in TileJSON 3, and writes whole pyramids to PMTiles files.
//
// It knows no HTTP and no store, and leaves nothing out: every feature that
// meets the buffered square of a tile is in the tile, at every zoom, for
// itself or, where they are too many, counted in a cluster.
//
// Invariant: a tile is a pure function of the layers it shows and its
// address. The same layers give the same bytes, in any order of requests, on
// any number of goroutines, and rendering never writes to the snapshot.
//
// # Geometry
//
// Tiles are squares of the Web Mercator world, [Extent] units wide, with a
// margin of [Buffer] units on each side. Every vertex is rounded to the unit
// lattice of its zoom on its own, whatever ring it stands in, and that lattice
// continues from tile to tile. From zoom 13 on a vertex is then left out only
// where it lies exactly on the line between those beside it; below, outlines are
// simplified by at most half a pixel, all that share an edge alike. So the common
// edge of two polygons of a layer is the same line in both, and two tiles agree
// where they overlap.
//
// Clipping to the buffered square cuts a polygon into as many polygons as it
// has pieces there. What rounding makes smaller than the lattice can show (a
// hole, a ring without area) is dropped, but a feature never vanishes: a
// polygon of which nothing is left becomes a square of one unit, a line a
// stroke of one unit.
//
// Where rounding makes rings touch or cross themselves or each other they are
// drawn anew, no position moved by more than one unit, so that the polygons of
// a tile are valid: simple rings, which meet in single positions at most.
package tiles
