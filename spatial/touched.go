package spatial

import "github.com/paulmach/orb"

// Touched is the version of the last change of a feature of the layer whose
// box, before the change or after it, meets b (degrees, edges included). It is
// never older than the state the layer was first loaded in, and may be newer
// than the true one, never older.
func (l *Layer) Touched(b orb.Bound) Version { return l.version }
