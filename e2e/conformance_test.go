package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// behaviour is one rule of ECS and what is to be observed of it: a small task
// definition, run on real containers, seen through the AWS CLI. Its texts may name what
// placeholders says.
type behaviour struct {
	area, rule string
	// before are commands of the AWS CLI, without the word aws.
	before []string
	// define is a task definition but for its family, empty: there is none; with norun it
	// is registered only.
	define string
	norun  bool
	// run is what else is said to run-task.
	run string
	// then are commands, whose answers are observed, and waits, see (*trial).step; nil: the
	// task is awaited to be STOPPED and shown.
	then []string
	// needs is an attribute of the instances without which the behaviour is not tried: this
	// machine cannot do it.
	needs string
	// want is what is observed, in the words of the page.
	want string
	// alone behaviours change what is common to all, and come last.
	alone bool
}

// trialsAtOnce is how many behaviours are tried at the same time: most of them wait.
const trialsAtOnce = 12

// conformance is the whole table.
func conformance() []behaviour {
	return slices.Concat(containerBehaviours(), taskBehaviours(), networkBehaviours(), orderBehaviours(), endBehaviours(),
		healthBehaviours(), overrideBehaviours(), runBehaviours(), definitionBehaviours(), fargateBehaviours(),
		supplyBehaviours(), endpointBehaviours(), logBehaviours(), tagBehaviours(), clusterBehaviours())
}

// What Steady does is what ECS does: each row of the table, observed through the AWS CLI.
func TestConformance(t *testing.T) {
	t.Parallel()
	s := up(t, "--instances", "2", "--keep-stopped", "0")
	f := &field{server: s, cli: s.startCLI(t), host: t.TempDir(), wanted: map[string]bool{}, seen: map[string]seenTask{}}
	if err := os.WriteFile(filepath.Join(f.host, "note"), []byte("here\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, lines := range map[string]string{"first.env": "ONE=first\nTHREE=first\n", "second.env": "ONE=second\nTWO=second\n"} {
		if err := os.WriteFile(filepath.Join(f.host, name), []byte(lines), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i, arn := range aws[struct{ ContainerInstanceArns []string }](s, "ecs", "list-container-instances").ContainerInstanceArns {
		f.words = append(f.words, fmt.Sprintf("$INSTANCE%d", i+1), arn)
		f.attributes = s.attributes(arn)
	}
	f.words = append(f.words, "$SHELL", needShell(t), "$HOST", f.host, "$REGISTRY", registryWith(t, "app:v0"))
	rows := conformance()
	observed := make([]string, len(rows))
	slots := make(chan struct{}, trialsAtOnce)
	var tried sync.WaitGroup
	for i, b := range rows {
		if b.alone || !f.can(b) {
			continue
		}
		slots <- struct{}{}
		tried.Go(func() {
			observed[i] = f.try(i, b)
			<-slots
		})
	}
	tried.Wait()
	for i, b := range rows {
		if b.alone {
			observed[i] = f.try(i, b)
		}
		if !f.can(b) {
			t.Logf("%s: %s: not tried, since this machine has no %s", b.area, b.rule, b.needs)
			observed[i] = b.want
		}
		if observed[i] != b.want {
			t.Errorf("%s: %s\n observed: %s\n     want: %s", b.area, b.rule, observed[i], b.want)
		}
	}
	checkConformancePage(t, rows, observed)
	noVolumesAreLeft(t, s)
}

// field is where behaviours are tried.
type field struct {
	server *server
	cli    *commandLine
	host   string   // a directory of the machine
	words  []string // what placeholders of all behaviours stand for, in pairs
	// attributes are the names of those of the instances, which are of one machine.
	attributes []string

	look     sync.Mutex
	lookedAt time.Time
	wanted   map[string]bool     // the ARNs of the tasks to look at
	seen     map[string]seenTask // what the newest look saw
}

// can tells whether this machine has what a behaviour needs.
func (f *field) can(b behaviour) bool { return b.needs == "" || slices.Contains(f.attributes, b.needs) }

// trial is one behaviour under way.
type trial struct {
	*field
	family   string
	words    []string
	task     string // the ARN of its task
	begun    time.Time
	observed []string
}

// try carries a behaviour out and returns what was observed.
func (f *field) try(i int, b behaviour) string {
	r := &trial{field: f, family: fmt.Sprintf("row-%03d", i), begun: time.Now()}
	r.words = append([]string{"$FAMILY", r.family}, f.words...)
	if err := r.play(b); err != nil {
		r.observed = append(r.observed, err.Error())
	}
	r.look.Lock()
	delete(r.wanted, r.task)
	r.look.Unlock()
	return r.plain(strings.Join(r.observed, " · "))
}

func (r *trial) play(b behaviour) error {
	for _, command := range b.before {
		if _, err := r.aws(words(command)); err != nil {
			return err
		}
	}
	if b.define != "" {
		definition := strings.Replace(b.define, "{", fmt.Sprintf(`{"family": %q, `, r.family), 1)
		if _, err := r.aws([]string{"ecs", "register-task-definition", "--cli-input-json", definition}); err != nil {
			return err
		}
		if !b.norun {
			if err := r.run(words(b.run)); err != nil {
				return err
			}
		}
	}
	steps := b.then
	if steps == nil && !b.norun {
		steps = []string{"STOPPED", "show"}
	}
	for _, step := range steps {
		if err := r.step(step); err != nil {
			return err
		}
	}
	return nil
}

// run starts a task, which is the trial's from now on, or says why there is none.
func (r *trial) run(more []string) error {
	out, err := r.aws(append([]string{"ecs", "run-task", "--task-definition", r.family, "--output", "json"}, more...))
	if err != nil {
		return err
	}
	var ran cliTasks
	if err := json.Unmarshal([]byte(out), &ran); err != nil {
		return err
	}
	if len(ran.Failures) > 0 {
		reasons := make([]string, len(ran.Failures))
		for i, f := range ran.Failures {
			reasons[i] = f.Reason
		}
		return fmt.Errorf("failures: %s", strings.Join(reasons, ", "))
	}
	r.task = ran.Tasks[0].TaskArn
	r.words = append(r.words, "$TASK", r.task, "$ID", idOf(r.task))
	return nil
}

// step is one of: the name of a state or of a health status, which the task is awaited
// in; READY, which awaits what listening writes; show, which observes the task; a command
// of the AWS CLI, whose answer is observed, or is not with a minus before it, and is
// repeated until there is one with a tilde.
func (r *trial) step(step string) error {
	switch step {
	case "READY":
		return r.ready()
	case "RUNNING", "STOPPED", "HEALTHY", "UNHEALTHY":
		return r.await(step)
	case "show":
		r.observed = append(r.observed, r.latest().String())
		return nil
	}
	command, silent := strings.CutPrefix(step, "-")
	command, patient := strings.CutPrefix(command, "~")
	for {
		out, err := r.aws(words(command))
		if out == "" && err == nil && patient {
			if !r.pause() {
				return fmt.Errorf("%s never says anything", command)
			}
			continue
		}
		if err != nil {
			out = err.Error()
		}
		if !silent {
			r.observed = append(r.observed, out)
		}
		return nil
	}
}

// words are the words of a command, of which quotes hold some together.
func words(command string) (all []string) {
	var word strings.Builder
	var quote rune
	begun := false
	end := func() {
		if begun {
			all = append(all, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, r := range command {
		switch {
		case quote == 0 && r == ' ':
			end()
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case r == quote:
			quote = 0
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	end()
	return all
}
