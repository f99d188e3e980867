package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// architectures are ECS's names of a CPU in a task definition and in the instance
// attribute ecs.cpu-architecture.
var architectures = map[types.CPUArchitecture]string{types.CPUArchitectureX8664: "x86_64", types.CPUArchitectureArm64: "arm64"}

// platform compares the CPU that the task definition is made for with those of the
// instances. Where it does not say, the tasks go anywhere.
func platform(s Situation) []Finding {
	r := s.TaskDefinition.RuntimePlatform
	if r == nil || !s.Looked || len(s.Instances) == 0 {
		return nil
	}
	needed, known := architectures[r.CpuArchitecture]
	if !known {
		return nil
	}
	var others []string
	for _, i := range s.Instances {
		if aws.ToString(i.Status) != "ACTIVE" {
			continue
		}
		has := attribute(i, "ecs.cpu-architecture")
		if has == needed || has == "" {
			return nil
		}
		others = append(others, fmt.Sprintf("%s is %s", lastPart(i.ContainerInstanceArn), has))
	}
	if len(others) == 0 {
		return nil
	}
	slices.Sort(others)
	return []Finding{computed("A22", "it is made for "+needed, Proof{Subject: "container instances", Text: strings.Join(others[:min(len(others), 5)], ", ")})}
}

func attribute(i types.ContainerInstance, name string) string {
	for _, a := range i.Attributes {
		if aws.ToString(a.Name) == name {
			return aws.ToString(a.Value)
		}
	}
	return ""
}
