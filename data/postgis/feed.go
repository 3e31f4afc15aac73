package postgis

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/data"
	"wangge/spatial"
)

// Since reads what the log says was touched after a version, as it is now.
func (s *Store) Since(ctx context.Context, base spatial.Version) (spatial.Change, spatial.Version, error) {
	var change spatial.Change
	var current spatial.Version
	err := s.read(ctx, func(tx pgx.Tx, version spatial.Version) (err error) {
		current = version
		change, err = changeSince(ctx, tx, base, version)
		return err
	})
	if err != nil {
		return spatial.Change{}, 0, fmt.Errorf("what was done since version %d: %w", base, err)
	}
	return change, current, nil
}

func changeSince(ctx context.Context, tx pgx.Tx, base, version spatial.Version) (spatial.Change, error) {
	change := spatial.Change{Base: base}
	if base == version {
		return change, nil
	}
	if err := checkLog(ctx, tx, base, version); err != nil {
		return change, err
	}
	touched, err := readTouched(ctx, tx, base)
	if err != nil {
		return change, err
	}
	layers, err := readCatalogue(ctx, tx)
	if err != nil {
		return change, err
	}
	for _, l := range touched {
		t, err := layers.find(l.id)
		if err != nil {
			return change, err
		}
		part, err := t.current(ctx, tx, l.ids)
		if err != nil {
			return change, fmt.Errorf("layer %s: %w", l.id, err)
		}
		change.Layers = append(change.Layers, part)
	}
	return change, nil
}

// checkLog is data.ErrGap if the log cannot lead from a version to the
// current one: it begins later, says that whole layers came, went or were
// emptied, or holds so much that it is cheaper to begin anew.
func checkLog(ctx context.Context, tx pgx.Tx, base, version spatial.Version) error {
	var complete bool
	const query = `SELECT logged_from <= $1 AND $1 <= $2 AND
		(SELECT coalesce(sum(size), 0) <= edit_limit() FROM edit WHERE edit.version > $1) FROM store`
	if err := tx.QueryRow(ctx, query, base, version).Scan(&complete); err != nil {
		return err
	}
	if !complete {
		return data.ErrGap
	}
	return nil
}

// touchedLayer is a layer and the ids of its rows that came, went or changed.
type touchedLayer struct {
	id  spatial.LayerID
	ids []int64
}

func readTouched(ctx context.Context, tx pgx.Tx, base spatial.Version) ([]touchedLayer, error) {
	const query = `SELECT edit.layer, array_agg(DISTINCT one) FILTER (WHERE one IS NOT NULL)
		FROM edit JOIN layer ON layer.id = edit.layer LEFT JOIN unnest(ids) AS one ON true
		WHERE edit.version > $1 GROUP BY edit.layer, layer.position ORDER BY layer.position`
	rows, err := tx.Query(ctx, query, base)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (l touchedLayer, err error) {
		return l, row.Scan(&l.id, &l.ids)
	})
}

// current is how rows of the given ids, ascending, are now.
func (t table) current(ctx context.Context, tx pgx.Tx, ids []int64) (spatial.LayerChange, error) {
	change := spatial.LayerChange{Layer: t.ID}
	for row, err := range t.rows(ctx, tx, t.read(ofParameter), ids) {
		if err != nil {
			return change, err
		}
		change.Put = append(change.Put, row)
	}
	there := change.Put
	for _, id := range ids {
		if len(there) > 0 && there[0].ID == id {
			there = there[1:]
			continue
		}
		change.Delete = append(change.Delete, id)
	}
	return change, nil
}
