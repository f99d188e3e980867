package awsapi

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

type formInput struct {
	Name *string
	Max  *int32
	Tags []formTag
}

type formTag struct{ Key, Value *string }

type formOutput struct{ Names []string }

func TestQuery(t *testing.T) {
	h := Handler(Options{Logger: slog.New(slog.DiscardHandler)}, Service{
		Name: "iam", Version: "2010-05-08", Namespace: "urn:x",
		Operations: map[string]Operation{"Do": Op(func(_ context.Context, in *formInput) (*formOutput, error) {
			if in.Name == nil {
				return nil, &Error{Code: "NoSuchEntity", Message: "no <name>", Status: http.StatusNotFound}
			}
			return &formOutput{Names: []string{*in.Name, *in.Tags[1].Value}}, nil
		})},
	})
	for body, want := range map[string]string{
		"Action=Do&Version=2010-05-08&Name=a%26b&Tags.member.10.Value=ten&Tags.member.2.Value=two": "<DoResult><Names><member>a&amp;b</member><member>ten</member></Names></DoResult>",
		"Action=Do&Version=2010-05-08":          "<Code>NoSuchEntity</Code><Message>no &lt;name&gt;</Message>",
		"Action=Other&Version=2010-05-08":       "<Code>InvalidAction</Code>",
		"Action=Do&Version=2010-05-08&Max=many": "<Code>MalformedInput</Code>",
		"Action=Do&Version=2011-06-15":          "<Code>InvalidAction</Code>",
		"Action=Do&Version=2010-05-08&Name=%zz": "<Code>MalformedQueryString</Code>",
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if b, _ := io.ReadAll(w.Body); !strings.Contains(string(b), want) {
			t.Errorf("%s: %d %s", body, w.Code, b)
		}
	}
}

func FuzzForm(f *testing.F) {
	f.Add("Action=Do&Name=x&Tags.member.1.Key=a&Tags.member.2.Value=b&Max=1")
	f.Fuzz(func(t *testing.T, body string) {
		n, err := form([]byte(body))
		if err != nil {
			return
		}
		var in formInput
		if n.decode(reflect.ValueOf(&in).Elem(), "") == nil && len(in.Tags) > strings.Count(body, "=")+strings.Count(body, "&")+1 {
			t.Fatalf("%q has %d tags", body, len(in.Tags))
		}
	})
}
