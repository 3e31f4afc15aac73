package api

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"wangge/spatial"
	"wangge/spatial/filter"
)

// interval is a span of time, both ends included; a zero end is open.
type interval struct{ from, to moment }

// moment is an instant, or a whole day.
type moment struct {
	at  time.Time
	day bool
}

// parseDatetime reads an instant or an interval (RFC 3339).
func parseDatetime(text string) (interval, error) {
	from, to, two := strings.Cut(text, "/")
	if !two {
		m, err := parseMoment(text)
		return interval{m, m}, err
	}
	if strings.Contains(to, "/") {
		return interval{}, fmt.Errorf("%d parts; an interval has two", strings.Count(text, "/")+1)
	}
	first, err := parseEnd(from)
	if err != nil {
		return interval{}, err
	}
	last, err := parseEnd(to)
	if err == nil && !last.at.IsZero() && last.at.Before(first.at) {
		err = errors.New("the interval ends before it begins")
	}
	return interval{first, last}, err
}

func parseEnd(text string) (moment, error) {
	if text == "" || text == ".." {
		return moment{}, nil
	}
	return parseMoment(text)
}

func parseMoment(text string) (moment, error) {
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return moment{at: at}, nil
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return moment{}, fmt.Errorf("%q is not an instant", shorten(text))
	}
	return moment{at, true}, nil
}

// primaryInstant is the field that datetime asks about: the first date or
// time of the layer; -1 if it has none.
func primaryInstant(schema *spatial.Schema) int {
	for i := range schema.Fields {
		if t := schema.Fields[i].Type; t == spatial.TypeDate || t == spatial.TypeTime {
			return i
		}
	}
	return -1
}

// during is the filter that an interval asks for.
func (v interval) during(schema *spatial.Schema) (*filter.Filter, error) {
	field := primaryInstant(schema)
	if field < 0 {
		return nil, datetimeParam.refuse(fmt.Sprintf("%s has no date or time; its data are as of %s", schema.ID, schema.AsOf))
	}
	if schema.Fields[field].Type == spatial.TypeDate {
		return filter.During(field, v.from.date(), v.to.date()), nil
	}
	return filter.During(field, v.from.first(), v.to.last()), nil
}

// date is the calendar day, as the moment was written.
func (m moment) date() spatial.Value {
	if m.at.IsZero() {
		return spatial.Null
	}
	return spatial.Date(m.at)
}

// first and last are the ends of the moment, days being those of UTC.
func (m moment) first() spatial.Value {
	if m.at.IsZero() {
		return spatial.Null
	}
	return spatial.Time(m.at)
}

func (m moment) last() spatial.Value {
	if !m.at.IsZero() && m.day {
		return spatial.Time(m.at.AddDate(0, 0, 1).Add(-time.Microsecond))
	}
	return m.first()
}
