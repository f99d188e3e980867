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
	of        map[types.LaunchType]*launchCounts
}

// launchCounts are the numbers of one launch type.
type launchCounts struct {
	tasks            taskCounts
	active, draining int // services
}

var launchTypes = []types.LaunchType{types.LaunchTypeEc2, types.LaunchTypeFargate, types.LaunchTypeExternal}

func countCluster(s *state.Snapshot, cluster string) clusterCounts {
	n := clusterCounts{of: map[types.LaunchType]*launchCounts{}}
	for _, l := range launchTypes {
		n.of[l] = &launchCounts{}
	}
	for t := range s.TasksIn(cluster) {
		n.tasks.add(t)
		if of := n.of[t.LaunchType]; of != nil {
			of.tasks.add(t)
		}
	}
	for range s.InstancesIn(cluster) {
		n.instances++
	}
	for svc := range s.ServicesIn(cluster) {
		of := n.of[svc.LaunchType]
		switch {
		case svc.Status == model.Active:
			n.active++
			if of != nil {
				of.active++
			}
		case svc.Status == model.Draining && of != nil:
			of.draining++
		}
	}
	return n
}

// statistics are the counts by launch type.
func (n clusterCounts) statistics() []types.KeyValuePair {
	var pairs []types.KeyValuePair
	ec2, fargate, external := n.of[types.LaunchTypeEc2], n.of[types.LaunchTypeFargate], n.of[types.LaunchTypeExternal]
	for _, p := range []struct {
		name  string
		value int
	}{
		{"runningEC2TasksCount", ec2.tasks.running},
		{"runningFargateTasksCount", fargate.tasks.running},
		{"pendingEC2TasksCount", ec2.tasks.pending},
		{"pendingFargateTasksCount", fargate.tasks.pending},
		{"runningExternalTasksCount", external.tasks.running},
		{"pendingExternalTasksCount", external.tasks.pending},
		{"activeEC2ServiceCount", ec2.active},
		{"activeFargateServiceCount", fargate.active},
		{"drainingEC2ServiceCount", ec2.draining},
		{"drainingFargateServiceCount", fargate.draining},
		{"activeExternalServiceCount", external.active},
		{"drainingExternalServiceCount", external.draining},
	} {
		pairs = append(pairs, types.KeyValuePair{Name: aws.String(p.name), Value: aws.String(strconv.Itoa(p.value))})
	}
	return pairs
}
