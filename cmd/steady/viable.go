package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/preflight"
	"steady/release"
)

// lookTime is how long registries and stores may take to answer before a roll back.
const lookTime = 15 * time.Second

// lookAtTarget checks that the images and secrets of a revision to go back to exist.
// What cannot be checked is said, and does not keep anybody from going back.
func (f following) lookAtTarget(api clients) release.Look {
	return func(ctx context.Context, d types.TaskDefinition) error {
		ctx, cancel := context.WithTimeout(ctx, lookTime)
		defer cancel()
		found, err := f.sources(api).Of(ctx, f.Cluster, d, nil)
		if err != nil {
			return err
		}
		var missing []string
		for _, p := range preflight.Runnable(found) {
			switch p.Severity {
			case preflight.Error:
				missing = append(missing, p.Subject+": "+strings.TrimSuffix(p.Text, "."))
			case preflight.Unchecked:
				f.say("Before the roll back: " + p.Subject + ": " + p.Text)
			}
		}
		if len(missing) > 0 {
			return errors.New(strings.Join(missing, ", "))
		}
		return nil
	}
}
