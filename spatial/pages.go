package spatial

import (
	"slices"
	"sort"
)

// Rows and both indexes of a layer are kept alike: in order, cut into pages
// that never change. An edit writes the pages it falls into anew and shares
// all others, so it costs by the page, however large the layer, and there is
// nothing to be rebuilt later. What does grow with the layer is the list of
// pages, which is copied: 8 bytes for each, 66 kB for the chunks and 131 kB
// for each index of 4.2 million rows, some ten microseconds.

// splice is a list of pages after edits, which come in order. An edit belongs
// to the first page that reaches it, and those beyond all pages to the last.
// write makes some neighbouring pages anew with the edits that belong there;
// what it leaves small is joined to the page before.
func splice[P, E any](old []P, edits []E, reaches func(P, E) bool, small func([]P) bool, write func([]P, []E) ([]P, error)) ([]P, error) {
	next := make([]P, 0, len(old)+1)
	done := 0
	for len(edits) > 0 {
		at := done + sort.Search(max(len(old)-done-1, 0), func(i int) bool { return reaches(old[done+i], edits[0]) })
		n := len(edits)
		if at < len(old)-1 {
			n = sort.Search(n, func(i int) bool { return !reaches(old[at], edits[i]) })
		}
		next = append(next, old[done:at]...)
		done = min(at+1, len(old))
		pages, err := write(old[at:done], edits[:n])
		if before := len(next) - 1; err == nil && before >= 0 && small(pages) {
			pages, err = write(slices.Concat(next[before:], pages), nil)
			next = next[:before]
		}
		if err != nil {
			return nil, err
		}
		next = append(next, pages...)
		edits = edits[n:]
	}
	return append(next, old[done:]...), nil
}

// pageEntries is the most entries of a page of an index.
const pageEntries = 256

// page is a run of entries of an index in order, at least one.
type page[E any] struct {
	entries []E
	groups  []E // what an index keeps about each groupEntries of them, or nil
}

const groupEntries = 16

// group is the i-th group of entries.
func (p *page[E]) group(i int) []E {
	return p.entries[i*groupEntries : min((i+1)*groupEntries, len(p.entries))]
}

func (p *page[E]) last() E { return p.entries[len(p.entries)-1] }

// mark is an entry to be put into an index, or taken out of it.
type mark[E any] struct {
	entry E
	gone  bool
}

// paged cuts entries in order into pages of about equal length.
func paged[E any](entries []E) []*page[E] {
	parts := (len(entries) + pageEntries - 1) / pageEntries
	pages := make([]*page[E], parts)
	for i := range pages {
		from, to := len(entries)*i/parts, len(entries)*(i+1)/parts
		pages[i] = &page[E]{entries: slices.Clone(entries[from:to])}
	}
	return pages
}

// splicePages is an index after marks, which this puts in order. An entry put
// in replaces its equal. written is told of pages that go and come.
func splicePages[E any](old []*page[E], marks []mark[E], order func(a, b E) int, written func(gone, come []*page[E])) []*page[E] {
	slices.SortFunc(marks, func(a, b mark[E]) int { return order(a.entry, b.entry) })
	reaches := func(p *page[E], m mark[E]) bool { return order(p.last(), m.entry) >= 0 }
	small := func(pages []*page[E]) bool { return len(pages) == 1 && len(pages[0].entries) < pageEntries/4 }
	next, _ := splice(old, marks, reaches, small, func(pages []*page[E], marks []mark[E]) ([]*page[E], error) {
		come := paged(applyMarks(pages, marks, order))
		written(pages, come)
		return come, nil
	})
	return next
}

// applyMarks are the entries of pages with marks put in and taken out.
func applyMarks[E any](pages []*page[E], marks []mark[E], order func(a, b E) int) []E {
	var old, entries []E
	for _, p := range pages {
		old = append(old, p.entries...)
	}
	for _, m := range marks {
		at, equal := slices.BinarySearchFunc(old, m.entry, order)
		entries, old = append(entries, old[:at]...), old[at:]
		if equal {
			old = old[1:]
		}
		if !m.gone {
			entries = append(entries, m.entry)
		}
	}
	return append(entries, old...)
}
