package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/monitor"
	"steady/notify"
)

// notifying says who is told of deployments. What is secret has no flag: other users of
// the machine read the command lines of processes.
type notifying struct {
	Notify    string   `help:"YAML file that says who is told: Slack, webhooks, SNS." placeholder:"FILE" type:"path"`
	NotifySNS []string `name:"notify-sns" help:"ARN of an SNS topic to tell." placeholder:"ARN"`
	// Of an incoming webhook, whose URL is a secret.
	NotifySlack string `name:"notify-slack" hidden:"" env:"STEADY_NOTIFY_SLACK"`
}

// notifier is nil where nobody is to be told.
func (n notifying) notifier(api clients) (*notify.Notifier, error) {
	var c notify.Config
	if n.Notify != "" {
		var err error
		if c, err = notify.ReadConfig(n.Notify); err != nil {
			return nil, err
		}
	}
	c.SNS = append(c.SNS, n.NotifySNS...)
	if n.NotifySlack != "" {
		c.Slack = append(c.Slack, notify.Slack{Webhook: n.NotifySlack})
	}
	return notify.New(c, api.sns), nil
}

// send tells, and says on stderr who could not be told: what became of the deployment
// does not depend on that.
func send(ctx context.Context, n *notify.Notifier, m notify.Message) {
	if err := n.Send(context.WithoutCancel(ctx), m); err != nil {
		fmt.Fprintln(os.Stderr, "steady: "+err.Error())
	}
}

// begins is the message that a deployment is under way.
func begins(cluster, service, deployment string) notify.Message {
	return notify.Message{Key: deployment, Title: service + ": a deployment is under way", Tone: notify.Neutral,
		Facts: []notify.Fact{{Name: "cluster", Value: cluster}, {Name: "deployment", Value: deployment}}}
}

// ends is the message of a verdict.
func ends(v monitor.Verdict) notify.Message {
	_, text, _ := strings.Cut(v.Text, "\n")
	m := notify.Message{Key: v.Deployment, Title: fmt.Sprintf("%s: the deployment of %s %s", v.Service, v.Revision, hasEnded[v.Outcome]),
		Text: text, Tone: notify.Bad, Final: true,
		Facts: []notify.Fact{{Name: "cluster", Value: v.Cluster}, {Name: "deployment", Value: v.Deployment}, {Name: "runs now", Value: v.Current}}}
	if v.Outcome == monitor.Succeeded {
		m.Tone = notify.Good
	}
	return m
}

var hasEnded = map[monitor.Outcome]string{
	monitor.Succeeded: "succeeded", monitor.Failed: "failed", monitor.RolledBack: "was rolled back", monitor.TimedOut: "timed out",
	monitor.Superseded: "was superseded", monitor.Stuck: "is stuck", monitor.Inconclusive: "has an unknown end",
}

// happens is the message of what a monitor saw. What happens to one deployment is one
// message; a service that is degraded, recovers or goes is one each time.
func happens(cluster string, s types.Service, h monitor.Happening) notify.Message {
	service := aws.ToString(s.ServiceName)
	m := notify.Message{Key: h.Deployment, Title: service + ": " + string(h.Kind), Text: h.Text, Final: h.Kind != monitor.DeploymentStarted && h.Kind != monitor.DeploymentStalled,
		Facts: []notify.Fact{{Name: "cluster", Value: cluster}, {Name: "revision", Value: h.Revision}}}
	switch h.Kind {
	case monitor.DeploymentStarted:
		m.Tone = notify.Neutral
	case monitor.DeploymentFailed, monitor.DeploymentStalled:
		m.Tone = notify.Bad
	case monitor.DeploymentCompleted:
		m.Tone = notify.Good
		if h.RollsBack {
			m.Tone = notify.Bad // the service is steady, on what it was to leave
		}
	default:
		m.Key, m.Tone = cluster+"/"+service+"/"+string(h.Kind)+"/"+h.At.String(), notify.Bad
		if h.Kind == monitor.ServiceRecovered {
			m.Tone = notify.Good
		}
	}
	return m
}
