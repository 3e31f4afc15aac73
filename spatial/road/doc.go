// Package road is the road network as a directed graph: where vehicles and
// people can go, how long it takes, and by which way. It knows nothing of
// stations, shelters or units; those ask it.
//
// Times are whole milliseconds, so that sums do not depend on their order and
// an answer does not flicker.
//
// Invariant: a path that is found runs over edges that are open to the profile
// in the direction it takes them, and no other path of the graph is quicker.
package road
