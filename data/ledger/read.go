package ledger

import (
	"encoding/base64"
	"fmt"
	"slices"

	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// Find reads an adjustment; the error is [spatial.ErrNotFound].
func Find(s *spatial.Snapshot, id int64) (adjustment.Adjustment, error) {
	e, err := find(s, id)
	return e.Adjustment, err
}

func find(s *spatial.Snapshot, id int64) (entry, error) {
	layer, err := s.Layer(adjustmentLayer)
	if err != nil {
		return entry{}, fmt.Errorf("adjustment %d: %w", id, spatial.ErrNotFound)
	}
	f, err := layer.Feature(id)
	if err != nil {
		return entry{}, fmt.Errorf("adjustment %d: %w", id, spatial.ErrNotFound)
	}
	return read(f)
}

// list are all adjustments without their steps, newest first.
type list []entry

// entries reads all adjustments, once for a state of them. One that cannot be
// read is left out; [Find] says why.
func entries(s *spatial.Snapshot) list {
	all, _ := spatial.Derive(s, []spatial.LayerID{adjustmentLayer}, func(s *spatial.Snapshot) (list, error) {
		layer, err := s.Layer(adjustmentLayer)
		if err != nil {
			return nil, err
		}
		var all list
		for f := range layer.All() {
			if e, err := summary(f); err == nil {
				all = append(all, e)
			}
		}
		slices.SortFunc(all, func(a, b entry) int { return int(b.ID - a.ID) })
		return all, nil
	})
	return all
}

// List reads all adjustments, newest first, without their steps, which [Find]
// reads. It costs a copy where they are as they were when last listed.
func List(s *spatial.Snapshot) []adjustment.Adjustment {
	var all []adjustment.Adjustment
	for _, e := range entries(s) {
		all = append(all, e.Adjustment)
	}
	return all
}

// index finds lines of the audit.
type index struct {
	of   map[int64][]int64 // by adjustment, ascending
	keys map[[2]string]int64
	last int64
}

func indexOf(s *spatial.Snapshot) index {
	found, _ := spatial.Derive(s, []spatial.LayerID{logLayer}, func(s *spatial.Snapshot) (index, error) {
		found := index{of: map[int64][]int64{}, keys: map[[2]string]int64{}}
		layer, err := s.Layer(logLayer)
		if err != nil {
			return found, err
		}
		for f := range layer.All() {
			id := f.Value(rAdjustment).Int()
			found.of[id] = append(found.of[id], f.ID())
			if key := f.Value(rKey).Text(); key != "" {
				found.keys[[2]string{f.Value(rActor).Text(), key}] = f.ID()
			}
			found.last = max(found.last, f.ID())
		}
		for _, ids := range found.of {
			slices.Sort(ids)
		}
		return found, nil
	})
	return found
}

// Audit reads what was done to an adjustment, oldest first.
func Audit(s *spatial.Snapshot, id int64) []adjustment.Record {
	layer, err := s.Layer(logLayer)
	if err != nil {
		return nil
	}
	var records []adjustment.Record
	for _, line := range indexOf(s).of[id] {
		if f, err := layer.Feature(line); err == nil {
			records = append(records, recordOf(f))
		}
	}
	return records
}

// Document reads the document of a decision; the error is
// [spatial.ErrNotFound] where none was recorded.
func Document(s *spatial.Snapshot, id int64) (name string, content []byte, err error) {
	a, err := Find(s, id)
	if err != nil {
		return "", nil, err
	}
	layer, err := s.Layer(documentLayer)
	if err != nil || a.Decision == nil || a.Decision.File == "" {
		return "", nil, fmt.Errorf("document of adjustment %d: %w", id, spatial.ErrNotFound)
	}
	var newest spatial.Feature
	found := false
	for f := range layer.All() {
		if f.Value(dAdjustment).Int() == id && (!found || f.ID() > newest.ID()) {
			newest, found = f, true
		}
	}
	if !found {
		return "", nil, fmt.Errorf("document of adjustment %d: %w", id, spatial.ErrNotFound)
	}
	content, err = base64.StdEncoding.DecodeString(newest.Value(dContent).Text())
	return newest.Value(dName).Text(), content, err
}

// Actions are those an actor could carry out now on an adjustment.
func Actions(a adjustment.Adjustment, by adjustment.Actor) []adjustment.Action { return a.Actions(by) }
