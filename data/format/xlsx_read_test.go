package format

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"wangge/spatial"
)

// TestEndlessTextIsRefused: a decoder would hold all that stands between two
// tags.
func TestEndlessTextIsRefused(t *testing.T) {
	read := func(text io.Reader) error {
		dec := xml.NewDecoder(&tagged{from: io.MultiReader(strings.NewReader("<t>"), text, strings.NewReader("</t>"))})
		for {
			if _, err := dec.Token(); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return brokenSheet(err)
			}
		}
	}
	if err := read(strings.NewReader(strings.Repeat("x", maxBetween/2))); err != nil {
		t.Errorf("a long text: %v", err)
	}
	endless := &letters{}
	err := read(endless)
	var refused *spatial.InvalidError
	if !errors.As(err, &refused) || refused.Rule != "xlsx_size" || endless.given > 2*maxBetween {
		t.Errorf("an endless text: %v after %d bytes", err, endless.given)
	}
}

// letters never end.
type letters struct{ given int }

func (l *letters) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	l.given += len(b)
	return len(b), nil
}
