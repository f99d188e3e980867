package placement

import (
	"fmt"
	"testing"
)

func zones(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("zone-%d", i)
	}
	return names
}

func large(n int, zone ...string) []*Candidate {
	all := machines(n, zone...)
	for _, c := range all {
		c.Instance.CPU, c.Instance.Memory = 65536, 262144
	}
	return all
}

// BenchmarkPlace5000On100 fills 100 instances in 3 zones; the budget is 50 ms.
func BenchmarkPlace5000On100(b *testing.B) {
	for _, tt := range []struct{ name, first, second string }{
		{"spread", "spread attribute:ecs.availability-zone", "spread instanceId"},
		{"binpack", "spread attribute:ecs.availability-zone", "binpack memory"},
		{"random", "random", "random"},
	} {
		b.Run(tt.name, func(b *testing.B) {
			req := web(5000)
			req.Strategy = strategies(tt.first, tt.second)
			for b.Loop() {
				if r := Place(req, large(100, zones(3)...)); r.Missing > 0 {
					b.Fatal(r.Closest)
				}
			}
		})
	}
}

// BenchmarkPlace5000On100OneByOne is the same as 5,000 requests.
func BenchmarkPlace5000On100OneByOne(b *testing.B) {
	for b.Loop() {
		all := large(100, zones(3)...)
		for range 5000 {
			if r := Place(web(1), all); r.Missing > 0 {
				b.Fatal(r.Closest)
			}
		}
	}
}

// BenchmarkPlace1200On5000 spreads over 25 zones; the budget is 100 ms.
func BenchmarkPlace1200On5000(b *testing.B) {
	req := web(1200)
	req.Constraints = memberOfAll("attribute:ecs.availability-zone =~ 'zone-.*' and runningTasksCount < 100")
	for b.Loop() {
		b.StopTimer()
		all := large(5000, zones(25)...)
		b.StartTimer()
		if r := Place(req, all); r.Missing > 0 {
			b.Fatal(r.Closest)
		}
	}
}

func BenchmarkChooseStops1200(b *testing.B) {
	all := large(5000, zones(25)...)
	on := make([]int, 2400)
	for i := range on {
		on[i] = i * 2
	}
	tasks := running(all, on...)
	for b.Loop() {
		ChooseStops(1200, tasks, nil, 1)
	}
}
