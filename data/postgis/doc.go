// Package postgis is the [data.Store] in a PostgreSQL database with PostGIS;
// every line of the service's SQL for it is here or in package migrations.
//
// Each layer is a table named by its id, in the first schema of the search
// path, with the columns id, geom (SRID 4490) and one for each field; any SQL
// client can read it. The rules of the layer's schema are named constraints
// of the table. The tables store, layer and change keep the books.
//
// Triggers on the tables log what any SQL client does to them in the table
// edit, and number its transaction at the end. Only what fires no triggers goes
// unseen: sessions with session_replication_role = replica, DISABLE TRIGGER,
// and ALTER TABLE.
//
// It plans nothing, computes nothing about the district, and keeps no state
// of its own between calls.
//
// Invariant: the tables of the version in the row of store are what one
// commit, whole, left there, and versions are in the order of commits. Whoever
// commits locks that row last, after all else is written; those that create
// or drop layers lock it first, and the table layer against readers, who lock
// it before they look.
package postgis
