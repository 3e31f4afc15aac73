package main

import (
	"errors"

	"wangge/spatial"
)

// repair mends the polygons of a partition within the tolerance that the user
// gave, and reports what it did.
func (i *importing) repair(c spatial.Change) (spatial.Change, error) {
	if i.Repair != "" {
		return c, errors.New("--repair is not there yet")
	}
	return c, nil
}
