package monitor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// past is a deployment that took so long and ended so.
func past(took time.Duration, status types.ServiceDeploymentStatus) types.ServiceDeploymentBrief {
	return types.ServiceDeploymentBrief{CreatedAt: aws.Time(t0.Add(-time.Hour - time.Minute)), StartedAt: aws.Time(t0.Add(-time.Hour)),
		FinishedAt: aws.Time(t0.Add(-time.Hour + took)), Status: status}
}

func TestUsualTime(t *testing.T) {
	const good, rolledBack = types.ServiceDeploymentStatusSuccessful, types.ServiceDeploymentStatusRollbackSuccessful
	onWay := past(0, good)
	onWay.FinishedAt = nil
	queued := past(40*time.Second, good)
	queued.StartedAt = nil
	for _, story := range []struct {
		name string
		past []types.ServiceDeploymentBrief
		want time.Duration
	}{
		{"none", nil, 0},
		{"one", []types.ServiceDeploymentBrief{past(40*time.Second, good)}, 40 * time.Second},
		{"an outlier counts as one", []types.ServiceDeploymentBrief{past(50*time.Minute, good), past(40*time.Second, good), past(50*time.Second, good)}, 50 * time.Second},
		{"between two", []types.ServiceDeploymentBrief{past(60*time.Second, good), past(40*time.Second, good)}, 50 * time.Second},
		{"a failure says nothing", []types.ServiceDeploymentBrief{past(time.Minute, good), past(time.Second, rolledBack)}, time.Minute},
		{"nor the one that is watched", []types.ServiceDeploymentBrief{past(time.Hour+time.Second, good)}, 0},
		{"whole seconds", []types.ServiceDeploymentBrief{past(200*time.Millisecond, good)}, time.Second},
		{"nor does one that has not ended", []types.ServiceDeploymentBrief{onWay}, 0},
		{"from its creation where no start is told", []types.ServiceDeploymentBrief{queued}, 100 * time.Second},
	} {
		if got := usualTime(story.past, t0); got != story.want {
			t.Errorf("%s: %v, not %v", story.name, got, story.want)
		}
	}
}

func TestProgress(t *testing.T) {
	at := t0.Add(time.Minute)
	for want, v := range map[string]view{
		"1m0s":                             {at: at, started: t0, phase: "deploying"},
		"1m0s of usually 1m30s":            {at: at, started: t0, phase: "deploying", usual: 90 * time.Second},
		"3m0s, longer than the usual 1m0s": {at: at, started: t0, began: t0.Add(-2 * time.Minute), phase: "deploying", usual: time.Minute},
		"1m0s of usually 2m0s":             {at: at, started: t0, began: t0.Add(time.Second), phase: "deploying", usual: 2 * time.Minute},
		"2m0s":                             {at: at, started: at.Add(-2 * time.Minute), phase: "rolling back", usual: time.Minute},
	} {
		if got := progress(v); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

// history is a service's past, or the refusal to tell it.
type history struct {
	past  []types.ServiceDeploymentBrief
	err   error
	asked int
}

func (h *history) ListServiceDeployments(context.Context, *ecs.ListServiceDeploymentsInput, ...func(*ecs.Options)) (*ecs.ListServiceDeploymentsOutput, error) {
	h.asked++
	return &ecs.ListServiceDeploymentsOutput{ServiceDeployments: h.past}, h.err
}

func TestTheUsualTimeIsShown(t *testing.T) {
	for _, story := range []struct {
		name     string
		h        *history
		terminal bool
		says     string
	}{
		{"in lines", &history{past: []types.ServiceDeploymentBrief{past(40*time.Second, types.ServiceDeploymentStatusSuccessful)}}, false, "watch       a deployment of it usually takes 40s"},
		{"live", &history{past: []types.ServiceDeploymentBrief{past(40*time.Second, types.ServiceDeploymentStatusSuccessful)}}, true, "deploying, 0s of usually 40s"},
		{"refused", &history{err: errors.New("AccessDeniedException")}, false, "SUCCEEDED"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := play(scene{service: web(new7(inProgress, 1), old(3))}, scene{from: 3 * time.Second, service: web(new7(completed, 3))})
			_, out, err := watchedFake(t.Context(), Options{History: story.h, Terminal: story.terminal}, f)
			if err != nil || !strings.Contains(out, story.says) || story.h.asked != 1 || strings.Contains(out, "usual") != (story.h.err == nil) {
				t.Errorf("%s: asked %d times, %v: %s", story.name, story.h.asked, err, out)
			}
		})
	}
}
