// Package history tells how the district was at another time: which
// boundaries, codes and attachments held on a date, and what was believed
// about that at some moment. It keeps what changes replace as rows of layers
// beside the ones they were rows of, and reads it back. It is pure: it has no
// clock and commits nothing.
//
// Tracked are partitions with codes, and layers that refer to one. Of these a
// row is kept when it comes, goes, or changes its code, a reference, or, in a
// partition, its geometry. Of history layers only rows are added, never
// changed.
//
// Invariant: for every tracked feature, the kept rows in the order of their
// recording, followed by its current row, are all that was ever believed of
// it; none begins before the one it follows.
package history

import (
	"errors"
	"time"

	"wangge/spatial"
)

// Entry is a state of a feature that a change ended. It was believed to hold
// from ValidFrom on; since it was recorded, it is known to have held until
// ValidTo.
type Entry struct {
	Layer                    spatial.LayerID
	Feature                  int64
	Row                      *spatial.Row    // nil: the feature did not exist
	ValidFrom, ValidTo       time.Time       // ValidFrom is zero if it is not known
	RecordedFrom, RecordedTo time.Time       // likewise
	Version                  spatial.Version // that the change was planned on
	Adjustment               int64           // that made the change, 0 for none
}

var errTodo = errors.New("not built yet")

// Tracked lists the layers whose history is kept, in listing order.
func Tracked(s *spatial.Snapshot) []spatial.LayerID { return nil }

// LayerOf is the id of the layer that keeps another's history.
func LayerOf(id spatial.LayerID) spatial.LayerID { return id + "_history" }

// SchemaOf describes the layer that keeps a layer's history: its fields
// without their rules, and when they held. It is internal.
func SchemaOf(s *spatial.Schema) *spatial.Schema { return nil }

// Record is a change that keeps, beside what it does, what it replaces. It
// makes the layers for that where they are missing. The change's Effective is
// when its result begins to hold, or else recorded is. An
// [*spatial.InvalidError] refuses one that would hold from before what it
// replaces.
func Record(s *spatial.Snapshot, c spatial.Change, recorded time.Time) (spatial.Change, error) {
	return c, errTodo
}

// At is the snapshot of the state that held at a time, as it was believed at
// another. Zero times stand for now. Layers that are not tracked are as they
// are now. Totals are added up anew from the features as they were attached.
func At(s *spatial.Snapshot, valid, known time.Time) (*spatial.Snapshot, error) { return nil, errTodo }

// Of lists the kept states of a feature, oldest first; the current one is not
// among them.
func Of(s *spatial.Snapshot, layer spatial.LayerID, id int64) []Entry { return nil }

// By lists what an adjustment ended, in listing order of layers, then by id.
func By(s *spatial.Snapshot, adjustment int64) []Entry { return nil }

// Used says whether a code is or was that of a feature of the layer.
func Used(s *spatial.Snapshot, layer spatial.LayerID) func(code string) bool {
	return func(string) bool { return false }
}

// Former finds the feature that had a code before, newest first.
func Former(s *spatial.Snapshot, layer spatial.LayerID, code string) (Entry, bool) {
	return Entry{}, false
}
