package e2e

import (
	"encoding/json"
	"fmt"
	"testing"
)

// telemetry is the last event of a type in a log stream.
func (c *caller) telemetry(stream, typ string) map[string]any {
	c.t.Helper()
	var last map[string]any
	for _, m := range c.logged("/aws/ecs/containerinsights/default/performance", stream) {
		var r map[string]any
		if err := json.Unmarshal([]byte(m), &r); err != nil {
			c.t.Fatalf("%s: %v", m, err)
		}
		if r["Type"] == typ {
			last = r
		}
	}
	return last
}

// The telemetry of a cluster that asks for it is measured.
func TestTelemetry(t *testing.T) {
	c := up(t, "--telemetry-every", "1s").caller(t)
	c.service("web", 1, app("-memory", "20", "-cpu")) // which gets little where much else runs
	if got := c.telemetry("ClusterTelemetry-default", "Cluster"); got != nil {
		t.Errorf("a cluster that does not ask has %v", got)
	}
	aws[struct{}](c.server, "ecs", "update-cluster-settings", "--cluster", "default", "--settings", "name=containerInsights,value=enabled")
	instance := aws[struct{ ContainerInstanceArns []string }](c.server, "ecs", "list-container-instances").ContainerInstanceArns[0]
	for _, want := range []struct {
		stream, typ string
		ok          func(r map[string]any) bool
	}{
		{"AgentTelemetry-" + idOf(instance), "Container", func(r map[string]any) bool {
			return r["CpuUtilized"].(float64) > 0 && r["MemoryUtilized"].(float64) >= 20 && r["ContainerName"] == "app" && r["NetworkRxPackets"] != nil
		}},
		{"AgentTelemetry-" + idOf(instance), "Task", func(r map[string]any) bool {
			return r["CpuUtilized"].(float64) > 0 && r["MemoryUtilized"].(float64) >= 20 && r["ServiceName"] == "web" && r["MemoryReserved"] == 64.0
		}},
		{"ServiceTelemetry-web", "Service", func(r map[string]any) bool { return r["RunningTaskCount"] == 1.0 && r["DesiredTaskCount"] == 1.0 }},
		{"ClusterTelemetry-default", "Cluster", func(r map[string]any) bool { return r["TaskCount"] == 1.0 && r["ServiceCount"] == 1.0 }},
	} {
		eventually(t, func() string {
			if r := c.telemetry(want.stream, want.typ); r == nil || !want.ok(r) {
				return fmt.Sprintf("the last %s record is %v", want.typ, r)
			}
			return ""
		})
	}
}
