package format

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/osm"

	"wangge/spatial"
	"wangge/spatial/road"
)

//go:embed osm_classes.csv
var osmClassTable string

// osmClass is what a value of the tag highway means.
type osmClass struct {
	class  string
	oneway bool // if no tag says otherwise
}

// osmClasses reads the table of classes.
func osmClasses() map[string]osmClass {
	classes := map[string]osmClass{}
	for line := range strings.Lines(osmClassTable) {
		if cells := strings.Split(strings.TrimSpace(line), ","); len(cells) == 3 && cells[0] != "highway" {
			classes[cells[0]] = osmClass{cells[1], cells[2] == "yes"}
		}
	}
	return classes
}

var osmClassOf = osmClasses()

// roadTags are a road as the tags of its way describe it.
type roadTags struct {
	name, english string
	class         string
	oneway        bool
	backward      bool // one-way against the way's direction
	speed         int64
	bridge        bool
	tunnel        bool
	layer         int64
	access        string
	doubts        []string // what is not as the tags say
}

// roadTagsOf reads tags; reason says why the way is no road for us.
func roadTagsOf(all osm.Tags) (r roadTags, reason string) {
	tag := all.Map()
	class, ok := osmClassOf[tag["highway"]]
	switch {
	case !ok:
		return r, "ways of highway=" + tag["highway"]
	case tag["area"] == "yes":
		return r, "ways around an area"
	}
	r.class = class.class
	r.name = firstOf(tag, "name:zh-Hans", "name:zh", "name", "ref")
	r.english = firstOf(tag, "name:en", "int_name")
	r.bridge = !slices.Contains([]string{"", "no"}, tag["bridge"])
	r.tunnel = !slices.Contains([]string{"", "no"}, tag["tunnel"])
	r.layer, _ = strconv.ParseInt(tag["layer"], 10, 8)
	r.access = accessOf(tag, r.class)
	r.direct(tag, class.oneway)
	r.limit(tag["maxspeed"])
	return r, ""
}

func firstOf(tag map[string]string, keys ...string) string {
	for _, key := range keys {
		if tag[key] != "" {
			return tag[key]
		}
	}
	return ""
}

// direct finds the direction of one-way roads.
func (r *roadTags) direct(tag map[string]string, usual bool) {
	switch tag["oneway"] {
	case "yes", "true", "1":
		r.oneway = true
	case "-1", "reverse":
		r.oneway, r.backward = true, true
	case "no", "false", "0":
	case "reversible", "alternating":
		r.access = road.Nobody
		r.doubts = append(r.doubts, "ways whose direction changes, closed")
	default:
		r.oneway = usual || tag["junction"] == "roundabout" || tag["junction"] == "circular"
	}
	if r.class == road.Footway {
		r.oneway, r.backward = false, false
	}
}

// limit reads a speed limit: a number in km/h, or with its unit.
func (r *roadTags) limit(text string) {
	if slices.Contains([]string{"", "none", "signals", "variable"}, text) {
		return
	}
	number, unit, _ := strings.Cut(strings.TrimSpace(text), " ")
	if unit == "" {
		number, unit = strings.TrimRight(text, "kmph/"), text[len(strings.TrimRight(text, "kmph/")):]
	}
	speed, err := strconv.ParseFloat(number, 64)
	switch {
	case text == "walk":
		speed = 5
	case err != nil || !(speed > 0 && speed < 300):
		r.doubts = append(r.doubts, "speed limits in words")
		return
	case strings.TrimSpace(unit) == "mph":
		speed *= 1.609344
	case !slices.Contains([]string{"", "km/h", "kmh", "kph"}, strings.TrimSpace(unit)):
		r.doubts = append(r.doubts, "speed limits in words")
		return
	}
	r.speed = int64(speed + 0.5)
}

// barred are values of access that keep people out who have no business there.
var barred = []string{"no", "private", "agricultural", "forestry", "military", "official"}

// accessOf says who may use a road, by the most particular tag. Emergency vehicles
// may use what says so.
func accessOf(tag map[string]string, class string) string {
	vehicles, foot := firstOf(tag, "motor_vehicle", "vehicle", "access"), firstOf(tag, "foot", "access")
	noVehicles := slices.Contains(barred, vehicles) && tag["emergency"] != "yes" && tag["emergency"] != "designated"
	nobodyOnFoot := slices.Contains(barred, foot)
	switch {
	case class == road.Footway && nobodyOnFoot, noVehicles && nobodyOnFoot:
		if vehicles == "private" || foot == "private" {
			return road.Private
		}
		return road.Nobody
	case class == road.Footway:
		return ""
	case noVehicles:
		return road.OnFoot
	case nobodyOnFoot:
		return road.Vehicles
	}
	return ""
}

// values are a row of the layer of roads but for its length.
func (r *roadTags) values(way int64) []spatial.Value {
	known := map[string]spatial.Value{
		"name": textOrNull(r.name), "name_en": textOrNull(r.english), "class": spatial.Text(r.class), "oneway": spatial.Bool(r.oneway),
		"speed": spatial.Null, "bridge": spatial.Bool(r.bridge), "closed": spatial.Bool(false), "tunnel": spatial.Bool(r.tunnel),
		"layer": spatial.Int(r.layer), "access": textOrNull(r.access), "way": spatial.Int(way),
	}
	if r.speed > 0 {
		known["speed"] = spatial.Int(r.speed)
	}
	fields := road.Schema().Fields
	values := make([]spatial.Value, len(fields))
	for i := range fields {
		values[i] = known[fields[i].Name]
	}
	return values
}

func textOrNull(text string) spatial.Value {
	if text == "" {
		return spatial.Null
	}
	return spatial.Text(text)
}
