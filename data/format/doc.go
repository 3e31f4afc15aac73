// Package format reads files of others into rows of a layer and writes
// features for others to read: GeoJSON, GeoPackage, Shapefile, CSV and XLSX.
// [Open] opens a file as [Features], [Read] judges them against a layer, new or
// there, and a [Selection] of a layer is written.
//
// It opens no store and changes no layer: an [Import] is a schema, a stream
// of rows and a report, which the caller turns into a change.
//
// Invariant: every row it yields passes [spatial.Schema.ValidateRow] of its
// schema, and nothing is dropped, converted or renamed without a word in the
// report.
package format
