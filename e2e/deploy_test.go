package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// An operator's day with one service: a new image, back again, a definition that can
// never run, and a look at it after each.
func TestDeployRollBackAndStatus(t *testing.T) {
	t.Parallel()
	s := up(t, "--runtime", "sim")
	c := s.caller(t)
	says := func(code int, command string, lines ...string) {
		t.Helper()
		said, got := s.steady(strings.Fields(command)...)
		if got != code {
			t.Fatalf("steady %s ended with %d instead of %d:\n%s", command, got, code, said)
		}
		rest := said
		for _, line := range lines {
			_, after, found := strings.Cut(rest, line)
			if !found {
				t.Fatalf("steady %s did not say, or not in this order, %q:\n%s", command, line, said)
			}
			rest = after
		}
	}

	says(0, "status", "Cluster default has no services.")
	c.service("shop", 2, types.ContainerDefinition{Name: awssdk.String("app"), Image: awssdk.String("shop:v1"), Memory: awssdk.Int32(64)})
	says(0, "watch shop", "SUCCEEDED")
	says(0, "deploy shop --tag v2 --tag commit=1f3:web", "Registered shop:2; it takes the place of shop:1.", "SUCCEEDED: service shop. 2 of 2 tasks run shop:2, and nothing else runs.")
	out, err := c.api.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{
		TaskDefinition: awssdk.String("shop:2"), Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}})
	if err != nil {
		t.Fatal(err)
	}
	if image := *out.TaskDefinition.ContainerDefinitions[0].Image; image != "shop:v2" || len(out.Tags) != 1 || *out.Tags[0].Value != "1f3:web" {
		t.Errorf("shop:2 runs %s with tags %v", image, out.Tags)
	}
	says(0, "deploy shop --image shop:v2 --desired 3", "Deploying shop:2 anew.", "SUCCEEDED: service shop. 3 of 3 tasks run shop:2")
	says(0, "rollback shop", "Rolling back from shop:2 to shop:1.", "SUCCEEDED: service shop. 3 of 3 tasks run shop:1")
	says(0, "status", "SERVICE", "shop     shop:1    3        0        3        steady")

	huge := filepath.Join(t.TempDir(), "huge.json")
	definition := `{"family": "shop", "containerDefinitions": [{"name": "app", "image": "127.0.0.1:1/shop:v3", "memory": 104857600}]}`
	if err := os.WriteFile(huge, []byte(definition), 0o600); err != nil {
		t.Fatal(err)
	}
	const tooBig = "error      service shop: A task needs 104857600 MiB of memory; the largest container instance"
	says(1, "check shop -f "+huge, tooBig, "warning    service shop: It has no deployment circuit breaker", "unchecked  container app: The image 127.0.0.1:1/shop:v3 could not be looked for")
	says(0, "check --offline -f "+huge, "Nothing was found that would keep it from succeeding.")
	says(1, "check --offline shop", "steady: --offline judges files alone: give a task definition with -f")
	says(4, "deploy shop --timeout 3s -f "+huge, "Registered shop:3; it takes the place of shop:1.", "TIMED OUT")
	const because = "It cannot converge, because a task needs 104857600 MiB of memory"
	says(0, "status", "shop     shop:3    3        0        0+3 old  deploying", "shop is deploying. "+because, "What to do:")
	says(0, "status shop", "Service shop is deploying on shop:3: 0 of 3 tasks run it, and 3 of what was before still run.", "new", "old", "was unable to place a task", because)
	junit := filepath.Join(t.TempDir(), "junit.xml")
	says(3, "deploy shop --quiet --rollback --timeout 3s --junit "+junit+" -f "+huge, "ROLLED BACK: service shop. It was rolled back from shop:4, and the service is steady on shop:1.", because)
	if text, err := os.ReadFile(junit); err != nil || !strings.Contains(string(text), `<failure type="rolled back" message="ROLLED BACK: service shop.`) {
		t.Errorf("the JUnit file: %s, %v", text, err)
	}
	said, code := s.steady("deploy", "shop", "--task-definition", "shop:2", "-o", "json", "--quiet", "--on-success", "cat >&2; exit 9")
	if documents := strings.Count(said, `"outcome": "succeeded"`); documents != 2 || code != 1 || !strings.Contains(said, `run --on-success after the verdict "succeeded": exit status 9`) {
		t.Errorf("a hook that fails: exit code %d\n%s", code, said)
	}
	says(0, "deploy shop --task-definition shop:1 --events ndjson", `"kind":"deployment"`, `"kind":"verdict"`)
	says(4, "deploy shop --timeout 3s -f "+huge, "Registered shop:5")
	says(1, "rollback shop --to shop:9", "steady: roll back service shop: describe shop:9: ")
	says(0, "rollback shop", "Rolling back from shop:5 to shop:1.", "SUCCEEDED")
	says(1, "deploy shop --image shop:v9 --notify /none.yaml", "steady: read the notifications' configuration")
	says(0, "status", "shop     shop:1")
	says(1, "deploy shop --image db=x", `steady: make a new revision of shop: it has no container "db"; it has app`)
	says(1, "status nothing", "steady: describe service nothing: no such service in cluster default; check the name and the cluster")
}
