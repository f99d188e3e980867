// Package steady_test keeps the directions of the imports, as docs/architecture.md
// draws them.
package steady_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// allowed says, for each package, which others of ours it may import. A package
// that is not listed may not exist: give it its place here and in the picture.
var allowed = map[string][]string{
	"model":               nil,
	"awsapi":              nil,
	"placement/query":     {"model"},
	"placement":           {"model", "placement/query"},
	"lifecycle":           {"model"},
	"lifecycle/event":     {"model", "lifecycle", "placement"},
	"rollout":             {"model", "lifecycle"},
	"diagnose/catalogue":  nil,
	"diagnose":            {"model", "placement", "diagnose/catalogue"},
	"scan":                nil,
	"scan/find":           nil,
	"filterpattern":       nil,
	"events/pattern":      nil,
	"events/input":        nil,
	"events/schedule":     nil,
	"events/bus":          {"model", "state", "events/pattern", "events/input", "events/schedule"},
	"events/target":       {"archive", "events/bus", "webhook"},
	"events":              {"model", "awsapi", "state", "events/pattern", "events/input", "events/schedule", "events/bus", "events/target"},
	"archive/flatten":     {"scan"},
	"archive/journal":     nil,
	"archive/table":       {"scan", "archive/flatten"},
	"archive":             {"scan", "archive/journal", "archive/match", "archive/segment", "archive/table"},
	"insights/ql":         nil,
	"insights/value":      nil,
	"insights/function":   {"insights/ql", "insights/value"},
	"insights/shape":      nil,
	"insights/match":      {"scan/find"},
	"insights/contrast":   {"insights/value"},
	"insights/column":     {"scan", "insights/ql", "insights/value", "insights/function"},
	"insights/aggregate":  {"insights/column", "insights/function", "insights/value"},
	"insights/step":       {"insights/aggregate", "insights/column", "insights/function", "insights/ql", "insights/value"},
	"insights":            {"scan", "scan/find", "insights/ql", "insights/value", "insights/function", "insights/column", "insights/aggregate", "insights/shape", "insights/match", "insights/contrast", "insights/step"},
	"archive/match":       {"scan"},
	"archive/segment":     {"scan", "archive/match", "archive/table"},
	"state":               {"model"},
	"state/bolt":          {"state"},
	"chronicle":           {"awslogs", "terminal"},
	"outbox":              {"model", "state", "placement", "lifecycle/event", "archive"},
	"ledger":              {"model", "state", "rollout"},
	"ecs":                 {"model", "awslogs", "firelens", "ledger", "awsapi", "state", "placement", "placement/query", "rollout", "lifecycle"},
	"seal":                nil,
	"iam/policy":          nil,
	"iam":                 {"model", "awsapi", "state", "iam/policy"},
	"sts":                 {"model", "awsapi", "seal", "iam"},
	"secretsmanager":      {"model", "awsapi", "state", "seal"},
	"ssm":                 {"model", "awsapi", "state", "seal"},
	"logs":                {"model", "awsapi", "state", "archive", "scan", "insights", "filterpattern"},
	"telemetry":           {"model", "state", "runtime"},
	"control":             {"model", "ledger", "state", "placement", "rollout", "lifecycle"},
	"fleet":               {"model", "state", "lifecycle"},
	"runtime":             nil,
	"runtime/docker":      {"runtime"},
	"runtime/sim":         {"runtime"},
	"runtime/runtimetest": {"runtime", "imagepack"},
	"awslogs":             nil,
	"agent/images":        {"runtime"},
	"agent/endpoint":      {"model", "runtime", "awslogs"},
	"agent/steer":         nil,
	"agent/cgroup":        {"runtime"},
	"firelens":            {"model"},
	"agent/output":        {"runtime", "awslogs"},
	"agent/supply":        {"model", "runtime", "awslogs"},
	"agent":               {"model", "fleet", "runtime", "awslogs", "firelens", "agent/cgroup", "agent/images", "agent/output", "agent/supply"},
	"evidence":            {"awslogs", "diagnose"},
	"pasted":              {"diagnose"},
	"terminal":            nil,
	"explanation":         {"diagnose", "terminal"},
	"anonymize":           nil,
	"monitor":             {"diagnose", "evidence", "terminal"},
	"preflight":           {"diagnose"},
	"preflight/facts":     {"preflight"},
	"recorder":            {"model", "archive", "awslogs", "awsapi", "monitor", "scan"},
	"notify":              {"webhook"},
	"webhook":             nil,
	"release":             nil,
	"runlike":             {"release"},
	"report":              {"monitor", "diagnose"},
	"chart":               {"terminal"},
	"saved":               nil,
	"ask":                 {"awslogs", "saved", "chart", "insights", "terminal"},
	"tail":                {"awslogs"},
	"sample":              nil,
	"imagepack":           nil,
	"pause":               nil,
	"bench":               {"imagepack"},
	"bench/archive":       {"archive", "scan", "insights"},
	"e2e":                 nil,
	"simulation":          nil,
	// Only cmd wires: it may import everything.
	"cmd/steady": {"*"},
}

// impure are packages that those which decide purely may not touch.
var impure = map[string][]string{
	"rollout":         {"os", "net", "net/http", "log/slog", "context"},
	"placement":       {"os", "net", "net/http", "log/slog", "context", "time"},
	"placement/query": {"os", "net", "net/http", "log/slog", "context"},
	"lifecycle":       {"os", "net", "net/http", "log/slog", "context"},
	"preflight":       {"os", "net", "net/http", "log/slog", "context"},
	"lifecycle/event": {"os", "net", "net/http", "log/slog", "context"},
	"diagnose":        {"os", "net", "net/http", "log/slog", "context"},
	"chart":           {"os", "net", "net/http", "log/slog", "context"},
	"firelens":        {"os", "net", "net/http", "log/slog", "context", "time"},
	"awslogs":         {"os", "net", "net/http", "log/slog", "context", "time"},
	"iam/policy":      {"os", "net/http", "log/slog", "context"},
	"filterpattern":   {"os", "net", "net/http", "log/slog", "context", "time"},
	// A query is cancelled by its context; it is pure in all else.
	"insights":           {"os", "net", "net/http", "log/slog"},
	"insights/ql":        {"os", "net", "net/http", "log/slog", "context"},
	"insights/value":     {"os", "net", "net/http", "log/slog", "context"},
	"insights/shape":     {"os", "net", "net/http", "log/slog", "context"},
	"insights/match":     {"os", "net", "net/http", "log/slog", "context"},
	"insights/contrast":  {"os", "net", "net/http", "log/slog", "context"},
	"insights/step":      {"os", "net", "net/http", "log/slog", "context"},
	"insights/column":    {"os", "net", "net/http", "log/slog", "context"},
	"insights/aggregate": {"os", "net", "net/http", "log/slog", "context"},
	"insights/function":  {"os", "net", "net/http", "log/slog", "context"},
	"events/pattern":     {"os", "net", "net/http", "log/slog", "context", "time"},
	"events/schedule":    {"os", "net", "net/http", "log/slog", "context"},
	"events/input":       {"os", "net", "net/http", "log/slog", "context"},
	// Saved evidence is judged by the times in it, and as pure as what judges it.
	"pasted":      {"os", "net", "net/http", "log/slog", "context"},
	"explanation": {"os", "net", "net/http", "log/slog", "context"},
	"anonymize":   {"os", "net", "net/http", "log/slog", "context", "time"},
	// Texts are recognised wherever they were read.
	"diagnose/catalogue": {"os", "net", "net/http", "log/slog", "context", "time"},
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for packages := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := packages.Decode(&p); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		check(t, strings.TrimPrefix(p.ImportPath, "steady/"), p.Imports)
	}
}

// TestPurePackagesReadNoClock: the time is a value that they are given.
func TestPurePackagesReadNoClock(t *testing.T) {
	for name := range impure {
		files, err := filepath.Glob(name + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", name, len(files), err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(f, "_test.go") && regexp.MustCompile(`time\.(Now|Since|Until|After|NewTimer|NewTicker|Sleep)\(`).Match(b) {
				t.Errorf("%s reads the clock", f)
			}
		}
	}
}

func check(t *testing.T, name string, imports []string) {
	if name == "steady" {
		return // this directory
	}
	may, listed := allowed[name]
	if !listed {
		t.Errorf("package %s has no place in the architecture", name)
	}
	for _, i := range imports {
		if slices.Contains(impure[name], i) {
			t.Errorf("%s decides purely and must not import %s", name, i)
		}
		ours, ok := strings.CutPrefix(i, "steady/")
		if ok && !slices.Contains(may, ours) && !slices.Contains(may, "*") {
			t.Errorf("%s must not import %s", name, ours)
		}
	}
}
