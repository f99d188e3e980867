package awsapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/smithy-go"
)

func oneKey(id string) (string, bool) {
	if id == "AKIDEXAMPLE" {
		return "secret", true
	}
	return "", false
}

// signed is a request as the SDK's signer makes it.
func signed(t *testing.T, uri, body string, at time.Time, prepare func(*http.Request)) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, uri, strings.NewReader(body))
	r.Header.Set("X-Amz-Target", target+".TagResource")
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	if prepare != nil {
		prepare(r)
	}
	creds, _ := anyone(t.Context())
	if err := v4.NewSigner().SignHTTP(t.Context(), creds, r, hexHash([]byte(body)), "ecs", "eu-central-1", at); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSignaturesOfTheSDKAreAccepted(t *testing.T) {
	for name, c := range map[string]struct {
		uri, body string
		prepare   func(*http.Request)
	}{
		"a plain request": {"http://steady.local:4566/", `{}`, nil},
		"an empty body":   {"http://steady.local/", ``, nil},
		"IPv6":            {"http://[::1]:80/", `{}`, nil},
		"a query string":  {"http://steady.local/?b=2&a=%20x%2Fy&a=+1&c", `{}`, nil},
		"header values with blanks": {"http://steady.local/", `{}`, func(r *http.Request) {
			r.Header.Set("X-Amz-Meta", "  a   b ")
			r.Header.Add("X-Amz-List", "2")
			r.Header.Add("X-Amz-List", "1")
		}},
		"the body's hash": {"http://steady.local/", `{"a":1}`, func(r *http.Request) {
			r.Header.Set("X-Amz-Content-Sha256", hexHash([]byte(`{"a":1}`)))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := verify(signed(t, c.uri, c.body, time.Now(), c.prepare), []byte(c.body), oneKey)
			if err != nil {
				t.Fatal(err)
			}
			if a.accessKey != "AKIDEXAMPLE" || a.region != "eu-central-1" || a.service != "ecs" {
				t.Errorf("scope %+v", a)
			}
		})
	}
}

func TestForgeriesAreRefused(t *testing.T) {
	const mismatch = "InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	replace := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			h := r.Header.Get("Authorization")
			if !strings.Contains(h, old) {
				panic(old + " is not in " + h)
			}
			r.Header.Set("Authorization", strings.Replace(h, old, new, 1))
		}
	}
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	body := `{"a":1}`
	for name, c := range map[string]struct {
		forge func(*http.Request)
		want  string
	}{
		"no header":           {set("Authorization", ""), "MissingAuthenticationTokenException: Request is missing Authentication Token"},
		"another method":      {func(r *http.Request) { r.Method = "PUT" }, mismatch},
		"another host":        {func(r *http.Request) { r.Host = "other" }, mismatch},
		"another target":      {set("X-Amz-Target", target+".DeleteCluster"), mismatch},
		"another query":       {func(r *http.Request) { r.URL.RawQuery = "a=1" }, mismatch},
		"a broken query":      {func(r *http.Request) { r.URL.RawQuery = "a;b" }, `InvalidSignatureException: The query string of the request is malformed: invalid semicolon separator in query`},
		"another region":      {replace("eu-central-1", "us-east-1"), mismatch},
		"another service":     {replace("/ecs/", "/ec2/"), mismatch},
		"a longer signature":  {replace("Signature=", "Signature=0"), mismatch},
		"another session":     {set("X-Amz-Security-Token", "other"), mismatch},
		"an unknown key":      {replace("AKIDEXAMPLE", "AKIDOTHER"), "UnrecognizedClientException: The security token included in the request is invalid."},
		"a hash of no body":   {set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), "InvalidSignatureException: The value of X-Amz-Content-Sha256 is not the hash of the request body."},
		"host not signed":     {replace("host;", ""), "InvalidSignatureException: 'host' must be a 'SignedHeader' in the AWS Authorization."},
		"target not signed":   {replace(";x-amz-target", ""), "InvalidSignatureException: 'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."},
		"date not signed":     {replace("x-amz-date;", ""), "InvalidSignatureException: 'x-amz-date' must be a 'SignedHeader' in the AWS Authorization."},
		"no date":             {set("X-Amz-Date", ""), "IncompleteSignatureException: Authorization header requires existence of a 'X-Amz-Date' header."},
		"a date of one's own": {set("X-Amz-Date", "today"), "IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got 'today'. See http://en.wikipedia.org/wiki/ISO_8601"},
		"scope of another day": {replace("/20000101/", "/20000102/"),
			"InvalidSignatureException: Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20000102' != '20000101', from '20000101T000000Z'."},
		"basic authentication": {set("Authorization", "Basic dTpw"), `IncompleteSignatureException: Unsupported AWS 'algorithm': "Basic"; sign with AWS4-HMAC-SHA256.`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // where it is the year 2000
				r := signed(t, "http://steady.local/", body, time.Now(), nil)
				c.forge(r)
				_, err := verify(r, []byte(body), oneKey)
				if err == nil || err.Error() != c.want {
					t.Errorf("got  %v\nwant %s", err, c.want)
				}
			})
		})
	}

	r := signed(t, "http://steady.local/", body, time.Now(), nil)
	if _, err := verify(r, []byte(`{"a":2}`), oneKey); err == nil || err.Error() != mismatch {
		t.Errorf("another body: %v", err)
	}
	wrong := func(string) (string, bool) { return "guess", true }
	if _, err := verify(r, []byte(body), wrong); err == nil || err.Error() != mismatch {
		t.Errorf("another secret: %v", err)
	}
}

func TestClocksMayDifferByFifteenMinutes(t *testing.T) {
	for skew, want := range map[time.Duration]string{
		0:                               "",
		15 * time.Minute:                "",
		-15 * time.Minute:               "",
		15*time.Minute + time.Second:    "InvalidSignatureException: Signature not yet current: 20000101T001501Z is still later than 20000101T001500Z (20000101T000000Z + 15 min.)",
		-(15*time.Minute + time.Second): "InvalidSignatureException: Signature expired: 19991231T234459Z is now earlier than 19991231T234500Z (20000101T000000Z - 15 min.)",
	} {
		synctest.Test(t, func(t *testing.T) {
			got := ""
			if _, err := verify(signed(t, "http://steady.local/", "", time.Now().Add(skew), nil), nil, oneKey); err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("clock off by %s: %q, want %q", skew, got, want)
			}
		})
	}
}

func TestParseAuthorization(t *testing.T) {
	const scope = "Credential=AK/20000101/eu/ecs/aws4_request"
	for header, want := range map[string]string{
		"AWS4-HMAC-SHA256 " + scope + ", SignedHeaders=host;x-amz-date, Signature=ab":   "",
		"AWS4-HMAC-SHA256 Signature=ab,SignedHeaders=host," + scope:                     "",
		"AWS4-ECDSA-P256-SHA256 " + scope:                                               `Unsupported AWS 'algorithm': "AWS4-ECDSA-P256-SHA256"; sign with AWS4-HMAC-SHA256.`,
		"AWS4-HMAC-SHA256":                                                              "Authorization header requires 'Credential' parameter.",
		"AWS4-HMAC-SHA256 " + scope + ", Signature=ab":                                  "Authorization header requires 'SignedHeaders' parameter.",
		"AWS4-HMAC-SHA256 " + scope + ", SignedHeaders=host":                            "Authorization header requires 'Signature' parameter.",
		"AWS4-HMAC-SHA256 nonsense":                                                     "'nonsense' not a valid key=value pair (missing equal-sign) in Authorization header.",
		"AWS4-HMAC-SHA256 Signature=a, Signature=b":                                     "Authorization header has 'Signature' twice.",
		"AWS4-HMAC-SHA256 Credential=AK, SignedHeaders=host, Signature=ab":              "Credential must have exactly 5 slash-delimited elements and end in aws4_request, e.g. keyid/date/region/service/term, got 'AK'.",
		"AWS4-HMAC-SHA256 Credential=AK/1/2/3/aws4_request,SignedHeaders=a,Signature=b": "Credential must have an access key, a date of 8 digits, a region and a service, got 'AK/1/2/3/aws4_request'.",
		"AWS4-HMAC-SHA256 " + scope + ", SignedHeaders=Host, Signature=ab":              "'Host' is not a lower-case header name in SignedHeaders.",
		"AWS4-HMAC-SHA256 " + scope + ", SignedHeaders=host;;a, Signature=ab":           "'' is not a lower-case header name in SignedHeaders.",
	} {
		a, err := parseAuthorization(header)
		got := ""
		if e, ok := errors.AsType[*Error](err); ok {
			got = e.Message
		}
		if got != want {
			t.Errorf("%s\ngot  %s\nwant %s", header, got, want)
		}
		if want == "" && (a.scope() != "20000101/eu/ecs/aws4_request" || !a.signs("host") || a.signature != "ab") {
			t.Errorf("%s: %+v", header, a)
		}
	}
}

func TestSDKClientIsVerified(t *testing.T) {
	guest := func(id, secret string) aws.CredentialsProviderFunc {
		return func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
		}
	}
	for name, c := range map[string]struct {
		creds aws.CredentialsProviderFunc
		code  string
	}{
		"the right secret, with a session token": {anyone, ""},
		"a wrong secret":                         {guest("AKIDEXAMPLE", "guess"), "InvalidSignatureException"},
		"an unknown key":                         {guest("AKIDOTHER", "secret"), "UnrecognizedClientException"},
	} {
		t.Run(name, func(t *testing.T) {
			client := sdkClient(t, Options{Keys: oneKey}, c.creds)
			_, err := client.CreateService(t.Context(), &ecs.CreateServiceInput{ServiceName: aws.String("web")})
			code := ""
			if e, ok := errors.AsType[smithy.APIError](err); ok {
				code = e.ErrorCode()
			}
			if code != c.code || (err == nil) != (c.code == "") {
				t.Errorf("%v, want %q", err, c.code)
			}
		})
	}
}

func TestVerifiedHandler(t *testing.T) {
	h := Handler(Options{Keys: oneKey}, shop(), Service{Name: "logs", Target: "Logs_20140328", Known: []string{"GetLogEvents"}})
	for name, c := range map[string]struct {
		prepare func(*http.Request)
		unsign  bool
		status  int
		want    string
	}{
		"signed":            {nil, false, 200, `{}`},
		"not signed":        {nil, true, 400, `{"__type":"MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}`},
		"scoped to another": {func(r *http.Request) { r.Header.Set("X-Amz-Target", "Logs_20140328.GetLogEvents") }, false, 400, `{"__type":"InvalidSignatureException","message":"Credential should be scoped to correct service: 'logs'."}`},
		"an origin":         {func(r *http.Request) { r.Header.Set("Origin", "http://console.example") }, false, 200, `{}`},
	} {
		r := signed(t, "http://steady.local/", "{}", time.Now(), c.prepare)
		if c.unsign {
			r.Header.Del("Authorization")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || w.Body.String() != c.want {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, c.status, c.want)
		}
	}
}

// FuzzAuthorization holds that the parser never panics, that its errors are for
// the caller, and that no header but the right one is let in.
func FuzzAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20000101/eu/ecs/aws4_request, SignedHeaders=host;x-amz-date, Signature=ab", "20000101T000000Z", "a=b")
	f.Add("AWS4-HMAC-SHA256 Credential=a/b", "", "")
	f.Add("Basic x", "today", "%")
	f.Fuzz(func(t *testing.T, header, date, query string) {
		a, err := parseAuthorization(header)
		if err == nil && (a.accessKey == "" || len(a.signedHeaders) == 0 || a.signature == "" || len(a.date) != 8) {
			t.Errorf("incomplete: %+v", a)
		}
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.URL.RawQuery = query
		r.Header.Set("Authorization", header)
		r.Header.Set("X-Amz-Date", date)
		_, err = verify(r, nil, oneKey)
		if _, ok := errors.AsType[*Error](err); !ok {
			t.Errorf("let in, or an error the caller is not told: %v", err)
		}
	})
}
