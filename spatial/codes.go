package spatial

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sort"
)

// codes finds rows by code: hashes with the ids of their rows, in order, in
// pages. It keeps no text; the row says whether its code is the one asked
// for. A row costs 16 bytes.
type codes struct {
	seed  maphash.Seed
	pages []*page[codeEntry]
}

type codeEntry struct {
	hash uint64
	id   int64
}

func byHash(a, b codeEntry) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.id, b.id))
}

// newCodes indexes the code of each feature of a layer.
func newCodes(l *Layer) codes {
	x := codes{seed: maphash.MakeSeed()}
	if l.code < 0 {
		return x
	}
	entries := make([]codeEntry, 0, l.count)
	for f := range l.All() {
		if e, ok := x.of(f); ok {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, byHash)
	x.pages = paged(entries)
	return x
}

// of is the entry of a feature that has a code.
func (x codes) of(f Feature) (codeEntry, bool) {
	if f.layer.code < 0 {
		return codeEntry{}, false
	}
	v := f.Value(f.layer.code)
	return x.entry(v.Text(), f.ID()), !v.IsNull()
}

func (x codes) entry(code string, id int64) codeEntry {
	return codeEntry{maphash.String(x.seed, code), id}
}

func (x codes) edit(marks []mark[codeEntry]) codes {
	if len(marks) == 0 {
		return x
	}
	return codes{x.seed, splicePages(x.pages, marks, byHash, func(_, _ []*page[codeEntry]) {})}
}

// find is the feature of a layer with a code, of several the one of the
// greatest id.
func (x codes) find(l *Layer, code string) (found Feature, ok bool) {
	sought := x.entry(code, 0)
	at := sort.Search(len(x.pages), func(i int) bool { return byHash(x.pages[i].last(), sought) >= 0 })
	for _, p := range x.pages[at:] {
		from, _ := slices.BinarySearchFunc(p.entries, sought, byHash)
		for _, e := range p.entries[from:] {
			if e.hash != sought.hash {
				return found, ok
			}
			if f, there := l.lookup(e.id); there && f.Value(l.code).Text() == code {
				found, ok = f, true
			}
		}
	}
	return found, ok
}
