// Package postgis is the [data.Store] in a PostgreSQL database with PostGIS;
// every line of the service's SQL for it is here or in package migrations.
//
// Each layer is a table named by its id, in the first schema of the search
// path, with the columns id, geom (SRID 4490) and one for each field; any SQL
// client can read it. The rules of the layer's schema are named constraints
// of the table. The tables store, layer and change keep the books.
//
// It plans nothing, computes nothing about the district, and keeps no state
// of its own between calls.
//
// Invariant: the tables of the version in the row of store are what one
// commit, whole, left there. Committers take turns by locking that row; those
// that create or drop layers also lock the table layer against readers, who
// lock it before they look.
package postgis
