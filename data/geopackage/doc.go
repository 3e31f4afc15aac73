// Package geopackage is the embedded store: one GeoPackage file that QGIS and
// GDAL open, read and edit, on a pure-Go SQLite.
//
// Each layer is a table named by its id, with columns id, geom and one for
// each field, named constraints that restate the schema's rules, and the
// standard R-tree. Bookkeeping stands in tables named wangge_*: the version,
// the layers with their schemas, a log of our changes, and a log of every
// edited row. Triggers write the latter whoever edits, so that other programs
// raise the version too, by one for each row they touch; a change of ours
// raises it by one in all. The log holds the last 200,000 edits, several times
// the largest layer; who is further behind loads anew.
//
// Columns that other programs add to a layer are theirs, and are kept. A
// layer whose table or columns they take away is refused by name.
//
// [Open] refuses files it did not make. Those of other makers are read as
// [File] and written by [WriteFile]: [OpenFile] lists the tables with their
// coordinate systems and columns, [File.Rows] streams one, [EPSG] has the
// systems that can be written.
//
// Invariant: the file is a valid GeoPackage after every transaction, and a
// change is in it whole, with its version, or not at all. Coordinates are
// EPSG:4490 degrees, longitude first, and keep every bit.
//
// Sources: OGC 12-128r18 (GeoPackage 1.3.1) for tables, blobs and the R-tree
// extension.
package geopackage
