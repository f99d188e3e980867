package recorder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"steady/archive"
	"steady/awslogs"
	"steady/scan"
)

// SQS is what is needed of the API of Amazon SQS; *sqs.Client has it.
type SQS interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
}

// Queue says which queue to record: one that EventBridge feeds with the events of ECS.
type Queue struct {
	SQS     SQS
	URL     string
	Archive Archive
	// Open makes the log group of a cluster that an event is of, where it is not there.
	Open func(ctx context.Context, cluster string) error
	Log  *slog.Logger
}

const (
	receivedAtOnce = 10              // the API's limit
	longPoll       = 20              // seconds; the API's limit
	afterFailure   = 5 * time.Second // before the queue is asked again
	longestHidden  = 12 * time.Hour  // "the maximum visibility timeout"
	keptInMind     = longestHidden + time.Hour
)

// queue is the loop's memory.
type queue struct {
	Queue
	clusters map[string]bool      // whose groups are open
	seen     map[string]time.Time // ids of events on record, and when they were last met
	refused  map[string]time.Time // ids of messages that are no events, said already, and when they were last met
}

// RunQueue records what a queue holds until ctx ends. EventBridge and SQS deliver at
// least once and in any order: an event is kept once, by its id, at its own time, and
// its message is deleted when it is durably on record, not before. What is no event of
// ECS is left in the queue, and said.
func RunQueue(ctx context.Context, o Queue) error {
	q := &queue{Queue: o, clusters: map[string]bool{}, seen: map[string]time.Time{}, refused: map[string]time.Time{}}
	failing := false
	for ctx.Err() == nil {
		err := q.receive(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !failing:
			q.Log.Error("the queue is not recorded; trying on", "queue", q.URL, "error", err)
		case err == nil && failing:
			q.Log.Info("the queue is recorded again", "queue", q.URL)
		}
		if failing = err != nil; failing {
			select {
			case <-ctx.Done():
			case <-time.After(afterFailure):
			}
		}
	}
	return nil
}

// receive takes some messages, keeps their events and deletes them.
func (q *queue) receive(ctx context.Context) error {
	out, err := q.SQS.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &q.URL, MaxNumberOfMessages: receivedAtOnce, WaitTimeSeconds: longPoll})
	if err != nil {
		return fmt.Errorf("receive messages: %w", err)
	}
	byCluster := map[string][]queued{}
	for _, m := range out.Messages {
		e, err := readEvent(aws.ToString(m.Body))
		if err != nil {
			q.refuse(m, err)
			continue
		}
		e.message = m
		byCluster[e.cluster] = append(byCluster[e.cluster], e)
	}
	var failed error
	for cluster, events := range byCluster {
		err := q.keep(ctx, cluster, events)
		if err == nil {
			err = q.delete(ctx, events)
		}
		failed = errors.Join(failed, err)
	}
	q.forget()
	return failed
}

func (q *queue) refuse(m types.Message, err error) {
	id := aws.ToString(m.MessageId)
	_, said := q.refused[id]
	if q.refused[id] = time.Now(); !said {
		q.Log.Warn("a message is no event of ECS and is left in the queue", "queue", q.URL, "message", id, "error", err)
	}
}

// keep puts on record what is not there.
func (q *queue) keep(ctx context.Context, cluster string, events []queued) error {
	if err := q.open(ctx, cluster); err != nil {
		return err
	}
	b := archive.Batch{Group: awslogs.EventsGroup(cluster), Stream: "queue", Class: archive.Events}
	fresh := map[string]bool{}
	for _, e := range events {
		if _, twice := q.seen[e.id]; !twice && !fresh[e.id] {
			fresh[e.id] = true
			b.Records = append(b.Records, archive.Record{Time: e.at.UnixMilli(), Message: e.text})
		}
	}
	if len(b.Records) > 0 {
		if err := q.Archive.Append(ctx, b); err != nil {
			return fmt.Errorf("record what happened in cluster %s: %w", cluster, err)
		}
	}
	for _, e := range events {
		q.seen[e.id] = time.Now()
	}
	return nil
}

// open makes a cluster's group, and reads which events it has: a message can come again
// after as long as it may be hidden, also to a recorder that was started since.
func (q *queue) open(ctx context.Context, cluster string) error {
	if q.clusters[cluster] {
		return nil
	}
	if err := q.Open(ctx, cluster); err != nil {
		return err
	}
	now := time.Now()
	// By the time of the events, which can have waited in the queue for long.
	request := scan.Request{Groups: []string{awslogs.EventsGroup(cluster)}, From: now.Add(-longestKept).UnixMilli(), To: now.Add(time.Hour).UnixMilli(), Fields: []string{"id"}}
	for block, err := range q.Archive.Scan(ctx, request) {
		if err != nil {
			return fmt.Errorf("read what was recorded of cluster %s: %w", cluster, err)
		}
		if ids := block.Columns["id"]; ids != nil {
			for _, code := range ids.Codes {
				if code >= 0 {
					q.seen[ids.Values[code].Text] = now
				}
			}
		}
	}
	q.clusters[cluster] = true
	return nil
}

// longestKept: "messages can be kept in a queue for up to 14 days".
const longestKept = 15 * 24 * time.Hour

// delete removes messages whose events are on record. One that could not be deleted
// comes again, and is known.
func (q *queue) delete(ctx context.Context, events []queued) error {
	in := &sqs.DeleteMessageBatchInput{QueueUrl: &q.URL}
	for i, e := range events {
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: e.message.ReceiptHandle})
	}
	out, err := q.SQS.DeleteMessageBatch(ctx, in)
	if err != nil {
		return fmt.Errorf("delete recorded messages: %w", err)
	}
	if len(out.Failed) > 0 {
		return fmt.Errorf("delete recorded messages: %d were not: %s: %s", len(out.Failed), aws.ToString(out.Failed[0].Code), aws.ToString(out.Failed[0].Message))
	}
	return nil
}

func (q *queue) forget() {
	for _, ids := range []map[string]time.Time{q.seen, q.refused} {
		maps.DeleteFunc(ids, func(_ string, at time.Time) bool { return time.Since(at) > keptInMind })
	}
}

// queued is an event of ECS in a message.
type queued struct {
	id, cluster, text string
	at                time.Time
	message           types.Message
}

// readEvent reads what EventBridge put into a message, or SNS on the way.
func readEvent(body string) (queued, error) {
	var e struct {
		Type, Message string    // of SNS
		ID            string    `json:"id"`
		Source        string    `json:"source"`
		Time          time.Time `json:"time"`
		Resources     []string  `json:"resources"`
		Detail        struct {
			ClusterArn string `json:"clusterArn"`
			UpdatedAt  any    `json:"updatedAt"`
		} `json:"detail"`
	}
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return queued{}, err
	}
	if e.Type == "Notification" && e.ID == "" {
		return readEvent(e.Message)
	}
	if e.Source != "aws.ecs" || e.ID == "" || e.Time.IsZero() {
		return queued{}, fmt.Errorf("its source is %q, its id %q", e.Source, e.ID)
	}
	q := queued{id: e.ID, text: body, at: e.Time, cluster: clusterOf(e.Detail.ClusterArn, e.Resources)}
	if text, is := e.Detail.UpdatedAt.(string); is {
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			q.at = at // to the millisecond
		}
	}
	if q.cluster == "" {
		return queued{}, errors.New("it names no cluster")
	}
	return q, nil
}

// clusterOf is the name of the cluster that an event is of: a deployment's state change
// names it in the ARN of its service alone.
func clusterOf(arn string, resources []string) string {
	if _, name, is := strings.Cut(arn, ":cluster/"); is {
		return name
	}
	for _, r := range resources {
		parts := strings.SplitN(r, ":", 6)
		if len(parts) < 6 {
			continue
		}
		if path := strings.Split(parts[5], "/"); len(path) == 3 {
			return path[1]
		}
	}
	return ""
}
