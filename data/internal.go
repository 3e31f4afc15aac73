package data

import (
	"context"
	"iter"
	"slices"

	"wangge/spatial"
	"wangge/spatial/history"
)

// WithInternal is a source with the layers that keep the history of its own,
// and other internal layers, all empty: a store filled from it has them from
// its first version on.
func WithInternal(from Source, more ...*spatial.Schema) Source {
	added := slices.Concat(history.Schemas(from.Schemas()), more)
	return withInternal{from, added}
}

type withInternal struct {
	from  Source
	added []*spatial.Schema
}

// Schemas lists the internal layers last.
func (w withInternal) Schemas() []*spatial.Schema { return slices.Concat(w.from.Schemas(), w.added) }

// Rows yields none of an internal layer.
func (w withInternal) Rows(id spatial.LayerID) iter.Seq2[spatial.Row, error] {
	if slices.ContainsFunc(w.added, func(s *spatial.Schema) bool { return s.ID == id }) {
		return func(func(spatial.Row, error) bool) {}
	}
	return w.from.Rows(id)
}

// Prepare makes the layers that keep the history, and other internal layers,
// where they are missing. Making one has other replicas load the store again,
// so it is best done before anything is served.
func (l *Live) Prepare(ctx context.Context, more ...*spatial.Schema) error {
	_, err := l.Edit(ctx, func(s *spatial.Snapshot) (spatial.Change, error) {
		var change spatial.Change
		var schemas []*spatial.Schema
		for layer := range s.Layers() {
			schemas = append(schemas, layer.Schema())
		}
		for _, schema := range slices.Concat(history.Schemas(schemas), more) {
			if _, err := s.Layer(schema.ID); err != nil {
				change.Create = append(change.Create, schema)
			}
		}
		change.Note = "made internal layers"
		return change, nil
	})
	return err
}
