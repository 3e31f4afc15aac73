package format

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"wangge/spatial"
)

// charset is an encoding of text under the name that messages give it. The
// zero charset is none.
type charset struct {
	name  string
	table encoding.Encoding
	multi bool // of several bytes a character, so that not every text is valid
}

// The encodings that [detect] considers. GBK is read as GB18030, which
// contains it and GB2312.
var (
	utf8Text  = charset{"UTF-8", unicode.UTF8, true}
	gbkText   = charset{"GBK", simplifiedchinese.GB18030, true}
	big5Text  = charset{"Big5", traditionalchinese.Big5, true}
	sjisText  = charset{"Shift_JIS", japanese.ShiftJIS, true}
	eucjpText = charset{"EUC-JP", japanese.EUCJP, true}
	euckrText = charset{"EUC-KR", korean.EUCKR, true}
	westText  = charset{"Windows 1252", charmap.Windows1252, false}
)

// codePage is the encoding of a Windows or DOS code page, whose number is how
// .cpg files and the language byte of a .dbf name encodings.
func codePage(number string) (charset, bool) {
	switch number {
	case "65001":
		return utf8Text, true
	case "936", "20936":
		return gbkText, true
	case "54936":
		return charset{"GB18030", simplifiedchinese.GB18030, true}, true
	case "950":
		return big5Text, true
	case "932":
		return sjisText, true
	case "20932", "51932":
		return eucjpText, true
	case "949", "51949":
		return euckrText, true
	}
	table, ok := singleByte[number]
	if !ok {
		return charset{}, false
	}
	return charset{name: fmt.Sprint(table), table: table}, true
}

// singleByte are the code pages of one byte a character.
var singleByte = map[string]*charmap.Charmap{
	"437": charmap.CodePage437, "850": charmap.CodePage850, "852": charmap.CodePage852, "855": charmap.CodePage855,
	"858": charmap.CodePage858, "860": charmap.CodePage860, "862": charmap.CodePage862, "863": charmap.CodePage863,
	"865": charmap.CodePage865, "866": charmap.CodePage866, "874": charmap.Windows874,
	"1250": charmap.Windows1250, "1251": charmap.Windows1251, "1252": charmap.Windows1252, "1253": charmap.Windows1253,
	"1254": charmap.Windows1254, "1255": charmap.Windows1255, "1256": charmap.Windows1256, "1257": charmap.Windows1257,
	"1258": charmap.Windows1258, "10000": charmap.Macintosh, "10007": charmap.MacintoshCyrillic,
	"20866": charmap.KOI8R, "21866": charmap.KOI8U,
	"28591": charmap.ISO8859_1, "28592": charmap.ISO8859_2, "28593": charmap.ISO8859_3, "28594": charmap.ISO8859_4,
	"28595": charmap.ISO8859_5, "28596": charmap.ISO8859_6, "28597": charmap.ISO8859_7, "28598": charmap.ISO8859_8,
	"28599": charmap.ISO8859_9, "28603": charmap.ISO8859_13, "28605": charmap.ISO8859_15,
}

// spellings are names that the indexes of x/text do not know or take for
// something narrower, with the code page that they mean.
var spellings = map[string]string{
	"gbk": "936", "gb2312": "936", "euccn": "936", "gb18030": "54936", "big5": "950", "utf8": "65001",
	"shiftjis": "932", "sjis": "932", "eucjp": "51932", "euckr": "949", "uhc": "949", "koi8r": "20866", "koi8u": "21866",
	"tis620": "874", "latin1": "28591", "latin2": "28592", "latin9": "28605", "macintosh": "10000", "ascii": "1252", "usascii": "1252",
}

// parseCharset finds an encoding by the name that a user or a .cpg file gives
// it: "gbk", "CP936", "936", "ANSI 936", "Big-5", "ISO 88591", "windows-874".
func parseCharset(name string) (charset, bool) {
	name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
	plain := strings.NewReplacer("-", "", "_", "", " ", "", ".", "").Replace(name)
	if number, ok := spellings[plain]; ok {
		plain = number
	}
	for _, prefix := range []string{"", "ansi", "oem", "windows", "cp", "ibm", "ms", "xcp"} {
		if found, ok := codePage(strings.TrimPrefix(plain, prefix)); ok {
			return found, true
		}
	}
	part := strings.TrimPrefix(strings.TrimPrefix(plain, "iso"), "8859")
	if n, err := strconv.Atoi(part); err == nil && part != plain && n <= 15 {
		return codePage(strconv.Itoa(28590 + n))
	}
	return indexed(name)
}

// indexed finds an encoding by its name on the web or at IANA. UTF-16 is none
// that a table of bytes can have.
func indexed(name string) (charset, bool) {
	table, err := htmlindex.Get(name)
	if err != nil {
		table, err = ianaindex.IANA.Encoding(name)
	}
	if err != nil || table == nil || strings.HasPrefix(name, "utf-") || strings.HasPrefix(name, "utf1") || strings.HasPrefix(name, "ucs") {
		return charset{}, false
	}
	_, single := table.(*charmap.Charmap)
	return charset{name: name, table: table, multi: !single}, true
}

// userCharset is the encoding that the user names; the zero charset for "".
func userCharset(name string) (charset, error) {
	if name == "" {
		return charset{}, nil
	}
	if found, ok := parseCharset(name); ok {
		return found, nil
	}
	return charset{}, &spatial.InvalidError{Rule: "encoding_name", Where: fmt.Sprintf("encoding %q", name), Detail: "there is no such encoding",
		Fix: "give one like utf-8, gbk, gb18030, big5, shift_jis, euc-kr, windows-1252 or iso-8859-2"}
}

// languages are the code pages behind the language byte of a .dbf (LDID) as
// dBASE, FoxPro and ArcGIS write it. 0x57, "the ANSI page of the machine that
// wrote this", says nothing.
var languages = map[byte]string{
	0x01: "437", 0x02: "850", 0x03: "1252", 0x04: "10000", 0x08: "865", 0x09: "437", 0x0a: "850", 0x0b: "437", 0x0d: "437", 0x0e: "850",
	0x0f: "437", 0x10: "850", 0x11: "437", 0x12: "850", 0x13: "932", 0x14: "850", 0x15: "437", 0x16: "850", 0x17: "865", 0x18: "437",
	0x19: "437", 0x1a: "850", 0x1b: "437", 0x1c: "863", 0x1d: "850", 0x1f: "852", 0x22: "852", 0x23: "852", 0x24: "860", 0x25: "850",
	0x26: "866", 0x37: "850", 0x40: "852", 0x4d: "936", 0x4e: "949", 0x4f: "950", 0x50: "874", 0x58: "1252", 0x59: "1252", 0x64: "852",
	0x65: "866", 0x66: "865", 0x67: "861", 0x68: "895", 0x69: "620", 0x6a: "737", 0x6b: "857", 0x6c: "863", 0x78: "950", 0x79: "949",
	0x7a: "936", 0x7b: "932", 0x7c: "874", 0x7d: "1255", 0x7e: "1256", 0x86: "737", 0x87: "852", 0x88: "857", 0x96: "10007", 0x97: "10029",
	0x98: "10006", 0xc8: "1250", 0xc9: "1251", 0xca: "1254", 0xcb: "1253", 0xcc: "1257",
}

// cutCharacter is how many bytes may be missing at the end of a text that a
// field was too short for.
const cutCharacter = 3

// decode turns the bytes of a text into UTF-8. With full, which says that the
// text fills its field, a character cut at the end is left out and reported.
// ok is false if the bytes are no text of the encoding.
func (c charset) decode(text []byte, full bool) (s string, cut, ok bool) {
	if isASCII(text) {
		return string(text), false, true
	}
	if s, ok = c.strict(text); ok || !full || !c.multi {
		return s, false, ok
	}
	for n := 1; n <= cutCharacter && n < len(text) && text[len(text)-n] >= 0x30; n++ {
		if s, ok = c.strict(text[:len(text)-n]); ok && text[len(text)-n] >= 0x80 {
			return s, true, true
		}
	}
	return "", false, false
}

// strict decodes without replacing anything. Whatever x/text cannot read it
// turns into U+FFFD, which no text has of its own.
func (c charset) strict(text []byte) (string, bool) {
	s, err := c.table.NewDecoder().Bytes(text)
	return string(s), err == nil && !strings.ContainsRune(string(s), '\ufffd')
}

// encode turns UTF-8 into the encoding; ok is false where it lacks a
// character.
func (c charset) encode(s string) ([]byte, bool) {
	b, err := c.table.NewEncoder().Bytes([]byte(s))
	return b, err == nil
}

func isASCII(text []byte) bool {
	for _, b := range text {
		if b >= 0x80 {
			return false
		}
	}
	return true
}
