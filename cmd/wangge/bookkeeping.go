package main

import (
	"iter"
	"slices"

	"wangge/api/auth"
	"wangge/data"
	"wangge/data/ledger"
	"wangge/spatial"
)

// bookkeeping is a source together with the layers that the service keeps for
// itself, empty but for tokens, so that a store is complete from its first
// version on.
type bookkeeping struct {
	data.Source
	tokens []spatial.Row
}

// Schemas lists the source's layers, then the others.
func (b bookkeeping) Schemas() []*spatial.Schema {
	return slices.Concat(b.Source.Schemas(), b.own())
}

func (b bookkeeping) own() []*spatial.Schema {
	return append(ledger.Schemas(), auth.Schema())
}

// Rows are the source's, and the tokens.
func (b bookkeeping) Rows(id spatial.LayerID) iter.Seq2[spatial.Row, error] {
	if !slices.ContainsFunc(b.own(), func(s *spatial.Schema) bool { return s.ID == id }) {
		return b.Source.Rows(id)
	}
	return func(yield func(spatial.Row, error) bool) {
		for _, row := range b.tokens {
			if id != auth.TokenLayer || !yield(row, nil) {
				return
			}
		}
	}
}
