package postgis

import (
	"github.com/jackc/pgx/v5/pgtype"

	"wangge/spatial"
)

// cell is one attribute on its way out of the database. It takes what its
// column holds, null included.
type cell struct {
	spatial.Value
}

func (c *cell) ScanText(v pgtype.Text) error {
	if v.Valid {
		c.Value = spatial.Text(v.String)
	}
	return nil
}

func (c *cell) ScanInt64(v pgtype.Int8) error {
	if v.Valid {
		c.Value = spatial.Int(v.Int64)
	}
	return nil
}

func (c *cell) ScanFloat64(v pgtype.Float8) error {
	if v.Valid {
		c.Value = spatial.Float(v.Float64)
	}
	return nil
}

func (c *cell) ScanBool(v pgtype.Bool) error {
	if v.Valid {
		c.Value = spatial.Bool(v.Bool)
	}
	return nil
}

func (c *cell) ScanDate(v pgtype.Date) error {
	if v.Valid && v.InfinityModifier == pgtype.Finite {
		c.Value = spatial.Date(v.Time)
	}
	return nil
}

func (c *cell) ScanTimestamptz(v pgtype.Timestamptz) error {
	if v.Valid && v.InfinityModifier == pgtype.Finite {
		c.Value = spatial.Time(v.Time)
	}
	return nil
}
