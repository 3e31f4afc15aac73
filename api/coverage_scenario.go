package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/planar"

	"wangge/data/ledger"
	"wangge/data/scenario"
	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/geodesic"
	"wangge/spatial/partition"
	"wangge/spatial/road"
	"wangge/spatial/shelter"
)

// whatIf is a scenario that a question is asked about.
type whatIf struct {
	id      int64 // of a saved one; 0 for one that came with the request
	name    string
	changes scenario.Changes
	chain   []scenario.Changes // with those they build on, the farthest first
}

// What a scenario may have at most.
const (
	maxChanges = 500
	maxName    = 200
)

var (
	changeMembers = []string{"base", "rule", "add", "close", "enlarge", "move", "block", "adjustment"}
	classNames    = []string{"emergency", "short_term", "medium_term", "long_term"}
)

// whatIf reads the scenario of a body or of the address; nil for none.
func (r *request) whatIf(body node) (*whatIf, error) {
	raw := body.members[scenarioParam.name]
	switch {
	case body.has(scenarioParam.name) && strings.HasPrefix(strings.TrimSpace(string(raw)), "{"):
		changes, err := r.changes(raw, body.place(scenarioParam.name))
		if err != nil {
			return nil, err
		}
		delete(r.values, scenarioParam.name)
		return r.resolved(&whatIf{changes: changes})
	case body.has(scenarioParam.name):
		if err := r.members(body, []parameter{scenarioParam}); err != nil {
			return nil, err
		}
	}
	if !scenarioParam.given(r) {
		return nil, nil
	}
	if err := r.signed("a saved scenario"); err != nil {
		return nil, err
	}
	saved, err := scenario.Find(r.whole, scenarioParam.of(r))
	if err != nil {
		return nil, unfoundScenario(scenarioParam.of(r), err)
	}
	return r.resolved(&whatIf{id: saved.ID, name: saved.Name, changes: saved.Changes})
}

// resolved finds the scenarios that one builds on.
func (r *request) resolved(w *whatIf) (_ *whatIf, err error) {
	if w.changes.Base != 0 {
		if err := r.signed("a saved scenario"); err != nil {
			return nil, err
		}
	}
	w.chain, err = scenario.Chain(r.whole, w.id, w.changes)
	return w, err
}

// signed refuses who has no token.
func (r *request) signed(what string) error {
	if r.actor.Role != "" {
		return nil
	}
	return &problem{Status: http.StatusUnauthorized, Kind: "sign-in", Rule: "sign_in", Detail: what + " is shown to those who are signed in",
		Fix: "send the header Authorization: Bearer with a token of wangge token create"}
}

func unfoundScenario(id int64, err error) error {
	if !errors.Is(err, spatial.ErrNotFound) {
		return err
	}
	return &problem{Status: http.StatusNotFound, Kind: "not-found", Rule: "scenario_unknown", Where: fmt.Sprintf("scenario %d", id), Detail: "there is no scenario of this number", Fix: "/scenarios lists them"}
}

// changes reads what a scenario changes.
func (r *request) changes(raw json.RawMessage, where string) (c scenario.Changes, err error) {
	n, err := parseNode(raw, where, changeMembers)
	if err != nil {
		return c, err
	}
	if c.Base, err = n.number("base"); err != nil {
		return c, err
	}
	if c.Adjustment, err = n.number("adjustment"); err != nil {
		return c, err
	}
	if c.Rule, err = n.text("rule", maxCode); err != nil {
		return c, err
	}
	if c.Close, err = n.names("close"); err != nil {
		return c, err
	}
	if c.Add, err = eachOf(n, "add", []string{"name", "at", "area", "setting", "class", "hazards"}, addedSite); err != nil {
		return c, err
	}
	if c.Enlarge, err = eachOf(n, "enlarge", []string{"shelter", "area"}, resized); err != nil {
		return c, err
	}
	if c.Move, err = eachOf(n, "move", []string{"shelter", "at"}, shifted); err != nil {
		return c, err
	}
	for i := range c.Add {
		if c.Add[i].At, err = r.meant(c.Add[i].At); err != nil {
			return c, placed(fmt.Sprintf("%s[%d].at", n.place("add"), i), err)
		}
	}
	for i := range c.Move {
		if c.Move[i].At, err = r.meant(c.Move[i].At); err != nil {
			return c, placed(fmt.Sprintf("%s[%d].at", n.place("move"), i), err)
		}
	}
	c.Block, err = eachOf(n, "block", []string{"line", "area", "road"}, func(n node) (scenario.Block, error) { return blocked(n, datumParam.of(r)) })
	return c, err
}

// eachOf reads the objects of a list.
func eachOf[T any](n node, name string, members []string, read func(node) (T, error)) ([]T, error) {
	if !n.has(name) {
		return nil, nil
	}
	list, err := n.list(name, maxChanges)
	if err != nil {
		return nil, err
	}
	var all []T
	for i, raw := range list {
		item, err := parseNode(raw, fmt.Sprintf("%s[%d]", n.place(name), i), members)
		if err != nil {
			return nil, err
		}
		value, err := read(item)
		if err != nil {
			return nil, err
		}
		all = append(all, value)
	}
	return all, nil
}

func addedSite(n node) (p scenario.Site, err error) {
	if p.Name, err = n.text("name", maxName); err != nil {
		return p, err
	}
	if p.At, err = n.position("at"); err != nil {
		return p, err
	}
	if p.Area, err = n.area(); err != nil {
		return p, err
	}
	if p.Setting, err = n.oneOf("setting", "", string(shelter.Indoor), string(shelter.Outdoor)); err != nil {
		return p, err
	}
	if p.Setting == "" {
		return p, n.refuse("setting", "site_setting", "it is missing", "say indoor or outdoor: earthquakes are for outdoor shelters, all else for indoor ones")
	}
	if p.Class, err = n.oneOf("class", "", classNames...); err != nil {
		return p, err
	}
	p.Hazards, err = n.texts("hazards", len(shelter.Hazards()))
	for _, h := range p.Hazards {
		if _, err := shelter.ParseHazard(h); err != nil {
			return p, placed(n.place("hazards"), err)
		}
	}
	return p, err
}

func resized(n node) (e scenario.Resize, err error) {
	if e.Shelter, err = n.name("shelter"); err != nil {
		return e, err
	}
	e.Area, err = n.area()
	return e, err
}

func shifted(n node) (m scenario.Shift, err error) {
	if m.Shelter, err = n.name("shelter"); err != nil {
		return m, err
	}
	m.At, err = n.position("at")
	return m, err
}

func blocked(n node, in frame) (b scenario.Block, err error) {
	if b.Road, err = n.number("road"); err != nil {
		return b, err
	}
	line, err := n.drawing("line", in, spatial.Lines)
	if err != nil {
		return b, err
	}
	area, err := n.drawing("area", in, spatial.Polygons)
	if err != nil {
		return b, err
	}
	given := 0
	if line != nil {
		b.Line, given = geojson.NewGeometry(line), given+1
	}
	if area != nil {
		b.Area, given = geojson.NewGeometry(area), given+1
	}
	if b.Road != 0 {
		given++
	}
	if given != 1 {
		return b, n.refuse("line", "block_one", fmt.Sprintf("a block has %d of line, area and road", given), "give one of them")
	}
	return b, nil
}

// number is a member's whole number of at least 1; 0 if there is none.
func (n node) number(name string) (int64, error) {
	if !n.has(name) {
		return 0, nil
	}
	v, err := strconv.ParseInt(scalarText(n.members[name]), 10, 64)
	if err != nil || v < 1 {
		return 0, n.refuse(name, "member_number", fmt.Sprintf("%s is not a whole number of at least 1", shorten(string(n.members[name]))), "give the number of what is meant")
	}
	return v, nil
}

// float is a member's finite number; given is false if there is none.
func (n node) float(name string) (v float64, given bool, err error) {
	if !n.has(name) {
		return 0, false, nil
	}
	if json.Unmarshal(n.members[name], &v) != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false, n.refuse(name, "member_number", "it is not a number", "give a number without quotation marks")
	}
	return v, true, nil
}

// area is an effective area in m², which must be there.
func (n node) area() (float64, error) {
	v, given, err := n.float("area")
	switch {
	case err != nil:
		return 0, err
	case !given:
		return 0, n.refuse("area", "area_missing", "it is missing", "give the effective area in m²")
	case v < 0:
		return 0, n.refuse("area", "area_negative", fmt.Sprintf("an area of %v m² is less than none", v), "give the effective area in m²; 0 for a shelter without places")
	case v > maxSiteArea:
		return 0, n.refuse("area", "area_large", fmt.Sprintf("%v m² is more than %v m²", v, maxSiteArea), "give square metres")
	}
	return v, nil
}

// maxSiteArea is more than the district has.
const maxSiteArea = 1e9

// position is a member's place in degrees, which must be there.
func (n node) position(name string) (p orb.Point, err error) {
	if !n.has(name) {
		return p, n.refuse(name, "position", "it is missing", "give [longitude, latitude] in degrees")
	}
	if p, err = parsePosition(n.members[name]); err != nil {
		if errors.As(err, new(*spatial.InvalidError)) {
			return p, placed(n.place(name), err)
		}
		return p, n.refuse(name, "position", err.Error(), "give [longitude, latitude] in degrees")
	}
	return p, nil
}

// oneOf is a member's word among some; initial if there is none.
func (n node) oneOf(name, initial string, choices ...string) (string, error) {
	text, err := n.text(name, maxCode)
	if err != nil || text == "" {
		return initial, err
	}
	if !slices.Contains(choices, text) {
		return "", n.refuse(name, "member_choice", fmt.Sprintf("%q is none of them", shorten(text)), "use "+strings.Join(choices, ", "))
	}
	return text, nil
}

// name is a code or an id, which must be there.
func (n node) name(name string) (string, error) {
	if !n.has(name) {
		return "", n.refuse(name, "shelter_missing", "it is missing", "give the code or the id of a shelter")
	}
	return scalarText(n.members[name]), nil
}

// names are codes or ids of a list.
func (n node) names(name string) ([]string, error) {
	if !n.has(name) {
		return nil, nil
	}
	list, err := n.list(name, maxChanges)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, raw := range list {
		all = append(all, shorten(scalarText(raw)))
	}
	return all, nil
}

// imagined is the side of a scenario in the making.
type imagined struct {
	*side
	r       *request
	words   []spatial.Title // what is changed
	added   int64
	blocks  []scenario.Block
	network *road.Network // nil unless people walk
	draft   int64
}

// imagine answers a question about a scenario. now is the same about today.
func (s *Server) imagine(r *request, now *side, w *whatIf, allocate bool) (*side, []spatial.Title, error) {
	v, err := s.changed(r, now, w)
	if err != nil {
		return nil, nil, err
	}
	return v.side, v.words, v.side.answer(r.snapshot, allocate)
}

// changed is the side of a scenario before its question is answered.
func (s *Server) changed(r *request, now *side, w *whatIf) (*imagined, error) {
	q := now.shelterQuestion
	for _, c := range w.chain {
		if c.Rule == "" {
			continue
		}
		other, err := r.question(c.Rule)
		if err != nil {
			return nil, placed("scenario.rule", err)
		}
		if q.needs != "" {
			if err := other.needArea(q.needs); err != nil {
				return nil, placed("scenario.rule", err)
			}
		}
		other.zones, other.zonesText, other.zonesIn = q.zones, q.zonesText, q.zonesIn
		q = other
	}
	v := &imagined{side: &side{shelterQuestion: q, sites: slices.Clone(now.sites), blocked: slices.Clone(now.blocked)}, r: r}
	if q.rule.Code != now.rule.Code {
		v.say("规则改为"+q.rule.Name.ZH, "rule "+q.rule.Code)
	}
	for i := range v.sites {
		v.sites[i].changed = ""
	}
	if q.reach == reachWalking {
		var err error
		if v.network, err = networkOf(r.snapshot); err != nil {
			return nil, err
		}
	}
	for _, c := range w.chain {
		if err := v.change(c); err != nil {
			return nil, err
		}
	}
	if v.draft != 0 {
		if err := s.redraw(r, v); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *imagined) say(zh, en string) { v.words = append(v.words, spatial.Title{ZH: zh, EN: en}) }

// change makes the changes of one scenario.
func (v *imagined) change(c scenario.Changes) error {
	for i, p := range c.Add {
		if err := v.add(p); err != nil {
			return placed(fmt.Sprintf("scenario.add[%d]", i), err)
		}
	}
	for i, name := range c.Close {
		p, err := v.site(name)
		if err != nil {
			return placed(fmt.Sprintf("scenario.close[%d]", i), err)
		}
		p.Open, p.changed = false, "closed"
		v.say("关闭"+p.Name, "close "+p.Name)
	}
	for i, e := range c.Enlarge {
		p, err := v.site(e.Shelter)
		if err != nil {
			return placed(fmt.Sprintf("scenario.enlarge[%d].shelter", i), err)
		}
		v.say(fmt.Sprintf("%s有效面积由%.0f改为%.0f平方米", p.Name, p.Area, e.Area), fmt.Sprintf("%s: %.0f m² instead of %.0f", p.Name, e.Area, p.Area))
		p.Area = geodesic.SquareMeters(e.Area)
		p.mark("enlarged")
	}
	for i, m := range c.Move {
		if err := v.move(m); err != nil {
			return placed(fmt.Sprintf("scenario.move[%d]", i), err)
		}
	}
	if err := v.block(c.Block); err != nil {
		return err
	}
	if c.Adjustment != 0 {
		if v.draft != 0 && v.draft != c.Adjustment {
			return &spatial.InvalidError{Rule: "scenario_adjustments", Where: "scenario.adjustment", Detail: fmt.Sprintf("it builds on one with adjustment %d: two cannot be tried at once", v.draft), Fix: "leave one out"}
		}
		v.draft = c.Adjustment
	}
	return nil
}

// mark notes what a scenario does to a site; one that it adds stays added.
func (p *site) mark(changed string) {
	if p.changed == "" {
		p.changed = changed
	}
}

// site finds a shelter by its code or id.
func (v *imagined) site(name string) (*site, error) {
	id, err := strconv.ParseInt(name, 10, 64)
	for i := range v.sites {
		if p := &v.sites[i]; p.Code == name || err == nil && p.ID == id {
			return p, nil
		}
	}
	return nil, &spatial.InvalidError{Rule: "shelter_unknown", Detail: fmt.Sprintf("no shelter has the code or id %q", shorten(name)), Fix: "give it like 440303-BN-01; /collections/shelters/items lists them"}
}

func (v *imagined) add(p scenario.Site) error {
	grid, err := v.standing(p.At)
	if err != nil {
		return err
	}
	v.added++
	f := shelter.Facility{Layer: shelterLayer, ID: -v.added, Code: fmt.Sprintf("+%d", v.added), Name: p.Name, Place: p.At, Unit: grid, Area: geodesic.SquareMeters(p.Area),
		Setting: shelter.Setting(p.Setting), Class: p.Class, Open: true}
	if f.Name == "" {
		f.Name = fmt.Sprintf("新增%d", v.added)
	}
	for _, h := range p.Hazards {
		f.Serves = append(f.Serves, shelter.Hazard(h))
	}
	v.sites = append(v.sites, site{Facility: f, changed: "added"})
	v.say(fmt.Sprintf("新增%s（%.0f平方米）", f.Name, p.Area), fmt.Sprintf("add %s, %.0f m²", f.Name, p.Area))
	return nil
}

func (v *imagined) move(m scenario.Shift) error {
	p, err := v.site(m.Shelter)
	if err != nil {
		return err
	}
	grid, err := v.standing(m.At)
	if err != nil {
		return err
	}
	v.say(fmt.Sprintf("%s移动%.0f米", p.Name, geodesic.Distance(p.at(), m.At)), fmt.Sprintf("move %s by %.0f m", p.Name, geodesic.Distance(p.at(), m.At)))
	p.Place, p.Unit = m.At, grid
	p.mark("moved")
	return nil
}

// standing is the grid that a place is in. Places in water and outside the
// grids are refused.
func (v *imagined) standing(at orb.Point) (grid string, err error) {
	if water, ok := waterAround(v.r.snapshot, at); ok {
		return "", &spatial.InvalidError{Rule: "shelter_in_water", Where: "at", At: &at, Detail: "it is in the water of " + nameOf(water), Fix: "choose a place on land"}
	}
	grids, err := v.r.snapshot.Layer(gridLayer)
	if err != nil {
		return "", nil
	}
	f, ok := partition.Locate(grids, at)
	if !ok {
		return "", &spatial.InvalidError{Rule: "shelter_outside", Where: "at", At: &at, Detail: "it is in no grid of the district", Fix: "choose a place in the district; coordinates of map vendors are shifted by some 600 m"}
	}
	return f.Code(), nil
}

// block closes roads.
func (v *imagined) block(blocks []scenario.Block) error {
	v.blocks = append(v.blocks, blocks...)
	for i, b := range blocks {
		if v.network == nil {
			continue
		}
		var edges []int32
		switch {
		case b.Road != 0:
			edges = v.network.OfRoad(b.Road)
		case b.Line != nil:
			edges = v.network.Meeting(b.Line.Geometry())
		case b.Area != nil:
			edges = v.network.Meeting(b.Area.Geometry())
		}
		if len(edges) == 0 {
			return &spatial.InvalidError{Rule: "block_nothing", Where: fmt.Sprintf("scenario.block[%d]", i), Detail: "it meets no road", Fix: "draw it across the road, or give the id of a feature of roads"}
		}
		v.blocked = road.Join(v.blocked, edges)
		v.say(fmt.Sprintf("封闭%d段道路", len(edges)), fmt.Sprintf("block %d pieces of road", len(edges)))
	}
	return nil
}

// redrawn are the boundaries of a draft: who is in which grid, and which
// units come and go.
type redrawn struct {
	buildings, shelters map[int64]string // grid by id, of those that change hands
	come, gone          map[spatial.LayerID]map[string]string
	shapes              map[spatial.LayerID]map[string]orb.Geometry
}

// redraw plans the adjustment of a scenario and puts the people and shelters
// into the grids it would put them in.
func (s *Server) redraw(r *request, v *imagined) error {
	if err := r.signed("a draft of boundaries"); err != nil {
		return err
	}
	if s.config.Ledger == nil {
		return &spatial.InvalidError{Rule: "adjustment_known", Where: "scenario.adjustment", Detail: "this service keeps no adjustments", Fix: "leave it out"}
	}
	a, err := ledger.Find(r.whole, v.draft)
	if err != nil {
		return &spatial.InvalidError{Rule: "adjustment_known", Where: "scenario.adjustment", Detail: fmt.Sprintf("there is no adjustment %d", v.draft), Fix: "/adjustments lists them"}
	}
	if a.Status == adjustment.Applied {
		v.say(fmt.Sprintf("边界调整%d已生效", a.ID), fmt.Sprintf("adjustment %d is in effect already", a.ID))
		return nil
	}
	on, plan, err := s.planOf(r, a)
	if err != nil {
		return err
	}
	if plan.Refused() {
		return &adjustment.RefusedError{Plan: plan}
	}
	v.drawn = redrawnBy(on, plan)
	v.say(fmt.Sprintf("边界调整%d“%s”", a.ID, a.Title), fmt.Sprintf("boundary adjustment %d %q", a.ID, a.Title))
	for i := range v.sites {
		v.sites[i].Unit = v.drawn.unitOf(&v.sites[i])
	}
	return nil
}

func redrawnBy(on *spatial.Snapshot, plan *adjustment.Plan) *redrawn {
	d := &redrawn{map[int64]string{}, map[int64]string{}, map[spatial.LayerID]map[string]string{}, map[spatial.LayerID]map[string]string{}, map[spatial.LayerID]map[string]orb.Geometry{}}
	for _, m := range plan.Moved {
		switch m.Layer {
		case buildingLayer:
			d.buildings[m.ID] = m.To
		case shelterLayer:
			d.shelters[m.ID] = m.To
		}
	}
	for _, u := range plan.Units {
		if d.come[u.Level] == nil {
			d.come[u.Level], d.gone[u.Level], d.shapes[u.Level] = map[string]string{}, map[string]string{}, map[string]orb.Geometry{}
		}
		switch {
		case u.After == nil:
			d.gone[u.Level][u.Code] = u.Name
			continue
		case u.Before == nil:
			d.come[u.Level][u.Code] = u.Name
		}
		d.shapes[u.Level][u.Code] = u.After.Geometry
	}
	return d
}

// regroup puts people into the grids of the draft.
func (d *redrawn) regroup(demands []shelter.Demand) []shelter.Demand {
	moved := slices.Clone(demands)
	for i := range moved {
		if grid, ok := d.buildings[moved[i].ID]; ok {
			moved[i].Unit = grid
		}
	}
	return moved
}

// unitOf is the grid of the draft that a site stands in.
func (d *redrawn) unitOf(p *site) string {
	if grid, ok := d.shelters[p.ID]; ok && p.changed != "moved" {
		return grid
	}
	if p.changed != "added" && p.changed != "moved" {
		return p.Unit
	}
	for code, g := range d.shapes[gridLayer] {
		if containsPoint(g, p.at()) {
			return code
		}
	}
	return p.Unit
}

func containsPoint(g orb.Geometry, p orb.Point) bool {
	switch g := g.(type) {
	case orb.Polygon:
		return planar.PolygonContains(g, p)
	case orb.MultiPolygon:
		return planar.MultiPolygonContains(g, p)
	}
	return false
}
