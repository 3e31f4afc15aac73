package postgis

import (
	"context"

	"github.com/jackc/pgx/v5"

	"wangge/spatial"
)

// follow has the edits of the table logged, from now on, whoever makes them.
func (t table) follow(ctx context.Context, tx pgx.Tx) error {
	geometry := "geom"
	if t.Geometry == spatial.NoGeometry {
		geometry = ""
	}
	_, err := tx.Exec(ctx, "SELECT layer_follow($1, $2::text::regclass, 'id', $3, true)", string(t.ID), t.name(), geometry)
	return err
}
