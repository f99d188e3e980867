package lifecycle

import (
	"slices"
	"testing"

	"steady/model"
)

// An agent that can do more than before tells of an attribute that somebody has put.
func TestWhatAnAgentTellsTakesThePlaceOfWhatUsersSaid(t *testing.T) {
	told := model.Attribute{Name: "ecs.capability.new"}
	said := model.Attribute{Name: "stack", Value: "blue", Custom: true}
	before := Register(model.Instance{Attributes: []model.Attribute{{Name: told.Name, Value: "yes", Custom: true}, said}}, start)
	after := Reregister(before, model.Instance{Attributes: []model.Attribute{told}})
	if want := []model.Attribute{told, said}; !slices.Equal(after.Attributes, want) {
		t.Errorf("the attributes are %+v, want %+v", after.Attributes, want)
	}
}
