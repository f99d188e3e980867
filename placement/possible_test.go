package placement

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

func TestPossible(t *testing.T) {
	busy := func(c *Candidate) {
		c.CPU, c.Memory, c.Ports = 2048, 4096, tcp(80)
		c.Instance.AgentConnected = false
		c.count("service:web")
		c.count("service:db")
	}
	tests := []struct {
		name string
		all  []*Candidate
		ask  func(*Request)
		want string // in the reason; empty: possible
	}{
		{"busy and disconnected instances can become free", with(machines(1), 0, busy), nil, ""},
		{"no instances", nil, nil, "no ACTIVE container instance"},
		{"only draining ones", with(machines(1), 0, func(c *Candidate) { c.Instance.Status = model.Draining }), nil, "no ACTIVE container instance"},
		{"a task too big for any",
			with(machines(2), 0, func(c *Candidate) { c.Instance.CPU = 1024 }),
			func(r *Request) { r.CPU = 4096 }, "needs 4096 CPU units; the largest container instance (m2) has 2048"},
		{"too much memory", machines(1), func(r *Request) { r.Memory = 5000 }, "needs 5000 MiB of memory; the largest container instance (m1) has 4096"},
		{"GPUs", machines(1), func(r *Request) { r.GPUs = 2 }, "needs 2 GPU"},
		{"a port of the agent", machines(3), func(r *Request) { r.Ports = tcp(80, 22) }, "reserves a host port that the task needs: 22/tcp"},
		{"an attribute that none has", with(machines(2), 0, attribute("ssd", "")),
			func(r *Request) {
				r.Attributes = []types.Attribute{{Name: ptr("ssd")}, {Name: ptr("arch"), Value: ptr("arm64")}}
			}, "requires: arch=arm64"},
		{"attributes that none has together", with(with(machines(2), 0, attribute("ssd", "")), 1, attribute("gpu", "")),
			func(r *Request) {
				r.Attributes = []types.Attribute{{Name: ptr("ssd")}, {Name: ptr("gpu")}}
			}, "requires: ssd, gpu"},
		{"a constraint that matches nothing", machines(2, "a"),
			func(r *Request) { r.Constraints = memberOfAll("attribute:stack == prod") }, "memberOf attribute:stack == prod"},
		{"a constraint that does not parse", machines(2, "a"),
			func(r *Request) { r.Constraints = memberOfAll("attribute:stack = prod") }, "at character 17"},
		{"requirements that no instance meets together",
			with(with(machines(2, "a"), 0, func(c *Candidate) { c.Instance.CPU = 8192 }), 1, attribute("stack", "prod")),
			func(r *Request) { r.CPU = 4096; r.Constraints = memberOfAll("attribute:stack == prod") },
			"at once: 1 × MemberOf placement constraint unsatisfied, 1 × RESOURCE:CPU"},
		{"fixed ports: one copy per instance", machines(2),
			func(r *Request) { r.Count, r.Ports = 3, tcp(80) },
			"3 copies of the task are wanted and 2 can run at once: each holds host port 80/tcp of its container instance, and 2 container instances are suitable"},
		{"fixed ports with enough instances", machines(3), func(r *Request) { r.Count, r.Ports = 3, tcp(80) }, ""},
		{"distinct instances", machines(2, "a", "b"),
			func(r *Request) {
				r.Count = 2
				r.Constraints = append(memberOfAll("attribute:ecs.availability-zone == a"), distinct...)
			}, "distinctInstance allows one per container instance, and 1 container instance is suitable"},
		{"more than the cluster holds", machines(2), func(r *Request) { r.Count = 17 },
			"17 copies of the task are wanted and 16 can run at once, even if nothing else ran"},
		{"just what the cluster holds", machines(2), func(r *Request) { r.Count = 16 }, ""},
		{"affinity to tasks of another group that are there", with(machines(2), 0, busy),
			func(r *Request) {
				r.Constraints = append(memberOfAll("task:group == service:db"), distinct...)
			}, ""},
		{"affinity to tasks that are nowhere", with(machines(2), 0, busy),
			func(r *Request) { r.Constraints = memberOfAll("task:group == service:cache") }, "memberOf task:group == service:cache"},
		{"anti-affinity passes when those tasks leave", with(machines(1), 0, busy),
			func(r *Request) { r.Constraints = memberOfAll("task:group != service:db") }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := web(1)
			if tt.ask != nil {
				tt.ask(&req)
			}
			reason, ok := Possible(req, tt.all)
			if ok != (tt.want == "") || !strings.Contains(reason, tt.want) || ok && reason != "" {
				t.Errorf("possible %v: %q\nwant …%s…", ok, reason, tt.want)
			}
		})
	}
}

func TestPossibleLeavesTheCandidatesAlone(t *testing.T) {
	all := machines(1)
	Possible(web(3), all)
	if c := all[0]; c.CPU != 0 || c.RunningTasks != 0 || c.Groups != nil {
		t.Errorf("the candidate now holds %+v", *c)
	}
}
