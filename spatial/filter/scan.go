package filter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word of the text.
type token struct {
	kind kind
	text string // without quotes; keywords as they were written
	at   int    // byte of the text where it begins
}

type kind uint8

const (
	end kind = iota
	word
	quoted // a property in double quotes
	text   // in single quotes
	number
	symbol
)

// scan cuts a text into tokens, the last of kind end.
func scan(source string) ([]token, error) {
	var tokens []token
	for at := 0; at < len(source); {
		r, size := utf8.DecodeRuneInString(source[at:])
		if unicode.IsSpace(r) {
			at += size
			continue
		}
		t, length, err := scanOne(source, at)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		at += length
	}
	return append(tokens, token{end, "", len(source)}), nil
}

func scanOne(source string, at int) (token, int, error) {
	rest := source[at:]
	switch r, _ := utf8.DecodeRuneInString(rest); {
	case r == '\'':
		return scanQuoted(source, at, text)
	case r == '"':
		return scanQuoted(source, at, quoted)
	case isNumber(rest):
		length := numberLength(rest)
		return token{number, rest[:length], at}, length, nil
	case wordLength(rest) > 0:
		length := wordLength(rest)
		return token{word, rest[:length], at}, length, nil
	}
	for _, s := range []string{"<>", "<=", ">=", "=", "<", ">", "(", ")", ","} {
		if strings.HasPrefix(rest, s) {
			return token{symbol, s, at}, len(s), nil
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	fix := "put text into single quotes and property names into double quotes"
	if strings.HasPrefix(rest, "!=") {
		fix = "write <> for \"not equal\""
	}
	return token{}, 0, faultAt(source, at, "filter_syntax", fmt.Sprintf("%q has no meaning here", r), fix)
}

// scanQuoted reads to the closing quote; a doubled quote stands for itself.
func scanQuoted(source string, at int, k kind) (token, int, error) {
	quote := source[at]
	var b strings.Builder
	for i := at + 1; i < len(source); i++ {
		if source[i] != quote {
			b.WriteByte(source[i])
			continue
		}
		if i+1 < len(source) && source[i+1] == quote {
			b.WriteByte(quote)
			i++
			continue
		}
		return token{k, b.String(), at}, i + 1 - at, nil
	}
	return token{}, 0, faultAt(source, at, "filter_syntax", fmt.Sprintf("the quote %c is not closed", quote),
		"close it; a quote inside is written twice")
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// isNumber says whether a number begins the text: a sign counts as part of
// it, as there is no arithmetic.
func isNumber(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return s != "" && (isDigit(s[0]) || s[0] == '.' && len(s) > 1 && isDigit(s[1]))
}

func numberLength(s string) int {
	i := 0
	for ; i < len(s); i++ {
		exponent := i > 0 && (s[i-1] == 'e' || s[i-1] == 'E')
		sign := s[i] == '+' || s[i] == '-'
		if !isDigit(s[i]) && s[i] != '.' && s[i] != 'e' && s[i] != 'E' && !(sign && (i == 0 || exponent)) {
			break
		}
	}
	return i
}

// wordLength is the length of the name that begins the text: letters of any
// script, digits and underscores.
func wordLength(s string) int {
	for i, r := range s {
		letter := unicode.IsLetter(r) || r == '_'
		if !letter && (i == 0 || !unicode.IsDigit(r)) {
			return i
		}
	}
	return len(s)
}

func isWord(s string) bool { return s != "" && wordLength(s) == len(s) }

// faultAt refuses a text at one of its bytes.
func faultAt(source string, at int, rule, detail, fix string) error {
	return fault(utf8.RuneCountInString(source[:at])+1, rule, detail, fix)
}
