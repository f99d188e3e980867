package recorder

import (
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"steady/archive"
	"steady/awslogs"
)

// fakeSQS speaks the JSON protocol of Amazon SQS: it gives all messages that were not
// deleted, again and again.
type fakeSQS struct {
	mu       sync.Mutex
	messages []string // bodies; the receipt handle is the index
	deleted  map[string]bool
	refuses  bool // to delete
	calls    map[string]int
}

func (f *fakeSQS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	f.calls[operation]++
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	var in struct {
		QueueUrl        string
		WaitTimeSeconds int
		Entries         []struct{ Id, ReceiptHandle string }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !strings.HasSuffix(in.QueueUrl, "/1/events") {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The specified queue does not exist."}`)
		return
	}
	var answer any
	switch operation {
	case "ReceiveMessage":
		var all []map[string]string
		for i, body := range f.messages {
			if handle := fmt.Sprint("h", i); !f.deleted[handle] && len(all) < 10 {
				all = append(all, map[string]string{"MessageId": fmt.Sprint("m", i), "ReceiptHandle": handle, "Body": body, "MD5OfBody": fmt.Sprintf("%x", md5.Sum([]byte(body)))})
			}
		}
		answer = map[string]any{"Messages": all}
	case "DeleteMessageBatch":
		out := map[string][]map[string]any{}
		for _, e := range in.Entries {
			if f.refuses {
				out["Failed"] = append(out["Failed"], map[string]any{"Id": e.Id, "Code": "InternalError", "Message": "try again", "SenderFault": false})
				continue
			}
			f.deleted[e.ReceiptHandle] = true
			out["Successful"] = append(out["Successful"], map[string]any{"Id": e.Id})
		}
		answer = out
	}
	json.NewEncoder(w).Encode(answer)
}

// sentAt is when the events were sent: what is older than a queue keeps it is not looked
// for on record.
var sentAt = time.Now().Add(-time.Hour).UTC().Truncate(time.Minute)

// sent is a task's state change as EventBridge sends it.
func sent(id, cluster, status string, version int) string {
	at := sentAt.Add(time.Duration(version) * time.Second)
	return fmt.Sprintf(`{"version": "0", "id": %q, "detail-type": "ECS Task State Change", "source": "aws.ecs", "account": "1", "time": %q,
		"region": "eu-1", "resources": ["arn:aws:ecs:eu-1:1:task/%s/t"], "detail": {"clusterArn": "arn:aws:ecs:eu-1:1:cluster/%s", "lastStatus": %q, "version": %d, "updatedAt": %q}}`,
		id, at.Format(time.RFC3339), cluster, cluster, status, version, at.Add(250*time.Millisecond).Format(time.RFC3339Nano))
}

// flaky is an archive that can refuse.
type flaky struct {
	*archive.Archive
	refuses bool
}

func (f *flaky) Append(ctx context.Context, batches ...archive.Batch) error {
	if f.refuses {
		return errors.New("no space left on device")
	}
	return f.Archive.Append(ctx, batches...)
}

func TestTheQueueIsRecordedOnce(t *testing.T) {
	rec := recordingOf(t, new(world))
	store := &flaky{Archive: rec.store}
	fake := &fakeSQS{deleted: map[string]bool{}, calls: map[string]int{}}
	server := httptest.NewServer(fake)
	defer server.Close()
	url := server.URL + "/1/events"
	var log strings.Builder
	start := func() *queue {
		return &queue{Queue: Queue{
			SQS: sqs.New(sqs.Options{Region: "eu-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), RetryMaxAttempts: 1}),
			URL: url, Archive: store, Log: slog.New(slog.NewTextHandler(&log, nil)),
			Open: func(ctx context.Context, cluster string) error {
				err := rec.store.CreateGroup(ctx, archive.Group{Name: awslogs.EventsGroup(cluster), Class: archive.Events})
				if errors.Is(err, archive.ErrExists) {
					return nil
				}
				return err
			},
		}, clusters: map[string]bool{}, seen: map[string]time.Time{}, refused: map[string]time.Time{}}
	}
	notification, _ := json.Marshal(map[string]string{"Type": "Notification", "Message": sent("e3", "prod", "STOPPED", 4)})
	service := fmt.Sprintf(`{"id": "e4", "detail-type": "ECS Deployment State Change", "source": "aws.ecs", "time": %q, "resources": ["arn:aws:ecs:eu-1:1:service/prod/web"], "detail": {"eventName": "SERVICE_DEPLOYMENT_COMPLETED"}}`, sentAt.Format(time.RFC3339))
	fake.messages = []string{
		sent("e2", "prod", "RUNNING", 3), sent("e1", "prod", "PENDING", 2), // the later one first
		sent("e2", "prod", "RUNNING", 3), // twice
		string(notification), service, sent("f1", "other", "RUNNING", 1),
		"hello", `{"source": "aws.ec2", "id": "x", "time": "2026-11-20T10:00:05Z"}`, // no events of ECS
	}
	versions := func() string {
		var all []string
		for _, e := range rec.events()["ECS Task State Change"] {
			all = append(all, fmt.Sprint(e["detail"].(map[string]any)["version"]))
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}

	q := start()
	store.refuses = true
	if err := q.receive(t.Context()); err == nil || !strings.Contains(err.Error(), "no space left") || len(fake.deleted) > 0 {
		t.Fatalf("what is not on record: %v, deleted %v", err, fake.deleted)
	}
	store.refuses, fake.refuses = false, true
	if err := q.receive(t.Context()); err == nil || !strings.Contains(err.Error(), "InternalError: try again") || versions() != "2 3 4" {
		t.Fatalf("what cannot be deleted: %v, versions %s on record", err, versions())
	}
	for _, q := range []*queue{q, start()} { // the same comes again, to the same recorder and to the next
		if err := q.receive(t.Context()); err == nil || versions() != "2 3 4" {
			t.Fatalf("again: %v, versions %s on record", err, versions())
		}
	}
	fake.refuses = false
	if err := start().receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := rec.events()
	if len(fake.deleted) != 6 || versions() != "2 3 4" || len(all["ECS Deployment State Change"]) != 1 {
		t.Errorf("deleted %v, versions %s, %v", fake.deleted, versions(), all)
	}
	if strings.Count(log.String(), "message=m6") != 3 || strings.Contains(log.String(), "message=m0") { // once by each recorder
		t.Errorf("the log: %s", &log)
	}
}

// What is in mind of messages that do not come again is forgotten.
func TestTheQueueForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		q := &queue{Queue: Queue{Log: slog.New(slog.NewTextHandler(&log, nil))}, seen: map[string]time.Time{"e": time.Now()}, refused: map[string]time.Time{}}
		for _, id := range []string{"gone", "stays"} {
			q.refuse(sqstypes.Message{MessageId: &id}, errors.New("no event"))
		}
		time.Sleep(longestHidden)
		id := "stays"
		q.refuse(sqstypes.Message{MessageId: &id}, errors.New("no event"))
		time.Sleep(2 * time.Hour)
		q.forget()
		if _, stays := q.refused["stays"]; len(q.refused) != 1 || !stays || len(q.seen) != 0 || strings.Count(log.String(), "stays") != 1 {
			t.Errorf("in mind are %v and %v, the log: %s", q.refused, q.seen, &log)
		}
	})
}

// A queue that is not there is said, and asked again until there is no more time.
func TestAQueueThatIsNotThere(t *testing.T) {
	fake := &fakeSQS{deleted: map[string]bool{}, calls: map[string]int{}}
	server := httptest.NewServer(fake)
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	said := make(chan string, 1)
	log := slog.New(slog.NewTextHandler(writer(func(b []byte) { said <- string(b); cancel() }), nil))
	err := RunQueue(ctx, Queue{URL: server.URL + "/1/none", Log: log,
		SQS: sqs.New(sqs.Options{Region: "eu-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")})})
	if text := <-said; err != nil || !strings.Contains(text, "The specified queue does not exist.") {
		t.Errorf("%v: %s", err, text)
	}
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) { w(b); return len(b), nil }

// With a queue, tasks are not asked for, and what ECS sends is not recorded twice.
func TestBesideAQueue(t *testing.T) {
	w := &world{services: []types.Service{service("1", "web:1", "COMPLETED", 2)}, tasks: []types.Task{task(1, "RUNNING", "RUNNING", 3)}}
	rec := recordingOf(t, w)
	rec.r.Queued = true
	rec.look()
	w.services[0] = service("2", "web:2", "COMPLETED", 2, "(deployment ecs-svc/2) deployment completed.")
	rec.look()
	w.services[0] = service("2", "web:2", "COMPLETED", 1, "(deployment ecs-svc/2) deployment completed.")
	rec.look()
	rec.look()
	all := rec.events()
	if got := strings.Join(rec.told, ", "); got != "deployment started, deployment completed, service degraded" || w.asked > 0 ||
		len(all["ECS Deployment State Change"]) > 0 || len(all["Steady Service State Change"]) != 1 || len(all["Steady Service Message"]) != 1 {
		t.Errorf("told %s, asked for %d tasks, recorded %v", got, w.asked, all)
	}
}

func FuzzReadEvent(f *testing.F) {
	f.Add(sent("e", "prod", "RUNNING", 1))
	f.Add(`{"Type": "Notification", "Message": "{}"}`)
	f.Fuzz(func(t *testing.T, body string) {
		if e, err := readEvent(body); err == nil && (e.id == "" || e.cluster == "" || e.at.IsZero()) {
			t.Errorf("%q was read as %+v", body, e)
		}
	})
}
