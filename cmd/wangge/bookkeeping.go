package main

import (
	"iter"

	"wangge/api/auth"
	"wangge/data"
	"wangge/data/ledger"
	"wangge/spatial"
)

// internalLayers are those that the service keeps for itself, beside the
// history of others.
func internalLayers() []*spatial.Schema { return append(ledger.Schemas(), auth.Schema()) }

// bookkeeping is a source with the layers that the service keeps for itself,
// empty but for tokens, so that a store is complete from its first version on.
type bookkeeping struct {
	data.Source
	tokens []spatial.Row
}

func withBookkeeping(from data.Source, tokens []spatial.Row) bookkeeping {
	return bookkeeping{data.WithInternal(from, internalLayers()...), tokens}
}

// Rows are the source's, and the tokens.
func (b bookkeeping) Rows(id spatial.LayerID) iter.Seq2[spatial.Row, error] {
	if id != auth.TokenLayer {
		return b.Source.Rows(id)
	}
	return func(yield func(spatial.Row, error) bool) {
		for _, row := range b.tokens {
			if !yield(row, nil) {
				return
			}
		}
	}
}
