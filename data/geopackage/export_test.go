package geopackage

import (
	"context"
	"database/sql"
)

// Foreign is a connection as a GIS would open it: with the functions of the
// standard triggers, and without anything else of ours.
func Foreign(path string) (*sql.DB, error) {
	c, err := newConnector(path)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

// ParseBound is the extent of a geometry, of which the header is enough.
var ParseBound = parseBound

// Looker is one look of Watch at the file.
func (s *Store) Looker(ctx context.Context) (func() (int64, error), error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	statement, err := conn.PrepareContext(ctx, "PRAGMA data_version")
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	return func() (int64, error) { return s.look(ctx, statement) }, nil
}
