// Package migrations holds the numbered SQL that brings a PostgreSQL schema to
// what data/postgis expects: the PostGIS extension, the bookkeeping tables, the
// triggers that keep the change log and those that guard partitions.
//
// It runs nothing itself, and makes no feature tables: those are generated
// from their layers' schemas.
//
// Invariant: a file that was ever released never changes; a newer state gets
// a new number.
package migrations

import "embed"

// Files are the migrations, one file <number>_<name>.sql each, for goose. They
// run with the store's own schema first in the search path.
//
//go:embed *.sql
var Files embed.FS
