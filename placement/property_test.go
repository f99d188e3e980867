package placement

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"pgregory.net/rapid"

	"steady/model"
)

// anyCluster draws up to 12 instances in up to 4 zones, some draining, some
// disconnected, some in use.
func anyCluster(t *rapid.T) []*Candidate {
	all := machines(rapid.IntRange(0, 12).Draw(t, "instances"), "a", "b", "c", "d")
	for _, c := range all {
		c.Instance.AvailabilityZone = rapid.SampledFrom([]string{"a", "b", "c", ""}).Draw(t, "zone")
		c.Instance.CPU = rapid.SampledFrom([]int{512, 1024, 2048}).Draw(t, "cpu")
		c.Instance.Memory = rapid.SampledFrom([]int{512, 2048, 4096}).Draw(t, "memory")
		c.Instance.AgentConnected = rapid.IntRange(0, 9).Draw(t, "connected") > 0
		if rapid.IntRange(0, 9).Draw(t, "status") == 0 {
			c.Instance.Status = model.Draining
		}
		c.CPU = rapid.IntRange(0, c.Instance.CPU).Draw(t, "cpu held")
		c.Memory = rapid.IntRange(0, c.Instance.Memory).Draw(t, "memory held")
		for range rapid.IntRange(0, 2).Draw(t, "tasks") {
			c.count(rapid.SampledFrom([]string{"service:web", "service:db"}).Draw(t, "group"))
		}
	}
	return all
}

func anyRequest(t *rapid.T) Request {
	req := Request{
		Count: rapid.IntRange(0, 40).Draw(t, "count"),
		Sizing: Sizing{
			CPU:    rapid.SampledFrom([]int{0, 64, 256, 700}).Draw(t, "cpu"),
			Memory: rapid.SampledFrom([]int{0, 64, 256, 700}).Draw(t, "memory"),
			Ports:  rapid.SampledFrom([][]model.HostPort{nil, nil, tcp(80), tcp(22), {{Port: 53, Protocol: "udp"}}}).Draw(t, "ports"),
		},
		Group:         rapid.SampledFrom([]string{"service:web", "service:new"}).Draw(t, "group"),
		DefaultSpread: rapid.Bool().Draw(t, "default spread"),
		Seed:          rapid.Uint64().Draw(t, "seed"),
	}
	if rapid.Bool().Draw(t, "distinct") {
		req.Constraints = append(req.Constraints, distinct...)
	}
	for _, e := range rapid.SliceOfN(rapid.SampledFrom([]string{
		"runningTasksCount < 4", "task:group != service:db", "attribute:ecs.availability-zone in [a, b]",
	}), 0, 2).Draw(t, "memberOf") {
		req.Constraints = append(req.Constraints, memberOfAll(e)...)
	}
	kinds := rapid.SampledFrom([]string{"random", "spread host", "spread attribute:ecs.availability-zone", "binpack cpu", "binpack memory"})
	req.Strategy = strategies(rapid.SliceOfN(kinds, 0, 3).Draw(t, "strategies")...)
	return req
}

func TestNothingIsOvercommitted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := anyCluster(t)
		byID := make(map[string]*Candidate)
		before := make(map[string]Candidate)
		for _, c := range all {
			byID[c.Instance.ID] = c
			before[c.Instance.ID] = *c
		}
		for range rapid.IntRange(1, 3).Draw(t, "requests") {
			req := anyRequest(t)
			r := Place(req, all)
			if len(r.Bindings)+r.Missing != req.Count {
				t.Fatalf("%d placed and %d missing of %d", len(r.Bindings), r.Missing, req.Count)
			}
			checkRefusals(t, req, r, all)
			for _, id := range r.Bindings {
				if c := byID[id]; c.Instance.Status != model.Active || !c.Instance.AgentConnected {
					t.Fatalf("placed on %s, which is %s, connected %v", id, c.Instance.Status, c.Instance.AgentConnected)
				}
			}
		}
		for _, c := range all {
			checkHoldings(t, c, before[c.Instance.ID])
		}
	})
}

// checkRefusals: if copies are missing every ACTIVE instance says why, and says
// what it would say if asked again.
func checkRefusals(t *rapid.T, req Request, r Result, all []*Candidate) {
	if r.Missing == 0 {
		if len(r.Refusals) > 0 || Event("web", r) != "" {
			t.Fatalf("nothing is missing, yet %v", r.Refusals)
		}
		return
	}
	examined := active(all)
	if len(r.Refusals) != len(examined) {
		t.Fatalf("%d refusals of %d instances", len(r.Refusals), len(examined))
	}
	for i, refusal := range r.Refusals {
		if refusal.Instance != examined[i].Instance.ID || refusal.Reason == "" || refusal.Reason != Fits(req, examined[i]) {
			t.Fatalf("refusal %+v of %s", refusal, examined[i].Instance.ID)
		}
	}
	if len(examined) > 0 && !slices.Contains(r.Refusals, r.Closest) {
		t.Fatalf("the closest match %+v is none of %v", r.Closest, r.Refusals)
	}
}

func checkHoldings(t *rapid.T, c *Candidate, before Candidate) {
	if c.cpuLeft() < 0 || c.memoryLeft() < 0 {
		t.Fatalf("%s has %d CPU units and %d MiB left", c.Instance.ID, c.cpuLeft(), c.memoryLeft())
	}
	ports := slices.Clone(c.Ports)
	slices.SortFunc(ports, comparePorts)
	if len(slices.Compact(ports)) != len(c.Ports) {
		t.Fatalf("%s holds a port twice: %v", c.Instance.ID, c.Ports)
	}
	for _, p := range c.Ports {
		if c.Instance.Reserves(p) {
			t.Fatalf("%s holds port %v, which its agent reserves", c.Instance.ID, p)
		}
	}
	if c.CPU < before.CPU || c.Memory < before.Memory {
		t.Fatalf("%s holds less than before", c.Instance.ID)
	}
}

func TestNoTwoOfAGroupWithDistinctInstance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := anyCluster(t)
		req := anyRequest(t)
		req.Constraints = append(req.Constraints, distinct...)
		occupied := make(map[string]bool)
		for _, c := range all {
			occupied[c.Instance.ID] = c.Groups[req.Group] > 0
		}
		for _, id := range Place(req, all).Bindings {
			if occupied[id] {
				t.Fatalf("%s has a second task of the group", id)
			}
			occupied[id] = true
		}
	})
}

// TestSpreadIsInBalance: where room abounds, no zone gets two tasks more than
// another, nor does an instance within its zone.
func TestSpreadIsInBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zones := rapid.IntRange(1, 5).Draw(t, "zones")
		var names []string
		for i := range zones {
			names = append(names, fmt.Sprintf("zone-%d", i))
		}
		all := machines(zones*rapid.IntRange(1, 6).Draw(t, "instances per zone"), names...)
		req := Request{
			Count: rapid.IntRange(1, 100).Draw(t, "count"), Group: "service:web",
			DefaultSpread: true, Seed: rapid.Uint64().Draw(t, "seed"),
		}
		r := Place(req, all)
		checkSpan(t, placedBy(r, all, byZone), zones)
		for _, zone := range names {
			within := make(map[string]int)
			for id, n := range placedBy(r, all, func(i *model.Instance) string { return i.AvailabilityZone + " " + i.ID }) {
				if len(id) > len(zone) && id[:len(zone)] == zone {
					within[id] = n
				}
			}
			checkSpan(t, within, len(all)/zones)
		}
	})
}

// checkSpan: the counts over so many places, absent ones being 0, differ by at
// most 1.
func checkSpan(t *rapid.T, counts map[string]int, places int) {
	least, most := 1<<30, 0
	for _, n := range counts {
		least, most = min(least, n), max(most, n)
	}
	if len(counts) < places {
		least = 0
	}
	if most-least > 1 {
		t.Fatalf("spread over %d places as %v", places, counts)
	}
}

// TestPlaceAgreesWithTheDefinition: each copy goes where a full sort of all
// instances that fit would put it.
func TestPlaceAgreesWithTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := anyCluster(t)
		req := anyRequest(t)
		req.Count = 1
		d := req.demand()
		for range rapid.IntRange(1, 12).Draw(t, "copies") {
			var best []float64
			score := make(map[string][]float64)
			for _, c := range active(all) {
				if d.refusal(c) != "" {
					continue
				}
				score[c.Instance.ID] = slowScore(req, c, active(all))
				if best == nil || slices.Compare(score[c.Instance.ID], best) < 0 {
					best = score[c.Instance.ID]
				}
			}
			r := Place(req, all)
			if best == nil {
				if r.Missing != 1 {
					t.Fatalf("placed on %v where nothing fits", r.Bindings)
				}
				return
			}
			if r.Missing != 0 || !slices.Equal(score[r.Bindings[0]], best) {
				t.Fatalf("placed on %v with %v, want one with %v", r.Bindings, score[r.Bindings[0]], best)
			}
		}
	})
}

// slowScore evaluates the strategies for one instance by going through all. It
// ends at random, behind which everything is equal.
func slowScore(req Request, c *Candidate, all []*Candidate) []float64 {
	strategy := req.Strategy
	if len(strategy) == 0 && req.DefaultSpread {
		strategy = strategies("spread attribute:ecs.availability-zone", "spread instanceId")
	}
	score := []float64{}
	for _, s := range strategy {
		switch {
		case s.Type == types.PlacementStrategyTypeRandom:
			return score
		case *s.Field == "cpu":
			score = append(score, float64(c.cpuLeft()))
		case *s.Field == "memory":
			score = append(score, float64(c.memoryLeft()))
		case *s.Field == "host" || *s.Field == "instanceId":
			score = append(score, float64(c.Groups[req.Group]))
		default:
			tasks := 0
			for _, other := range all {
				if other.Instance.AvailabilityZone == c.Instance.AvailabilityZone {
					tasks += other.Groups[req.Group]
				}
			}
			score = append(score, float64(tasks))
		}
	}
	return score
}

func TestStopsAreChosenOnceAndKeepTheBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := machines(9, "a", "b", "c")
		on := rapid.SliceOfN(rapid.IntRange(0, 8), 0, 30).Draw(t, "tasks")
		tasks := running(all, on...)
		n := rapid.IntRange(0, 35).Draw(t, "stops")
		chosen := ChooseStops(n, tasks, nil, rapid.Uint64().Draw(t, "seed"))
		if len(chosen) != min(n, len(tasks)) {
			t.Fatalf("chose %d of %d, asked for %d", len(chosen), len(tasks), n)
		}
		before, after := make(map[string]int), make(map[string]int)
		for _, task := range tasks {
			zone := task.On.Instance.AvailabilityZone
			before[zone]++
			if i := slices.Index(chosen, task.ID); i < 0 {
				after[zone]++
			}
		}
		most := 0
		for _, kept := range after {
			most = max(most, kept)
		}
		for zone, had := range before {
			if after[zone] < had && after[zone] < most-1 {
				t.Fatalf("zone %s went from %d to %d while another keeps %d", zone, had, after[zone], most)
			}
		}
	})
}
