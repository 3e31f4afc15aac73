// Package spatial is the vocabulary of the service: layers and their schemas,
// features, immutable snapshots of all layers, changes that lead from one
// snapshot to the next, and the kinds of error.
//
// It does no input or output, knows no store and no clock, and computes
// nothing about the district; the packages below it do.
//
// Invariant: a [Snapshot] and everything reached from it never changes. A
// reader takes one snapshot and sees one state, whatever is committed
// meanwhile. Geometry returned by accessors aliases the snapshot's memory and
// is read-only: clone it (orb.Clone) before handing it to anything that
// writes, such as orb's project, simplify and clip packages.
//
// Coordinates are degrees, longitude first, EPSG:4490 (CGCS2000), unless a
// name says otherwise.
package spatial
