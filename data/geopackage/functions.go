package geopackage

import (
	"context"
	"database/sql/driver"

	"github.com/paulmach/orb"
	"modernc.org/sqlite"
)

// connector opens connections that know the five functions which the
// standard R-tree triggers call, OGC 12-128r18 annex F.3. Other files' and
// other programs' triggers use them too.
type connector struct {
	driver *sqlite.Driver
	dsn    string
}

func newConnector(dsn string) (*connector, error) {
	d := new(sqlite.Driver)
	for name, f := range map[string]func(orb.Bound, bool) driver.Value{
		"ST_IsEmpty": func(_ orb.Bound, ok bool) driver.Value { return !ok },
		"ST_MinX":    bound(func(b orb.Bound) float64 { return b.Min[0] }),
		"ST_MaxX":    bound(func(b orb.Bound) float64 { return b.Max[0] }),
		"ST_MinY":    bound(func(b orb.Bound) float64 { return b.Min[1] }),
		"ST_MaxY":    bound(func(b orb.Bound) float64 { return b.Max[1] }),
	} {
		if err := d.RegisterDeterministicScalarFunction(name, 1, ofBlob(f)); err != nil {
			return nil, err
		}
	}
	return &connector{d, dsn}, nil
}

func (c *connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c *connector) Driver() driver.Driver                        { return c.driver }

func bound(of func(orb.Bound) float64) func(orb.Bound, bool) driver.Value {
	return func(b orb.Bound, ok bool) driver.Value {
		if !ok {
			return nil
		}
		return of(b)
	}
}

// ofBlob makes an SQL function of a geometry; NULL and what is no geometry
// give NULL.
func ofBlob(f func(orb.Bound, bool) driver.Value) func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
	return func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		blob, ok := args[0].([]byte)
		if !ok {
			return nil, nil
		}
		b, ok, err := parseBound(blob)
		if err != nil {
			return nil, nil
		}
		return f(b, ok), nil
	}
}
