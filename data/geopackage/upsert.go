package geopackage

import (
	"context"
	"fmt"
	"iter"

	"wangge/data"
	"wangge/spatial"
)

// Upsert collects the rows and commits them.
func (s *Store) Upsert(ctx context.Context, base spatial.Version, into *spatial.Schema, rows iter.Seq2[spatial.Row, error], note string, _ data.Progress) (spatial.Version, error) {
	c := spatial.Change{Base: base, Note: note, Layers: []spatial.LayerChange{{Layer: into.ID}}}
	snapshot, err := s.Load(ctx)
	if err != nil {
		return 0, err
	}
	if _, err := snapshot.Layer(into.ID); err != nil {
		c.Create = []*spatial.Schema{into}
	}
	for row, err := range rows {
		if err != nil {
			return 0, fmt.Errorf("upsert %s: %w", into.ID, err)
		}
		c.Layers[0].Put = append(c.Layers[0].Put, row)
	}
	return s.Commit(ctx, c)
}
