package geopackage

import "wangge/spatial"

// Validate is the gate of the store for one row, for those who want to name
// every bad row before they write: the schema's own rules, and that lines and
// polygons are simple as ST_IsValid has it. The error is
// [*spatial.InvalidError].
func Validate(s *spatial.Schema, row spatial.Row) error { return validate(s, row) }
