package luohu

import (
	"fmt"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// score is what is counted in a unit, in the order of the unit fields.
type score struct {
	tally
	buildings int
	risks     [5]int // major, larger, general, low, unclassified
	events    int
}

func (s *score) add(o score) {
	s.tally.add(o.tally)
	s.buildings += o.buildings
	for i := range s.risks {
		s.risks[i] += o.risks[i]
	}
	s.events += o.events
}

func (s score) values() []spatial.Value {
	r := s.risks
	return append(s.tally.values(), ints(s.buildings, r[0]+r[1]+r[2]+r[3]+r[4], r[0], r[1], r[2], r[3], r[4], s.events)...)
}

// unit is a community, street or district with its parts counted.
type unit struct {
	score
	parts, grids, communities int
}

// unitRows makes the four nested layers from the scores of the grids.
func (u *units) unitRows(scores []score, kinds []string) (map[spatial.LayerID][]spatial.Row, error) {
	communities := make([]unit, len(u.plan.communities))
	streets := make([]unit, len(u.plan.streets))
	district := unit{parts: len(streets)}
	for i, g := range u.grids {
		communities[g.community].add(scores[i])
		communities[g.community].parts++
	}
	for c := range communities {
		s := &streets[u.streetOf(c)]
		s.add(communities[c].score)
		s.parts++
		s.grids += communities[c].parts
	}
	for _, s := range streets {
		district.add(s.score)
		district.communities += s.parts
		district.grids += s.grids
	}
	return u.polygonRows(scores, kinds, communities, streets, district)
}

func (u *units) polygonRows(scores []score, kinds []string, communities, streets []unit, district unit) (map[spatial.LayerID][]spatial.Row, error) {
	out := map[spatial.LayerID][]spatial.Row{}
	streetOf, none := make([]int, len(u.faces)), make([]int, len(u.faces))
	for f, c := range u.communityOf {
		streetOf[f] = u.streetOf(c)
	}
	shapes := map[spatial.LayerID][]orb.MultiPolygon{
		"communities": u.dissolve(u.communityOf, len(communities)),
		"streets":     u.dissolve(streetOf, len(streets)),
		"districts":   u.dissolve(none, 1),
	}
	for id, all := range shapes {
		for i, s := range all {
			if len(s) != 1 {
				return nil, fmt.Errorf("%s %d has %d parts", id, i+1, len(s))
			}
		}
	}
	for i, g := range u.grids {
		poly := orb.Polygon{u.ring(u.faces[g.face].ring)}
		c := u.plan.communities[g.community]
		out["grids"] = append(out["grids"], u.gridRow(i, g, c, poly, kinds[i], scores[i]))
	}
	for c, com := range u.plan.communities {
		poly := shapes["communities"][c][0]
		values := []spatial.Value{spatial.Text(com.code), spatial.Text(com.name), spatial.Text(com.code[:9]), squareMetres(poly), spatial.Int(int64(communities[c].parts))}
		out["communities"] = append(out["communities"], row(c+1, poly, append(values, communities[c].values()...)...))
	}
	for i, s := range u.plan.streets {
		poly := shapes["streets"][i][0]
		values := []spatial.Value{spatial.Text(s.code), spatial.Text(s.name), spatial.Text(s.code[:6]), squareMetres(poly), spatial.Int(int64(streets[i].parts)), spatial.Int(int64(streets[i].grids))}
		out["streets"] = append(out["streets"], row(i+1, poly, append(values, streets[i].values()...)...))
	}
	poly := shapes["districts"][0][0]
	values := []spatial.Value{spatial.Text(districtCode), spatial.Text("罗湖区"), squareMetres(poly), spatial.Float(78.75),
		spatial.Int(int64(district.parts)), spatial.Int(int64(district.communities)), spatial.Int(int64(district.grids))}
	out["districts"] = []spatial.Row{row(1, poly, append(values, district.values()...)...)}
	return out, nil
}

const districtCode = "440303"

func (u *units) gridRow(i int, g grid, c community, poly orb.Polygon, kind string, s score) spatial.Row {
	name := fmt.Sprintf("%s%02d网格", c.name, g.number)
	switch u.faces[g.face].cover {
	case parkland:
		kind = "park"
	case forest:
		kind = "forest"
	case water:
		kind = "water"
	}
	values := []spatial.Value{spatial.Text(g.code), spatial.Text(name), spatial.Text(c.code), spatial.Int(int64(g.number)),
		spatial.Text(name + "网格员"), spatial.Text(kind), squareMetres(poly)}
	return row(i+1, poly, append(values, s.values()...)...)
}
