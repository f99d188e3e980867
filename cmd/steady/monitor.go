package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/archive"
	"steady/awsapi"
	"steady/awslogs"
	"steady/logs"
	"steady/model"
	"steady/monitor"
	"steady/notify"
	"steady/recorder"
	"steady/state"
)

// monitorCommand watches all services of clusters, and records what it sees.
type monitorCommand struct {
	Cluster    []string      `help:"Name of a cluster to watch; may be repeated." default:"default"`
	DataDir    string        `help:"Directory that keeps the record; another one than the server's." default:"${data_dir}-monitor" type:"path"`
	Listen     string        `help:"Address, on this machine, at which the record can be queried (steady query, aws logs)." default:"127.0.0.1:3271"`
	Every      time.Duration `help:"Time between two looks. Unless given: 15s against Amazon ECS, 2s on this machine."`
	Retention  int           `help:"For how many days the record is kept. 0 is for ever." default:"90"`
	ArchiveMax byteSize      `help:"The most that the record may take on disk; the oldest goes first. 0 is no limit." default:"10GiB"`
	QueueURL   string        `name:"queue-url" help:"URL of an SQS queue that EventBridge feeds with the events of ECS: they are recorded from there, as ECS sent them, and tasks are not asked for. A message is deleted once it is on record." placeholder:"URL"`
	target
	notifying
}

// recording is a monitor that runs.
type recording struct {
	*monitorCommand
	log      *slog.Logger
	api      clients
	store    *state.Store
	archive  *archive.Archive
	logs     *logs.API
	notifier *notify.Notifier
	listener net.Listener
	printing sync.Mutex
}

// Run watches until ctx ends.
func (c *monitorCommand) Run(ctx context.Context) error {
	r, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	fmt.Printf("Recording in %s; query it with --endpoint http://%s\n", c.DataDir, r.listener.Addr())
	return r.run(ctx)
}

func (c *monitorCommand) open(ctx context.Context) (_ *recording, err error) {
	r := &recording{monitorCommand: c, log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if r.api, err = c.connect(ctx); err != nil {
		return nil, err
	}
	if r.notifier, err = c.notifier(r.api); err != nil {
		return nil, err
	}
	if r.store, err = openState(c.DataDir); err != nil { // query definitions
		return nil, err
	}
	if r.archive, err = archive.Open(filepath.Join(c.DataDir, "archive"), archive.Options{MaxBytes: int64(c.ArchiveMax), Log: r.log}); err != nil {
		return nil, err
	}
	if r.listener, err = listen(ctx, c.Listen); err != nil {
		return nil, err
	}
	if !loopback(r.listener.Addr()) {
		return nil, fmt.Errorf("--listen %s is beyond this machine, where the record would be open to all: give an address on loopback", c.Listen)
	}
	r.logs = logs.New(logs.Options{Archive: r.archive, Store: r.store, Realm: model.Realm{Region: "us-east-1", Account: "000000000000"}, Log: r.log})
	return r, nil
}

func (r *recording) close() {
	if r.listener != nil {
		r.listener.Close()
	}
	if r.logs != nil {
		r.logs.Close()
	}
	var err error
	if r.archive != nil {
		err = r.archive.Close()
	}
	if r.store != nil {
		err = errors.Join(err, r.store.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "steady: close the record: "+err.Error())
	}
}

// run records each cluster, and answers queries meanwhile.
func (r *recording) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var parts sync.WaitGroup
	for _, cluster := range r.Cluster {
		parts.Go(func() {
			if err := r.record(ctx, cluster); err != nil {
				cancel(err)
			}
		})
	}
	if r.QueueURL != "" {
		parts.Go(func() {
			if err := recorder.RunQueue(ctx, recorder.Queue{SQS: r.api.sqs, URL: r.QueueURL, Archive: r.archive, Open: r.group, Log: r.log}); err != nil {
				cancel(err)
			}
		})
	}
	web := &http.Server{Handler: awsapi.Handler(awsapi.Options{Logger: r.log, Closing: ctx.Done()}, r.logs.Service()), ReadHeaderTimeout: 10 * time.Second}
	parts.Go(func() {
		if err := web.Serve(r.listener); !errors.Is(err, http.ErrServerClosed) {
			cancel(fmt.Errorf("serve the record: %w", err))
		}
	})
	<-ctx.Done()
	web.Close()
	parts.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// group makes the log group of a cluster's events.
func (r *recording) group(ctx context.Context, cluster string) error {
	group := awslogs.EventsGroup(cluster)
	if err := r.archive.CreateGroup(ctx, archive.Group{Name: group, Class: archive.Events}); err != nil && !errors.Is(err, archive.ErrExists) {
		return fmt.Errorf("open the record of cluster %s: %w", cluster, err)
	}
	if err := r.archive.SetRetention(ctx, group, r.Retention); err != nil {
		return fmt.Errorf("set the retention of the record of cluster %s: %w", cluster, err)
	}
	return nil
}

func (r *recording) record(ctx context.Context, cluster string) error {
	if err := r.group(ctx, cluster); err != nil {
		return err
	}
	every, pause := r.Every, 500*time.Millisecond
	if local := monitor.OnLoopback(r.url()); local {
		pause = 0
		if every == 0 {
			every = 2 * time.Second
		}
	} else if every == 0 {
		every = 15 * time.Second
	}
	return recorder.Run(ctx, recorder.Options{
		Cluster: cluster, ECS: r.api.ecs, Archive: r.archive, Every: every, Pause: pause, Log: r.log, Queued: r.QueueURL != "",
		Tell: func(ctx context.Context, s types.Service, h monitor.Happening) {
			h.Text = strings.TrimSpace(h.Text + " " + r.cause(ctx, cluster, s, h))
			r.tell(cluster, s, h)
			send(ctx, r.notifier, happens(cluster, s, h))
		},
	})
}

// cause says why a service is not as it should be, where something happened that tells
// so; empty where nothing tells, or could be asked.
func (r *recording) cause(ctx context.Context, cluster string, s types.Service, h monitor.Happening) string {
	switch h.Kind {
	case monitor.DeploymentFailed, monitor.DeploymentStalled, monitor.ServiceDegraded:
	default:
		return ""
	}
	standing, err := monitor.Stand(ctx, monitor.Options{Cluster: cluster, Service: aws.ToString(s.ServiceName), Endpoint: r.url(), ECS: r.api.ecs, Logs: r.api.logs})
	if err != nil {
		r.log.Warn("the cause could not be asked for", "cluster", cluster, "service", aws.ToString(s.ServiceName), "error", err)
		return ""
	}
	return standing.Cause()
}

// tell prints what happened to a service, a line each.
func (r *recording) tell(cluster string, s types.Service, h monitor.Happening) {
	r.printing.Lock()
	defer r.printing.Unlock()
	fmt.Printf("%s  %s/%s  %s. %s\n", h.At.Local().Format(time.DateTime), cluster, aws.ToString(s.ServiceName), h.Kind, h.Text)
}
