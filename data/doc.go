// Package data keeps the layers: the [Store] interface that PostGIS and
// GeoPackage implement, and [Live], the current snapshot with its single
// writer.
//
// It knows no SQL; data/postgis and data/geopackage do. It computes nothing
// about the district beyond proving its invariants ([Check]).
//
// Invariant: what [Live.Current] returns was committed in the store, whole.
package data
