package data

import (
	"context"
	"iter"

	"wangge/spatial"
)

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
