package geopackage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"wangge/data"
	"wangge/spatial"
)

// Since reads what the log says was touched after a version, as it is now.
func (s *Store) Since(ctx context.Context, base spatial.Version) (spatial.Change, spatial.Version, error) {
	change, version, err := s.since(ctx, base)
	if err != nil {
		return spatial.Change{}, 0, fmt.Errorf("what was done in %s since version %d: %w", s.path, base, s.explain(err))
	}
	return change, version, nil
}

func (s *Store) since(ctx context.Context, base spatial.Version) (spatial.Change, spatial.Version, error) {
	change := spatial.Change{Base: base}
	if err := s.inPlace(); err != nil {
		return change, 0, err
	}
	r, err := s.reader(ctx)
	if err != nil {
		return change, 0, err
	}
	defer r.close()
	l, err := r.layers()
	if err != nil {
		return change, 0, err
	}
	if base == r.version {
		return change, r.version, nil
	}
	if err := r.checkLog(base); err != nil {
		return change, 0, err
	}
	touched, err := r.texts("SELECT id FROM wangge_layer WHERE version > ? ORDER BY position", base)
	if err != nil {
		return change, 0, err
	}
	for _, id := range touched {
		part, err := r.touched(l.find(spatial.LayerID(id)), base)
		if err != nil {
			return change, 0, err
		}
		change.Layers = append(change.Layers, part)
	}
	return change, r.version, nil
}

// checkLog is data.ErrGap if the log cannot lead from a version to the
// current one: edits after it are gone from the log, or layers came or went.
func (r *reader) checkLog(base spatial.Version) error {
	var complete bool
	const query = `SELECT ?1 BETWEEN logged_from AND version AND
		coalesce((SELECT n = 1 OR e.version <= ?1 FROM wangge_edit AS e ORDER BY n LIMIT 1), 1) FROM wangge_store`
	if err := r.conn.QueryRowContext(r.ctx, query, base).Scan(&complete); err != nil {
		return err
	}
	if !complete {
		return data.ErrGap
	}
	return nil
}

// touched is what became of the rows of a layer that the log names.
func (r *reader) touched(s *spatial.Schema, base spatial.Version) (spatial.LayerChange, error) {
	change := spatial.LayerChange{Layer: s.ID}
	ids := fmt.Sprintf("(SELECT row FROM wangge_edit WHERE version > %d AND layer = '%s')", base, s.ID)
	for row, err := range r.rows(s, "WHERE id IN "+ids) {
		if err != nil {
			return change, err
		}
		change.Put = append(change.Put, row)
	}
	gone, err := r.conn.QueryContext(r.ctx, fmt.Sprintf(
		"SELECT DISTINCT row FROM wangge_edit WHERE version > %d AND layer = '%s' AND row NOT IN (SELECT id FROM %s) ORDER BY row", base, s.ID, quote(string(s.ID))))
	if err != nil {
		return change, err
	}
	defer gone.Close()
	for gone.Next() {
		var id int64
		if err := gone.Scan(&id); err != nil {
			return change, err
		}
		change.Delete = append(change.Delete, id)
	}
	return change, gone.Err()
}

// watchEvery is the pause between two looks at the file. A look is two
// system calls, some microseconds.
const watchEvery = 25 * time.Millisecond

// Watch looks at SQLite's counter of commits on a connection of its own
// (sqlite.org/pragma.html#pragma_data_version). It ends with a refusal when
// the file is no longer in its place.
func (s *Store) Watch(ctx context.Context, wake func()) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return s.watchEnds(ctx, err)
	}
	defer conn.Close()
	statement, err := conn.PrepareContext(ctx, "PRAGMA data_version")
	if err != nil {
		return s.watchEnds(ctx, err)
	}
	defer statement.Close()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for last := int64(-1); ; {
		now, err := s.look(ctx, statement)
		if err != nil {
			return s.watchEnds(ctx, err)
		}
		if now != last {
			last = now
			wake()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look is the counter of commits of a file that is still in its place.
func (s *Store) look(ctx context.Context, statement *sql.Stmt) (counter int64, err error) {
	if err := s.inPlace(); err != nil {
		return 0, err
	}
	err = statement.QueryRowContext(ctx).Scan(&counter)
	return counter, err
}

func (s *Store) watchEnds(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("watch %s: %w", s.path, s.explain(err))
}
