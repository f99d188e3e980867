package awsapi

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AWS Query: a request is a form with an Action and the Version of its API, an answer
// is XML. Members have the names of the SDK's fields.

// isQuery knows a request of AWS Query: those of AWS JSON have a target.
func isQuery(r *http.Request) bool {
	return r.Header.Get("X-Amz-Target") == "" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// form reads the body of a request.
func form(body []byte) (*node, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, Errorf("MalformedQueryString", "The body of the request is no form: %s", err)
	}
	root := &node{}
	for name, v := range values {
		root.at(strings.Split(name, ".")).value = v[0]
	}
	return root, nil
}

// node is a member of a form; Tags.member.1.Key is four of them.
type node struct {
	value string
	parts map[string]*node
}

func (n *node) at(path []string) *node {
	for _, name := range path {
		next, ok := n.parts[name]
		if !ok {
			next = &node{}
			if n.parts == nil {
				n.parts = map[string]*node{}
			}
			n.parts[name] = next
		}
		n = next
	}
	return n
}

func (n *node) text(name string) string {
	if part, ok := n.parts[name]; ok {
		return part.value
	}
	return ""
}

// list gives the elements of a list, in order; name is that which comes before their
// numbers, and is left out of a flattened list.
func (n *node) list(name string) []*node {
	if inner, ok := n.parts[name]; ok {
		n = inner
	}
	numbers := make([]int, 0, len(n.parts))
	for k := range n.parts {
		if i, err := strconv.Atoi(k); err == nil && strconv.Itoa(i) == k {
			numbers = append(numbers, i)
		}
	}
	slices.Sort(numbers)
	elements := make([]*node, len(numbers))
	for i, number := range numbers {
		elements[i] = n.parts[strconv.Itoa(number)]
	}
	return elements
}

// decode reads a member into a value of the SDK. at is its name, for errors.
func (n *node) decode(v reflect.Value, at string) error {
	t := v.Type()
	if t == timeType {
		parsed, err := time.Parse(time.RFC3339Nano, n.value)
		if err != nil {
			return malformed(n.value, at, "a timestamp of ISO 8601")
		}
		v.Set(reflect.ValueOf(parsed.UTC()))
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(t.Elem())
		v.Set(fresh)
		return n.decode(fresh.Elem(), at)
	case reflect.Struct:
		return n.decodeStruct(v, at)
	case reflect.Slice:
		return n.decodeList(v, at)
	case reflect.Map:
		return n.decodeMap(v, at)
	}
	return n.decodeText(v, at)
}

func (n *node) decodeText(v reflect.Value, at string) error {
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.value)
	case reflect.Bool:
		b, err := strconv.ParseBool(n.value)
		if err != nil {
			return malformed(n.value, at, "true or false")
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(n.value, 10, v.Type().Bits())
		if err != nil {
			return malformed(n.value, at, "an integer")
		}
		v.SetInt(i)
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(n.value, v.Type().Bits())
		if err != nil {
			return malformed(n.value, at, "a number")
		}
		v.SetFloat(f)
	default:
		return Errorf("UnsupportedFeatureException", "The member %s is not implemented by Steady yet; leave it out.", at)
	}
	return nil
}

func (n *node) decodeStruct(v reflect.Value, at string) error {
	t := v.Type()
	names := schemaNames(t)
	for i := range t.NumField() {
		if !isMember(t.Field(i)) {
			continue
		}
		name := names.queryName(t.Field(i).Name)
		part, ok := n.parts[name]
		if !ok {
			continue
		}
		if err := part.decode(v.Field(i), strings.TrimPrefix(at+"."+name, ".")); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) decodeList(v reflect.Value, at string) error {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		blob, err := base64.StdEncoding.DecodeString(n.value)
		if err != nil {
			return malformed(n.value, at, "base64")
		}
		v.SetBytes(blob)
		return nil
	}
	elements := n.list("member")
	v.Set(reflect.MakeSlice(v.Type(), len(elements), len(elements)))
	for i, e := range elements {
		if err := e.decode(v.Index(i), fmt.Sprintf("%s.member.%d", at, i+1)); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) decodeMap(v reflect.Value, at string) error {
	v.Set(reflect.MakeMap(v.Type()))
	for i, e := range n.list("entry") {
		value := reflect.New(v.Type().Elem()).Elem()
		if err := e.at([]string{"value"}).decode(value, fmt.Sprintf("%s.entry.%d.value", at, i+1)); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(e.text("key")).Convert(v.Type().Key()), value)
	}
	return nil
}

func malformed(value, at, want string) error {
	return Errorf("MalformedInput", "The value %q of %s is not %s.", clip(value), at, want)
}

func isMember(f reflect.StructField) bool { return f.IsExported() && f.Name != "ResultMetadata" }

// queryName is the member name of a Go field; APIs of AWS Query capitalise theirs.
func (n names) queryName(field string) string {
	if name, ok := n[field]; ok {
		return name
	}
	return field
}

// encodeXML writes a value as the content of an element.
func encodeXML(b *strings.Builder, v reflect.Value) error {
	switch {
	case v.Type() == timeType:
		b.WriteString(v.Interface().(time.Time).UTC().Format("2006-01-02T15:04:05Z"))
		return nil
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		b.WriteString(base64.StdEncoding.EncodeToString(v.Bytes()))
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		return encodeXML(b, v.Elem())
	case reflect.Struct:
		return encodeXMLStruct(b, v)
	case reflect.Slice:
		for i := range v.Len() {
			if err := element(b, "member", v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			b.WriteString("<entry>")
			if err := element(b, "key", k); err != nil {
				return err
			}
			if err := element(b, "value", v.MapIndex(k)); err != nil {
				return err
			}
			b.WriteString("</entry>")
		}
	case reflect.String:
		return xml.EscapeText(b, []byte(v.String()))
	case reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64:
		fmt.Fprint(b, v.Interface())
	default:
		return fmt.Errorf("awsapi: the Go type %s has no AWS Query form; use a type of the SDK", v.Type())
	}
	return nil
}

func encodeXMLStruct(b *strings.Builder, v reflect.Value) error {
	t := v.Type()
	names := schemaNames(t)
	for i := range t.NumField() {
		if !isMember(t.Field(i)) || absent(t.Field(i).Type)(v.Field(i)) {
			continue
		}
		if err := element(b, names.queryName(t.Field(i).Name), v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

func element(b *strings.Builder, name string, v reflect.Value) error {
	b.WriteString("<" + name + ">")
	err := encodeXML(b, v)
	b.WriteString("</" + name + ">")
	return err
}

// performQuery carries out an operation whose input is a form.
func performQuery(ctx context.Context, op admitted, input *node, id string) ([]byte, error) {
	in := op.newInput()
	if err := input.decode(reflect.ValueOf(in).Elem(), ""); err != nil {
		return nil, err
	}
	out, err := op.run(ctx, in)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<%sResponse xmlns="%s"><%sResult>`, op.name, op.service.Namespace, op.name)
	if v := reflect.ValueOf(out); v.IsValid() && !(v.Kind() == reflect.Pointer && v.IsNil()) {
		if err := encodeXML(&b, v); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(&b, `</%sResult><ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>`, op.name, id, op.name)
	return []byte(b.String()), nil
}

// queryCodes are the names that AWS Query has for errors that every API has.
var queryCodes = map[string]struct {
	code   string
	status int
}{
	"AccessDeniedException":               {"AccessDenied", http.StatusForbidden},
	"ExpiredTokenException":               {"ExpiredToken", http.StatusForbidden},
	"UnrecognizedClientException":         {"InvalidClientTokenId", http.StatusForbidden},
	"InvalidSignatureException":           {"SignatureDoesNotMatch", http.StatusForbidden},
	"IncompleteSignatureException":        {"IncompleteSignature", http.StatusBadRequest},
	"MissingAuthenticationTokenException": {"MissingAuthenticationToken", http.StatusForbidden},
	"UnknownOperationException":           {"InvalidAction", http.StatusBadRequest},
	"ServerException":                     {"ServiceFailure", http.StatusInternalServerError},
}

// queryError writes an error with its status.
func queryError(e *Error, id string) (status int, reply []byte) {
	status, code := http.StatusBadRequest, e.Code
	if q, ok := queryCodes[code]; ok {
		code, status = q.code, q.status
	}
	if e.Status != 0 {
		status = e.Status
	}
	fault := "Sender"
	if status >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	var b strings.Builder
	b.WriteString("<ErrorResponse><Error><Type>" + fault + "</Type><Code>")
	xml.EscapeText(&b, []byte(code))
	b.WriteString("</Code><Message>")
	xml.EscapeText(&b, []byte(e.Message))
	b.WriteString("</Message></Error><RequestId>" + id + "</RequestId></ErrorResponse>")
	return status, []byte(b.String())
}
