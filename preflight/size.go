package preflight

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func onFargate(f Facts) bool {
	if f.Service != nil && f.Service.LaunchType != "" {
		return f.Service.LaunchType == types.LaunchTypeFargate
	}
	return slices.Equal(f.TaskDefinition.RequiresCompatibilities, []types.Compatibility{types.CompatibilityFargate})
}

// sizes: what the containers are promised must fit into what the task has.
func sizes(f Facts) (found []Problem) {
	var cpu, hard, soft int
	for _, c := range f.TaskDefinition.ContainerDefinitions {
		cpu += int(c.Cpu)
		memory, reserved := int(aws.ToInt32(c.Memory)), int(aws.ToInt32(c.MemoryReservation))
		hard = max(hard, memory)
		if reserved == 0 {
			reserved = memory
		}
		soft += reserved
		if memory > 0 && reserved > memory {
			found = append(found, Problem{"memory-reservation", Error, subject(c), "Its memoryReservation is above its memory.", []string{"Lower memoryReservation, or raise memory."}})
		}
		if memory == 0 && reserved == 0 && aws.ToString(f.TaskDefinition.Memory) == "" {
			found = append(found, Problem{"no-memory", Error, subject(c), "Neither it nor the task says how much memory it may use.", []string{"Set memory or memoryReservation."}})
		}
	}
	if total, ok := number(f.TaskDefinition.Cpu); ok && cpu > total {
		found = append(found, Problem{"cpu-sum", Error, "task definition", fmt.Sprintf("Its containers ask for %d CPU units, and the task has %d.", cpu, total), []string{"Raise the task's cpu, or lower that of the containers."}})
	}
	if total, ok := number(f.TaskDefinition.Memory); ok && max(hard, soft) > total {
		found = append(found, Problem{"memory-sum", Error, "task definition", fmt.Sprintf("Its containers ask for %d MiB of memory, and the task has %d.", max(hard, soft), total), []string{"Raise the task's memory, or lower that of the containers."}})
	}
	return found
}

// number reads a size in CPU units or MiB, also as ECS takes it in words: "1 vCPU", "2 GB".
func number(s *string) (int, bool) {
	text := strings.ToLower(strings.TrimSpace(aws.ToString(s)))
	for _, unit := range []string{"vcpu", "gb"} {
		if amount, is := strings.CutSuffix(text, unit); is {
			x, err := strconv.ParseFloat(strings.TrimSpace(amount), 64)
			return int(x * 1024), err == nil
		}
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// fargateMemory says for each task size in CPU units which MiB of memory go with it:
// from, to, in steps (ECS developer guide, "Task CPU and memory").
var fargateMemory = map[int]struct{ from, to, step int }{
	256: {512, 2048, 1024}, 512: {1024, 4096, 1024}, 1024: {2048, 8192, 1024}, 2048: {4096, 16384, 1024},
	4096: {8192, 30720, 1024}, 8192: {16384, 61440, 4096}, 16384: {32768, 122880, 8192},
}

// fargate: "No Fargate configuration exists for given values".
func fargate(f Facts) []Problem {
	if !onFargate(f) {
		return nil
	}
	var found []Problem
	cpu, hasCPU := number(f.TaskDefinition.Cpu)
	memory, hasMemory := number(f.TaskDefinition.Memory)
	size, known := fargateMemory[cpu]
	fits := memory >= size.from && memory <= size.to && (memory == size.from || memory%size.step == 0)
	if cpu == 256 {
		fits = slices.Contains([]int{512, 1024, 2048}, memory)
	}
	if !hasCPU || !hasMemory || !known || !fits {
		found = append(found, Problem{"fargate-size", Error, "task definition",
			fmt.Sprintf("Fargate has no tasks of %s CPU units and %s MiB of memory.", orNone(f.TaskDefinition.Cpu), orNone(f.TaskDefinition.Memory)),
			[]string{"Choose a pair of cpu and memory that Fargate has, such as 256 and 512."}})
	}
	if f.TaskDefinition.NetworkMode != types.NetworkModeAwsvpc {
		found = append(found, Problem{"fargate-network", Error, "task definition", "Tasks on Fargate have the network mode awsvpc.", []string{"Set networkMode to awsvpc."}})
	}
	return found
}

func orNone(s *string) string {
	if aws.ToString(s) == "" {
		return "no"
	}
	return *s
}
