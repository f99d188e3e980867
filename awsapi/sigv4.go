package awsapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSkew is how far a request's clock may be from ours.
const maxSkew = 15 * time.Minute

const amzDate = "20060102T150405Z"

// verify checks the Signature Version 4 of a request with that body, and returns
// what it is scoped to. A session token is ignored. Its errors are *Error, in the
// words of AWS.
func verify(r *http.Request, body []byte, keys func(string) (string, bool)) (authorization, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return authorization{}, Errorf("MissingAuthenticationTokenException", "Request is missing Authentication Token")
	}
	a, err := parseAuthorization(header)
	if err != nil {
		return a, err
	}
	date := r.Header.Get("X-Amz-Date")
	if err := a.checkDate(date, time.Now()); err != nil {
		return a, err
	}
	// What decides on the meaning of a request must be under its signature.
	for _, h := range []string{"host", "x-amz-date", "x-amz-target"} {
		if !a.signs(h) && (h == "host" || r.Header.Get(h) != "") {
			return a, invalidSignature("'%s' must be a 'SignedHeader' in the AWS Authorization.", h)
		}
	}
	secret, ok := keys(a.accessKey)
	if !ok {
		return a, Errorf("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	payload := hexHash(body)
	if sent := r.Header.Get("X-Amz-Content-Sha256"); sent != "" && sent != payload {
		return a, invalidSignature("The value of X-Amz-Content-Sha256 is not the hash of the request body.")
	}
	canonical, err := canonicalRequest(r, a.signedHeaders, payload)
	if err != nil {
		return a, err
	}
	toSign := algorithm + "\n" + date + "\n" + a.scope() + "\n" + hexHash([]byte(canonical))
	want := hex.EncodeToString(mac(a.signingKey(secret), toSign))
	if !hmac.Equal([]byte(want), []byte(a.signature)) {
		return a, invalidSignature("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return a, nil
}

func invalidSignature(format string, args ...any) error {
	return Errorf("InvalidSignatureException", format, args...)
}

// checkDate checks the X-Amz-Date header against the clock and the scope.
func (a authorization) checkDate(date string, now time.Time) error {
	if date == "" {
		return incomplete("Authorization header requires existence of a 'X-Amz-Date' header.")
	}
	t, err := time.Parse(amzDate, date)
	if err != nil {
		return incomplete("Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", clip(date))
	}
	if !strings.HasPrefix(date, a.date) {
		return invalidSignature("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", clip(a.date), date[:8], date)
	}
	now = now.UTC()
	if early := now.Add(-maxSkew); t.Before(early) {
		return invalidSignature("Signature expired: %s is now earlier than %s (%s - 15 min.)", date, early.Format(amzDate), now.Format(amzDate))
	}
	if late := now.Add(maxSkew); t.After(late) {
		return invalidSignature("Signature not yet current: %s is still later than %s (%s + 15 min.)", date, late.Format(amzDate), now.Format(amzDate))
	}
	return nil
}

func (a authorization) signingKey(secret string) []byte {
	key := []byte("AWS4" + secret)
	for _, s := range []string{a.date, a.region, a.service, "aws4_request"} {
		key = mac(key, s)
	}
	return key
}

func mac(key []byte, data string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	return h.Sum(nil)
}

func hexHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// canonicalRequest is the text whose hash is signed. The path is always "/".
func canonicalRequest(r *http.Request, signedHeaders []string, payload string) (string, error) {
	query, err := canonicalQuery(r.URL.RawQuery)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(r.Method + "\n/\n" + query + "\n")
	for _, name := range signedHeaders {
		b.WriteString(name + ":" + canonicalHeader(r, name) + "\n")
	}
	b.WriteString("\n" + strings.Join(signedHeaders, ";") + "\n" + payload)
	return b.String(), nil
}

func canonicalQuery(raw string) (string, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "", invalidSignature("The query string of the request is malformed: %s", err)
	}
	for _, v := range values {
		slices.Sort(v)
	}
	return strings.ReplaceAll(values.Encode(), "+", "%20"), nil
}

// canonicalHeader joins a header's values, runs of blanks made one.
func canonicalHeader(r *http.Request, name string) string {
	if name == "host" {
		return r.Host
	}
	values := r.Header.Values(name)
	if name == "content-length" && len(values) == 0 && r.ContentLength >= 0 {
		return strconv.FormatInt(r.ContentLength, 10)
	}
	clean := make([]string, len(values))
	for i, v := range values {
		clean[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(clean, ",")
}
