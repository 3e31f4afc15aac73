package main

import (
	"context"
	"iter"
	"slices"

	"wangge/api/auth"
	"wangge/data"
	"wangge/data/ledger"
	"wangge/data/luohu"
	"wangge/data/scenario"
	"wangge/spatial"
)

// internalLayers are those that the service keeps for itself, beside the
// history of others.
func internalLayers() []*spatial.Schema {
	return append(ledger.Schemas(), auth.Schema(), scenario.Schema())
}

// prepare makes what older stores lack: the rule sets for shelters, where
// there are shelters, the closures, where there are roads, and the internal
// layers.
func prepare(ctx context.Context, live *data.Live) error {
	for _, add := range []func(*spatial.Snapshot) (spatial.Change, error){addStandards, addClosures} {
		if _, err := live.Edit(ctx, add); err != nil {
			return err
		}
	}
	return live.Prepare(ctx, internalLayers()...)
}

// addStandards is the change that brings the rule sets for shelters into a
// store that was made before there were any.
func addStandards(s *spatial.Snapshot) (change spatial.Change, err error) {
	schema, rows, err := luohu.Standards()
	if err != nil {
		return change, err
	}
	_, none := s.Layer("shelters")
	if _, err := s.Layer(schema.ID); none != nil || err == nil {
		return change, nil
	}
	return spatial.Change{Note: "rule sets for shelters", Create: []*spatial.Schema{schema}, Layers: []spatial.LayerChange{{Layer: schema.ID, Put: rows}}}, nil
}

// addClosures is the change that makes the layers of closures.
func addClosures(s *spatial.Snapshot) (change spatial.Change, err error) {
	change.Note = "layers of closures"
	if _, err := s.Layer("roads"); err != nil {
		return change, nil
	}
	for _, schema := range ledger.ClosureSchemas() {
		if _, err := s.Layer(schema.ID); err != nil {
			change.Create = append(change.Create, schema)
		}
	}
	return change, nil
}

// bookkeeping is a source with the layers that the service keeps for itself,
// empty but for tokens, so that a store is complete from its first version on.
type bookkeeping struct {
	data.Source
	tokens []spatial.Row
}

func withBookkeeping(from data.Source, tokens []spatial.Row) bookkeeping {
	more := internalLayers()
	if slices.ContainsFunc(from.Schemas(), func(s *spatial.Schema) bool { return s.ID == "roads" }) {
		more = append(more, ledger.ClosureSchemas()...)
	}
	return bookkeeping{data.WithInternal(from, more...), tokens}
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
