package data

import (
	"context"
	"errors"
	"iter"

	"wangge/spatial"
)

// ErrGap says that a store cannot tell what happened since a version: the
// whole state must be loaded.
var ErrGap = errors.New("the change log does not reach back that far")

// Store keeps layers durably. Methods are safe for concurrent use; each is
// one transaction. Rows keep EPSG:4490 degrees, longitude first, bit for bit.
type Store interface {
	// Load reads the whole state as a snapshot.
	Load(ctx context.Context) (*spatial.Snapshot, error)
	// Version reads the current version, cheaply.
	Version(ctx context.Context) (spatial.Version, error)
	// Commit writes a change and returns the version it made. It is refused
	// with spatial.ErrConflict if the store is not at the change's base, and
	// with *spatial.InvalidError, naming the constraint, if a row breaks a
	// rule. A refused change leaves no trace.
	Commit(ctx context.Context, c spatial.Change) (spatial.Version, error)
	// Since reads what was committed after the state of a version, by anyone,
	// as one change from that version to the one returned: the rows touched as
	// they are now, and the ids of those gone (of which some may have come and
	// gone in between). It is [ErrGap] if the log does not reach back that
	// far, if a layer was created or dropped, or if so much was touched that
	// loading all is cheaper.
	Since(ctx context.Context, base spatial.Version) (spatial.Change, spatial.Version, error)
	// Watch calls wake soon after every commit, by anyone, until ctx ends; then
	// the error is nil. Any other return says why it can watch no longer, such
	// as a lost connection; the caller reads what it missed and watches again.
	// Calls may be spurious, and several commits may share one.
	Watch(ctx context.Context, wake func()) error
	// Upsert puts a stream of rows into a layer in one transaction with bounded
	// memory, making the layer first if the store has none of that id. Rows
	// come in any order, each id once. It is refused like a Commit.
	Upsert(ctx context.Context, base spatial.Version, into *spatial.Schema, rows iter.Seq2[spatial.Row, error], note string, progress Progress) (spatial.Version, error)
	// Fill writes the layers of a source into an empty store in one
	// transaction with bounded memory, and refuses one that is not empty.
	Fill(ctx context.Context, from Source, progress Progress) error
	// Close releases the store; the Store is unusable afterwards.
	Close() error
}

// Source is a stream of layers: a reference dataset, a file, another store.
type Source interface {
	// Schemas lists the layers, those referred to before those referring.
	Schemas() []*spatial.Schema
	// Rows yields a layer's rows in ascending order of id.
	Rows(spatial.LayerID) iter.Seq2[spatial.Row, error]
}

// Progress is told, from one goroutine, how many rows of a layer are done.
// A nil Progress is allowed.
type Progress func(layer spatial.LayerID, done int)
