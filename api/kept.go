package api

import (
	"sync"

	"wangge/spatial"
)

// shelfLength is how many things are kept that were worked out of the same
// layers, and shortShelf how many that are large.
const (
	shelfLength = 32
	shortShelf  = 8
)

// shelf has what was worked out of some layers lately, under names that tell
// apart all else it depends on.
type shelf struct {
	most  int
	mu    sync.Mutex
	names []string // from the one asked for least lately
	built map[string]func() (any, error)
}

// kept is what build works out of layers of a snapshot, those of the names
// that it has. name tells apart everything else that it depends on: a question
// of the same name has the same answer. It is built once, whoever asks first,
// and kept for as long as those layers are untouched, unless as many others
// were asked for since.
func kept[T any](s *spatial.Snapshot, from []spatial.LayerID, name string, build func() (T, error)) (T, error) {
	sh, err := spatial.Derive(s, present(s, from), func(*spatial.Snapshot) (*shelf, error) {
		return newShelf(shelfLength), nil
	})
	if err != nil {
		var none T
		return none, err
	}
	return take(sh, name, build)
}

// large is a shelf for what takes megabytes, apart from the other.
type large struct{ *shelf }

// keptLarge is [kept] for what takes megabytes: less of it is kept.
func keptLarge[T any](s *spatial.Snapshot, from []spatial.LayerID, name string, build func() (T, error)) (T, error) {
	sh, err := spatial.Derive(s, present(s, from), func(*spatial.Snapshot) (large, error) { return large{newShelf(shortShelf)}, nil })
	if err != nil {
		var none T
		return none, err
	}
	return take(sh.shelf, name, build)
}

func newShelf(most int) *shelf { return &shelf{most: most, built: map[string]func() (any, error){}} }

// take is what a shelf has under a name, built if need be.
func take[T any](s *shelf, name string, build func() (T, error)) (T, error) {
	value, err := s.find(name, func() (any, error) { return build() })()
	built, _ := value.(T) // T may be an interface, and nil
	return built, err
}

// present are the layers that a snapshot has.
func present(s *spatial.Snapshot, ids []spatial.LayerID) []spatial.LayerID {
	var there []spatial.LayerID
	for _, id := range ids {
		if _, err := s.Layer(id); err == nil {
			there = append(there, id)
		}
	}
	return there
}

func (s *shelf) find(name string, build func() (any, error)) func() (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.built[name]
	if !ok {
		found = sync.OnceValues(build)
		s.built[name] = found
	}
	s.touch(name)
	return found
}

// touch makes a name the one asked for last.
func (s *shelf) touch(name string) {
	for i, other := range s.names {
		if other == name {
			copy(s.names[i:], s.names[i+1:])
			s.names = s.names[:len(s.names)-1]
			break
		}
	}
	s.names = append(s.names, name)
	if len(s.names) > s.most {
		delete(s.built, s.names[0])
		s.names = append(s.names[:0:0], s.names[1:]...)
	}
}
