package postgis

import (
	"context"

	"github.com/jackc/pgx/v5"

	"wangge/spatial"
)

// follow has the edits of the table logged, from now on, whoever makes them.
func (t table) follow(ctx context.Context, tx pgx.Tx) error {
	id, geometry := "id", "geom"
	if t.Geometry == spatial.NoGeometry {
		geometry = ""
	}
	if t.mapping != nil {
		id, geometry = t.mapping.ID, t.mapping.Geometry
	}
	_, err := tx.Exec(ctx, "SELECT layer_follow($1, $2::text::regclass, $3, $4, $5)", string(t.ID), t.name(), id, geometry, t.mapping == nil)
	return err
}

// guard has every client's edits of a partition proved before they are
// committed.
func (t table) guard(ctx context.Context, tx pgx.Tx) error {
	if !t.Partition || t.Code == "" || t.mapping != nil {
		return nil
	}
	_, err := tx.Exec(ctx, "SELECT layer_guard($1, $2::text::regclass)", string(t.ID), t.name())
	return err
}

// unfollow ends that, if the table is still there.
func (t table) unfollow(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "SELECT layer_unfollow($1, r) FROM to_regclass($2) AS r WHERE r IS NOT NULL", string(t.ID), t.name())
	return err
}
