// Package storetest is the one conformance suite that every [data.Store]
// passes.
//
// It knows nothing about how a store keeps its rows: it opens, fills, edits,
// loads, kills and compares. What is particular to one kind of store is
// tested beside that store.
//
// Invariant: a fault that [Run] finds is a fault of the store, whatever its
// kind.
package storetest

import (
	"context"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data"
)

// Fresh makes a place for an empty store, a path or a URL, that vanishes
// with the test.
type Fresh func(t *testing.T) (place string)

// Open opens the store at a place, as another process would: two opened
// stores of one place share nothing but the place.
type Open func(ctx context.Context, place string) (data.Store, error)

// Client connects to a place as another program would, which knows nothing of
// ours and speaks SQL: a feature table is named by its layer, a column by its
// field, beside id and geom. Each exec runs one statement on that one
// connection, which lives until the test ends.
type Client func(t *testing.T, place string) (exec func(statement string) error)

// Harness is what a kind of store brings to its test.
type Harness struct {
	Fresh    Fresh
	Open     Open
	Client   Client
	Geometry func(orb.Geometry) string        // an SQL expression in the store's own coordinates; NULL for nil
	Sever    func(t *testing.T, place string) // ends every connection to the place, as a database that is restarted does; nil if there are none
	Writers  bool                             // whether two transactions may write at the same time
}

// Run proves a kind of store. Call it directly from a top-level test: the
// test of a killed writer runs that test again in a process of its own.
func Run(t *testing.T, h Harness) {
	if isWriter() {
		writeUntilKilled(t, h.Open)
		return
	}
	k := kind{h}
	t.Run("empty", k.testEmpty)
	t.Run("fill and load", k.testFill)
	t.Run("fill refuses", k.testFillRefuses)
	t.Run("reopen", k.testReopen)
	t.Run("commit", k.testCommit)
	t.Run("create and drop", k.testCreateAndDrop)
	t.Run("exchange codes", k.testExchange)
	t.Run("refuse rows", k.testRefusedRows)
	t.Run("place of a fault", k.testPlaceOfFault)
	t.Run("refuse changes", k.testRefusedChanges)
	t.Run("conflict", k.testConflict)
	t.Run("awkward names", k.testAwkwardNames)
	t.Run("many rows", k.testManyRows)
	t.Run("concurrent committers", k.testConcurrentCommitters)
	t.Run("reader during commits", k.testReaderDuringCommits)
	t.Run("random changes", k.testRandomChanges)
	t.Run("upsert", k.testUpsert)
	t.Run("upsert refuses", k.testUpsertRefuses)
	t.Run("since", k.testSince)
	t.Run("since, at random", k.testSinceRandom)
	t.Run("gaps", k.testGaps)
	t.Run("watch", k.testWatch)
	t.Run("reverse order", k.testReverseOrder)
	t.Run("severed connections", k.testSevered)
	t.Run("bulk change", k.testBulk)
	t.Run("replicas", k.testReplicas)
	t.Run("history", k.testHistory)
	t.Run("killed writer", k.testKilledWriter)
}

// kind is the kind of store under test.
type kind struct{ Harness }

// empty is an opened store with nothing in it.
func (k kind) empty(t *testing.T) data.Store {
	t.Helper()
	return k.at(t, k.Fresh(t))
}

// at opens the store at a place until the end of the test.
func (k kind) at(t *testing.T, place string) data.Store {
	t.Helper()
	store, err := k.Open(t.Context(), place)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return store
}

// filled is an opened store with the sample district in it.
func (k kind) filled(t *testing.T) data.Store {
	t.Helper()
	store := k.empty(t)
	fill(t, store, district())
	return store
}
