package agent

import (
	"slices"
	"testing"

	"steady/runtime"
)

func TestCapabilitiesAreThoseOfTheRuntime(t *testing.T) {
	got := Capabilities(runtime.Info{
		APIVersion: "1.19", LogDrivers: []string{"json-file", "local", "awslogs"}, VolumeDrivers: []string{"local", "nfs"}, Security: []string{"apparmor", "seccomp"},
	})
	want := []string{
		"com.amazonaws.ecs.capability.apparmor",
		"com.amazonaws.ecs.capability.docker-remote-api.1.17",
		"com.amazonaws.ecs.capability.docker-remote-api.1.18",
		"com.amazonaws.ecs.capability.docker-remote-api.1.19",
		"com.amazonaws.ecs.capability.logging-driver.awslogs",
		"com.amazonaws.ecs.capability.logging-driver.json-file",
		"com.amazonaws.ecs.capability.logging-driver.none",
		"com.amazonaws.ecs.capability.privileged-container",
		"com.amazonaws.ecs.capability.ecr-auth",
		"com.amazonaws.ecs.capability.task-iam-role",
		"com.amazonaws.ecs.capability.task-iam-role-network-host",
		"ecs.capability.container-health-check",
		"ecs.capability.execution-role-awslogs",
		"ecs.capability.execution-role-ecr-pull",
		"ecs.capability.docker-plugin.local",
		"ecs.capability.docker-plugin.nfs",
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("%s is missing", w)
		}
	}
	for _, not := range []string{"docker-remote-api.1.20", "logging-driver.local", "logging-driver.syslog", "seccomp", "selinux"} {
		if slices.Contains(got, olderCapability+not) {
			t.Errorf("%s is there", not)
		}
	}
}
