package awsapi

import (
	"strings"
)

const algorithm = "AWS4-HMAC-SHA256"

// authorization is the content of an Authorization header of Signature Version 4.
type authorization struct {
	accessKey     string
	date          string // yyyymmdd
	region        string
	service       string
	signedHeaders []string // lower case, as the client ordered them
	signature     string   // hexadecimal
}

// scope is the credential scope, the second line that a signature is bound to.
func (a authorization) scope() string {
	return a.date + "/" + a.region + "/" + a.service + "/aws4_request"
}

func (a authorization) signs(header string) bool {
	for _, h := range a.signedHeaders {
		if h == header {
			return true
		}
	}
	return false
}

func incomplete(format string, args ...any) error {
	return Errorf("IncompleteSignatureException", format, args...)
}

// parseAuthorization reads an Authorization header. Its errors are *Error with
// the code IncompleteSignatureException.
func parseAuthorization(header string) (authorization, error) {
	var a authorization
	kind, params, _ := strings.Cut(strings.TrimSpace(header), " ")
	if kind != algorithm {
		return a, incomplete("Unsupported AWS 'algorithm': %q; sign with %s.", clip(kind), algorithm)
	}
	values, err := parameters(params)
	if err != nil {
		return a, err
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if values[name] == "" {
			return a, incomplete("Authorization header requires '%s' parameter.", name)
		}
	}
	if err := a.setCredential(values["Credential"]); err != nil {
		return a, err
	}
	a.signature = values["Signature"]
	a.signedHeaders = strings.Split(values["SignedHeaders"], ";")
	for _, h := range a.signedHeaders {
		if h == "" || h != strings.ToLower(h) {
			return a, incomplete("'%s' is not a lower-case header name in SignedHeaders.", clip(h))
		}
	}
	return a, nil
}

// parameters splits "Name=value, Name=value".
func parameters(s string) (map[string]string, error) {
	values := make(map[string]string, 3)
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, incomplete("'%s' not a valid key=value pair (missing equal-sign) in Authorization header.", clip(part))
		}
		if _, twice := values[name]; twice {
			return nil, incomplete("Authorization header has '%s' twice.", clip(name))
		}
		values[name] = value
	}
	return values, nil
}

// setCredential reads KEY/yyyymmdd/region/service/aws4_request.
func (a *authorization) setCredential(s string) error {
	parts := strings.Split(s, "/")
	if len(parts) != 5 || parts[4] != "aws4_request" {
		return incomplete("Credential must have exactly 5 slash-delimited elements and end in aws4_request, e.g. keyid/date/region/service/term, got '%s'.", clip(s))
	}
	a.accessKey, a.date, a.region, a.service = parts[0], parts[1], parts[2], parts[3]
	if a.accessKey == "" || len(a.date) != 8 || a.region == "" || a.service == "" {
		return incomplete("Credential must have an access key, a date of 8 digits, a region and a service, got '%s'.", clip(s))
	}
	return nil
}

// clip bounds what of a header an error repeats.
func clip(s string) string {
	if len(s) > 100 {
		s = s[:100] + "..."
	}
	return strings.ToValidUTF8(s, "?")
}
