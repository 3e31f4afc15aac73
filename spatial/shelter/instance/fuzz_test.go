package instance

import (
	"strings"
	"testing"
)

// FuzzRead: whatever a file holds, it is read and solved, or refused.
func FuzzRead(f *testing.F) {
	f.Add("4 5 2\n1 2 30\n2 3 4\n3 4 5\n1 4 100\n2 1 3\n")
	f.Add("2 3\n10 7500.\n8 0\n3\n1.5 4\n5\n2 5.25\n2\n3 6\n")
	f.Add("3 2 120\n1 2 62 3\n2 80 25 14\n3 36 88 1\n")
	f.Add("1 0 1")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 400 {
			return // few numbers, so that nothing takes long
		}
		if g, err := ReadGraph(strings.NewReader(text)); err == nil && g.Nodes < 30 {
			if m, c := Median(g.Table, g.Choose, 10), Center(g.Table, g.Choose, 10); m.Bound > m.Value || c.Bound > c.Value {
				t.Errorf("bounds %d and %d above %d and %d", m.Bound, c.Bound, m.Value, c.Value)
			}
		}
		for _, format := range []Format{Cap, Rows, Pmedcap} {
			l, err := ReadLocation(strings.NewReader(text), format)
			if err != nil || len(l.Demand) > 30 || len(l.Capacity) > 30 {
				continue
			}
			if a := l.Solve(10); a != nil && a.Bound > a.Value {
				t.Errorf("%s: bound %d above %d", format, a.Bound, a.Value)
			}
		}
	})
}
