package road

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// Millis is a time in milliseconds.
type Millis int32

// Unreachable is longer than any time that is found.
const Unreachable Millis = math.MaxInt32

// Seconds is the time in seconds.
func (m Millis) Seconds() float64 { return float64(m) / 1000 }

// Profile is a way of getting about: how fast on which class of road.
type Profile struct {
	Name   string
	Oneway bool               // obeys one-way streets
	Limit  bool               // goes no faster than the field speed of a road
	Turns  bool               // obeys turn restrictions
	Barred []string           // values of the field access that bar it
	Speeds map[string]float64 // km/h by class of road; 0: not there; "*" for all others
}

//go:embed profiles.csv
var profileTable string

// Profiles are those the program brings along: driving and walking.
func Profiles() ([]Profile, error) { return ParseProfiles(profileTable) }

// ProfileNamed finds a profile that the program brings along; the error is
// [spatial.InvalidError].
func ProfileNamed(name string) (Profile, error) {
	all, err := Profiles()
	if err != nil {
		return Profile{}, err
	}
	var names []string
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Profile{}, &spatial.InvalidError{Rule: "profile_unknown", Where: "profile",
		Detail: fmt.Sprintf("there is no profile %q", name), Fix: "use " + strings.Join(names, " or ")}
}

var profileColumns = []string{"profile", "class", "speed", "oneway", "limit", "turns", "barred"}

// ParseProfiles reads a CSV table with the columns profile, class, speed (km/h,
// 0 where the class is barred), oneway, limit, turns (yes or no: whether the
// profile obeys them), and barred: values of the field access, with | between
// them. The last four are the same in all rows of a profile.
func ParseProfiles(text string) ([]Profile, error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("profiles: %w", err)
	}
	if len(rows) == 0 || !slices.Equal(rows[0], profileColumns) {
		return nil, fmt.Errorf("profiles: the first row must be %s", strings.Join(profileColumns, ","))
	}
	var all []Profile
	for i, row := range rows[1:] {
		if all, err = addProfileRow(all, row); err != nil {
			return nil, fmt.Errorf("profiles: row %d: %w", i+2, err)
		}
	}
	return all, nil
}

func addProfileRow(all []Profile, row []string) ([]Profile, error) {
	speed, err := strconv.ParseFloat(row[2], 64)
	if err != nil || !(speed >= 0 && speed <= 200) {
		return nil, fmt.Errorf("speed %q is not from 0 to 200 km/h", row[2])
	}
	p := Profile{Name: row[0], Barred: strings.Split(row[6], "|"), Speeds: map[string]float64{}}
	for i, rule := range []*bool{&p.Oneway, &p.Limit, &p.Turns} {
		if *rule = row[3+i] == "yes"; !*rule && row[3+i] != "no" {
			return nil, fmt.Errorf("%s %q is neither yes nor no", profileColumns[3+i], row[3+i])
		}
	}
	at := slices.IndexFunc(all, func(q Profile) bool { return q.Name == p.Name })
	if at < 0 {
		at, all = len(all), append(all, p)
	}
	q := all[at]
	if _, twice := q.Speeds[row[1]]; twice || q.Oneway != p.Oneway || q.Limit != p.Limit || q.Turns != p.Turns || !slices.Equal(q.Barred, p.Barred) {
		return nil, fmt.Errorf("%s, %s is there twice, or its rules are not those of the rows above", row[0], row[1])
	}
	q.Speeds[row[1]] = speed
	return all, nil
}

// speed is that on a class of road with a limit, in km/h; 0 if it is barred. A
// limit of 0 is none.
func (p *Profile) speed(class string, limit float64) float64 {
	speed, ok := p.Speeds[class]
	if !ok {
		speed = p.Speeds["*"]
	}
	if p.Limit && limit > 0 {
		speed = min(speed, limit)
	}
	return speed
}

// Over is the time for a way at a speed in km/h; [Unreachable] at none.
func Over(way geodesic.Meters, speed float64) Millis {
	if !(speed > 0) {
		return Unreachable
	}
	ms := math.Round(float64(way) / speed * 3600)
	if !(ms < float64(Unreachable)) {
		return Unreachable
	}
	return Millis(ms)
}
