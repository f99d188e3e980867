package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"

	"steady/monitor"
	"steady/report"
)

// runHook runs the command that is to follow the verdict. One that fails is an error:
// somebody relies on it.
func (f following) runHook(ctx context.Context, v monitor.Verdict) error {
	flag, command := "--on-failure", f.OnFailure
	if v.Outcome == monitor.Succeeded {
		flag, command = "--on-success", f.OnSuccess
	}
	if command == "" {
		return nil
	}
	var document bytes.Buffer
	if err := report.JSON(&document, v); err != nil {
		return fmt.Errorf("run %s: %w", flag, err)
	}
	hook := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	hook.Stdin, hook.Stdout, hook.Stderr = &document, os.Stderr, os.Stderr
	hook.Env = append(os.Environ(),
		"STEADY_OUTCOME="+string(v.Outcome), "STEADY_CLUSTER="+v.Cluster, "STEADY_SERVICE="+v.Service,
		"STEADY_DEPLOYMENT="+v.Deployment, "STEADY_REVISION="+v.Revision, "STEADY_CURRENT_REVISION="+v.Current)
	if err := hook.Run(); err != nil {
		return fmt.Errorf("run %s after the verdict %q: %w: see what it printed", flag, v.Outcome, err)
	}
	return nil
}
