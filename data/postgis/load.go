package postgis

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/spatial"
)

// Load reads all layers in one transaction.
func (s *Store) Load(ctx context.Context) (*spatial.Snapshot, error) {
	var snapshot *spatial.Snapshot
	err := s.read(ctx, func(tx pgx.Tx, version spatial.Version) (err error) {
		snapshot, err = loadAll(ctx, tx, version)
		return err
	})
	return snapshot, err
}

// read runs a query that sees the store at one version.
func (s *Store) read(ctx context.Context, query func(pgx.Tx, spatial.Version) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) error {
		// The lock comes before the transaction looks at anything, so no table
		// that it sees is dropped or replaced while it reads.
		if _, err := tx.Exec(ctx, "LOCK TABLE layer IN ACCESS SHARE MODE"); err != nil {
			return err
		}
		var version spatial.Version
		if err := tx.QueryRow(ctx, "SELECT version FROM store").Scan(&version); err != nil {
			return err
		}
		return query(tx, version)
	})
	if err != nil {
		return fmt.Errorf("read the store %s: %w", s.target(), s.explain(ctx, err))
	}
	return nil
}

func loadAll(ctx context.Context, tx pgx.Tx, version spatial.Version) (*spatial.Snapshot, error) {
	entries, err := readCatalogue(ctx, tx)
	if err != nil {
		return nil, err
	}
	layers := make([]*spatial.Layer, len(entries))
	for i, e := range entries {
		if layers[i], err = spatial.NewLayer(e.Schema, e.version, e.rows(ctx, tx, e.read(all))); err != nil {
			return nil, err
		}
	}
	return spatial.New(version, layers...), nil
}

// rows yields the rows of a query that [table.read] made.
func (t table) rows(ctx context.Context, tx pgx.Tx, query string, arguments ...any) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		rows, err := tx.Query(ctx, query, arguments...)
		if err != nil {
			yield(spatial.Row{}, err)
			return
		}
		defer rows.Close()
		cells, targets := make([]cell, len(t.Fields)), make([]any, 0, 2+len(t.Fields))
		for rows.Next() {
			row, err := t.scan(rows, cells, targets)
			if err != nil {
				err = fmt.Errorf("row %d: %w", row.ID, err)
			}
			if !yield(row, err) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(spatial.Row{}, err)
		}
	}
}

// silence is how long a server may take to say its version.
const silence = 5 * time.Second

// Version reads the number of the last commit. A server that is silent, as
// one that hangs or is cut off from the network, is an error, so that who asks
// again and again learns of it.
func (s *Store) Version(ctx context.Context) (version spatial.Version, err error) {
	limited, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	if err := s.pool.QueryRow(limited, "SELECT version FROM store").Scan(&version); err != nil {
		return 0, fmt.Errorf("read the version of %s: %w", s.target(), s.explain(ctx, err))
	}
	return version, nil
}
