package placement

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/placement/query"
)

// Limits of a request (ECS API).
const (
	MaxConstraints = 10 // "including constraints in the task definition"
	MaxStrategies  = 5
)

// Request asks for the placement of copies of one task.
type Request struct {
	Count int
	Sizing
	// Group is the task group: "service:NAME" for a service's task. Spreading and
	// distinctInstance count the tasks of the same group.
	Group       string
	Constraints []types.PlacementConstraint
	// DefinitionConstraints and Attributes come from the task definition: its
	// constraints, and the attributes that it requires of an instance.
	DefinitionConstraints []types.TaskDefinitionPlacementConstraint
	Attributes            []types.Attribute
	Strategy              []types.PlacementStrategy
	// DefaultSpread, without a Strategy, spreads over the Availability Zones and
	// then over the instances, as ECS does for a service. Without either the
	// placement is random.
	DefaultSpread bool
	// Seed decides between equals. The same request with the same seed and
	// candidates gives the same result.
	Seed uint64
}

// For is a request for copies of a task of this revision: its sizing, its
// constraints and the attributes that it requires.
func For(d *model.TaskDefinition, count int) Request {
	return Request{
		Count:                 count,
		Sizing:                Size(d),
		DefinitionConstraints: d.Spec.PlacementConstraints,
		Attributes:            d.Spec.RequiresAttributes,
	}
}

// Validate tells what is wrong with placement constraints and strategies that a
// user gave: their number, their types, their fields, their expressions.
func Validate(constraints []types.PlacementConstraint, strategies []types.PlacementStrategy) error {
	if len(constraints) > MaxConstraints {
		return fmt.Errorf("%d placement constraints are given; give at most %d", len(constraints), MaxConstraints)
	}
	if len(strategies) > MaxStrategies {
		return fmt.Errorf("%d placement strategies are given; give at most %d", len(strategies), MaxStrategies)
	}
	for _, c := range constraints {
		if err := validateConstraint(c); err != nil {
			return err
		}
	}
	for _, s := range strategies {
		if _, err := parseStrategy(s); err != nil {
			return err
		}
	}
	return nil
}

func validateConstraint(c types.PlacementConstraint) error {
	expression := deref(c.Expression)
	switch c.Type {
	case types.PlacementConstraintTypeDistinctInstance:
		if expression != "" {
			return fmt.Errorf("placement constraint distinctInstance has the expression %q; it takes none", clip(expression))
		}
		return nil
	case types.PlacementConstraintTypeMemberOf:
		if _, err := query.Parse(expression); err != nil {
			return fmt.Errorf("placement constraint memberOf %q: %w", clip(expression), err)
		}
		return nil
	default:
		return fmt.Errorf("placement constraint has type %q; use distinctInstance or memberOf", c.Type)
	}
}

// clip bounds what an error repeats of an expression, which may be 2,000 characters long.
func clip(expression string) string {
	if r := []rune(expression); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return expression
}

// constraints are the parsed constraints of a request.
type constraints struct {
	distinct bool
	members  []query.Expr
	invalid  error // an expression that does not parse: no instance satisfies it
}

func (r *Request) constraints() constraints {
	var all constraints
	for _, c := range r.Constraints {
		if c.Type == types.PlacementConstraintTypeDistinctInstance {
			all.distinct = true
			continue
		}
		all.member(c.Expression)
	}
	for _, c := range r.DefinitionConstraints {
		all.member(c.Expression)
	}
	return all
}

func (all *constraints) member(expression *string) {
	expr, err := query.Parse(deref(expression))
	if err != nil {
		all.invalid = fmt.Errorf("placement constraint memberOf %q: %w", clip(deref(expression)), err)
		return
	}
	all.members = append(all.members, expr)
}

func (all *constraints) String() string {
	text := make([]string, len(all.members))
	for i, m := range all.members {
		text[i] = m.String()
	}
	return strings.Join(text, "; ")
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
