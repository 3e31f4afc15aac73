package road

import "math/bits"

// queue holds nodes to go on from, in buckets of equal spans of time. What is
// in a bucket comes in no order, so that a node may be gone on from more than
// once; but no bucket before the current one is filled again, as no hop takes
// less than no time. The source is Dial's algorithm with wider buckets
// (doi:10.1145/363269.363610; Δ-stepping, doi:10.1016/S0196-6774(03)00076-2).
type queue struct {
	shift uint      // a bucket spans 2^shift ms
	ring  [][]entry // as many as the longest hop reaches over; a power of two
	now   int       // number of the current bucket, counted from time 0
	held  int
	later []entry // starts beyond the ring, the soonest last
}

type entry struct {
	label label
	node  int32
}

const (
	spanShift  = 10      // 2^10 ms: about a tenth of what a piece of street takes
	maxBuckets = 1 << 12 // of a ring
)

// newQueue is an empty queue for hops of at most a time.
func newQueue(longest Millis) queue {
	q := queue{shift: spanShift}
	for longest>>q.shift >= maxBuckets-1 {
		q.shift++
	}
	size := bits.Len(uint(longest>>q.shift) + 1)
	q.ring = make([][]entry, 1<<size)
	return q
}

// begin empties the queue and puts in where to start from, sorted the latest
// first.
func (q *queue) begin(starts []entry) {
	for i := range q.ring {
		q.ring[i] = q.ring[i][:0]
	}
	q.held, q.later, q.now = 0, starts, 0
	q.admit()
}

// admit goes to the next start if nothing else is there, and takes in those
// that the ring reaches to.
func (q *queue) admit() {
	if q.held == 0 && len(q.later) > 0 {
		q.now = max(q.now, q.bucket(q.later[len(q.later)-1].label))
	}
	for n := len(q.later); n > 0 && q.bucket(q.later[n-1].label) < q.now+len(q.ring); n-- {
		q.push(q.later[n-1])
		q.later = q.later[:n-1]
	}
}

func (q *queue) bucket(l label) int { return int(l.time() >> q.shift) }

func (q *queue) push(e entry) {
	i := q.bucket(e.label) & (len(q.ring) - 1)
	q.ring[i] = append(q.ring[i], e)
	q.held++
}

func (q *queue) current() *[]entry { return &q.ring[q.now&(len(q.ring)-1)] }

// next goes to the bucket after the current one.
func (q *queue) next() {
	current := q.current()
	q.held -= len(*current)
	*current = (*current)[:0]
	q.now++
	q.admit()
}
