package placement

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/placement/query"
)

// criterion is what a strategy orders container instances by.
type criterion int

const (
	randomly        criterion = iota
	spreadAttribute           // fewest tasks of the group among instances with that value
	spreadInstance            // fewest tasks of the group on the instance
	binpackCPU                // least CPU left
	binpackMemory             // least memory left
)

// level is one strategy of a request. Later levels decide between the instances
// that are equal in the earlier ones (ECS: strategies apply in turn).
type level struct {
	criterion criterion
	attribute string // of spreadAttribute
}

// defaultSpread is ECS's default for a service: over Availability Zones, then
// over instances.
var defaultSpread = []level{
	{spreadAttribute, query.ZoneAttribute},
	{spreadInstance, ""},
}

// levels are the strategies of the request. A strategy is best effort (ECS), so
// one that cannot be read orders nothing; Validate finds it.
func (r *Request) levels() []level {
	if len(r.Strategy) == 0 && r.DefaultSpread {
		return defaultSpread
	}
	return parseStrategies(r.Strategy)
}

func parseStrategies(strategies []types.PlacementStrategy) []level {
	levels := make([]level, 0, len(strategies))
	for _, s := range strategies {
		if l, err := parseStrategy(s); err == nil {
			levels = append(levels, l)
		}
	}
	return levels
}

// parseStrategy reads the type and field of a strategy. Fields are taken in any
// case, since older AWS documents write CPU and MEMORY.
func parseStrategy(s types.PlacementStrategy) (level, error) {
	field := deref(s.Field)
	switch s.Type {
	case types.PlacementStrategyTypeRandom:
		return level{randomly, ""}, nil
	case types.PlacementStrategyTypeBinpack:
		return parseBinpack(field)
	case types.PlacementStrategyTypeSpread:
		return parseSpread(field)
	default:
		return level{}, fmt.Errorf("placement strategy has type %q; use random, spread or binpack", s.Type)
	}
}

func parseBinpack(field string) (level, error) {
	switch strings.ToLower(field) {
	case "cpu":
		return level{binpackCPU, ""}, nil
	case "memory":
		return level{binpackMemory, ""}, nil
	default:
		return level{}, fmt.Errorf("placement strategy binpack has field %q; use cpu or memory", field)
	}
}

func parseSpread(field string) (level, error) {
	switch strings.ToLower(field) {
	case "instanceid", "host":
		return level{spreadInstance, ""}, nil
	}
	name, found := strings.CutPrefix(field, "attribute:")
	if !found || name == "" {
		return level{}, fmt.Errorf("placement strategy spread has field %q; use instanceId, host or attribute:NAME", field)
	}
	return level{spreadAttribute, name}, nil
}
