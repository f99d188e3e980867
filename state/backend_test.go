package state

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"steady/model"
)

// Each field of each kind of row is kept: one that cannot be written would stop the
// store for good once it is set.
func TestEveryFieldIsKept(t *testing.T) {
	keeps[model.Cluster](t)
	keeps[model.Instance](t)
	keeps[model.TaskDefinition](t)
	keeps[model.Service](t)
	keeps[model.Task](t)
	keeps[model.ServiceDeployment](t)
	keeps[model.ServiceRevision](t)
	keeps[model.EventRule](t)
	keeps[Meta](t)
}

func keeps[V any](t *testing.T) {
	t.Helper()
	v := new(V)
	set(reflect.ValueOf(v).Elem())
	rows, err := encode([]Change{{Table: "x", Key: "x", New: v}})
	if err != nil {
		t.Error(err)
		return
	}
	again, err := decode[V](rows[0].Value)
	if err != nil {
		t.Error(err)
		return
	}
	if !reflect.DeepEqual(again, v) {
		t.Errorf("kept %+v, read %+v", v, again)
	}
}

// set gives every field of our own types a value; those of the API's types are kept
// as requests bring them.
func set(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 11, 21, 9, 0, 0, 1, time.UTC)))
	case v.Kind() == reflect.Struct:
		if !strings.HasPrefix(v.Type().PkgPath(), "steady/") {
			return
		}
		for i := range v.NumField() {
			set(v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		set(v.Index(0))
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(7)
	case v.Kind() == reflect.String:
		v.SetString("x")
	}
}
