package spatial

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/paulmach/orb"
)

var (
	// ErrNotFound says that a named layer, feature or code does not exist.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that a change was planned on a state that is no
	// longer the current one. Plan again on the current snapshot.
	ErrConflict = errors.New("conflict with a newer version")
)

// InvalidError refuses an input by a named rule, with the place of the fault.
type InvalidError struct {
	Rule   string     // lower snake case, stable: "ring_closed", "grids_code_digits"
	Where  string     // the thing at fault: "feature 12", "field code of grids 7"
	At     *orb.Point // degrees lon, lat; nil where the fault has no position
	Detail string     // what is wrong, in words
	Fix    string     // what to do about it; may be empty
}

// Error joins place, detail and fix into one line.
func (e *InvalidError) Error() string {
	text := e.Detail
	if e.Where != "" {
		text = e.Where + ": " + text
	}
	if e.At != nil {
		text += " at " + degrees(e.At[0]) + "," + degrees(e.At[1])
	}
	if e.Fix != "" {
		text += "; " + e.Fix
	}
	return text + " (" + e.Rule + ")"
}

// degrees writes a coordinate to 10⁻⁹ degree, about 0.1 mm.
func degrees(x float64) string {
	return strconv.FormatFloat(math.Round(x*1e9)/1e9, 'f', -1, 64)
}

// within returns err with the place put before its own place; errors of
// other kinds are wrapped.
func within(where string, err error) error {
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("%s: %w", where, err)
	}
	placed := *invalid
	placed.Where = where
	if invalid.Where != "" {
		placed.Where += ", " + invalid.Where
	}
	return &placed
}
