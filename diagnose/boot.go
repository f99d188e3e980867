package diagnose

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose/catalogue"
)

// limit is the time that a task is given to become healthy after its start.
type limit struct {
	time time.Duration
	sum  string // how it comes about
	id   string // of the finding, where the program needs longer
}

// balancerLimit: a load balancer gives a task up after the grace period and as many
// failed checks as its target group says. Nil where the target group is unknown.
func (c *evidenced) balancerLimit(group string) *limit {
	for _, g := range c.TargetGroups {
		if aws.ToString(g.TargetGroupArn) != group && (group != "" || len(c.TargetGroups) > 1) {
			continue
		}
		interval, threshold := aws.ToInt32(g.HealthCheckIntervalSeconds), aws.ToInt32(g.UnhealthyThresholdCount)
		if interval == 0 || threshold == 0 {
			return nil
		}
		grace := aws.ToInt32(c.Service.HealthCheckGracePeriodSeconds)
		return &limit{time: time.Duration(grace+interval*threshold) * time.Second, id: "D08",
			sum: fmt.Sprintf("healthCheckGracePeriodSeconds %d + interval %d s × unhealthy threshold %d", grace, interval, threshold)}
	}
	return nil
}

// checkLimit: a container turns UNHEALTHY when its check has failed as often as
// retries says, not counting what falls into startPeriod.
func checkLimit(h *types.HealthCheck) *limit {
	start, interval, retries := number(h.StartPeriod, 0), number(h.Interval, 30), number(h.Retries, 3)
	return &limit{time: time.Duration(start+interval*retries) * time.Second, id: "D23",
		sum: fmt.Sprintf("startPeriod %d s + interval %d s × retries %d", start, interval, retries)}
}

// explainTime compares, where tasks are given up by a health check, the time that
// they are given to start with the time that they need. Where the log tells that
// time, it decides; else the numbers stand with the possibilities.
func (c *evidenced) explainTime() {
	boot, proof := c.boot()
	for _, d := range c.drafts {
		if d.limit == nil || !slices.Contains([]string{"D00", "D01", "D05", "D06", "D07"}, d.sig.ID) {
			continue
		}
		given := fmt.Sprintf("%s (%s)", roundly(d.limit.time), d.limit.sum)
		if boot > d.limit.time {
			s := catalogue.Get(d.limit.id)
			d.sig, d.cause = s, fmt.Sprintf("%s: it needs %s and is given %s", s.Cause, roundly(boot), given)
			d.proofs = append([]Proof{*proof}, d.proofs...)
			continue
		}
		if boot > 0 {
			d.rule(func(p catalogue.Possibility) bool { return saysSlow.MatchString(p.Cause) })
			continue
		}
		if len(d.uptimes) == 0 {
			continue
		}
		slow := catalogue.Possibility{
			Cause: fmt.Sprintf("The program needs longer to start than the %s that it is given", given),
			Look:  fmt.Sprintf("When is it ready? The tasks ran up to %s.", roundly(slices.Max(d.uptimes)))}
		d.sig.Either = append(slices.DeleteFunc(slices.Clone(d.sig.Either), func(p catalogue.Possibility) bool { return saysSlow.MatchString(p.Cause) }), slow)
	}
}

// rule takes possibilities out that something else speaks against. What is left, if it
// is one, is the cause.
func (d *draft) rule(out func(catalogue.Possibility) bool) {
	left := slices.DeleteFunc(slices.Clone(d.sig.Either), out)
	if len(left) == 1 {
		d.cause += ". " + left[0].Cause
		d.sig.Remedy = append([]string{left[0].Look}, d.sig.Remedy...)
		left = nil
	}
	d.sig.Either = left
}

// saysSlow finds the general form of the possibility that explainTime words with numbers.
var saysSlow = regexp.MustCompile(`needs longer to start|is not ready yet`)

var (
	// tookSeconds is a line that tells the time itself, as Spring, Quarkus and others do.
	tookSeconds = regexp.MustCompile(`(?i)\b(?:started|ready|up) .*?\bin ([\d.]+) ?(ms|milliseconds|s|sec|seconds)\b`)
	// isReady is a line that a server writes when it is.
	isReady = regexp.MustCompile(`(?i)\b(?:now )?listening (?:on|at|address)\b|msg="?listening\b|\bserver (?:is )?(?:started|running|ready)\b|\bready (?:to accept|for) connections\b|\bstarted server on\b|\bapplication startup complete\b|\bbooted in\b`)
)

// boot is the longest time that a program of the deployment took to be ready, as far
// as its log tells; zero if it does not.
func (c *evidenced) boot() (longest time.Duration, proof *Proof) {
	for _, t := range c.StoppedTasks {
		for i := range t.Containers {
			name := aws.ToString(t.Containers[i].Name)
			for _, line := range c.Logs[LogKey(taskID(t), name)] {
				if took, ok := bootTime(t, line); ok && took > longest {
					longest, proof = took, &Proof{At: line.At, Subject: "log of task " + taskID(t) + ", container " + name, Text: line.Text, Log: true}
				}
			}
		}
	}
	return longest, proof
}

func bootTime(t types.Task, line Line) (time.Duration, bool) {
	if m := tookSeconds.FindStringSubmatch(line.Text); m != nil {
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil || n > 24*3600*1000 {
			return 0, false
		}
		if strings.HasPrefix(strings.ToLower(m[2]), "m") {
			n /= 1000
		}
		return time.Duration(n * float64(time.Second)), true
	}
	if !isReady.MatchString(line.Text) || line.At.IsZero() || t.StartedAt == nil {
		return 0, false
	}
	took := line.At.Sub(*t.StartedAt)
	return took, took > 0
}
