package e2e

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/moby/moby/client"
)

// watching is a `steady watch` under way, or another command that goes on.
type watching struct {
	t       *testing.T
	process *exec.Cmd
	lines   *bufio.Scanner
	said    []string
	stderr  bytes.Buffer
}

// watch starts `steady watch`, without a terminal.
func (s *server) watch(t *testing.T, args ...string) *watching {
	t.Helper()
	return s.client(t, append([]string{"watch"}, args...)...)
}

// client starts a command of the binary that goes on, without a terminal.
func (s *server) client(t *testing.T, args ...string) *watching {
	t.Helper()
	w := &watching{t: t, process: exec.Command(binary, args...)}
	w.process.Env = s.environment()
	w.process.Stderr = &w.stderr
	stdout, err := w.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.lines = bufio.NewScanner(stdout)
	if err := w.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.process.Process.Kill() })
	return w
}

// silence is how long a command may say nothing of what is waited for, before it is
// killed.
const silence = 5 * time.Minute

// until reads lines up to one that contains a text.
func (w *watching) until(text string) {
	w.t.Helper()
	defer time.AfterFunc(silence, func() { w.process.Process.Kill() }).Stop()
	for w.lines.Scan() {
		w.said = append(w.said, w.lines.Text())
		if strings.Contains(w.lines.Text(), text) {
			return
		}
	}
	w.t.Fatalf("it never said %q, only\n%s\n%s", text, strings.Join(w.said, "\n"), &w.stderr)
}

// ends checks the exit code, and all that was said against regular expressions that
// have to follow each other.
func (w *watching) ends(code int, story ...string) {
	w.t.Helper()
	defer time.AfterFunc(2*silence, func() { w.process.Process.Kill() }).Stop()
	for w.lines.Scan() {
		w.said = append(w.said, w.lines.Text())
	}
	w.process.Wait()
	said := strings.Join(w.said, "\n") + "\n" + w.stderr.String()
	if got := w.process.ProcessState.ExitCode(); got != code {
		w.t.Errorf("watch ended with %d, not %d", got, code)
	}
	rest := said
	for _, line := range story {
		at := regexp.MustCompile("(?m)^" + line + "$").FindStringIndex(rest)
		if at == nil {
			w.t.Errorf("watch did not say, or not in this order, %q", line)
			break
		}
		rest = rest[at[1]:]
	}
	if strings.ContainsRune(said, '\x1b') || strings.ContainsRune(said, '\r') {
		w.t.Error("watch wrote for a terminal where there is none")
	}
	if w.t.Failed() {
		w.t.Logf("watch said:\n%s", said)
	}
}

const at = `\d\d:\d\d:\d\d  `

func TestWatchEndsWithTheVerdict(t *testing.T) {
	t.Parallel()
	s := up(t, unhurried)
	c := s.caller(t)
	c.create(3, percent(100, 200), breakerRollback)
	huge := app()
	huge.Memory = awssdk.Int32(100 << 20) // 100 TiB
	good, bad, unplaceable, last := c.register("web", app("-version", "v2")), c.register("web", app("-crash", "9")),
		c.register("web", huge), c.register("web", app("-version", "v5"))
	begins := at + `watch       deployment ecs-svc/\d{19} of service web in cluster default`

	c.deploy(good)
	s.watch(t, "web").ends(0, begins,
		at+`event       \(service web\) has started 1 tasks: \(task \w{32}\)\.`,
		at+`event       \(service web\) has started 2 tasks: \(task \w{32}\) \(task \w{32}\)\.`,
		at+`event       \(service web\) has stopped \d running tasks: .*`,
		``, // the verdict stands apart
		`SUCCEEDED: service web\. 3 of 3 tasks run web:2, and nothing else runs\.`)
	s.watch(t, "--cluster", "default", "web").ends(0, `SUCCEEDED: service web\. .*`) // it is over already

	w := s.watch(t, "--deployment", c.deploy(bad), "web")
	w.ends(3, begins,
		at+`event       \(service web\) \(deployment ecs-svc/\d{19}\) deployment failed: tasks failed to start\.`,
		at+`event       \(service web\) rolling back to deployment ecs-svc/\d{19}\.`,
		at+`web:2       rollback  desired \d  pending \d  running \d  failed 0  (IN_PROGRESS|COMPLETED)`,
		`ROLLED BACK: service web\. The deployment of web:3 failed and was rolled back: the service is steady on revision web:2\.`,
		`Why: \d tasks failed: Container "app" exits with code 9(, within \d+ s of its start)?\.( Trying again will not help\.)? The last lines of its log:`,
		`    .*level=ERROR msg="could not connect to database".*`,
		`What to do:`, `  - .+`)

	c.deploy(unplaceable)
	s.watch(t, "--timeout", "6s", "web").ends(4, begins,
		at+`event       \(service web\) was unable to place a task because .* has insufficient memory available\. .*`,
		`TIMED OUT: service web after 6s\. The deployment of web:4 is still under way: it runs 0 of 3 tasks\.`,
		`It cannot converge, because a task needs 104857600 MiB of memory; the largest container instance \(\w{32}\) has \d+\.`,
		`What to do:`, `  - .+`)

	w = s.watch(t, "web")
	w.until("of service web in cluster default")
	id := c.deploy(last)
	w.ends(5, `SUPERSEDED: service web\. A newer deployment, `+id+` of web:5, took the place of that of web:4\.`, `Until then: .*memory.*`)
	c.steady("web:5", 3)

	c.ecs("update-service", "--service", "web", "--deployment-configuration", breakerOn)
	c.deploy(bad)
	s.watch(t, "web").ends(2, // it may have failed before the watch begins
		`FAILED: service web\. The deployment of web:3 failed, and ECS does not roll back\. 3 tasks of web:5 still run\.`,
		`Why: \d tasks failed: Container "app" exits with code 9.*`, `What to do:`, `  - .+`)
}

// deploy updates web to a revision and returns the deployment's id.
func (c *caller) deploy(ref string) (id string) {
	c.t.Helper()
	out, err := c.api.UpdateService(c.t.Context(), &ecs.UpdateServiceInput{Service: awssdk.String("web"), TaskDefinition: &ref})
	if err != nil {
		c.t.Fatal(err)
	}
	return *out.Service.Deployments[0].Id
}

func TestWatchWithNothingToWatch(t *testing.T) {
	t.Parallel()
	s := up(t)
	for _, story := range []struct{ args, says string }{
		{"nothing", `steady: watch service nothing: no such service in cluster default; check the name and the cluster\n`},
		{"--cluster none web", `steady: watch service web: ClusterNotFoundException: Cluster not found; give --cluster .*\n`},
		{"--endpoint http://127.0.0.1:1 web", `steady: no contact with the server yet; still trying: .*connection refused\nsteady: watch service web: no contact with the server; is it running\?: .*connection refused.*\n`},
	} {
		t.Run(story.args, func(t *testing.T) {
			t.Parallel()
			said, code := s.steady(append([]string{"watch"}, strings.Fields(story.args)...)...)
			if code != 1 || !regexp.MustCompile("^"+story.says+"$").MatchString(said) {
				t.Errorf("watch ended with %d and said %q; it should be 1 and %q", code, said, story.says)
			}
		})
	}
}

// The demo tells its story to the end, or as far as it is let, and leaves nothing.
// Its tests take turns: two demos would share the name of an image.
func TestTheDemoTellsItsStory(t *testing.T) {
	d := startDemo(t)
	d.until("Removing the containers.")
	if len(d.containers()) == 0 {
		t.Error("no container of the demo is found: none would be left by any end")
	}
	d.over(0)
	d.tells("=== 1. Service web: three tasks of revision 1", "SUCCEEDED: service web. 3 of 3 tasks run web:1, and nothing else runs.",
		"=== 2. Revision 2 rolls out; at least three tasks run all the while", "SUCCEEDED: service web. 3 of 3 tasks run web:2, and nothing else runs.",
		"Fewest containers seen running by the Docker Engine meanwhile: 3.",
		"=== 3. Revision 3 exits with code 1 at once; the circuit breaker rolls it back", `Container "app" exits with code 1`, "could not connect to database",
		"ROLLED BACK: service web. The deployment of web:3 failed and was rolled back: the service is steady on revision web:2.",
		"The service has 3 of 3 tasks running, on ", "the Docker Engine runs 3 containers of it.")
}

func TestADemoThatIsInterruptedLeavesNothing(t *testing.T) {
	for _, interrupted := range []struct {
		when string
		by   syscall.Signal
	}{
		{"Packing the sample application", syscall.SIGINT},
		{"  watch  ", syscall.SIGINT}, // its first containers are just being made
		{"has started 2 tasks", syscall.SIGTERM},
		{"rolling back", syscall.SIGINT},
	} {
		t.Run(interrupted.by.String()+" at "+interrupted.when, func(t *testing.T) {
			d := startDemo(t)
			d.until(interrupted.when)
			d.process.Process.Signal(interrupted.by)
			d.over(130)
			if said := d.stderr.String(); said != "steady: interrupted; cleaning up\n" {
				t.Errorf("it said %q on stderr", said)
			}
		})
	}
}

// demonstration is a `steady demo` under way.
type demonstration struct {
	*watching
	instance     string // id of its container instance, by which its containers are known
	installation string // by which its networks are
	temp         string
}

func startDemo(t *testing.T) *demonstration {
	t.Helper()
	d := &demonstration{watching: &watching{t: t, process: exec.Command(binary, "demo")}, temp: t.TempDir()}
	d.process.Env = append(os.Environ(), "TMPDIR="+d.temp)
	d.process.Stderr = &d.stderr
	stdout, err := d.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.lines = bufio.NewScanner(stdout)
	if err := d.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.process.Process.Kill() })
	d.until("Steady serves the ECS API at ")
	_, url, _ := strings.Cut(d.said[len(d.said)-1], " at ")
	api := ecs.New(ecs.Options{Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("any", "any", "")})
	out, err := api.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{})
	if err != nil || len(out.ContainerInstanceArns) != 1 {
		t.Fatalf("the demo's server lists container instances %+v (%v)", out, err)
	}
	arn := out.ContainerInstanceArns[0]
	d.instance = arn[strings.LastIndex(arn, "/")+1:]
	files, err := filepath.Glob(filepath.Join(d.temp, "*", "installation"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the demo's installation is in the files %v (%v)", files, err)
	}
	id, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	d.installation = strings.TrimSpace(string(id))
	return d
}

// over waits for the demo's end and checks that nothing is left of it.
func (d *demonstration) over(code int) {
	d.t.Helper()
	killer := time.AfterFunc(patience, func() { d.process.Process.Kill() })
	defer killer.Stop()
	for d.lines.Scan() {
		d.said = append(d.said, d.lines.Text())
	}
	d.process.Wait()
	if got := d.process.ProcessState.ExitCode(); got != code {
		d.t.Errorf("the demo ended with %d, not %d; it said\n%s\n%s", got, code, strings.Join(d.said, "\n"), &d.stderr)
	}
	time.Sleep(time.Second) // for containers that the engine was making
	if left := d.containers(); len(left) > 0 {
		d.t.Errorf("the demo has left containers %v", left)
	}
	if left := d.networks(); len(left) > 0 {
		d.t.Errorf("the demo has left networks %v", left)
	}
	if left, err := os.ReadDir(d.temp); err != nil || len(left) > 0 {
		d.t.Errorf("the demo has left files %v (%v)", left, err)
	}
}

// tells checks that the demo said these texts, one after the other.
func (d *demonstration) tells(texts ...string) {
	d.t.Helper()
	said := strings.Join(d.said, "\n")
	for _, text := range texts {
		_, after, found := strings.Cut(said, text)
		if !found {
			d.t.Fatalf("the demo did not say, or not in this order, %q:\n%s", text, strings.Join(d.said, "\n"))
		}
		said = after
	}
}

// containers are the names of the demo's, running or not.
func (d *demonstration) containers() []string {
	d.t.Helper()
	out, err := engine.ContainerList(d.t.Context(), client.ContainerListOptions{
		All: true, Filters: make(client.Filters).Add("label", "dev.steady.container-instance="+d.instance),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	var names []string
	for _, x := range out.Items {
		names = append(names, x.Names...)
	}
	return slices.Sorted(slices.Values(names))
}

// networks are the names of the demo's.
func (d *demonstration) networks() (names []string) {
	d.t.Helper()
	out, err := engine.NetworkList(d.t.Context(), client.NetworkListOptions{
		Filters: make(client.Filters).Add("label", "dev.steady.installation="+d.installation),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, n := range out.Items {
		names = append(names, n.Name)
	}
	return names
}
