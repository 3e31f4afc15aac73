package shelter

import "slices"

// tree is where the way on from each site leads; -1 for none.
type tree struct {
	parent         []int32
	child          []int32 // the first
	after, earlier []int32 // siblings
	loose          []bool  // cut off, and not hung up again
}

func newTree(n int) tree {
	none := func() []int32 { return slices.Repeat([]int32{-1}, n) }
	return tree{parent: none(), child: none(), after: none(), earlier: none(), loose: make([]bool, n)}
}

func (t *tree) copy(from *tree) {
	t.parent, t.child = append(t.parent[:0], from.parent...), append(t.child[:0], from.child...)
	t.after, t.earlier = append(t.after[:0], from.after...), append(t.earlier[:0], from.earlier...)
	t.loose = append(t.loose[:0], from.loose...)
}

// hang puts a site below another.
func (t *tree) hang(j, parent int32) {
	t.parent[j], t.loose[j] = parent, false
	if parent < 0 {
		return
	}
	t.earlier[j], t.after[j] = -1, t.child[parent]
	if first := t.child[parent]; first >= 0 {
		t.earlier[first] = j
	}
	t.child[parent] = j
}

// take removes a site from below its parent.
func (t *tree) take(j int32) {
	parent := t.parent[j]
	if parent < 0 {
		return
	}
	if t.earlier[j] >= 0 {
		t.after[t.earlier[j]] = t.after[j]
	} else {
		t.child[parent] = t.after[j]
	}
	if t.after[j] >= 0 {
		t.earlier[t.after[j]] = t.earlier[j]
	}
	t.parent[j] = -1
}

// cut takes out sites and all below them, and lists those, each once.
func (t *tree) cut(roots []int32) []int32 {
	var loose []int32
	add := func(j int32) {
		if !t.loose[j] {
			t.loose[j] = true
			loose = append(loose, j)
		}
	}
	for _, j := range roots {
		add(j)
	}
	for i := 0; i < len(loose); i++ {
		for c := t.child[loose[i]]; c >= 0; c = t.after[c] {
			add(c)
		}
	}
	for _, j := range loose {
		t.take(j)
	}
	return loose
}
