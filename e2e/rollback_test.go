package e2e

import (
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// A revision whose image is gone is no way back: nothing is changed, and that is said.
func TestNoRollBackToWhatCouldNotRun(t *testing.T) {
	t.Parallel()
	images := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer images.Close()
	v1, err := name.ParseReference(images.Listener.Addr().String() + "/shop:v1")
	if err == nil {
		err = remote.Write(v1, empty.Image)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := up(t, "--runtime", "sim")
	c := s.caller(t)
	shop := types.ContainerDefinition{Name: awssdk.String("app"), Image: awssdk.String(v1.Name()), Memory: awssdk.Int32(64)}
	c.service("shop", 1, shop)
	c.event("shop", "deployment completed")
	shop.Memory = awssdk.Int32(100 << 20) // 100 TiB
	huge := c.register("shop", shop)
	deploy := []string{"deploy", "shop", "--rollback", "--task-definition", huge}

	said, code := s.steady(deploy...)
	_, last, _ := strings.Cut(said, "Rolling back from shop:2 to shop:1.")
	if code != 3 || strings.Contains(last, "SUCCEEDED") || !strings.Contains(last, "\nROLLED BACK: service shop. It was rolled back from shop:2, and the service is steady on shop:1.") {
		t.Errorf("with an image to go back to it ended with %d:\n%s", code, said)
	}
	if err := remote.Delete(v1); err != nil {
		t.Fatal(err)
	}
	said, code = s.steady(deploy...)
	if code != 6 || !strings.Contains(said, "It is not rolled back: shop:1 could not run: container app: The registry has no image "+v1.Name()+"; mend that") {
		t.Errorf("without the image it ended with %d:\n%s", code, said)
	}
	if svc := c.describe("shop"); !strings.HasSuffix(*svc.TaskDefinition, ":2") || svc.RunningCount != 1 {
		t.Errorf("the service runs %s, %d tasks", *svc.TaskDefinition, svc.RunningCount)
	}
	images.Close()
	said, code = s.steady("rollback", "shop")
	if code != 0 || !strings.Contains(said, "Before the roll back: container app: The image "+v1.Name()+" could not be looked for: ") {
		t.Errorf("without the registry it ended with %d:\n%s", code, said)
	}
}
