package main

import (
	"fmt"
	"strconv"
	"time"
)

const arn = "arn:aws:ecs:" + region + ":" + account + ":"

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z") }

// head is the envelope that every event begins with.
func (g *generator) head(b []byte, detailType, resource string, at time.Time) []byte {
	b = append(b, `{"version":"0","id":"`...)
	b = append(b, g.uuid()...)
	b = append(b, `","detail-type":"`...)
	b = append(b, detailType...)
	b = append(b, `","source":"aws.ecs","account":"`+account+`","time":"`...)
	b = append(b, at.Format(time.RFC3339)...)
	b = append(b, `","region":"`+region+`","resources":["`...)
	b = append(b, resource...)
	return append(b, `"],"detail":{`...)
}

// member appends `"name":"value",`.
func member(b []byte, name, value string) []byte {
	b = append(append(append(b, '"'), name...), `":"`...)
	return append(append(b, value...), `",`...)
}

// taskEvent is a task state change.
func (g *generator) taskEvent(t *task, at time.Time) string {
	taskARN := arn + "task/" + t.cluster + "/" + t.id
	b := g.head(g.buffer[:0], "ECS Task State Change", taskARN, at)
	if t.subnet != "" {
		b = t.attachments(b)
	} else {
		b = member(b, "containerInstanceArn", arn+"container-instance/"+t.cluster+"/"+t.host)
	}
	b = member(b, "clusterArn", arn+"cluster/"+t.cluster)
	b = t.containers(b)
	b = append(b, `"cpu":"256","memory":"512",`...)
	b = member(b, "createdAt", stamp(t.times[0]))
	desired := "RUNNING"
	if t.state >= 4 {
		desired = "STOPPED"
	}
	b = member(b, "desiredStatus", desired)
	b = member(b, "group", "service:"+t.name)
	b = member(b, "launchType", t.launchType)
	b = member(b, "lastStatus", statuses[t.state])
	if t.state >= 2 {
		b = member(b, "pullStartedAt", stamp(t.times[1]))
		b = member(b, "pullStoppedAt", stamp(t.times[2]))
	}
	if t.state >= 3 {
		b = member(b, "startedAt", stamp(t.times[3]))
	}
	b = member(b, "startedBy", "ecs-svc/"+t.deployment)
	if t.state >= 4 {
		b = t.stop(b)
	}
	b = member(b, "taskArn", taskARN)
	b = member(b, "taskDefinitionArn", arn+"task-definition/"+t.name+":"+strconv.Itoa(t.revision))
	b = member(b, "updatedAt", stamp(at))
	b = append(b, `"version":`...)
	b = strconv.AppendInt(b, int64(t.state+1), 10)
	g.buffer = append(b, `}}`...)
	return string(g.buffer)
}

// attachments are those of a task with a network interface of its own.
func (t *task) attachments(b []byte) []byte {
	b = append(b, `"attachments":[{`...)
	b = member(b, "id", t.attachment)
	b = append(b, `"type":"eni","status":"`...)
	b = append(b, []string{"PRECREATED", "ATTACHED", "ATTACHED", "ATTACHED", "ATTACHED", "DELETED"}[t.state]...)
	b = append(b, `","details":[{"name":"subnetId","value":"`...)
	b = append(b, t.subnet...)
	if t.state > 0 {
		b = append(b, `"},{"name":"networkInterfaceId","value":"`...)
		b = append(b, t.eni...)
		b = append(b, `"},{"name":"macAddress","value":"`...)
		b = append(b, t.mac...)
		b = append(b, `"},{"name":"privateIPv4Address","value":"`...)
		b = append(b, t.ip...)
	}
	return append(b, `"}]}],`...)
}

func (t *task) containers(b []byte) []byte {
	b = append(b, `"containers":[{`...)
	b = member(b, "containerArn", arn+"container/"+t.cluster+"/"+t.id+"/"+t.container)
	if t.state == 5 {
		b = append(b, `"exitCode":`...)
		b = strconv.AppendInt(b, int64([]int{0, 0, 0, 1, 137, 0, 1, 137, 143}[t.reason]), 10)
		b = append(b, ',')
	}
	b = member(b, "lastStatus", []string{"PENDING", "PENDING", "PENDING", "RUNNING", "STOPPED", "STOPPED"}[t.state])
	b = append(b, `"name":"app",`...)
	b = member(b, "image", t.image)
	if t.state >= 2 {
		b = member(b, "runtimeId", t.runtime)
	}
	return append(b, `"cpu":"0"}],`...)
}

func (t *task) stop(b []byte) []byte {
	r := reasons[t.reason]
	text := r.text
	if t.reason < 3 {
		text = fmt.Sprintf(text, t.deployment)
	}
	b = member(b, "stopCode", r.code)
	b = member(b, "stoppedReason", text)
	b = member(b, "stoppingAt", stamp(t.times[4]))
	if t.state == 5 {
		b = member(b, "stoppedAt", stamp(t.times[5]))
	}
	return b
}

// warning is a service action event of type WARN.
func (g *generator) warning(s *service, at time.Time) string {
	b := g.head(g.buffer[:0], "ECS Service Action", arn+"service/"+s.cluster+"/"+s.name, at)
	b = append(b, `"eventType":"WARN",`...)
	b = member(b, "eventName", warnings[g.random.IntN(len(warnings))])
	b = member(b, "clusterArn", arn+"cluster/"+s.cluster)
	b = member(b, "createdAt", stamp(at))
	g.buffer = append(b[:len(b)-1], `}}`...)
	return string(g.buffer)
}
