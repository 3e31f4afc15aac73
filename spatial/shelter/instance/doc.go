// Package instance reads published location problems in files of the usual
// formats and solves them, each with a proof or with a bound: OR-Library's
// pmed (p-median and p-center on a graph), its capacitated p-median, and
// capacitated location with fixed costs, where each customer is served by one
// facility. It knows nothing of the earth, layers or shelters.
//
// Invariant: a bound is never above the optimum, as it is reckoned in whole
// numbers, and a value is that of the sites listed.
package instance
