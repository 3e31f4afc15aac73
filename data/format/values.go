package format

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"wangge/spatial"
)

// Pick says what becomes of a range like "8~10" in a field of numbers.
type Pick string

// The choices; without one a range is refused.
const (
	PickNone Pick = ""
	PickLow  Pick = "low"
	PickMid  Pick = "mid"
	PickHigh Pick = "high"
)

// nameSigns are what the names of columns differ in without meaning it.
var nameSigns = regexp.MustCompile(`[\s_\-.·（）()\[\]【】*]+`)

// brackets hold the unit in a name like 面积（㎡）.
var brackets = regexp.MustCompile(`[（(\[【]\s*([^）)\]】]*?)\s*[）)\]】]\s*$`)

// bare is a name as it is compared: without signs, in small letters, without
// the unit in brackets.
func bare(name string) string {
	if m := brackets.FindStringSubmatchIndex(name); m != nil && m[0] > 0 {
		name = name[:m[0]]
	}
	return strings.ToLower(nameSigns.ReplaceAllString(name, ""))
}

// unitIn is the unit that a column's name has in brackets, "" if none.
func unitIn(name string) string {
	if m := brackets.FindStringSubmatch(name); m != nil {
		if _, ok := units[strings.ToLower(m[1])]; ok {
			return strings.ToLower(m[1])
		}
	}
	return ""
}

// halfWidth makes ASCII of full-width digits and signs, and trims.
func halfWidth(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '　', r == '\u00a0':
			return ' '
		case r == '−':
			return '-'
		}
		return r
	}, s))
}

// nothings are what people write where there is nothing.
var nothings = []string{"", "-", "--", "—", "——", "/", "\\", "无", "暂无", "空", "n/a", "na", "null", "none"}

func isNothing(v spatial.Value) bool {
	return v.IsNull() || v.Type() == spatial.TypeText && slices.Contains(nothings, strings.ToLower(halfWidth(v.Text())))
}

// unit is a unit of measure: so many of the base unit of its dimension.
type unit struct {
	dimension string
	ten       int     // power of ten
	factor    float64 // what is left, 1 for most
}

var units = map[string]unit{
	"m": {"m", 0, 1}, "米": {"m", 0, 1}, "km": {"m", 3, 1}, "公里": {"m", 3, 1}, "千米": {"m", 3, 1}, "cm": {"m", -2, 1}, "厘米": {"m", -2, 1}, "mm": {"m", -3, 1}, "毫米": {"m", -3, 1},
	"m²": {"m²", 0, 1}, "m2": {"m²", 0, 1}, "㎡": {"m²", 0, 1}, "平方米": {"m²", 0, 1}, "平米": {"m²", 0, 1}, "平方": {"m²", 0, 1},
	"ha": {"m²", 4, 1}, "公顷": {"m²", 4, 1}, "km²": {"m²", 6, 1}, "km2": {"m²", 6, 1}, "平方公里": {"m²", 6, 1}, "平方千米": {"m²", 6, 1}, "亩": {"m²", 4, 1.0 / 15},
	"m³": {"m³", 0, 1}, "m3": {"m³", 0, 1}, "立方米": {"m³", 0, 1}, "方": {"m³", 0, 1},
	"元": {"CNY", 0, 1}, "cny": {"CNY", 0, 1}, "yuan": {"CNY", 0, 1}, "万元": {"CNY", 4, 1}, "亿元": {"CNY", 8, 1},
	"s": {"s", 0, 1}, "秒": {"s", 0, 1}, "min": {"s", 0, 60}, "分钟": {"s", 0, 60}, "h": {"s", 0, 3600}, "小时": {"s", 0, 3600},
	"%": {"%", 0, 1}, "‰": {"%", -1, 1},
	"t": {"kg", 3, 1}, "吨": {"kg", 3, 1}, "kg": {"kg", 0, 1}, "千克": {"kg", 0, 1}, "公斤": {"kg", 0, 1},
	"persons": {"persons", 0, 1}, "人": {"persons", 0, 1}, "名": {"persons", 0, 1}, "万人": {"persons", 4, 1},
	"户": {"", 0, 1}, "个": {"", 0, 1}, "间": {"", 0, 1}, "套": {"", 0, 1}, "栋": {"", 0, 1}, "层": {"", 0, 1}, "辆": {"", 0, 1}, "处": {"", 0, 1}, "座": {"", 0, 1}, "台": {"", 0, 1}, "家": {"", 0, 1}, "宗": {"", 0, 1}, "件": {"", 0, 1}, "": {"", 0, 1},
}

// baseUnit is the unit that a measure of a dimension is kept in.
func baseUnit(dimension string) string {
	if dimension == "CNY" {
		return "元"
	}
	return dimension
}

// measure is a number as people write it.
type measure struct {
	digits string // without separators
	unit   string // as a key of units
	ten    int    // of 万 and 亿
	thick  bool   // had separators or full-width signs
}

var (
	numberText = regexp.MustCompile(`^([+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]+)?\.?(?:[eE][+-]?[0-9]+)?)\s*(万亿|亿|万|千)?\s*(\S.*)?$`)
	rangeText  = regexp.MustCompile(`^([0-9.,]+)\s*([^0-9~\-–—至到]*?)\s*(?:~|-|–|—|至|到)\s*([0-9.,]+)\s*(.*)$`)
	aboutText  = regexp.MustCompile(`^(?:约|大约|近|≈|~|>=|<=|≥|≤|>|<|超|不足|大于|小于)\s*(.*)$`)
	aroundText = regexp.MustCompile(`^(.*[0-9万亿].*?)\s*(?:以上|以下|左右|余|多|\+)$`)
)

// tens are the powers of ten of the words between a number and its unit.
var tens = map[string]int{"": 0, "千": 3, "万": 4, "亿": 8, "万亿": 12}

// parseMeasure reads "1,234.5", "３.5万元", "12.5 ㎡", "35%".
func parseMeasure(text string) (m measure, ok bool) {
	s := halfWidth(text)
	parts := numberText.FindStringSubmatch(s)
	if parts == nil || !strings.ContainsAny(parts[1], "0123456789") {
		return m, false
	}
	m = measure{digits: strings.ReplaceAll(parts[1], ",", ""), unit: strings.ToLower(strings.TrimSpace(parts[3])), ten: tens[parts[2]]}
	m.thick = m.digits != strings.TrimSpace(text) && parts[2] == "" && m.unit == ""
	if parts[2] == "千" && m.unit == "米" || parts[2] == "千" && m.unit == "克" {
		m.unit, m.ten = "千"+m.unit, 0
	}
	_, known := units[m.unit]
	return m, known
}

// plainNumber reads a number without unit.
func plainNumber(text string) (float64, bool) {
	m, ok := parseMeasure(text)
	if !ok || m.unit != "" || m.ten != 0 {
		return 0, false
	}
	x, err := strconv.ParseFloat(m.digits, 64)
	return x, err == nil
}

// scaled is the measure in a unit of its own dimension.
func (m measure) scaled(from, to unit) (float64, error) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(m.digits), "e")
	e := 0
	if exponent != "" {
		var err error
		if e, err = strconv.Atoi(exponent); err != nil {
			return 0, err
		}
	}
	x, err := strconv.ParseFloat(mantissa+"e"+strconv.Itoa(e+m.ten+from.ten-to.ten), 64)
	return x * (from.factor / to.factor), err
}

// approximate parts "8~10" or 约8 into its ends.
func approximate(text string) (low, high string, ok bool) {
	s := halfWidth(text)
	if m := rangeText.FindStringSubmatch(s); m != nil {
		unit := m[4]
		if unit == "" {
			unit = m[2]
		}
		return m[1] + unit, m[3] + unit, true
	}
	if m := aboutText.FindStringSubmatch(s); m != nil {
		return m[1], m[1], true
	}
	if m := aroundText.FindStringSubmatch(s); m != nil {
		return m[1], m[1], true
	}
	return "", "", false
}

// dateForms are days as people write them, by what follows the year.
var dateForms = map[string]string{"-": "2006-1-2", "/": "2006/1/2", ".": "2006.1.2", "年": "2006年1月2日"}

// timeForms are times of a day that may follow.
var timeForms = []string{"", " 15:04", " 15:04:05", "T15:04:05", "T15:04", " 15时4分", " 15时"}

// china is the time of instants that name no zone.
var china = time.FixedZone("+08:00", 8*3600)

// parseTime reads a day or an instant; day says that no time of day was given.
func parseTime(text string) (at time.Time, day, zone bool, ok bool) {
	s := halfWidth(text)
	if len(s) < 8 || len(s) > 40 || !onlyDigits(s[:4]) {
		return at, false, false, false
	}
	if len(s) >= len("2006-01-02T15:04:05Z") && s[10] == 'T' {
		if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return at, false, true, true
		}
	}
	form := dateFormOf(s)
	if form == "" {
		return at, false, false, false
	}
	for _, clock := range timeForms {
		if clock == "" != (len(s) <= len(form)+2) {
			continue
		}
		at, err := time.ParseInLocation(form+clock, s, china)
		if err == nil && at.Year() >= 1000 {
			return at, clock == "", false, true
		}
	}
	return at, false, false, false
}

// dateFormOf is how a text that begins with four digits writes a day, "" if
// it does not.
func dateFormOf(s string) string {
	for sign, form := range dateForms {
		if strings.HasPrefix(s[4:], sign) {
			return form
		}
	}
	if len(s) == 8 || s[8] == ' ' || s[8] == 'T' {
		return "20060102"
	}
	return ""
}

// serialTime is a number of Excel as a time.
func serialTime(serial float64) (time.Time, bool) {
	if serial < 367 || serial >= 109_575 { // 1901 to 2199
		return time.Time{}, false
	}
	seconds := math.Round((serial - serialOfEpoch) * 86400)
	at := time.Unix(int64(seconds), 0).UTC()
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, china), true
}

var yes = []string{"true", "yes", "y", "是", "有", "√", "1", "真", "对"}
var no = []string{"false", "no", "n", "否", "无", "×", "0", "假", "没有"}

func parseBool(text string) (b, ok bool) {
	s := strings.ToLower(halfWidth(text))
	return slices.Contains(yes, s), slices.Contains(yes, s) || slices.Contains(no, s)
}

// converter turns a file's values into a field's, and counts what it had to
// do for it.
type converter struct {
	field  *spatial.Field
	column string
	unit   string // of the column, from its name; "" if none
	code   bool   // the field holds codes
	pick   Pick
	told   map[string]int
}

func (c *converter) tell(what string) {
	if c.told != nil {
		c.told[what]++
	}
}

func (c *converter) refuse(rule, detail, fix string) error {
	return &spatial.InvalidError{Rule: rule, Detail: detail, Fix: fix}
}

// value is a file's value as the field wants it. The error is an
// [*spatial.InvalidError] that says why there is none.
func (c *converter) value(v spatial.Value) (spatial.Value, error) {
	if v.IsNull() {
		return v, nil
	}
	if v.Type() == spatial.TypeText && lostDigits.MatchString(strings.TrimSpace(v.Text())) {
		return v, c.lost(v.Text())
	}
	if len(c.field.Values) > 0 {
		v = c.enumerated(v)
	}
	switch c.field.Type {
	case spatial.TypeText:
		return c.text(v)
	case spatial.TypeBool:
		return c.truth(v)
	case spatial.TypeDate, spatial.TypeTime:
		return c.time(v)
	}
	return c.number(v)
}

func (c *converter) lost(text string) error {
	return c.refuse("digits_lost", fmt.Sprintf("%q is a long number that a spreadsheet has rounded: its last digits are gone", text),
		"take it from the source again with the column formatted as text (文本)")
}

// enumerated takes the words of a value for the value.
func (c *converter) enumerated(v spatial.Value) spatial.Value {
	word := bare(v.String())
	for _, label := range c.field.Values {
		if v.String() == label.Value {
			return v
		}
	}
	for _, label := range c.field.Values {
		if word == bare(label.Title.ZH) || word == bare(label.Title.EN) || word == bare(label.Value) {
			c.tell("words were taken for their values")
			return spatial.Text(label.Value)
		}
	}
	return v
}

func (c *converter) text(v spatial.Value) (spatial.Value, error) {
	switch {
	case v.Type() == spatial.TypeText:
		if c.code && strings.HasSuffix(v.Text(), ".0") && onlyDigits(strings.TrimSuffix(v.Text(), ".0")) {
			return v, c.refuse("code_number", fmt.Sprintf("the code %q was made a number on its way", v.Text()), "format the column of codes as text (文本)")
		}
		return v, nil
	case c.code && v.Type() == spatial.TypeFloat:
		return v, c.refuse("code_number", fmt.Sprintf("the code %s is a number, so leading zeros and digits beyond the 15th may be lost", v), "format the column of codes as text (文本)")
	case c.code && v.Type() == spatial.TypeInt:
		c.tell("codes are numbers in the file; leading zeros would be lost")
	}
	return spatial.Text(v.String()), nil
}

func (c *converter) truth(v spatial.Value) (spatial.Value, error) {
	if v.Type() == spatial.TypeBool {
		return v, nil
	}
	if b, ok := parseBool(v.String()); ok {
		return spatial.Bool(b), nil
	}
	if isNothing(v) {
		return c.nothing(v)
	}
	return v, c.refuse("value_type", fmt.Sprintf("%q is neither true nor false (是, 否)", v), "")
}

func (c *converter) nothing(v spatial.Value) (spatial.Value, error) {
	if v.Text() != "" {
		c.tell("signs for nothing, like - or 无, are left empty")
	}
	return spatial.Null, nil
}

func (c *converter) time(v spatial.Value) (spatial.Value, error) {
	if v.Type() == c.field.Type {
		return v, nil
	}
	if isNothing(v) {
		return c.nothing(v)
	}
	at, day, zone, ok := parseTime(v.String())
	switch {
	case v.Type() == spatial.TypeDate || v.Type() == spatial.TypeTime:
		at, day, zone, ok = v.Time(), v.Type() == spatial.TypeDate, v.Type() == spatial.TypeTime, true
		if day {
			at = time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, china)
		}
	case !ok:
		if serial, isNumber := plainNumber(v.String()); isNumber {
			if at, ok = serialTime(serial); ok {
				c.tell("numbers were taken for Excel's days")
			}
		}
	}
	if !ok {
		return v, c.refuse("value_type", fmt.Sprintf("%q is not a date", v), "write dates like 2024-11-04")
	}
	if c.field.Type == spatial.TypeDate {
		if !day && at.In(china).Format(time.TimeOnly) != "00:00:00" {
			c.tell("the time of day was left out")
		}
		if zone {
			at = at.In(china)
		}
		return spatial.Date(at), nil
	}
	if !zone {
		c.tell("times without a zone were taken for China's, +08:00")
	}
	return spatial.Time(at), nil
}

func (c *converter) number(v spatial.Value) (spatial.Value, error) {
	switch {
	case v.Type() == c.field.Type && c.unit == "":
		return v, nil
	case isNothing(v):
		return c.nothing(v)
	case v.Type() == spatial.TypeBool || v.Type() == spatial.TypeDate || v.Type() == spatial.TypeTime:
		return v, c.refuse("value_type", fmt.Sprintf("%v is not a number", v), "")
	}
	m, ok := parseMeasure(v.String())
	if !ok {
		if low, high, isRange := approximate(v.String()); isRange {
			return c.between(v.String(), low, high)
		}
		return v, c.refuse("value_type", fmt.Sprintf("%q is not a number", v), "")
	}
	return c.scale(v.String(), m)
}

// between chooses from a range as the user said.
func (c *converter) between(text, low, high string) (spatial.Value, error) {
	if c.pick == PickNone {
		return spatial.Null, c.refuse("value_range", fmt.Sprintf("%q is a range or a guess, not a number", text),
			"write one number, or say --range low, mid or high")
	}
	var ends [2]float64
	for i, end := range []string{low, high} {
		m, ok := parseMeasure(end)
		if !ok {
			return spatial.Null, c.refuse("value_type", fmt.Sprintf("%q is not a number", text), "")
		}
		v, err := c.inUnit(end, m)
		if err != nil {
			return spatial.Null, err
		}
		ends[i] = v
	}
	c.tell("ranges became their " + string(c.pick))
	x := map[Pick]float64{PickLow: ends[0], PickMid: (ends[0] + ends[1]) / 2, PickHigh: ends[1]}[c.pick]
	if c.field.Type == spatial.TypeInt {
		x = math.Round(x)
	}
	return c.whole(text, x)
}

func (c *converter) scale(text string, m measure) (spatial.Value, error) {
	if m.thick {
		c.tell("numbers with separators or full-width digits were read as numbers")
	}
	if c.field.Type == spatial.TypeInt && m.unit == "" && m.ten == 0 && c.unit == "" {
		if i, err := strconv.ParseInt(m.digits, 10, 64); err == nil {
			return spatial.Int(i), nil
		}
	}
	x, err := c.inUnit(text, m)
	if err != nil {
		return spatial.Null, err
	}
	return c.whole(text, x)
}

// inUnit is a measure in the field's unit.
func (c *converter) inUnit(text string, m measure) (float64, error) {
	name := m.unit
	if name == "" {
		name = c.unit
	}
	from, to := units[name], units[strings.ToLower(c.field.Unit)]
	switch {
	case name == "" || from == to:
		from = to
	case from.dimension == "":
		from = to
	case from.dimension != to.dimension && from.dimension == "%" && c.field.Unit == "":
		from, to = unit{"", from.ten - 2, 1}, unit{"", 0, 1}
		c.tell("percentages became fractions of one")
	case from.dimension == "persons" && c.field.Unit == "":
		to = unit{"persons", 0, 1}
	case from.dimension != to.dimension:
		return 0, c.refuse("value_unit", fmt.Sprintf("%q is in %s, the field %s in %s", text, name, c.field.Name, orNone(c.field.Unit)), "give the number in the field's unit")
	default:
		c.tell(fmt.Sprintf("%s became %s", name, c.field.Unit))
	}
	if m.ten != 0 {
		c.tell("numbers with 万 or 亿 were written out")
	}
	x, err := m.scaled(from, to)
	if err != nil || math.IsInf(x, 0) {
		return 0, c.refuse("value_type", fmt.Sprintf("%q is too large a number", text), "")
	}
	return x, nil
}

func orNone(unit string) string {
	if unit == "" {
		return "no unit"
	}
	return unit
}

func (c *converter) whole(text string, x float64) (spatial.Value, error) {
	if c.field.Type == spatial.TypeFloat {
		return spatial.Float(x), nil
	}
	if x != math.Trunc(x) || math.Abs(x) > exact {
		return spatial.Null, c.refuse("value_type", fmt.Sprintf("%q is not a whole number", text), "")
	}
	return spatial.Int(int64(x)), nil
}

func onlyDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
