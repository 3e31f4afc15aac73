package history

import (
	"fmt"

	"wangge/spatial"
)

// Check lists where the history of a snapshot breaks its invariant.
func Check(s *spatial.Snapshot) []*spatial.InvalidError {
	var faults []*spatial.InvalidError
	for _, id := range Tracked(s) {
		if b, ok := bookOf(s, id); ok {
			faults = append(faults, b.check()...)
		}
	}
	return faults
}

func (b book) check() []*spatial.InvalidError {
	var faults []*spatial.InvalidError
	last := map[int64]spatial.Feature{}
	var end spatial.Feature
	for kept := range b.kept.All() {
		id := b.feature(kept)
		before, follows := last[id]
		fault := b.fault(kept, before, follows)
		if fault == "" && end.Layer() != nil && b.time(kept, fieldRecordedTo).Before(b.time(end, fieldRecordedTo)) {
			fault = "it was recorded before the row before it"
		}
		if fault != "" {
			faults = append(faults, &spatial.InvalidError{Rule: string(b.kept.ID()) + "_order",
				Where: fmt.Sprintf("%s %d", b.kept.ID(), kept.ID()), Detail: fault})
		}
		last[id], end = kept, kept
	}
	return faults
}

// fault is what is wrong with a row that follows another of its feature.
func (b book) fault(kept, before spatial.Feature, follows bool) string {
	var previous int64
	e, was := b.entry(kept), Entry{}
	if follows {
		previous, was = before.ID(), b.entry(before)
	}
	switch {
	case e.Feature <= 0:
		return "it is of no feature"
	case kept.Value(b.at[fieldPrevious]).Int() != previous:
		return fmt.Sprintf("it does not name the row before it of its feature, %d", previous)
	case !e.ValidFrom.Equal(was.ValidTo) || !e.RecordedFrom.Equal(was.RecordedTo):
		return "it does not begin where the one before it of its feature ends"
	case e.ValidTo.Before(e.ValidFrom) || e.RecordedTo.Before(e.RecordedFrom):
		return "it ends before it begins"
	case e.ValidTo.After(e.RecordedTo):
		return "it ends later than that was recorded"
	}
	return ""
}
