package instance

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"wangge/spatial"
)

// Graph is a p-median or p-center problem on a graph: every node is a demand
// and may be a site, and costs are shortest ways.
type Graph struct {
	Nodes, Edges int
	Choose       int
	Table        Table
}

// maxNodes is the most nodes of a graph, whose table takes 8 bytes a pair.
const maxNodes = 4000

// ReadGraph reads a file of OR-Library's format pmed: the numbers of nodes,
// edges and sites to choose, then each edge as two nodes, counted from 1, and
// its length. An edge has no direction, and where it is repeated the last
// length counts. The error is [spatial.InvalidError].
func ReadGraph(r io.Reader) (*Graph, error) {
	in := newNumbers(r)
	g := &Graph{Nodes: in.count("nodes", 1, maxNodes), Edges: in.count("edges", 0, maxNodes*maxNodes)}
	g.Choose = in.count("sites to choose", 1, max(g.Nodes, 1))
	if in.err != nil {
		return nil, in.err
	}
	g.Table = unlinked(g.Nodes)
	for range g.Edges {
		a, b := in.count("a node", 1, g.Nodes)-1, in.count("a node", 1, g.Nodes)-1
		length := int64(in.count("a length", 0, 1<<31))
		if in.err != nil {
			return nil, in.err
		}
		if a != b {
			g.Table[a][b], g.Table[b][a] = length, length
		}
	}
	if err := in.end(); err != nil {
		return nil, err
	}
	g.Table.shorten()
	return g, g.Table.connected()
}

// apart is farther than any way.
const apart = int64(1) << 50

func unlinked(n int) Table {
	t := make(Table, n)
	for i := range t {
		t[i] = make([]int64, n)
		for j := range t[i] {
			if i != j {
				t[i][j] = apart
			}
		}
	}
	return t
}

// shorten finds all shortest ways (Floyd 1962, doi:10.1145/367766.368168).
func (t Table) shorten() {
	for k := range t {
		for i := range t {
			through := t[i][k]
			if through == apart {
				continue
			}
			row, next := t[i], t[k]
			for j, d := range next {
				if through+d < row[j] {
					row[j] = through + d
				}
			}
		}
	}
}

func (t Table) connected() error {
	for j, d := range t[0] {
		if d >= apart {
			return &spatial.InvalidError{Rule: "instance_connected", Where: fmt.Sprintf("node %d", j+1), Detail: "there is no way to it from node 1"}
		}
	}
	return nil
}

// numbers reads numbers with white space between them; err is the first fault.
type numbers struct {
	words *bufio.Scanner
	read  int
	err   error
}

func newNumbers(r io.Reader) *numbers {
	words := bufio.NewScanner(r)
	words.Split(bufio.ScanWords)
	return &numbers{words: words}
}

// float is the next number.
func (n *numbers) float(what string) float64 {
	if n.err != nil {
		return 0
	}
	if !n.words.Scan() {
		n.fail(fmt.Sprintf("the file ends where %s should be", what))
		return 0
	}
	n.read++
	x, err := strconv.ParseFloat(n.words.Text(), 64)
	if err != nil || x != x || x-x != 0 {
		n.fail(fmt.Sprintf("%q is no number: %s should be there", n.words.Text(), what))
		return 0
	}
	return x
}

// count is the next whole number, at least low and at most high.
func (n *numbers) count(what string, low, high int) int {
	x := n.float(what)
	if n.err == nil && (x != float64(int64(x)) || x < float64(low) || x > float64(high)) {
		n.fail(fmt.Sprintf("%v is no whole number from %d to %d for %s", x, low, high, what))
		return low
	}
	return int(x)
}

func (n *numbers) fail(detail string) {
	if n.err == nil {
		n.err = &spatial.InvalidError{Rule: "instance_number", Where: fmt.Sprintf("number %d", n.read), Detail: detail}
	}
}

// end makes sure that nothing follows.
func (n *numbers) end() error {
	if n.err == nil && n.words.Scan() {
		n.fail(fmt.Sprintf("%q and maybe more follows where the file should end", n.words.Text()))
	}
	if n.err == nil {
		n.err = n.words.Err()
	}
	return n.err
}
