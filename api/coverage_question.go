package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/road"
	"wangge/spatial/shelter"
)

// What a question about shelters assumes where neither the request nor the
// rule says otherwise.
const (
	defaultRule                   = "shenzhen_2023"
	defaultRadius geodesic.Meters = 1000
)

// The ways to look at coverage.
const (
	methodLocated    = "located"
	methodReachable  = "reachable"
	methodTwoStep    = "2sfca"
	methodGaussian   = "gaussian_2sfca"
	methodAllocation = "allocation"
)

// The ways to measure how far it is.
const (
	reachStraight = "straight"
	reachWalking  = "walking"
)

var (
	coverByParam = choiceParam("by", "grid", "the units that the figures are for", "grid", "community", "street", "district")
	methodParam  = choiceParam("method", methodReachable, "how people are counted as covered: located and reachable count whoever has a shelter within reach, 2sfca and gaussian_2sfca share each shelter's area among those it reaches, allocation gives each person a place of their own",
		methodLocated, methodReachable, methodTwoStep, methodGaussian, methodAllocation)
	ruleParam = &param[string]{
		declaration{name: "rule", in: inQuery, initial: defaultRule, example: "gb51143_emergency", schema: jsonSchema{"type": "string", "default": defaultRule},
			description: "the rule set, by its code in the layer shelter_standards"},
		func(text string) (string, error) { return shorten(text), nil },
	}
	hazardParam     = choiceParam("hazard", string(shelter.Earthquake), "what people take shelter from: earthquakes are for outdoor shelters, all else for indoor ones", words(shelter.Hazards())...)
	populationParam = choiceParam("population", "residents", "who is counted: registered residents (at night) in all or of one kind, legal_persons as a proxy of the day, or census, the residents scaled to the last census", populationNames()...)
	shareParam      = numberParam("share", "the share of the people to shelter; what the rule says if left out", "0.15", 0, 1)
	reachParam      = choiceParam("reach", reachStraight, "how far a shelter is: along a straight line or on foot along roads", reachStraight, reachWalking)
	radiusParam     = numberParam("radius", "how far people go, in metres; what the rule says if left out", "500", 0, 20_000)
	minutesParam    = numberParam("walking_minutes", "how long people walk, with reach=walking; what the rule says if left out", "10", 0, 240)
	perPersonParam  = numberParam("area_per_person", "effective area for each person, in m²; what the rule says if left out", "1.5", 0, 1_000_000)
	scenarioParam   = &param[int64]{
		declaration{name: "scenario", in: inQuery, example: "3", schema: jsonSchema{"type": "integer", "minimum": 1}, description: "number of a saved scenario to compare with today; takes a token"},
		func(text string) (int64, error) {
			id, err := strconv.ParseInt(text, 10, 64)
			if err != nil || id < 1 {
				return 0, fmt.Errorf("%q is not the number of a scenario", shorten(text))
			}
			return id, nil
		},
	}

	// standardParams decide who is to be sheltered from what by which rule.
	standardParams = []parameter{ruleParam, hazardParam, populationParam, shareParam, reachParam, radiusParam, minutesParam, perPersonParam, closuresParam}
	questionParams = append(slices.Clone(standardParams), scenarioParam, datumParam)
	coverageParams = append([]parameter{coverByParam, methodParam}, questionParams...)
)

// choiceParam is a word among some, the first if none is given.
func choiceParam(name, initial, description string, choices ...string) *param[string] {
	return &param[string]{
		declaration{name: name, in: inQuery, initial: initial, example: initial, description: description,
			schema: jsonSchema{"type": "string", "enum": choices, "default": initial}},
		func(text string) (string, error) {
			if !slices.Contains(choices, text) {
				return "", fmt.Errorf("%q is none of %s", shorten(text), strings.Join(choices, ", "))
			}
			return text, nil
		},
	}
}

// numberParam is a number above low and at most high.
func numberParam(name, description, example string, low, high float64) *param[float64] {
	return &param[float64]{
		declaration{name: name, in: inQuery, example: example, description: description,
			schema: jsonSchema{"type": "number", "exclusiveMinimum": low, "maximum": high}},
		func(text string) (float64, error) {
			v, err := parseFinite(text)
			if err == nil && !(v > low && v <= high) {
				err = fmt.Errorf("%s is not above %s and at most %s", shorten(text), decimalText(low), decimalText(high))
			}
			return v, err
		},
	}
}

// members reads members of a body that are parameters, too; they stand above
// those of the address.
func (r *request) members(body node, from []parameter) error {
	for _, p := range from {
		name := p.declared().name
		if !body.has(name) {
			continue
		}
		value, err := p.read(scalarText(body.members[name]))
		var invalid *spatial.InvalidError
		if errors.As(err, &invalid) {
			invalid.Where, invalid.Fix = body.place(name), "give it like "+p.declared().example
		}
		if err != nil {
			return err
		}
		r.values[name] = value
	}
	return nil
}

func parameterNames(list []parameter) []string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = p.declared().name
	}
	return names
}

// maxQuestion is the longest question in bytes; scenarios and zones may have
// drawings in them.
const maxQuestion = 4 << 20

// shelterQuestion is what is asked about shelters, with all that it leaves to rules
// and defaults filled in.
type shelterQuestion struct {
	rule       *rule
	standard   shelter.Standard // the rule's with the request's own numbers
	hazard     shelter.Hazard
	population string
	share      float64
	reach      string
	radius     geodesic.Meters // as far as straight lines go
	walk       road.Millis     // as long as walks go
	zones      []zoneAsked     // whose people are asked about; nil for everyone
	zonesText  string          // the same as it was asked
	zonesIn    string          // the coordinates that are meant by it
	chosen     map[string]any  // the values used and where they are from
	needs      string          // what needs an area per person, "" for nothing
}

// question reads the parameters by a rule; "" for the one asked for.
func (r *request) question(ruleCode string) (*shelterQuestion, error) {
	code := ruleParam.of(r)
	if ruleCode != "" {
		code = ruleCode
	}
	found, err := ruleNamed(r.snapshot, code)
	if err != nil {
		return nil, err
	}
	q := &shelterQuestion{rule: found, standard: found.Standard, hazard: shelter.Hazard(hazardParam.of(r)), population: populationParam.of(r), reach: reachParam.of(r),
		chosen: map[string]any{"rule": code}}
	q.share, q.chosen["share_from"] = q.standard.Share, "rule"
	if shareParam.given(r) {
		q.share, q.chosen["share_from"] = shareParam.of(r), "request"
	}
	q.chosen["area_per_person_from"] = "rule"
	if perPersonParam.given(r) {
		q.standard.AreaPerPerson, q.chosen["area_per_person_from"] = geodesic.SquareMeters(perPersonParam.of(r)), "request"
	}
	if q.standard.AreaPerPerson == 0 {
		q.chosen["area_per_person_from"] = "open"
	}
	if err := q.limits(r); err != nil {
		return nil, err
	}
	q.tell()
	return q, nil
}

// limits decides how far people go.
func (q *shelterQuestion) limits(r *request) error {
	speed, err := walkingSpeed()
	if err != nil {
		return err
	}
	if minutesParam.given(r) && q.reach != reachWalking {
		return &spatial.InvalidError{Rule: "parameter_walking_minutes", Where: "walking_minutes", Detail: "minutes are for people who walk, and reach is " + q.reach, Fix: "ask with reach walking, or give radius in metres"}
	}
	if minutesParam.given(r) && radiusParam.given(r) {
		return &spatial.InvalidError{Rule: "parameter_radius", Where: "radius", Detail: "it stands beside walking_minutes", Fix: "give one of them"}
	}
	from := "rule"
	q.radius, q.walk = q.standard.Radius, q.standard.Walking
	switch {
	case minutesParam.given(r):
		from, q.radius, q.walk = "request", 0, road.Millis(math.Round(minutesParam.of(r)*60_000))
	case radiusParam.given(r):
		from, q.radius, q.walk = "request", geodesic.Meters(radiusParam.of(r)), 0
	case q.radius == 0 && q.walk == 0:
		from, q.radius = "default", defaultRadius
	}
	if q.radius == 0 {
		q.radius = geodesic.Meters(q.walk.Seconds() * speed / 3.6)
	}
	if q.walk == 0 {
		q.walk = road.Over(q.radius, speed)
	}
	q.chosen["radius_from"] = from
	return nil
}

// walkingSpeed is how fast people walk, in km/h.
func walkingSpeed() (float64, error) {
	profile, err := road.ProfileNamed("walking")
	return profile.Speeds["*"], err
}

// tell notes the values used.
func (q *shelterQuestion) tell() {
	q.chosen["share"], q.chosen["area_per_person"] = q.share, any(float64(q.standard.AreaPerPerson))
	if q.open() {
		q.chosen["area_per_person"] = nil
	}
	q.chosen["radius"] = rounded(float64(q.radius), 3)
	if q.reach == reachWalking {
		q.chosen["walking_minutes"] = rounded(q.walk.Seconds()/60, 4)
	}
}

// open says whether the rule leaves open how much area a person needs.
func (q *shelterQuestion) open() bool { return q.standard.AreaPerPerson == 0 }

// perPerson is the area for each person; some area where it is open, so that
// what does not depend on it can be worked out.
func (q *shelterQuestion) perPerson() geodesic.SquareMeters {
	if q.open() {
		return 1
	}
	return q.standard.AreaPerPerson
}

// needArea refuses questions about places where the rule leaves the area for
// each person open.
func (q *shelterQuestion) needArea(what string) error {
	q.needs = what
	if !q.open() {
		return nil
	}
	return &spatial.InvalidError{Rule: "rule_open", Where: "rule " + q.rule.Code, Detail: fmt.Sprintf("it leaves the area per person open, and %s needs it", what),
		Fix: "give area_per_person in m², or choose another rule"}
}

// parametersOf are the values a question is answered with.
func (q *shelterQuestion) parameters(r *request) map[string]any {
	values := parametersOf(r)
	maps.Copy(values, q.chosen)
	r.tellDatum(values)
	if q.reach != reachWalking {
		delete(values, closuresParam.name)
	}
	if q.zonesText != "" {
		values["exposure"] = json.RawMessage(q.zonesText)
	}
	return values
}

// tellDatum names the coordinates of a question, if it names them.
func (r *request) tellDatum(values map[string]any) {
	if datumParam.given(r) {
		values[datumParam.name] = datumParam.of(r).crs.String()
	}
}

// shown is a position in the coordinates of the answer.
func (r *request) shown(p orb.Point) orb.Point {
	g, err := datumParam.of(r).fromLL(p)
	if at, ok := g.(orb.Point); ok && err == nil {
		return at
	}
	return p
}

// tellCRS names the coordinates of the answer, in its head and for its body.
func (r *request) tellCRS(w http.ResponseWriter) string {
	in := datumParam.of(r)
	if in.plain() {
		return crs84
	}
	in.head(w.Header())
	return in.name()
}

// meant is a position of the question in degrees of WGS 84.
func (r *request) meant(p orb.Point) (orb.Point, error) {
	g, err := datumParam.of(r).toLL(p)
	if err != nil {
		return p, err
	}
	return g.(orb.Point), nil
}

// name tells questions about the same layers apart.
func (q *shelterQuestion) name() string {
	return fmt.Sprintf("%s|%s|%v|%s|%v|%v|%v", q.people(), q.rule.Code, q.standard.AreaPerPerson, q.hazard, q.reach, q.radius, q.walk)
}

// people tells apart whom questions are about.
func (q *shelterQuestion) people() string {
	return fmt.Sprintf("%s*%s %s %s", q.population, strconv.FormatFloat(q.share, 'g', -1, 64), q.zonesIn, q.zonesText)
}

// decimalText writes a number without an exponent.
func decimalText(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
