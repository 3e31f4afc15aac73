package spatial

import "slices"

// Mask is the layer as readers see it who may not see some fields' values as
// they are: mask gives what they see instead in a row, counted from 0 in order
// of id, and a field. It shares all else with the layer, its version too, and
// may be null where the layer is not. The note is added to the schema's. The
// field of the code cannot be masked. There is one mask for a layer: two must
// not be in use at the same time.
func (l *Layer) Mask(fields []int, note Title, mask func(row, field int, v Value) Value) *Layer {
	masked := *l
	schema := *l.schema
	schema.Fields = slices.Clone(schema.Fields)
	schema.Note = Title{ZH: joined(schema.Note.ZH, "；", note.ZH), EN: joined(schema.Note.EN, "; ", note.EN)}
	for _, i := range fields {
		schema.Fields[i].Required = false
	}
	masked.schema, masked.masked = &schema, true
	masked.chunks = make([]*chunk, len(l.chunks))
	first := 0
	for n, c := range l.chunks {
		part := *c
		part.columns = slices.Clone(c.columns)
		for _, i := range fields {
			part.columns[i] = c.columns[i].mask(c.rows, func(row int, v Value) Value { return mask(first+row, i, v) })
		}
		first += c.rows
		masked.chunks[n] = &part
	}
	return &masked
}

func joined(a, between, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + between + b
}

// Masked says whether the layer is not as it is, but as [Layer.Mask] made it.
func (l *Layer) Masked() bool { return l.masked }

func (c *column) mask(rows int, mask func(row int, v Value) Value) column {
	if c.typ != TypeText {
		return newNumberColumn(c.typ, rows, func(row int) Value { return mask(row, c.value(row)) })
	}
	sources := make([]source, rows)
	for row := range sources {
		sources[row].put = &Row{Values: []Value{mask(row, c.value(row))}}
	}
	return newTextColumn(sources, 0)
}

// WithMasked is the snapshot with masked layers in place of those they were made
// of. What is derived is kept with that of the snapshot, apart from what is
// derived from the layers as they are, and handed on like that.
func (s *Snapshot) WithMasked(layers ...*Layer) *Snapshot {
	next := &Snapshot{version: s.version, layers: slices.Clone(s.layers), derived: s.derived}
	for _, layer := range layers {
		if i := next.index(layer.ID()); i >= 0 {
			next.layers[i] = layer
		}
	}
	return next
}
