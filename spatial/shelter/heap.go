package shelter

// up moves the last swap of a heap to its place.
func up(h []swap) {
	i := len(h) - 1
	s := h[i]
	for i > 0 {
		parent := (i - 1) / 2
		if !s.before(h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = s
}

// down moves a swap of a heap to its place among those below it.
func down(h []swap, i int) {
	s := h[i]
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(s) {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = s
}

func heapify(h []swap) {
	for i := len(h)/2 - 1; i >= 0; i-- {
		down(h, i)
	}
}

// pop drops the first swap.
func pop(h []swap) []swap {
	last := len(h) - 1
	h[0] = h[last]
	h = h[:last]
	if last > 0 {
		down(h, 0)
	}
	return h
}
