package response

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"wangge/spatial"
	"wangge/spatial/road"
)

// Parameters are what an answer by time assumes beside the data. The zero value
// assumes no call handling, no turnout, and no speeds, which is invalid.
type Parameters struct {
	Handling road.Millis // from the call to the order
	Turnout  road.Millis // from the order to leaving, of responders without a time of their own
	Yard     float64     // km/h, from a responder's place to the road it stands at
	Walking  float64     // km/h, from the road to the place of the incident
}

// Assumption is a default of a parameter, for those who read an answer.
type Assumption struct {
	Name      string
	Value     float64
	Unit      string
	AsOf      string // 2006-01-02
	Certainty string // "assumption", or what the source is
	Note      string
}

//go:embed assumptions.csv
var assumptionTable string

// Assumptions are the defaults as data.
func Assumptions() []Assumption {
	all, err := parseAssumptions(assumptionTable)
	if err != nil {
		panic(err) // the table is part of the program
	}
	return all
}

func parseAssumptions(text string) ([]Assumption, error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("assumptions: %w", err)
	}
	var all []Assumption
	for _, row := range rows[1:] {
		value, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			return nil, fmt.Errorf("assumptions: %s: %w", row[0], err)
		}
		all = append(all, Assumption{row[0], value, row[2], row[3], row[4], row[5]})
	}
	return all, nil
}

// Defaults are the parameters of [Assumptions].
func Defaults() Parameters {
	var p Parameters
	for _, a := range Assumptions() {
		switch a.Name {
		case "handling":
			p.Handling = seconds(a.Value)
		case "turnout":
			p.Turnout = seconds(a.Value)
		case "yard":
			p.Yard = a.Value
		case "walking":
			p.Walking = a.Value
		}
	}
	return p
}

func seconds(s float64) road.Millis { return road.Millis(s * 1000) }

// longest is the longest handling or turnout that is taken for one.
const longest road.Millis = 24 * 3600 * 1000

// Validate refuses times below 0 or above a day, and speeds outside 0.1 to 200
// km/h; the error is [spatial.InvalidError].
func (p Parameters) Validate() error {
	for name, t := range map[string]road.Millis{"handling": p.Handling, "turnout": p.Turnout} {
		if t < 0 || t > longest {
			return refuse(name, fmt.Sprintf("%g s is not from 0 to a day", t.Seconds()))
		}
	}
	for name, speed := range map[string]float64{"yard": p.Yard, "walking": p.Walking} {
		if !(speed >= 0.1 && speed <= 200) {
			return refuse(name, fmt.Sprintf("%g km/h is not from 0.1 to 200 km/h", speed))
		}
	}
	return nil
}

func refuse(name, detail string) error {
	return &spatial.InvalidError{Rule: "parameter_" + name, Where: "parameter " + name, Detail: detail}
}
