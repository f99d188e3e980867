package awsapi

import (
	"context"
	"reflect"
)

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// OperationNames lists, in alphabetical order, the operations of an SDK client,
// such as (*ecs.Client)(nil), for Service.Known.
func OperationNames(client any) []string {
	var names []string
	t := reflect.TypeOf(client)
	for i := range t.NumMethod() {
		if m := t.Method(i); isOperation(m) {
			names = append(names, m.Name)
		}
	}
	return names
}

// isOperation knows a method such as
//
//	func (c *Client) RunTask(context.Context, *RunTaskInput, ...func(*Options)) (*RunTaskOutput, error)
func isOperation(m reflect.Method) bool {
	t := m.Type
	if t.NumIn() != 4 || t.NumOut() != 2 || !t.IsVariadic() {
		return false
	}
	return t.In(1) == contextType &&
		isPointerTo(t.In(2), m.Name+"Input") &&
		isOption(t.In(3).Elem()) &&
		isPointerTo(t.Out(0), m.Name+"Output") &&
		t.Out(1) == errorType
}

func isOption(t reflect.Type) bool {
	return t.Kind() == reflect.Func && t.NumIn() == 1 && t.NumOut() == 0 && isPointerTo(t.In(0), "Options")
}

func isPointerTo(t reflect.Type, name string) bool {
	return t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && t.Elem().Name() == name
}
