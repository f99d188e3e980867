package saved

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"steady/archive"
	"steady/insights"
)

// told are events as lifecycle/event tells them, a second apart.
func told(t *testing.T, events ...string) *archive.Archive {
	t.Helper()
	a, err := archive.Open(t.TempDir(), archive.Options{Log: slog.New(slog.DiscardHandler), Account: "111122223333"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	b := archive.Batch{Group: "events", Stream: "aws.ecs"}
	for i, e := range events {
		b.Records = append(b.Records, archive.Record{Time: int64(1000 * i), Message: e})
	}
	if err := a.Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return a
}

// golden is an event of lifecycle/event, with texts replaced.
func golden(t *testing.T, name string, replace ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "lifecycle", "event", "testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(replace...).Replace(string(text))
}

// answer asks a saved query and gives "column=value …" of each row, of the columns asked
// for.
func answer(t *testing.T, a *archive.Archive, name string, values map[string]string, columns ...string) []string {
	t.Helper()
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	text, err := all[slices.IndexFunc(all, func(q Query) bool { return q.Name == name })].Fill(values)
	if err != nil {
		t.Fatal(err)
	}
	q, err := insights.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := insights.Run(t.Context(), a, q, insights.Input{Groups: []string{"events"}, To: time.Hour.Milliseconds(), Now: time.Unix(3600, 0)})
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, row := range r.Rows {
		var shown []string
		for _, f := range row {
			if slices.Contains(columns, f.Name) {
				shown = append(shown, f.Name+"="+f.Value)
			}
		}
		rows = append(rows, strings.Join(shown, " "))
	}
	return rows
}

func compare(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Each row of a task's life tells what has changed since the one before.
func TestTheLifeOfATask(t *testing.T) {
	const id = "c13b4cb40f1f4fe4a2971f76ae5a47ad"
	a := told(t,
		golden(t, "task-awsvpc", `"status": "ATTACHED"`, `"status": "PRECREATED"`),
		golden(t, "task-awsvpc", `"status": "ATTACHED"`, `"status": "PRECREATED"`, `"group": `, `"pullStartedAt": "x", "pullStoppedAt": "y", "group": `),
		golden(t, "task-awsvpc", `"group": `, `"pullStartedAt": "x", "pullStoppedAt": "y", "group": `),
		golden(t, "task-stopped"),
		golden(t, "task-stopped", id, id+"0"),
		golden(t, "task-stopped", id, "0"+id),
	)
	want := []string{
		"state=PROVISIONING image= interface=PRECREATED container=PENDING",
		"state=PROVISIONING image=pulled interface=PRECREATED container=PENDING",
		"state=PROVISIONING image=pulled interface=ATTACHED container=PENDING",
		"state=STOPPED image=pulled container=STOPPED exitCode=0",
	}
	columns := []string{"state", "image", "interface", "container", "exitCode"}
	compare(t, answer(t, a, "task-life", map[string]string{"task": id}, columns...), want...)
	compare(t, answer(t, a, "task-life", map[string]string{"task": "arn:aws:ecs:us-west-2:111122223333:task/c/" + id}, columns...), want...)
	compare(t, answer(t, a, "task-life", map[string]string{"task": "3"}, columns...)) // a part of an id is no id
}

// What the scheduler started and stopped is named, and how tasks ended is told.
func TestAroundADeployment(t *testing.T) {
	a := told(t, golden(t, "tasks-started"), golden(t, "task-stopped", `"exitCode": 0`, `"exitCode": 3`), golden(t, "tasks-stopped"))
	const arn = "arn:aws:ecs:us-west-2:111122223333:task/c/"
	compare(t, answer(t, a, "around-deployment", map[string]string{"service": "web"}, "what", "exitCode", "task"),
		`what=TASKS_STARTED task=["`+arn+`a","`+arn+`b"]`,
		`what=STOPPED exitCode=3 task=`+arn+`c13b4cb40f1f4fe4a2971f76ae5a47ad`,
		`what=TASKS_STOPPED task=["`+arn+`a"]`)
}
