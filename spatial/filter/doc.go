// Package filter says which features a condition holds for. Conditions are
// read from CQL2 text (OGC 21-065r2), a subset of it, or made from values.
//
// It selects and computes nothing else; it reads one feature at a time and
// knows no coordinate systems but degrees, longitude first.
//
// The subset:
//
//	AND OR NOT ( ), TRUE, FALSE
//	= <> < > <= >=          of a property and a literal or two properties
//	[NOT] BETWEEN a AND b   [NOT] IN (a, b)   IS [NOT] NULL
//	[NOT] LIKE 'a%'         % any text, _ one character, \ before one of them
//	'text' 12 1.5 TRUE DATE('2024-11-04') TIMESTAMP('2024-11-04T08:00:00Z')
//	S_INTERSECTS S_DISJOINT S_WITHIN S_CONTAINS (geometry, literal)
//	S_DWITHIN(geometry, literal, distance, metres)
//	POINT LINESTRING POLYGON MULTI… as WKT, ENVELOPE(west, south, east, north)
//
// A property is a word, or anything in double quotes. Text compares by code
// point. As in SQL, what is asked of a missing value is neither true nor
// false but unknown, and a filter holds only where it is true.
//
// Invariant: what a filter may cost is bounded before it runs: its length,
// depth, parts and positions by [Parse], its work on a feature by
// [Filter.Cost].
package filter
