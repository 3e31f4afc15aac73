// Package adjustment works out what a proposed change of boundaries does: the
// areas redrawn on every level, the features that change hands with their new
// codes, the totals before and after, and the rules that it breaks. It is
// pure: it reads a snapshot and makes a [spatial.Change] for it, and commits
// nothing.
//
// It knows no layer by name. Levels are partition layers that refer to each
// other, what stands in an area is a layer with a field that refers to it, and
// totals are the fields that a schema declares as such.
//
// Invariant: the change of a plan that is not refused turns a snapshot without
// faults into one without faults, and moves people, rooms and area without
// making or losing any.
package adjustment
