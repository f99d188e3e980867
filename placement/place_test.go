package placement

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// machines are n connected instances, m1 to mN, of 2,048 CPU units and 4,096 MiB,
// over the zones in turn.
func machines(n int, zones ...string) []*Candidate {
	var all []*Candidate
	for i := range n {
		instance := &model.Instance{
			ID: fmt.Sprintf("m%d", i+1), Status: model.Active, CPU: 2048, Memory: 4096,
			ReservedPorts: []int{22, 2375, 2376, 51678, 51679, 51680}, AgentConnected: true,
		}
		if len(zones) > 0 {
			instance.AvailabilityZone = zones[i%len(zones)]
		}
		all = append(all, &Candidate{Instance: instance})
	}
	return all
}

// with changes one candidate of a row of machines.
func with(all []*Candidate, i int, change func(*Candidate)) []*Candidate {
	change(all[i])
	return all
}

func attribute(name, value string) func(*Candidate) {
	return func(c *Candidate) {
		c.Instance.Attributes = append(c.Instance.Attributes, model.Attribute{Name: name, Value: value})
	}
}

func memberOfAll(expressions ...string) []types.PlacementConstraint {
	var all []types.PlacementConstraint
	for _, e := range expressions {
		all = append(all, types.PlacementConstraint{Type: types.PlacementConstraintTypeMemberOf, Expression: &e})
	}
	return all
}

var distinct = []types.PlacementConstraint{{Type: types.PlacementConstraintTypeDistinctInstance}}

func strategies(of ...string) []types.PlacementStrategy {
	var all []types.PlacementStrategy
	for _, s := range of {
		kind, field, _ := strings.Cut(s, " ")
		all = append(all, types.PlacementStrategy{Type: types.PlacementStrategyType(kind), Field: &field})
	}
	return all
}

// web asks for copies of a task of 256 CPU units and 512 MiB, of the service web.
func web(count int) Request {
	return Request{Count: count, Sizing: Sizing{CPU: 256, Memory: 512}, Group: "service:web", DefaultSpread: true, Seed: 7}
}

func TestEveryFilterExplainsItself(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Candidate)
		ask    func(*Request)
		reason Reason
		cause  string
	}{
		{
			name:   "too little CPU",
			change: func(c *Candidate) { c.CPU = 1900 },
			reason: NoCPU, cause: "has insufficient CPU units available",
		},
		{
			name:   "too little memory",
			change: func(c *Candidate) { c.Memory = 3585 },
			reason: NoMemory, cause: "has insufficient memory available",
		},
		{
			name:   "CPU is looked at before memory",
			change: func(c *Candidate) { c.CPU, c.Memory = 2048, 4096 },
			reason: NoCPU, cause: "has insufficient CPU units available",
		},
		{
			name:   "no GPUs",
			ask:    func(r *Request) { r.GPUs = 1 },
			reason: NoGPU, cause: `encountered error "RESOURCE:GPU"`,
		},
		{
			name:   "a task holds the port",
			change: func(c *Candidate) { c.Ports = tcp(80) },
			ask:    func(r *Request) { r.Ports = tcp(80, 443) },
			reason: PortInUse, cause: "is already using a port required by your task",
		},
		{
			name:   "the agent reserves the port",
			ask:    func(r *Request) { r.Ports = tcp(22) },
			reason: PortInUse, cause: "is already using a port required by your task",
		},
		{
			name:   "the agent is disconnected",
			change: func(c *Candidate) { c.Instance.AgentConnected = false; c.CPU = 2048 },
			reason: NoAgent, cause: `encountered error "AGENT"`,
		},
		{
			name:   "an attribute is missing",
			ask:    func(r *Request) { r.Attributes = []types.Attribute{{Name: ptr("ecs.capability.task-eni")}} },
			reason: NoAttribute, cause: "is missing an attribute required by your task",
		},
		{
			name:   "an attribute has another value",
			change: attribute("ecs.cpu-architecture", "arm64"),
			ask: func(r *Request) {
				r.Attributes = []types.Attribute{{Name: ptr("ecs.cpu-architecture"), Value: ptr("x86_64")}}
			},
			reason: NoAttribute, cause: "is missing an attribute required by your task",
		},
		{
			name:   "a constraint of the request",
			ask:    func(r *Request) { r.Constraints = memberOfAll("attribute:stack == prod") },
			reason: NotMember, cause: `encountered error "MemberOf placement constraint unsatisfied."`,
		},
		{
			name: "a constraint of the task definition",
			ask: func(r *Request) {
				r.DefinitionConstraints = []types.TaskDefinitionPlacementConstraint{{
					Type: types.TaskDefinitionPlacementConstraintTypeMemberOf, Expression: ptr("runningTasksCount > 0"),
				}}
			},
			reason: NotMember, cause: `encountered error "MemberOf placement constraint unsatisfied."`,
		},
		{
			name:   "a constraint that does not parse is never satisfied",
			ask:    func(r *Request) { r.Constraints = memberOfAll("attribute:stack = prod") },
			reason: NotMember, cause: `encountered error "MemberOf placement constraint unsatisfied."`,
		},
		{
			name:   "a task of the group is there",
			change: func(c *Candidate) { c.count("service:web") },
			ask:    func(r *Request) { r.Constraints = distinct },
			reason: NotDistinct, cause: `encountered error "DistinctInstance placement constraint unsatisfied."`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			machine := machines(1, "a")
			if tt.change != nil {
				tt.change(machine[0])
			}
			req := web(1)
			if tt.ask != nil {
				tt.ask(&req)
			}
			r := Place(req, machine)
			want := Refusal{"m1", tt.reason}
			if r.Missing != 1 || len(r.Bindings) != 0 || !slices.Equal(r.Refusals, []Refusal{want}) || r.Closest != want {
				t.Fatalf("got %+v, want the refusal %+v", r, want)
			}
			if got := Fits(req, machine[0]); got != tt.reason {
				t.Errorf("Fits: %q", got)
			}
			event := "(service web) was unable to place a task because no container instance met all of its requirements. " +
				"The closest matching (container-instance m1) " + tt.cause +
				". For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
			if got := Event("web", r); got != event {
				t.Errorf("event\n%s\nwant\n%s", got, event)
			}
		})
	}
}

func TestWhatDoesNotStandInTheWay(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Candidate)
		ask    func(*Request)
	}{
		{"exactly enough is left", func(c *Candidate) { c.CPU, c.Memory = 1792, 3584 }, nil},
		{"the port is held for another protocol", func(c *Candidate) { c.Ports = tcp(53) },
			func(r *Request) { r.Ports = []model.HostPort{{Port: 53, Protocol: "udp"}} }},
		{"the agent reserves TCP ports only", nil,
			func(r *Request) { r.Ports = []model.HostPort{{Port: 22, Protocol: "udp"}} }},
		{"a task without CPU fits a full instance", func(c *Candidate) { c.CPU = 4096 },
			func(r *Request) { r.CPU = 0 }},
		{"distinctInstance looks at the own group", func(c *Candidate) { c.count("service:api") },
			func(r *Request) { r.Constraints = distinct }},
		{"the required attribute is there", attribute("ssd", ""),
			func(r *Request) { r.Attributes = []types.Attribute{{Name: ptr("ssd")}} }},
		{"affinity", func(c *Candidate) { c.count("service:db") },
			func(r *Request) { r.Constraints = memberOfAll("task:group == service:db", "runningTasksCount == 1") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			machine := machines(1, "a")
			if tt.change != nil {
				tt.change(machine[0])
			}
			req := web(1)
			if tt.ask != nil {
				tt.ask(&req)
			}
			if r := Place(req, machine); !slices.Equal(r.Bindings, []string{"m1"}) || r.Missing != 0 || r.Refusals != nil || Event("web", r) != "" {
				t.Errorf("got %+v, want it placed on m1", r)
			}
		})
	}
}

func TestATaskThatIsToStopNoLongerBlocksDistinctInstance(t *testing.T) {
	machine := machines(1)
	machine[0].Hold(&model.Task{Group: "service:web", Last: model.Running, Desired: model.Stopped, CPU: 256, Memory: 512})
	req := web(1)
	req.Constraints = distinct
	if r := Place(req, machine); r.Missing != 0 {
		t.Errorf("refused: %+v", r.Refusals)
	}
}

func TestOnlyActiveInstancesAreExamined(t *testing.T) {
	all := with(machines(2), 0, func(c *Candidate) { c.Instance.Status = model.Draining })
	if r := Place(web(1), all); !slices.Equal(r.Bindings, []string{"m2"}) {
		t.Errorf("bindings %v, want m2", r.Bindings)
	}
	all[1].Instance.Status = model.Inactive
	r := Place(web(2), all)
	if r.Missing != 2 || len(r.Refusals) != 0 {
		t.Errorf("got %+v, want nobody asked", r)
	}
	want := "(service web) was unable to place a task because no container instance met all of its requirements. " +
		"Reason: No Container Instances were found in your cluster. " +
		"For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
	if got := Event("web", r); got != want {
		t.Errorf("event\n%s\nwant\n%s", got, want)
	}
}

func TestClosestMatch(t *testing.T) {
	full := func(cpu int) func(*Candidate) { return func(c *Candidate) { c.CPU = cpu } }
	prod := memberOfAll("attribute:stack == prod")
	tests := []struct {
		name string
		all  []*Candidate
		ask  func(*Request)
		want Refusal
	}{
		{"what lacks least", with(with(machines(2), 0, full(2048)), 1, full(1800)), nil, Refusal{"m2", NoCPU}},
		{"of equals the least id", with(with(machines(2), 0, full(2048)), 1, full(2048)), nil, Refusal{"m1", NoCPU}},
		{"room comes by itself, an attribute does not",
			with(with(machines(2), 1, full(2048)), 1, attribute("stack", "prod")),
			func(r *Request) { r.Constraints = prod }, Refusal{"m2", NoCPU}},
		{"fewest unmet requirements",
			with(with(with(machines(2), 1, full(2048)), 1, attribute("stack", "prod")), 1,
				func(c *Candidate) { c.Instance.AgentConnected = false }),
			func(r *Request) { r.Constraints = prod }, Refusal{"m1", NotMember}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := web(1)
			if tt.ask != nil {
				tt.ask(&req)
			}
			r := Place(req, tt.all)
			if r.Closest != tt.want || len(r.Refusals) != len(tt.all) {
				t.Errorf("closest %+v of %+v, want %+v", r.Closest, r.Refusals, tt.want)
			}
		})
	}
}

// placedBy counts the copies by what key says of their instance.
func placedBy(r Result, all []*Candidate, key func(*model.Instance) string) map[string]int {
	counts := make(map[string]int)
	for _, id := range r.Bindings {
		i := slices.IndexFunc(all, func(c *Candidate) bool { return c.Instance.ID == id })
		counts[key(all[i].Instance)]++
	}
	return counts
}

func byID(i *model.Instance) string   { return i.ID }
func byZone(i *model.Instance) string { return i.AvailabilityZone }
func byRack(i *model.Instance) string { r, _ := i.Attribute("rack"); return i.AvailabilityZone + r }

func TestStrategies(t *testing.T) {
	tests := []struct {
		name     string
		all      []*Candidate
		count    int
		strategy []types.PlacementStrategy
		by       func(*model.Instance) string
		want     map[string]int
	}{
		{"a service without strategy: zones first", machines(4, "a", "a", "a", "b"), 6, nil, byZone,
			map[string]int{"a": 3, "b": 3}},
		{"… then instances", machines(4, "a", "a", "a", "b"), 6, nil, byID,
			map[string]int{"m1": 1, "m2": 1, "m3": 1, "m4": 3}},
		{"the service's tasks that run already count",
			with(machines(2, "a", "b"), 0, func(c *Candidate) { c.count("service:web"); c.count("service:web") }),
			4, nil, byZone, map[string]int{"a": 1, "b": 3}},
		{"other tasks do not count",
			with(machines(2, "a", "b"), 0, func(c *Candidate) { c.count("service:api"); c.count("service:api") }),
			4, nil, byZone, map[string]int{"a": 2, "b": 2}},
		{"tasks on a full instance count for its zone",
			with(machines(3, "a", "a", "b"), 0, func(c *Candidate) { c.CPU = 2048; c.count("service:web"); c.count("service:web") }),
			2, nil, byZone, map[string]int{"b": 2}},
		{"tasks on a draining instance do not",
			with(machines(3, "a", "a", "b"), 0, func(c *Candidate) {
				c.Instance.Status = model.Draining
				c.count("service:web")
				c.count("service:web")
			}),
			2, nil, byZone, map[string]int{"a": 1, "b": 1}},
		{"a full zone leaves the rest to the others",
			with(machines(2, "a", "b"), 0, func(c *Candidate) { c.CPU = 2048 - 256 }), 5, nil, byZone,
			map[string]int{"a": 1, "b": 4}},
		{"spread over instances", machines(3, "a", "a", "b"), 6, strategies("spread instanceId"), byID,
			map[string]int{"m1": 2, "m2": 2, "m3": 2}},
		{"host is the same", machines(3, "a", "a", "b"), 6, strategies("spread host"), byID,
			map[string]int{"m1": 2, "m2": 2, "m3": 2}},
		{"instances without the attribute share a place",
			with(machines(3), 0, attribute("rack", "r1")), 4, strategies("spread attribute:rack", "spread instanceId"), byID,
			map[string]int{"m1": 2, "m2": 1, "m3": 1}},
		{"racks within zones", with(with(with(machines(3, "a", "b", "a"), 0, attribute("rack", "1")), 1, attribute("rack", "1")), 2, attribute("rack", "2")),
			8, strategies("spread attribute:ecs.availability-zone", "spread attribute:rack"), byRack,
			map[string]int{"a1": 2, "b1": 4, "a2": 2}},
		{"binpack by memory fills the fullest",
			with(machines(3), 1, func(c *Candidate) { c.Memory = 2048 }), 4, strategies("binpack memory"), byID,
			map[string]int{"m2": 4}},
		{"binpack by CPU, as older AWS documents spell it",
			with(with(machines(3), 1, func(c *Candidate) { c.Memory = 2048 }), 2, func(c *Candidate) { c.CPU = 1024 }),
			4, strategies("binpack CPU"), byID, map[string]int{"m3": 4}},
		{"binpack goes on to the next when one is full",
			with(with(machines(2), 0, func(c *Candidate) { c.CPU = 1536 }), 1, func(c *Candidate) { c.CPU = 512 }),
			5, strategies("binpack cpu"), byID, map[string]int{"m1": 2, "m2": 3}},
		{"zones in balance, each packed",
			machines(4, "a", "b"), 6, strategies("spread attribute:ecs.availability-zone", "binpack memory"), byZone,
			map[string]int{"a": 3, "b": 3}},
		{"zones decide between equally full instances",
			with(machines(3, "a", "a", "b"), 0, func(c *Candidate) { c.count("service:web") }), 1,
			strategies("binpack memory", "spread attribute:ecs.availability-zone"), byID, map[string]int{"m3": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := web(tt.count)
			req.Strategy = tt.strategy
			r := Place(req, tt.all)
			if got := placedBy(r, tt.all, tt.by); !reflect.DeepEqual(got, tt.want) || r.Missing != 0 {
				t.Errorf("placed %v (%d missing), want %v", got, r.Missing, tt.want)
			}
		})
	}
}

func TestBinpackWithinAZoneUsesOneInstance(t *testing.T) {
	all := machines(4, "a", "b")
	req := web(6)
	req.Strategy = strategies("spread attribute:ecs.availability-zone", "binpack memory")
	if used := len(placedBy(Place(req, all), all, byID)); used != 2 {
		t.Errorf("%d instances are used, want one in each zone", used)
	}
}

func TestRandomGivesEveryInstanceItsShare(t *testing.T) {
	all := machines(4)
	for _, c := range all {
		c.Instance.CPU, c.Instance.Memory = 1<<30, 1<<30
	}
	req := web(4000)
	req.Strategy = strategies("random")
	r := Place(req, all)
	for id, n := range placedBy(r, all, byID) {
		if n < 900 || n > 1100 { // 1,000 expected, standard deviation 27
			t.Errorf("%s has %d of 4,000 tasks", id, n)
		}
	}
	repeats := 0
	for i := range r.Bindings[1:] {
		if r.Bindings[i] == r.Bindings[i+1] {
			repeats++
		}
	}
	if repeats < 890 || repeats > 1110 { // independent draws repeat every fourth time
		t.Errorf("%d of 3,999 tasks went where the one before went", repeats)
	}
}

func TestTheSeedAloneDecidesBetweenEquals(t *testing.T) {
	first := Place(web(20), machines(30, "a", "b", "c")).Bindings
	if again := Place(web(20), machines(30, "a", "b", "c")).Bindings; !slices.Equal(first, again) {
		t.Error("the same request was placed otherwise")
	}
	other := web(20)
	other.Seed++
	if again := Place(other, machines(30, "a", "b", "c")).Bindings; slices.Equal(first, again) {
		t.Error("another seed made no difference")
	}
}

func TestOneRequestAfterTheOther(t *testing.T) {
	all := machines(2, "a", "b")
	ported := web(1)
	ported.Ports = tcp(80)
	first, second, third := Place(ported, all), Place(ported, all), Place(ported, all)
	if first.Missing+second.Missing != 0 || first.Bindings[0] == second.Bindings[0] {
		t.Errorf("placed %v and %v, want one on each", first.Bindings, second.Bindings)
	}
	if third.Missing != 1 || third.Closest.Reason != PortInUse {
		t.Errorf("the third: %+v, want the port to be in use", third)
	}
}

func TestAConstraintThatTheCopiesThemselvesBreak(t *testing.T) {
	req := web(5)
	req.Constraints = memberOfAll("runningTasksCount < 2")
	r := Place(req, machines(2))
	if len(r.Bindings) != 4 || r.Missing != 1 || r.Closest.Reason != NotMember {
		t.Errorf("got %+v, want two on each and one missing", r)
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name        string
		constraints []types.PlacementConstraint
		strategies  []types.PlacementStrategy
		want        string // in the error; empty: valid
	}{
		{"nothing", nil, nil, ""},
		{"everything", append(memberOfAll("attribute:a exists"), distinct...),
			strategies("random", "spread host", "spread instanceId", "spread attribute:a", "binpack memory"), ""},
		{"six strategies", nil, strategies("random", "random", "random", "random", "random", "random"), "at most 5"},
		{"eleven constraints", slices.Repeat(distinct, 11), nil, "at most 10"},
		{"no expression", memberOfAll(""), nil, "expression is empty"},
		{"bad expression", memberOfAll("attribute:a = b"), nil, "at character 13"},
		{"long expression", memberOfAll("attribute:a == " + strings.Repeat("b", 200) + " )"), nil, strings.Repeat("b", 85) + "…\""},
		{"distinct with expression", []types.PlacementConstraint{{Type: distinct[0].Type, Expression: ptr("attribute:a exists")}}, nil, "takes none"},
		{"unknown constraint", []types.PlacementConstraint{{Type: "near"}}, nil, `type "near"`},
		{"unknown strategy", nil, strategies("stack"), `type "stack"`},
		{"binpack without field", nil, strategies("binpack"), "use cpu or memory"},
		{"spread over nothing", nil, strategies("spread attribute:"), "attribute:NAME"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Validate(tt.constraints, tt.strategies)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want …%s…", err, tt.want)
			}
		})
	}
}

func TestForTakesWhatTheDefinitionAsks(t *testing.T) {
	d := &model.TaskDefinition{CPU: 256, Memory: 512, Spec: types.TaskDefinition{
		RequiresAttributes:   []types.Attribute{{Name: ptr("ssd")}},
		PlacementConstraints: []types.TaskDefinitionPlacementConstraint{{Expression: ptr("attribute:stack == prod")}},
	}}
	all := machines(3)
	attribute("ssd", "")(all[0])
	attribute("stack", "prod")(all[1])
	attribute("ssd", "")(all[2])
	attribute("stack", "prod")(all[2])
	if r := Place(For(d, 2), all); !slices.Equal(r.Bindings, []string{"m3", "m3"}) {
		t.Errorf("placed on %v, want m3", r.Bindings)
	}
}
