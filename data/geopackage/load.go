package geopackage

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"wangge/spatial"
)

// loadTries is how often several connections try to meet at one version
// before one reads alone.
const loadTries = 3

// Load reads the whole state on several connections that stand at the same
// version, and checks every row, since other programs write the file too.
func (s *Store) Load(ctx context.Context) (*spatial.Snapshot, error) {
	snapshot, err := s.load(ctx)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", s.path, s.explain(err))
	}
	return snapshot, nil
}

func (s *Store) load(ctx context.Context) (*spatial.Snapshot, error) {
	for try := range loadTries {
		readers := s.readers
		if try == loadTries-1 {
			readers = 1
		}
		snapshot, err := s.loadWith(ctx, readers)
		if !errors.Is(err, errApart) {
			return snapshot, err
		}
	}
	panic("geopackage: one reader is at one version")
}

// errApart says that connections see different versions.
var errApart = errors.New("a commit came in between")

func (s *Store) loadWith(ctx context.Context, readers int) (*spatial.Snapshot, error) {
	var all []*reader
	defer func() {
		for _, r := range all {
			r.close()
		}
	}()
	for range readers {
		r, err := s.reader(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
		if r.version != all[0].version {
			return nil, errApart
		}
	}
	entries, err := all[0].entries()
	if err != nil {
		return nil, err
	}
	if err := readAll(all, entries); err != nil {
		return nil, err
	}
	layers := make([]*spatial.Layer, len(entries))
	for i := range entries {
		layers[i] = entries[i].layer
	}
	return spatial.New(all[0].version, layers...), nil
}

// readAll shares the layers among the readers, the largest first.
func readAll(readers []*reader, entries []entry) error {
	order := make([]*entry, len(entries))
	for i := range entries {
		order[i] = &entries[i]
	}
	slices.SortStableFunc(order, func(a, b *entry) int { return int(min(max(b.size-a.size, -1), 1)) })
	var next atomic.Int64
	var group sync.WaitGroup
	faults := make([]error, len(readers))
	for i, r := range readers {
		group.Go(func() {
			for faults[i] == nil {
				n := int(next.Add(1)) - 1
				if n >= len(order) {
					return
				}
				faults[i] = r.read(order[n])
			}
		})
	}
	group.Wait()
	return errors.Join(faults...)
}

// reader is a connection in a read transaction.
type reader struct {
	*tx
	version spatial.Version
}

func (s *Store) reader(ctx context.Context) (*reader, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	r := &reader{tx: &tx{ctx: ctx, conn: conn}}
	if err := r.exec("BEGIN"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if err := r.row(selectVersion, &r.version); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *reader) close() {
	r.rollback()
	_ = r.conn.Close()
}

// entry is a layer in the bookkeeping.
type entry struct {
	schema  *spatial.Schema
	version spatial.Version
	size    int64 // its rows, roughly
	layer   *spatial.Layer
}

func (r *reader) entries() ([]entry, error) {
	l, err := r.layers()
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(l.schemas))
	for i, schema := range l.schemas {
		entries[i].schema = schema
		if err := r.conn.QueryRowContext(r.ctx, `SELECT version, coalesce((SELECT seq FROM sqlite_sequence WHERE name = id), 0)
			FROM wangge_layer WHERE id = ?`, string(schema.ID)).Scan(&entries[i].version, &entries[i].size); err != nil {
			return nil, fmt.Errorf("layer %s: %w", schema.ID, err)
		}
	}
	return entries, nil
}

func (r *reader) read(e *entry) (err error) {
	e.layer, err = spatial.NewLayer(e.schema, e.version, r.rows(e.schema, ""))
	return err
}

// rows yields a layer's rows that keep a condition, in order of id. It goes below database/sql, which would copy
// every value twice.
func (r *reader) rows(s *spatial.Schema, where string) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		err := r.conn.Raw(func(c any) error { return eachRow(r.ctx, c.(driver.QueryerContext), s, where, yield) })
		if err != nil && !errors.Is(err, errStopped) {
			yield(spatial.Row{}, err)
		}
	}
}

// errStopped says that the consumer wants no more.
var errStopped = errors.New("stopped")

func eachRow(ctx context.Context, c driver.QueryerContext, s *spatial.Schema, where string, yield func(spatial.Row, error) bool) error {
	return eachRaw(ctx, c, selectRows(s, where), func(raw []driver.Value) error {
		row, err := decodeRow(s, raw)
		if err == nil {
			err = s.ValidateRow(row)
		}
		if err == nil && !yield(row, nil) {
			err = errStopped
		}
		return err
	})
}

// eachRaw hands over the rows of a query, the values valid until see returns.
func eachRaw(ctx context.Context, c driver.QueryerContext, query string, see func([]driver.Value) error) error {
	rows, err := c.QueryContext(ctx, query, nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	raw := make([]driver.Value, len(rows.Columns()))
	for {
		err := rows.Next(raw)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = see(raw)
		}
		if err != nil {
			return err
		}
	}
}

// selectRows reads a layer in order of id. The sign before a column takes
// its declared type away, by which the driver would parse dates on its own.
func selectRows(s *spatial.Schema, where string) string {
	names := columnNames(s)
	for i := range s.Fields {
		if t := s.Fields[i].Type; t == spatial.TypeDate || t == spatial.TypeTime {
			at := len(names) - len(s.Fields) + i
			names[at] = "+" + names[at]
		}
	}
	return fmt.Sprintf("SELECT %s FROM %s %s ORDER BY id", strings.Join(names, ", "), quote(string(s.ID)), where)
}

func decodeRow(s *spatial.Schema, raw []driver.Value) (spatial.Row, error) {
	row := spatial.Row{Values: make([]spatial.Value, len(s.Fields))}
	row.ID, _ = raw[0].(int64)
	raw = raw[1:]
	if s.Geometry != spatial.NoGeometry {
		if raw[0] != nil {
			blob, _ := raw[0].([]byte)
			g, err := parseBlob(blob, srid)
			if err != nil {
				return row, fmt.Errorf("%s %d: %w", s.ID, row.ID, err)
			}
			row.Geometry = g
		}
		raw = raw[1:]
	}
	for i := range s.Fields {
		v, err := decodeValue(s.Fields[i].Type, raw[i])
		if err != nil {
			return row, fmt.Errorf("%s %d, field %s: %w", s.ID, row.ID, s.Fields[i].Name, err)
		}
		row.Values[i] = v
	}
	return row, nil
}

func decodeValue(t spatial.Type, raw driver.Value) (spatial.Value, error) {
	switch raw := raw.(type) {
	case nil:
		return spatial.Null, nil
	case string:
		return spatial.ParseValue(t, raw)
	case int64:
		switch t {
		case spatial.TypeBool:
			return spatial.Bool(raw != 0), nil
		case spatial.TypeFloat:
			return spatial.Float(float64(raw)), nil
		}
		return spatial.Int(raw), nil
	case float64:
		return spatial.Float(raw), nil
	}
	return spatial.Null, fmt.Errorf("a %T is no %v", raw, t)
}
