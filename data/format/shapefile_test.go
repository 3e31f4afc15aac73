package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// tableOf is a .dbf of one text field with one record for each text.
func tableOf(language byte, name string, texts ...string) []byte {
	width := 1
	for _, s := range texts {
		width = max(width, len(s))
	}
	w := dbfWriter{text: westText, language: language, columns: []dbfColumn{{short: "x", kind: 'C', width: width}}}
	file := w.head(len(texts), "")
	copy(file[dbfHead:dbfHead+dbfName], append([]byte(name), make([]byte, dbfName)...))
	for _, s := range texts {
		file = append(file, ' ')
		file = appendBlanks(append(file, s...), width-len(s))
	}
	return append(file, dbfEndOfFile)
}

// shapesOf is a .shp of records of any content.
func shapesOf(contents ...[]byte) []byte {
	l := shapeLayer{kind: shapePolygon}
	file := l.head(0)
	for i, c := range contents {
		file = binary.BigEndian.AppendUint32(file, uint32(i+1))
		file = binary.BigEndian.AppendUint32(file, uint32(len(c)/2))
		file = append(file, c...)
	}
	return file
}

// openFiles opens files by their extensions.
func openFiles(t testing.TB, encoding string, files map[string]string) (Features, error) {
	t.Helper()
	folder := t.TempDir()
	first := ""
	for _, part := range partNames {
		content, ok := files[part]
		if !ok {
			continue
		}
		path := filepath.Join(folder, "层"+strings.ToUpper(part))
		if first == "" {
			first = path
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := OpenShapefile(first, encoding)
	if err == nil {
		t.Cleanup(func() { _ = f.Close() })
	}
	return f, err
}

func texts(t testing.TB, f Features) (all []string) {
	t.Helper()
	err := f.Each(func(r *Record) error {
		for _, c := range r.Cells {
			all = append(all, c.Column+"="+c.Value.String())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEncodings(t *testing.T) {
	in := func(page, s string) string {
		c, ok := codePage(page)
		if !ok {
			t.Fatal(page)
		}
		b, ok := c.encode(s)
		if !ok {
			t.Fatalf("%q is not in %s", s, page)
		}
		return string(b)
	}
	for name, c := range map[string]struct {
		user     string
		language byte
		page     string
		text     string
		want     string // "" for a refusal
		note     string
	}{
		"user":                 {"gbk", 0x58, "UTF-8", in("936", "罗湖"), "罗湖", "as the user says"},
		"user wrong":           {"utf-8", 0, "", in("936", "罗湖"), "", "not UTF-8"},
		"language gbk":         {"", 0x4d, "", in("936", "罗湖"), "罗湖", "language byte"},
		"language big5":        {"", 0x4f, "", in("950", "羅湖"), "羅湖", "language byte"},
		"cpg 936":              {"", 0, "CP936", in("936", "罗湖"), "罗湖", ".cpg"},
		"cpg ansi 936":         {"", 0, " ANSI 936\r\n", in("936", "罗湖"), "罗湖", ".cpg"},
		"cpg gb18030":          {"", 0, "GB18030", in("54936", "㐀罗湖"), "㐀罗湖", ".cpg"},
		"cpg big-5":            {"", 0, "Big-5", in("950", "羅湖"), "羅湖", ".cpg"},
		"cpg iso":              {"", 0, "ISO 88592", in("28592", "čeština"), "čeština", ".cpg"},
		"cpg iso dashes":       {"", 0, "ISO-8859-15", in("28605", "œuvre"), "œuvre", ".cpg"},
		"cpg 874":              {"", 0, "874", in("874", "ภาษาไทย"), "ภาษาไทย", ".cpg"},
		"cpg windows-1251":     {"", 0, "windows-1251", in("1251", "русский"), "русский", ".cpg"},
		"cpg koi8":             {"", 0, "koi8r", in("20866", "русский"), "русский", ".cpg"},
		"cpg euc-kr":           {"", 0, "EUC-KR", in("949", "한국말"), "한국말", ".cpg"},
		"cpg shift_jis":        {"", 0, "shiftjis", in("932", "ひらがな"), "ひらがな", ".cpg"},
		"cpg html":             {"", 0, "<!DOCTYPE html><html>", "罗湖", "罗湖", "names no encoding"},
		"cpg utf-16":           {"", 0, "UTF-16", in("936", "罗湖"), "罗湖", "names no encoding"},
		"cpg wrong":            {"", 0, "UTF-8", in("936", "罗湖区"), "罗湖区", "says UTF-8, but the text is not that"},
		"cpg western, utf-8":   {"", 0, "ISO-8859-1", "罗湖区", "罗湖区", "but the text is UTF-8"},
		"cpg western, doubted": {"", 0, "1252", in("936", "罗湖区东门街道"), "ÂÞºþÇø¶«ÃÅ½ÖµÀ", "--encoding gbk"},
		"bytes utf-8":          {"", 0x57, "", "罗湖", "罗湖", "looks like"},
		"bytes gbk":            {"", 0x57, "", in("936", "新秀社区"), "新秀社区", "look like"},
		"bytes big5":           {"", 0, "", in("950", "繁體國語"), "繁體國語", "look like"},
		"bytes euc-jp":         {"", 0, "", in("51932", "ひたちなか市"), "ひたちなか市", "look like"},
		"bytes western":        {"", 0, "", in("1252", "México"), "México", "guess"},
		"bytes greek":          {"", 0, "", in("1253", "Π. ΑΝΑΤΟΛΙΚΗΣ ΜΑΚΕΔΟΝΙΑΣ"), "", "Windows 1253"},
		"ascii":                {"", 0, "", "Luohu", "Luohu", "ASCII"},
		"no such name":         {"klingon", 0, "", "x", "", "no such encoding"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := openFiles(t, c.user, map[string]string{".dbf": string(tableOf(c.language, "x", c.text)), ".cpg": c.page})
			if c.want == "" {
				if err == nil || !strings.Contains(err.Error(), c.note) {
					t.Errorf("error %v, want %q in it", err, c.note)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := texts(t, f); !slices.Equal(got, []string{"x=" + c.want}) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if notes := strings.Join(f.Notes(), "\n"); !strings.Contains(notes, strings.Replace(c.note, "looks like", "look like", 1)) {
				t.Errorf("notes %q, want %q in them", notes, c.note)
			}
		})
	}
}

func TestCutCharacters(t *testing.T) {
	f, err := openFiles(t, "", map[string]string{".dbf": string(tableOf(0x4d, "A\xb1\xe0\xba\xc5\xb1\xe0\xba\xc5\xb1", "\xc2\xde\xba"))})
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(t, f); !slices.Equal(got, []string{"A编号编号=罗"}) {
		t.Errorf("%q", got)
	}
	if notes := strings.Join(f.Notes(), "\n"); !strings.Contains(notes, "cut within a character") {
		t.Error(notes)
	}
}

func TestDBFValues(t *testing.T) {
	for _, c := range []struct {
		kind     byte
		decimals int
		text     string
		want     spatial.Value
	}{
		{'N', 0, "42", spatial.Int(42)}, {'N', 0, "-7", spatial.Int(-7)}, {'N', 0, "", spatial.Null}, {'N', 0, "*****", spatial.Null},
		{'N', 0, "123456789012345678", spatial.Int(123456789012345678)}, {'N', 0, "4403030020071800001", spatial.Text("4403030020071800001")},
		{'N', 2, "1.50", spatial.Float(1.5)}, {'N', 0, "68,5", spatial.Float(68.5)}, {'F', 5, "4.40303E+24", spatial.Float(4.40303e24)},
		{'N', 0, "8~10", spatial.Text("8~10")}, {'N', 2, "1e999", spatial.Text("1e999")}, {'N', 2, "nan", spatial.Text("nan")}, {'N', 2, "0x1p4", spatial.Text("0x1p4")},
		{'D', 0, "00000000", spatial.Null}, {'D', 0, "20240231", spatial.Text("20240231")}, {'L', 0, "y", spatial.Bool(true)}, {'L', 0, "?", spatial.Null}, {'L', 0, "f", spatial.Bool(false)},
	} {
		var tally dbfTally
		if got := dbfScalar(&dbfField{kind: c.kind, decimals: c.decimals}, c.text, &tally); got != c.want {
			t.Errorf("%c %q: %v, want %v", c.kind, c.text, got, c.want)
		}
	}
}

func TestPRJ(t *testing.T) {
	for _, crs := range []datum.CRS{datum.CRS84, datum.EPSG4490, datum.EPSG4547, datum.EPSG4526, datum.EPSG3857} {
		if got, ok, note, err := parsePRJ("x.prj", formatPRJ(crs)); got != crs || !ok || note != "" || err != nil {
			t.Errorf("%v: %v %v %q %v", crs, got, ok, note, err)
		}
	}
	nad := `GEOGCS["GCS_North_American_1983",DATUM["D_North_American_1983",SPHEROID["GRS_1980",6378137,298.257222101]],PRIMEM["Greenwich",0],UNIT["Degree",0.017453292519943295]]`
	for name, c := range map[string]struct {
		text     string
		declared bool
		want     string // in the note or error
	}{
		"nad83":        {nad, true, "up to 2 m"},
		"empty":        {" \r\n", false, "empty"},
		"html":         {"<!DOCTYPE html>", false, "ignored"},
		"cut off":      {nad[:60], false, "ignored"},
		"beijing 1954": {strings.NewReplacer("GRS_1980\",6378137,298.257222101", `K",6378245,298.3`, "GCS_North_American_1983", "GCS_Beijing_1954").Replace(nad), false, "GCS_Beijing_1954"},
		"utm":          {`PROJCS["UTM_50",` + prj4490 + `,PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000],PARAMETER["Central_Meridian",117],PARAMETER["Scale_Factor",0.9996],UNIT["Meter",1]]`, false, "ogr2ogr"},
		"by authority": {`PROJCS["x",AUTHORITY["EPSG","4547"]]`, true, ""},
		"deep":         {strings.Repeat("A[", 1000), false, "ignored"},
	} {
		_, declared, note, err := parsePRJ("x.prj", c.text)
		if declared != c.declared || !strings.Contains(note+fmt.Sprint(err), c.want) {
			t.Errorf("%s: %v %q %v", name, declared, note, err)
		}
	}
}

// TestNest holds polygons against their rings shuffled and turned at random.
func TestNest(t *testing.T) {
	square := func(x, y, side float64) orb.Ring {
		return orb.Ring{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}
	}
	hole := func(x, y, side float64) orb.Ring { return wound(square(x, y, side), false) }
	want := orb.MultiPolygon{
		{square(0, 0, 10), hole(1, 1, 5), hole(7, 7, 1)}, {square(2, 2, 3), hole(3, 3, 1)}, // an island in a hole, with a hole
		{square(20, 0, 5)}, {square(25, 0, 5)}, // sharing an edge
		{square(0, 20, 4), orb.Ring{{0, 20}, {1, 21}, {1.5, 20.5}, {0, 20}}}, // a hole at the corner
	}
	want[4][1] = wound(want[4][1], false)
	var rings []orb.Ring
	for _, p := range want {
		rings = append(rings, p...)
	}
	key := func(g orb.MultiPolygon) map[string]bool {
		all := map[string]bool{}
		for _, p := range g {
			var holes []string
			for _, r := range p[1:] {
				holes = append(holes, fmt.Sprint(r.Bound(), twiceArea(r)))
			}
			slices.Sort(holes)
			all[fmt.Sprint(p[0].Bound(), twiceArea(p[0]), holes)] = true
		}
		return all
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		shuffled := make([]orb.Ring, len(rings))
		for i, k := range rng.Perm(len(rings)) {
			shuffled[i] = slices.Clone(rings[k])
			if rng.IntN(2) == 0 {
				slices.Reverse(shuffled[i])
			}
		}
		got, ok := nest(shuffled).(orb.MultiPolygon)
		if !ok || !reflect.DeepEqual(key(got), key(want)) {
			t.Fatalf("%v", got)
		}
	}
}

func polygonContent() []byte {
	return appendShape(nil, orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}})
}

func TestDamagedShapefiles(t *testing.T) {
	one := polygonContent()
	shp := string(shapesOf(one, appendShape(nil, nil), one))
	unfit := slices.Clone(one)
	binary.LittleEndian.PutUint32(unfit[40:], 1<<30)
	for name, c := range map[string]struct {
		shp  string
		want string // in the error or, for 3 records, in the notes
	}{
		"whole":            {shp, "are null"},
		"zeros behind":     {shp + strings.Repeat("\x00", 40), "are null"},
		"garbage between":  {shp[:100+8+len(one)] + "\xff\xff\xff\xff garbage" + shp[100+8+len(one):], "passed over"},
		"cut off":          {shp[:len(shp)-3], "record 3 at byte"},
		"count of points":  {string(shapesOf(one, unfit, one)), "record 2 at byte"},
		"type":             {string(shapesOf(one, append([]byte{77, 0, 0, 0}, one[4:]...), one)), "record 2 at byte"},
		"not a .shp":       {"PK" + shp[2:], "not the .shp"},
		"length too short": {strings.Replace(shp, string(binary.BigEndian.AppendUint32(nil, uint32(len(one)/2))), string(binary.BigEndian.AppendUint32(nil, 22)), 1), "says it has 44 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			f, err := openFiles(t, "", map[string]string{".shp": c.shp})
			if err == nil {
				err = f.Each(func(*Record) error { n++; return nil })
			}
			if err == nil && n != 3 {
				t.Errorf("%d records without an error", n)
			}
			words := fmt.Sprint(err)
			if err == nil {
				words = strings.Join(f.Notes(), "\n")
			}
			var invalid *spatial.InvalidError
			if !strings.Contains(words, c.want) || err != nil && !errors.As(err, &invalid) {
				t.Errorf("%s, want %q", words, c.want)
			}
		})
	}
}

func TestUnpackingHasALimit(t *testing.T) {
	var out bytes.Buffer
	layer, err := spatial.NewLayer(&spatial.Schema{ID: "x"}, 1, func(yield func(spatial.Row, error) bool) {
		for i := int64(1); i < 1000 && yield(spatial.Row{ID: i}, nil); i++ {
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteShapefile(&out, Selection{Layer: layer, Features: layer.All()}, ""); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.zip")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := unpackParts(path, "", 1000); err == nil || !strings.Contains(err.Error(), "the most that is unpacked") {
		t.Errorf("%v %v", p, err)
	}
	f, err := OpenShapefile(path, "")
	if err != nil {
		t.Fatal(err)
	}
	folder := f.(*Shapefile).parts.folder
	if got := texts(t, f); len(got) != 999 || got[998] != "id=999" {
		t.Errorf("%d texts", len(got))
	}
	if _, err := os.Stat(folder); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder of unpacked files is left: %v", err)
	}
}

func FuzzDBF(f *testing.F) {
	f.Add(tableOf(0x4d, "\xc3\xfb\xb3\xc6", "\xc2\xde\xba\xfe", "x"))
	f.Add(tableOf(0, "name", "罗湖", "", "\x00\x00"))
	f.Fuzz(func(t *testing.T, table []byte) {
		fuzzed(t, map[string]string{".dbf": string(table)})
	})
}

func FuzzShapefile(f *testing.F) {
	one := polygonContent()
	f.Add(shapesOf(one, appendShape(nil, nil), one), shapesOf()[:100])
	f.Add(shapesOf(appendShape(nil, orb.MultiPoint{{1, 2}}), appendShape(nil, orb.LineString{{1, 2}, {3, 4}}), appendShape(nil, orb.Point{1, 2})), []byte{})
	f.Fuzz(func(t *testing.T, shp, shx []byte) {
		fuzzed(t, map[string]string{".shp": string(shp), ".shx": string(shx)})
	})
}

// fuzzed reads a file twice: alike, or refused as a fault of the file.
func fuzzed(t *testing.T, files map[string]string) {
	f, err := openFiles(t, "", files)
	var counts [2]int
	for i := range counts {
		if err == nil {
			err = f.Each(func(r *Record) error { counts[i]++; return nil })
		}
	}
	var invalid *spatial.InvalidError
	if err != nil && !errors.As(err, &invalid) {
		t.Fatal(err)
	}
	if err == nil && counts[0] != counts[1] {
		t.Fatalf("%d records, then %d", counts[0], counts[1])
	}
}
