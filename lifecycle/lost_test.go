package lifecycle

import (
	"testing"

	"steady/model"
)

func TestLost(t *testing.T) {
	running := Observe(task(), sees(model.Running, runs, runs), at(1))
	lost := Lost(running, "", ReasonDeregistered, at(2))
	if got, want := lookAt(lost), (look{model.Stopped, model.Stopped, "", ReasonDeregistered, 3}); got != want {
		t.Errorf("the task is %+v, want %+v", got, want)
	}
	if !lost.StoppedAt.Equal(at(2)) || lost.Containers[0].Last != model.Stopped || lost.Containers[0].Exit.Known {
		t.Errorf("the task is %+v", lost)
	}
	if running.Containers[0].Last != model.Running {
		t.Error("the task was changed in place")
	}
	if again := Lost(lost, model.TerminationNotice, "again", at(3)); again != lost {
		t.Error("a task is lost twice")
	}
	stopped := Lost(Stop(running, model.UserInitiated, "enough", at(2)), "", ReasonDeregistered, at(3))
	if got, want := lookAt(stopped), (look{model.Stopped, model.Stopped, model.UserInitiated, "enough", 4}); got != want {
		t.Errorf("the task is %+v, want %+v", got, want)
	}
}
