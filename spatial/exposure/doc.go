// Package exposure finds who and what stands on dangerous ground: the
// features of a layer inside zones and buffers around them, counted once
// however many zones overlap, and for each zone by itself. It knows nothing of
// what the zones mean.
//
// Invariant: a feature is in a zone by the rule that is asked for, borders and
// the buffer's edge included; distances are geodesic.
package exposure
