package ecs

import (
	"iter"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

// Counts are derived from the records each time they are shown.

// taskCounts are the two numbers that ECS tells of any set of tasks.
type taskCounts struct {
	running int // seen RUNNING
	pending int // on the way there, and wanted
}

func (n *taskCounts) add(t *model.Task) {
	switch {
	case t.Last == model.Running:
		n.running++
	case t.Coming():
		n.pending++
	}
}

func countTasks(tasks iter.Seq[*model.Task]) taskCounts {
	var n taskCounts
	for t := range tasks {
		n.add(t)
	}
	return n
}

// clusterCounts are the numbers that DescribeClusters tells.
type clusterCounts struct {
	tasks     taskCounts
	instances int // ACTIVE or DRAINING
	active    int // services
	draining  int // services
}

func countCluster(s *state.Snapshot, cluster string) clusterCounts {
	n := clusterCounts{tasks: countTasks(s.TasksIn(cluster))}
	for i := range s.InstancesIn(cluster) {
		if i.Status == model.Active || i.Status == model.Draining {
			n.instances++
		}
	}
	for svc := range s.ServicesIn(cluster) {
		switch svc.Status {
		case model.Active:
			n.active++
		case model.Draining:
			n.draining++
		}
	}
	return n
}

// statistics are the counts by launch type. All that Steady runs is of type EC2.
func (n clusterCounts) statistics() []types.KeyValuePair {
	var pairs []types.KeyValuePair
	for _, p := range []struct {
		name  string
		value int
	}{
		{"runningEC2TasksCount", n.tasks.running},
		{"runningFargateTasksCount", 0},
		{"pendingEC2TasksCount", n.tasks.pending},
		{"pendingFargateTasksCount", 0},
		{"runningExternalTasksCount", 0},
		{"pendingExternalTasksCount", 0},
		{"activeEC2ServiceCount", n.active},
		{"activeFargateServiceCount", 0},
		{"drainingEC2ServiceCount", n.draining},
		{"drainingFargateServiceCount", 0},
		{"activeExternalServiceCount", 0},
		{"drainingExternalServiceCount", 0},
	} {
		pairs = append(pairs, types.KeyValuePair{Name: aws.String(p.name), Value: aws.String(strconv.Itoa(p.value))})
	}
	return pairs
}
