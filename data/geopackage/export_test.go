package geopackage

import "database/sql"

// Foreign is a connection as a GIS would open it: with the functions of the
// standard triggers, and without anything else of ours.
func Foreign(path string) (*sql.DB, error) {
	c, err := newConnector(path)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}
