package awsapi

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"reflect"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
)

var deserializableType = reflect.TypeFor[smithy.Deserializable]()

// sdkProtocol is the SDK's reader of replies. It reads what a Go type alone does
// not describe: which members a union has, and documents, JSON of any shape.
var (
	sdkProtocol  = awsjson.New11(&smithy.ServiceSchema{Schema: anySchema(smithy.ShapeTypeService)})
	sdkOperation = smithy.NewOperationSchema(anySchema(smithy.ShapeTypeOperation),
		anySchema(smithy.ShapeTypeStructure), anySchema(smithy.ShapeTypeStructure))
)

func anySchema(t smithy.ShapeType) *smithy.Schema { return smithy.NewSchema(smithy.ShapeID{}, t, 0) }

// holdsInterface is true of unions and documents and of lists and maps of them.
func holdsInterface(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Slice, reflect.Map:
		return holdsInterface(t.Elem())
	}
	return false
}

// memberCodec is the codec of a structure's field: its type's own, but unions and
// documents are read by the SDK, if it can read the structure they are in. It can,
// but for the inputs of operations themselves.
func (b builder) memberCodec(structure reflect.Type, field int, name string) *codec {
	t := structure.Field(field).Type
	own := b.codec(t)
	if !holdsInterface(t) || !reflect.PointerTo(structure).Implements(deserializableType) {
		return own
	}
	decode := func(p *parser, v reflect.Value) error {
		p.peek()
		start := p.pos
		if err := p.skip(); err != nil {
			return err
		}
		whole := reflect.New(structure)
		err := deserialize(name, p.data[start:p.pos], whole.Interface().(smithy.Deserializable))
		value := whole.Elem().Field(field)
		if err != nil || holdsNil(value) {
			return wrongJSON("Unexpected field type")
		}
		v.Set(value)
		return nil
	}
	return &codec{
		encode: func(b []byte, v reflect.Value) ([]byte, error) { return own.encode(b, v) },
		decode: decode,
	}
}

// deserialize has the SDK read a structure with that one member.
func deserialize(name string, value []byte, into smithy.Deserializable) error {
	doc := append(appendQuoted([]byte{'{'}, name), ':')
	doc = append(append(doc, value...), '}')
	reply := &smithyhttp.Response{Response: &http.Response{
		StatusCode: http.StatusOK,
		Body:       io.NopCloser(bytes.NewReader(doc)),
	}}
	return sdkProtocol.DeserializeResponse(context.Background(), sdkOperation, nil, reply, into)
}

// holdsNil is true if the SDK skipped a union, for it has no such member.
func holdsNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface:
		return v.IsNil()
	case reflect.Slice:
		for i := range v.Len() {
			if holdsNil(v.Index(i)) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if holdsNil(it.Value()) {
				return true
			}
		}
	}
	return false
}
