// Package format reads files of others into rows of a layer and writes
// features for others to read. So far the format is GeoJSON (RFC 7946, and
// newline-delimited as in RFC 8142).
//
// It opens no store and changes no layer: an [Import] is a schema, a stream
// of rows and a report, which the caller turns into a change.
//
// Invariant: every row it yields passes [spatial.Schema.ValidateRow] of its
// schema, and nothing is dropped, converted or renamed without a word in the
// report.
package format
