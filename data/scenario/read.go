package scenario

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"wangge/spatial"
)

// Find reads a scenario; the error is [spatial.ErrNotFound].
func Find(s *spatial.Snapshot, id int64) (Scenario, error) {
	missing := fmt.Errorf("scenario %d: %w", id, spatial.ErrNotFound)
	layer, err := s.Layer(Layer)
	if err != nil {
		return Scenario{}, missing
	}
	f, err := layer.Feature(id)
	if err != nil || !f.Value(fDeleted).IsNull() {
		return Scenario{}, missing
	}
	return read(f)
}

func read(f spatial.Feature) (Scenario, error) {
	c := Scenario{ID: f.ID(), Revision: f.Value(fRevision).Int(), Name: f.Value(fName).Text(), Description: f.Value(fDescription).Text(),
		Author: f.Value(fAuthor).Text(), Created: f.Value(fCreated).Time(), Updated: f.Value(fUpdated).Time()}
	if err := json.Unmarshal([]byte(f.Value(fChanges).Text()), &c.Changes); err != nil {
		return c, fmt.Errorf("changes of scenario %d: %w", c.ID, err)
	}
	return c, nil
}

// List reads all scenarios, newest first. One that cannot be read is left
// out; [Find] says why.
func List(s *spatial.Snapshot) []Scenario {
	var all []Scenario
	layer, err := s.Layer(Layer)
	if err != nil {
		return nil
	}
	for f := range layer.All() {
		if c, err := read(f); err == nil && f.Value(fDeleted).IsNull() {
			all = append(all, c)
		}
	}
	slices.Reverse(all)
	return all
}

// Chain are changes after those they build on, the farthest first. It is
// refused with [*spatial.InvalidError] where one is missing or they run in a
// circle. self is the scenario that the changes are of, 0 for none.
func Chain(s *spatial.Snapshot, self int64, c Changes) ([]Changes, error) {
	chain := []Changes{c}
	seen := []int64{self}
	for id := c.Base; id != 0; {
		if self != 0 && id == self || slices.Contains(seen[1:], id) {
			return nil, &spatial.InvalidError{Rule: "scenario_cycle", Where: "base", Detail: fmt.Sprintf("the scenarios build on each other in a circle: %s", circle(append(seen, id))),
				Fix: "let one of them build on today, without base"}
		}
		seen = append(seen, id)
		base, err := Find(s, id)
		if err != nil {
			return nil, &spatial.InvalidError{Rule: "scenario_unknown", Where: "base", Detail: fmt.Sprintf("there is no scenario %d", id), Fix: "/scenarios lists them"}
		}
		chain = append(chain, base.Changes)
		id = base.Changes.Base
	}
	slices.Reverse(chain)
	return chain, nil
}

// circle writes the numbers of scenarios one after another.
func circle(ids []int64) string {
	text := ""
	for _, id := range ids {
		if id == 0 {
			continue
		}
		if text != "" {
			text += " → "
		}
		text += strconv.FormatInt(id, 10)
	}
	return text
}
