package format

import (
	"fmt"
	"strings"

	"wangge/spatial"
)

// reading is a text's life in one encoding: whether it can be that, and how
// likely it is.
type reading struct {
	charset
	home  map[rune]bool // characters that are frequent where the encoding is at home
	fault string        // the first place that is no text of the encoding, "" if all is
	chars int           // beyond ASCII
	score float64       // sum of weights
}

// scored is how many characters are weighed; validity is asked of all.
const scored = 50_000

func newReading(c charset) *reading {
	r := &reading{charset: c}
	switch c.name {
	case gbkText.name:
		r.home = block(c, 0xb0, 0xd7)
	case big5Text.name:
		r.home = block(c, 0xa4, 0xc6)
	case eucjpText.name:
		r.home = block(c, 0xb0, 0xcf)
	case sjisText.name:
		r.home = block(c, 0x88, 0x97)
	}
	return r
}

// block is the set of characters whose first byte is in a range: where an
// encoding keeps its frequent ones.
func block(c charset, first, last byte) map[rune]bool {
	home := map[rune]bool{}
	for lead := first; lead <= last; lead++ {
		for trail := byte(0x40); trail < 0xff; trail++ {
			if s, ok := c.strict([]byte{lead, trail}); ok {
				home[[]rune(s)[0]] = true
			}
		}
	}
	return home
}

// see takes in one text. full says that it fills its field.
func (r *reading) see(text []byte, full bool, where string) {
	if r.fault != "" {
		return
	}
	s, _, ok := r.decode(text, full)
	if !ok {
		r.fault = where
		return
	}
	if r.chars >= scored {
		return
	}
	for _, c := range s {
		if c >= 0x80 {
			r.chars++
			r.score += r.weight(c)
		}
	}
}

// weight is how much a character speaks for the encoding, from -1 to 1.
func (r *reading) weight(c rune) float64 {
	unicode := r.name == utf8Text.name
	switch {
	case strings.ContainsRune(commonHan, c):
		return 1
	case c < 0xa0, c >= 0xe000 && c < 0xf900:
		return -1 // control characters, private use
	case c >= 0x3040 && c < 0x3100: // kana
		if r.name == gbkText.name || r.name == big5Text.name {
			return -0.5
		}
		return 1
	case c >= 0xac00 && c < 0xd7b0: // Hangul
		return 0.7
	case r.home[c], c >= 0x3000 && c < 0x3040, c >= 0xff00 && c < 0xff60, unicode:
		return 0.5
	}
	return 0
}

func (r *reading) likelihood() float64 {
	if r.fault != "" || r.chars == 0 {
		return -1
	}
	return r.score / float64(r.chars)
}

// survey of the texts of a table: what they would be in each encoding.
type charsetSurvey struct {
	user, language, page *reading   // what the user, the language byte and the .cpg say; nil if nothing
	guesses              []*reading // in the order of preference where nothing else decides
	example              []byte     // the first text beyond ASCII
	where                string     // where it stands
	west, strange, plain int        // letters of western Europe, other bytes beyond ASCII, letters of ASCII
}

func newCharsetSurvey(user, language, page charset) *charsetSurvey {
	s := &charsetSurvey{user: declared(user), language: declared(language), page: declared(page)}
	for _, c := range []charset{utf8Text, gbkText, big5Text, sjisText, eucjpText, euckrText} {
		s.guesses = append(s.guesses, newReading(c))
	}
	return s
}

func declared(c charset) *reading {
	if c.table == nil {
		return nil
	}
	return newReading(c)
}

func (s *charsetSurvey) see(text []byte, full bool, where string) {
	if isASCII(text) {
		return
	}
	if s.example == nil {
		s.example, s.where = append([]byte(nil), text...), where
	}
	for _, b := range text {
		switch {
		case b >= 0xc0 && b != 0xd7 && b != 0xf7:
			s.west++
		case b >= 0x80:
			s.strange++
		case b|0x20 >= 'a' && b|0x20 <= 'z':
			s.plain++
		}
	}
	for _, r := range append([]*reading{s.user, s.language, s.page}, s.guesses...) {
		if r != nil {
			r.see(text, full, where)
		}
	}
}

// choose decides on the encoding in the order of: the user's word, the
// language byte, the .cpg, the bytes themselves; and says why. A declaration
// that the bytes belie is passed over with a word, the user's is an error.
func (s *charsetSurvey) choose(file string) (charset, []string, error) {
	switch {
	case s.user != nil && s.user.fault != "":
		return charset{}, nil, &spatial.InvalidError{Rule: "encoding", Where: s.user.fault, Detail: "the text is not " + s.user.name,
			Fix: "give another --encoding, or none to have it detected"}
	case s.user != nil:
		return s.user.charset, []string{"text read as " + s.user.name + ", as the user says"}, nil
	case s.example == nil:
		return s.ascii()
	}
	var notes []string
	for _, d := range []struct {
		r   *reading
		who string
	}{{s.language, "the language byte of the .dbf"}, {s.page, "the .cpg file"}} {
		switch {
		case d.r == nil:
		case d.r.fault != "":
			notes = append(notes, fmt.Sprintf("%s says %s, but the text is not that: %s", d.who, d.r.name, d.r.fault))
		case s.belied(d.r):
			notes = append(notes, fmt.Sprintf("%s says %s, but the text is UTF-8", d.who, d.r.name))
		default:
			return d.r.charset, append(notes, s.agreed(d.r, d.who)...), nil
		}
	}
	guess, note, err := s.detect(file)
	return guess, append(notes, note...), err
}

func (s *charsetSurvey) ascii() (charset, []string, error) {
	for _, r := range []*reading{s.language, s.page} {
		if r != nil {
			return r.charset, []string{"all text is ASCII, whatever the encoding; declared is " + r.name}, nil
		}
	}
	return utf8Text, []string{"all text is ASCII, whatever the encoding"}, nil
}

// belied says whether text declared as something else is UTF-8 beyond doubt:
// bytes that are not written as UTF-8 hardly ever look like it.
func (s *charsetSurvey) belied(r *reading) bool {
	unicode := s.guesses[0]
	if unicode.fault != "" || r.name == unicode.name {
		return false
	}
	return !r.multi || unicode.likelihood() > r.likelihood()+0.2
}

// agreed are the notes on a declaration that the bytes do not contradict.
func (s *charsetSurvey) agreed(r *reading, who string) []string {
	notes := []string{fmt.Sprintf("text read as %s, as %s says", r.name, who)}
	best := s.best()
	if r.multi || best == nil || best.likelihood() < 0.75 || best.chars < 4 {
		return notes
	}
	return append(notes, fmt.Sprintf("any bytes can be %s, and these would also be good %s: %s reads %s, or else %s; if that is right give --encoding %s",
		r.name, best.name, s.where, s.reads(r.charset), s.reads(best.charset), strings.ToLower(best.name)))
}

func (s *charsetSurvey) best() *reading {
	var best *reading
	for _, r := range s.guesses {
		if r.fault == "" && (best == nil || r.likelihood() > best.likelihood()) {
			best = r
		}
	}
	return best
}

// likely is the least likelihood that a guess is made on, closeBy the
// lead below which the next is told too.
const (
	likely  = 0.3
	closeBy = 0.15
)

func (s *charsetSurvey) detect(file string) (charset, []string, error) {
	best := s.best()
	if best == nil || best.likelihood() < likely {
		return s.western(file)
	}
	notes := []string{"no encoding is declared that fits: text read as " + best.name + ", which its bytes look like"}
	for _, r := range s.guesses {
		if r != best && r.likelihood() >= likely && best.likelihood()-r.likelihood() < closeBy {
			notes = append(notes, fmt.Sprintf("the encoding is not certain: %s reads %s in %s but %s in %s; give --encoding if the first is wrong",
				s.where, s.reads(best.charset), best.name, s.reads(r.charset), r.name))
		}
	}
	return best.charset, notes, nil
}

// western takes text of Latin letters, some with accents, as windows-1252.
// Anything else the user must name.
func (s *charsetSurvey) western(file string) (charset, []string, error) {
	if s.west > 19*s.strange && s.west < s.plain {
		return westText, []string{fmt.Sprintf("no encoding is declared: text read as %s, which is a guess: %s reads %s; give --encoding if that is wrong",
			westText.name, s.where, s.reads(westText))}, nil
	}
	var readings []string
	for _, page := range []string{"936", "950", "932", "949", "1252", "1250", "1251", "1253"} {
		c, _ := codePage(page)
		if _, _, ok := c.decode(s.example, true); ok {
			readings = append(readings, s.reads(c)+" in "+c.name)
		}
	}
	return charset{}, nil, &spatial.InvalidError{Rule: "encoding_undecided", Where: file,
		Detail: "the encoding of the text is not declared and its bytes do not tell; " + s.where + " would read " + strings.Join(readings, ", "),
		Fix:    "give --encoding"}
}

// reads is how the example reads in an encoding, shortened.
func (s *charsetSurvey) reads(c charset) string {
	text, _, _ := c.decode(s.example, true)
	if runes := []rune(text); len(runes) > 20 {
		text = string(runes[:20]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

// commonHan are characters that are frequent in Chinese texts and in names of
// places, simplified and traditional.
const commonHan = "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九性通目华报立马命张活难神数件安表原车白应路期常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接许八特觉望直服毛林题建南度统色字请交爱让认算论百义科元社术结六功指思非流每青管连远资队带花快条院变联言权往展该领传近留红治决周保达办运武半七必城强步完深区即求品士转量空众技轻程告江语英基派满式李息写识极令黄德收党未持取设始版双历史商千片容研站广改议形委早房音火际则首单据导影失网香专石校读志飞观争究包组造落视济离兴切村街镇县省州岛河湖桥园居罗龙岗福田宝盐坪鹏岭井桂贝翠竹笋莲塘晓楼栋层户址编号码称型类级险灾避消防仓库厂坡沟渠塔泵简繁" +
	"國個來時們說為這會後過對麼發還無開當樣現經頭動兩長將與進實點種聲話問機給幾業間從東電門氣關並內軍產萬場師書員報馬張難數應車親務記邊戰許覺題統請愛讓認論義術結隊連遠資帶條變聯權領傳紅決達辦運區語滿識極錢黨設雙歷廣議單據導網專讀飛觀爭組視濟離興縣鎮島橋園體羅龍崗寶鹽鵬嶺貝筍蓮曉樓棟層戶編號碼稱類級險災倉庫廠溝簡總處臺灣"
