package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// Writers are the roles that may keep scenarios.
var writers = []adjustment.Role{adjustment.Proposer, adjustment.Reviewer, adjustment.Approver, adjustment.Admin}

// Book keeps the scenarios of a live store. Its methods are safe for
// concurrent use.
type Book struct {
	live *data.Live
	now  func() time.Time
}

// New is the book of a live store.
func New(live *data.Live, now func() time.Time) *Book { return &Book{live, now} }

// StaleError says that a scenario has changed since it was read.
type StaleError struct{ ID, Have, Newest int64 }

func (e *StaleError) Error() string {
	return fmt.Sprintf("scenario %d is at revision %d, not %d", e.ID, e.Newest, e.Have)
}

// UsedError says that other scenarios build on one.
type UsedError struct {
	ID int64
	By []int64
}

func (e *UsedError) Error() string {
	return fmt.Sprintf("scenario %d cannot go: %v build on it", e.ID, e.By)
}

// MayWrite says whether an actor may keep scenarios.
func MayWrite(by adjustment.Actor) bool { return slices.Contains(writers, by.Role) }

// MayChange says whether an actor may change or delete a scenario: who made
// it, and an admin.
func (c Scenario) MayChange(by adjustment.Actor) bool {
	return by.Role == adjustment.Admin || MayWrite(by) && by.Name == c.Author
}

// Create keeps a new scenario. The error is [*adjustment.ForbiddenError] or
// [*spatial.InvalidError].
func (b *Book) Create(ctx context.Context, by adjustment.Actor, name, description string, changes Changes) (Scenario, error) {
	made := Scenario{Name: name, Description: description, Changes: changes, Author: by.Name, Revision: 1}
	err := b.edit(ctx, func(s *spatial.Snapshot) (Scenario, error) {
		if !MayWrite(by) {
			return made, &adjustment.ForbiddenError{Rule: "role", Detail: fmt.Sprintf("a %s may not keep scenarios", by.Role), Fix: "send the scenario with the question: nothing is kept then"}
		}
		if _, err := Chain(s, 0, changes); err != nil {
			return made, err
		}
		made.ID = 1
		if layer, err := s.Layer(Layer); err == nil {
			made.ID = layer.LastID() + 1
		}
		made.Created = b.moment()
		made.Updated = made.Created
		return made, nil
	}, false)
	return made, err
}

// Replace puts a scenario in place of what it was; revision 0 is whichever.
// Errors are those of [Book.Create], [*StaleError] and [spatial.ErrNotFound].
func (b *Book) Replace(ctx context.Context, by adjustment.Actor, id, revision int64, name, description string, changes Changes) (made Scenario, err error) {
	err = b.edit(ctx, func(s *spatial.Snapshot) (Scenario, error) {
		if made, err = b.take(s, by, id, revision); err != nil {
			return made, err
		}
		if _, err := Chain(s, id, changes); err != nil {
			return made, err
		}
		made.Name, made.Description, made.Changes = name, description, changes
		made.Revision++
		made.Updated = b.moment()
		return made, nil
	}, false)
	return made, err
}

// Delete takes a scenario away; [*UsedError] if others build on it.
func (b *Book) Delete(ctx context.Context, by adjustment.Actor, id, revision int64) error {
	return b.edit(ctx, func(s *spatial.Snapshot) (Scenario, error) {
		gone, err := b.take(s, by, id, revision)
		if err != nil {
			return gone, err
		}
		used := &UsedError{ID: id}
		for _, other := range List(s) {
			if other.Changes.Base == id {
				used.By = append(used.By, other.ID)
			}
		}
		if used.By != nil {
			return gone, used
		}
		gone.Revision++
		gone.Updated = b.moment()
		return gone, nil
	}, true)
}

// take finds a scenario that an actor may change.
func (b *Book) take(s *spatial.Snapshot, by adjustment.Actor, id, revision int64) (Scenario, error) {
	c, err := Find(s, id)
	switch {
	case err != nil:
		return c, err
	case !c.MayChange(by):
		return c, &adjustment.ForbiddenError{Rule: "scenario_author", Detail: fmt.Sprintf("scenario %d is %s's", id, c.Author), Fix: "make one of your own that builds on it, with base"}
	case revision != 0 && revision != c.Revision:
		return c, &StaleError{ID: id, Have: revision, Newest: c.Revision}
	}
	return c, nil
}

func (b *Book) moment() time.Time { return b.now().UTC().Truncate(time.Microsecond) }

// edit commits the row of a scenario as work leaves it.
func (b *Book) edit(ctx context.Context, work func(*spatial.Snapshot) (Scenario, error), deleted bool) error {
	_, err := b.live.Edit(ctx, func(s *spatial.Snapshot) (spatial.Change, error) {
		c, err := work(s)
		if err != nil {
			return spatial.Change{}, err
		}
		row, err := rowOf(c, deleted)
		if err != nil {
			return spatial.Change{}, err
		}
		change := spatial.Change{Note: fmt.Sprintf("scenario %d: %s", c.ID, c.Name), Layers: []spatial.LayerChange{{Layer: Layer, Put: []spatial.Row{row}}}}
		if _, err := s.Layer(Layer); err != nil {
			change.Create = []*spatial.Schema{Schema()}
		}
		return change, Schema().ValidateRow(row)
	})
	return err
}

func rowOf(c Scenario, deleted bool) (spatial.Row, error) {
	text, err := json.Marshal(c.Changes)
	if err != nil {
		return spatial.Row{}, fmt.Errorf("scenario %d: %w", c.ID, err)
	}
	values := make([]spatial.Value, fChanges+1)
	values[fName], values[fRevision], values[fAuthor] = spatial.Text(c.Name), spatial.Int(c.Revision), spatial.Text(c.Author)
	values[fCreated], values[fUpdated], values[fChanges] = spatial.Time(c.Created), spatial.Time(c.Updated), spatial.Text(string(text))
	if c.Description != "" {
		values[fDescription] = spatial.Text(c.Description)
	}
	if c.Changes.Base != 0 {
		values[fBase] = spatial.Int(c.Changes.Base)
	}
	if deleted {
		values[fDeleted] = spatial.Time(c.Updated)
	}
	return spatial.Row{ID: c.ID, Values: values}, nil
}
