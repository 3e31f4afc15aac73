package ledger

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/closure"
	"wangge/spatial/relate"
	"wangge/spatial/road"
)

// closureLog is the internal layer of what was done to closures through the
// service.
const closureLog spatial.LayerID = "closure_log"

// The fields of the log, in order.
const (
	cClosure = iota
	cAt
	cActor
	cRole
	cStreet
	cAction
	cTag
	cKey
	cRequest
)

// What is done to closures.
const (
	CloseRoad  = "close"
	EditRoad   = "edit"
	ReopenRoad = "reopen"
)

// ClosureSchemas describe the layer of closures and that of what was done to
// them. The first one is published.
func ClosureSchemas() []*spatial.Schema {
	text := func(name string) spatial.Field { return spatial.Field{Name: name, Type: spatial.TypeText} }
	must := func(f spatial.Field) spatial.Field { f.Required = true; return f }
	return []*spatial.Schema{closure.Schema(), {ID: closureLog, Internal: true, Title: spatial.Title{ZH: "道路封闭记录", EN: "Log of closures"}, Fields: []spatial.Field{
		must(spatial.Field{Name: "closure", Type: spatial.TypeInt}), must(spatial.Field{Name: "at", Type: spatial.TypeTime}), must(text("actor")), must(text("role")), text("street"),
		must(text("action")), text("tag"), text("request_key"), text("request_digest")}}}
}

// ClosureTag tells the contents of closures apart, whoever wrote them.
func ClosureTag(c closure.Closure) string {
	sum := fnv.New64a()
	row := c.Row()
	fmt.Fprintf(sum, "%d %v", row.ID, row.Geometry)
	for _, v := range row.Values {
		fmt.Fprintf(sum, " %q", v.String())
	}
	return fmt.Sprintf("%016x", sum.Sum64())
}

// StaleClosureError refuses to change a closure that is no longer as it was
// read.
type StaleClosureError struct{ ID int64 }

func (e *StaleClosureError) Error() string {
	return fmt.Sprintf("closure %d has changed since it was read", e.ID)
}

// FindClosure reads a closure; the error is [spatial.ErrNotFound].
func FindClosure(s *spatial.Snapshot, id int64) (closure.Closure, error) {
	layer, err := s.Layer(closure.Layer)
	if err != nil {
		return closure.Closure{}, fmt.Errorf("closure %d: %w", id, spatial.ErrNotFound)
	}
	f, err := layer.Feature(id)
	if err != nil {
		return closure.Closure{}, err
	}
	return closure.Of(f), nil
}

// MayClose says whether somebody may make or change a closure: the district's
// grid centre any, a street office those of which every stretch lies in its
// street or on its boundary. The error is [*adjustment.ForbiddenError].
func MayClose(s *spatial.Snapshot, by adjustment.Actor, c closure.Closure) error {
	switch by.Role {
	case adjustment.Admin, adjustment.Reviewer:
		return nil
	case adjustment.Proposer:
		return withinStreet(s, by.Street, c)
	}
	return &adjustment.ForbiddenError{Rule: "role", Detail: fmt.Sprintf("a %s may not close roads", by.Role), Fix: "ask the street office or the district's grid centre"}
}

func withinStreet(s *spatial.Snapshot, code string, c closure.Closure) error {
	n, err := road.Of(s)
	if err != nil {
		return noRoads(err)
	}
	streets, err := s.Layer("streets")
	if err != nil {
		return err
	}
	street, err := streets.ByCode(code)
	if err != nil {
		return err
	}
	own := relate.New(street.Geometry())
	for _, edge := range c.Edges(n) {
		if !relate.Intersects(own, relate.New(n.Edge(edge).Line)) {
			return &adjustment.ForbiddenError{Rule: "closure_street", Detail: fmt.Sprintf("it closes a stretch of %s that is not in %s", n.Edge(edge).Name(), street.Label()),
				Fix: "close only what lies in the own street: give a shape beside the names of roads; or ask the district's grid centre"}
		}
	}
	return nil
}

func noRoads(err error) error {
	if !errors.Is(err, spatial.ErrNotFound) {
		return err
	}
	return &spatial.InvalidError{Rule: "no_roads", Where: "layer roads", Detail: "the store has no roads that could be closed", Fix: "import the layer roads first"}
}

// Close makes a closure and gives it its number. What was asked for is told
// apart from other requests by asked: a closure that is to begin at once has
// another beginning each time.
func (l *Ledger) Close(ctx context.Context, by Request, asked any, c closure.Closure) (closure.Closure, error) {
	return l.editClosure(ctx, by, CloseRoad, []any{asked}, func(d *closureDesk) error {
		c.ID = d.nextID()
		return d.put(c)
	})
}

// AmendClosure changes a closure that still has a tag; "" is any.
func (l *Ledger) AmendClosure(ctx context.Context, by Request, id int64, tag string, asked any, change func(*closure.Closure) error) (closure.Closure, error) {
	return l.editClosure(ctx, by, EditRoad, []any{id, asked}, func(d *closureDesk) error {
		c, err := d.take(id, tag)
		if err == nil {
			err = change(&c)
		}
		if err != nil {
			return err
		}
		return d.put(c)
	})
}

// Reopen removes a closure that still has a tag; "" is any.
func (l *Ledger) Reopen(ctx context.Context, by Request, id int64, tag string) error {
	_, err := l.editClosure(ctx, by, ReopenRoad, []any{id}, func(d *closureDesk) error {
		if _, err := d.take(id, tag); err != nil {
			return err
		}
		d.id, d.change.Layers = id, []spatial.LayerChange{{Layer: closure.Layer, Delete: []int64{id}}}
		return nil
	})
	return err
}

// closureDesk is where one request about a closure is worked out, on one
// snapshot.
type closureDesk struct {
	snapshot *spatial.Snapshot
	by       Request
	at       time.Time
	id       int64
	tag      string
	change   spatial.Change
}

// editClosure carries a request out in one commit with its line in the log,
// unless it was before.
func (l *Ledger) editClosure(ctx context.Context, by Request, action string, request []any, work func(*closureDesk) error) (closure.Closure, error) {
	digest, err := digestOf(adjustment.Action("closure "+action), request)
	if err != nil {
		return closure.Closure{}, err
	}
	at := l.now().UTC().Truncate(time.Microsecond)
	var id int64
	after, err := l.live.Edit(ctx, func(s *spatial.Snapshot) (spatial.Change, error) {
		var err error
		if id, err = closureRepeated(s, by, digest); err != nil || id != 0 {
			return spatial.Change{}, err
		}
		d := &closureDesk{snapshot: s, by: by, at: at}
		for _, schema := range ClosureSchemas() {
			if _, err := s.Layer(schema.ID); err != nil {
				d.change.Create = append(d.change.Create, schema)
			}
		}
		if err := work(d); err != nil {
			return spatial.Change{}, err
		}
		id = d.id
		d.log(action, digest)
		return d.change, nil
	})
	if err != nil || action == ReopenRoad {
		return closure.Closure{ID: id}, err
	}
	return FindClosure(after, id)
}

// take finds the closure to change, if it is as it was read.
func (d *closureDesk) take(id int64, tag string) (closure.Closure, error) {
	c, err := FindClosure(d.snapshot, id)
	if err != nil {
		return c, err
	}
	if tag != "" && tag != ClosureTag(c) {
		return c, &StaleClosureError{id}
	}
	return c, MayClose(d.snapshot, d.by.Actor, c)
}

// put checks a closure and keeps it.
func (d *closureDesk) put(c closure.Closure) error {
	n, err := road.Of(d.snapshot)
	if err != nil {
		return noRoads(err)
	}
	if err := c.Check(n); err != nil {
		return err
	}
	if !c.Until.IsZero() && !c.Until.After(d.at) && !d.known(c.ID) {
		return &spatial.InvalidError{Rule: "closure_past", Where: "until", Detail: "it is over already", Fix: "give a time to come"}
	}
	if err := MayClose(d.snapshot, d.by.Actor, c); err != nil {
		return err
	}
	if err := d.valid(c); err != nil {
		return err
	}
	d.id, d.tag = c.ID, ClosureTag(c)
	d.change.Layers = []spatial.LayerChange{{Layer: closure.Layer, Put: []spatial.Row{c.Row()}}}
	return nil
}

// valid holds the row against the schema, and that against the layer, which
// somebody else may have made.
func (d *closureDesk) valid(c closure.Closure) error {
	schema := closure.Schema()
	if layer, err := d.snapshot.Layer(closure.Layer); err == nil {
		same := slices.EqualFunc(schema.Fields, layer.Schema().Fields, func(a, b spatial.Field) bool { return a.Name == b.Name && a.Type == b.Type })
		if !same || layer.Schema().Geometry != schema.Geometry {
			return &spatial.InvalidError{Rule: "closure_layer", Where: "layer closures", Detail: "the store's layer of this name is not that of closures", Fix: "call it something else"}
		}
	}
	return schema.ValidateRow(c.Row())
}

func (d *closureDesk) known(id int64) bool {
	_, err := FindClosure(d.snapshot, id)
	return err == nil
}

// nextID is a number that no closure has, or had as far as the log tells.
func (d *closureDesk) nextID() int64 {
	last := int64(0)
	if layer, err := d.snapshot.Layer(closure.Layer); err == nil {
		last = layer.LastID()
	}
	if log, err := d.snapshot.Layer(closureLog); err == nil {
		for f := range log.All() {
			last = max(last, f.Value(cClosure).Int())
		}
	}
	return last + 1
}

// log adds the line about what was done.
func (d *closureDesk) log(action, digest string) {
	values := make([]spatial.Value, cRequest+1)
	values[cClosure], values[cAt] = spatial.Int(d.id), spatial.Time(d.at)
	for i, text := range map[int]string{cActor: d.by.Actor.Name, cRole: string(d.by.Actor.Role), cStreet: d.by.Actor.Street, cAction: action, cTag: d.tag, cKey: d.by.Key, cRequest: digest} {
		values[i] = optional(text)
	}
	d.change.Layers = append(d.change.Layers, spatial.LayerChange{Layer: closureLog, Put: []spatial.Row{{ID: nextID(d.snapshot, closureLog), Values: values}}})
	d.change.Note = fmt.Sprintf("%s closure %d", action, d.id)
}

// closureRepeated is the closure that a request was about when it was made
// before, 0 if it was not.
func closureRepeated(s *spatial.Snapshot, by Request, digest string) (int64, error) {
	log, err := s.Layer(closureLog)
	if err != nil || by.Key == "" {
		return 0, nil
	}
	for f := range log.All() {
		if f.Value(cActor).Text() != by.Actor.Name || f.Value(cKey).Text() != by.Key {
			continue
		}
		if f.Value(cRequest).Text() != digest {
			return 0, fmt.Errorf("the key %q was used for another request, about closure %d; use another: %w", by.Key, f.Value(cClosure).Int(), spatial.ErrConflict)
		}
		return f.Value(cClosure).Int(), nil
	}
	return 0, nil
}

// ClosureActions are what somebody may do to a closure.
func ClosureActions(s *spatial.Snapshot, by adjustment.Actor, c closure.Closure) []string {
	if !slices.Contains([]adjustment.Role{adjustment.Admin, adjustment.Reviewer, adjustment.Proposer}, by.Role) || MayClose(s, by, c) != nil {
		return nil
	}
	return []string{EditRoad, ReopenRoad}
}

// ClosureRecord is something that was done to a closure.
type ClosureRecord struct {
	At     time.Time
	Actor  adjustment.Actor
	Action string
}

// ClosureAudit reads what was done to a closure through the service, oldest
// first. What other programs did to it is not known.
func ClosureAudit(s *spatial.Snapshot, id int64) []ClosureRecord {
	log, err := s.Layer(closureLog)
	if err != nil {
		return nil
	}
	var records []ClosureRecord
	for f := range log.All() {
		if f.Value(cClosure).Int() == id {
			records = append(records, ClosureRecord{f.Value(cAt).Time(), adjustment.Actor{Name: f.Value(cActor).Text(), Role: adjustment.Role(f.Value(cRole).Text()), Street: f.Value(cStreet).Text()}, f.Value(cAction).Text()})
		}
	}
	return records
}
