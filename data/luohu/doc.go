// Package luohu makes the reference dataset: a synthetic Luohu District with
// every layer of the service, generated from one seed.
//
// The outline, the codes and names of streets and communities come from two
// public packages (source/README.md); courses of main roads, waters, hills and
// a point for each community were drawn by hand (plan/). Everything else is
// made up so that counts, splits and totals equal the published figures. It is
// not a survey: no street, community or grid polygon of Luohu is public, and no
// row stands for a real person or building.
//
// Coordinates are degrees, longitude first, EPSG:4490, each exactly
// float64(n)/1e9 for an integer n.
//
// Invariant: the same seed gives the same rows, whatever the number of
// processors. Streets, communities and grids are nested, gap-free and share
// their edges vertex for vertex; every building stands inside its grid and
// touches no other; attributes of a unit are the sums over its parts.
package luohu
