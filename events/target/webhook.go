package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"steady/events/bus"
	signature "steady/webhook"
)

// webhookTimeout is how long an endpoint may take to answer, as EventBridge gives its
// API destinations.
const webhookTimeout = 5 * time.Second

// maxAnswer is how much of an answer is read, so that the connection can be used again.
const maxAnswer = 64 << 10

// webhook posts payloads, signed as https://www.standardwebhooks.com describes.
type webhook struct {
	client  *http.Client
	secrets [][]byte
}

func newWebhook(secrets [][]byte) *webhook {
	dialer := &net.Dialer{Timeout: webhookTimeout, Control: refuseAddress}
	return &webhook{secrets: secrets, client: &http.Client{
		Timeout: webhookTimeout,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: webhookTimeout,
			MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: maxAnswer,
		},
		// An endpoint cannot send a signed event elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// refuseAddress refuses what no endpoint of a webhook is, whatever name led there.
func refuseAddress(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	return checkAddress(ap.Addr())
}

// refused is an address that no event is sent to, however often it is tried.
type refused struct{ ip netip.Addr }

func (e refused) Error() string {
	return fmt.Sprintf("events are not sent to %s: it is a link-local, multicast or unspecified address, or one of a cloud's metadata", e.ip)
}

// checkAddress refuses what no endpoint of a webhook is: above all the link-local
// addresses, at which clouds give their credentials away.
func checkAddress(ip netip.Addr) error {
	ip = ip.Unmap()
	if ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || ip.WithZone("") == awsMetadata {
		return refused{ip}
	}
	return nil
}

// awsMetadata is where EC2's instance metadata is in IPv6.
var awsMetadata = netip.MustParseAddr("fd00:ec2::254")

// checkWebhook says what is wrong with a target that is an HTTP endpoint.
func checkWebhook(to types.Target) error {
	u, err := url.Parse(*to.Arn)
	if err != nil || u.Host == "" || u.Hostname() == "" {
		return errors.New("the URL of the target cannot be read: give http://HOST/PATH or https://HOST/PATH")
	}
	if u.User != nil {
		return errors.New("the URL of a target has a user and a password: give them as an Authorization header in HttpParameters")
	}
	if u.Fragment != "" {
		return errors.New("the URL of a target has a fragment, which is never sent: leave it out")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
		if err := checkAddress(ip); err != nil {
			return err
		}
	}
	p := to.HttpParameters
	if p == nil {
		return nil
	}
	if len(p.PathParameterValues) > 0 {
		return errors.New("PathParameterValues are not implemented by Steady: put them into the URL")
	}
	for name, value := range p.HeaderParameters {
		if err := checkHeader(name, value); err != nil {
			return err
		}
	}
	return nil
}

// ours are headers that a target may not set, for they are set here or by HTTP itself.
var ours = []string{"Host", "Content-Length", "Content-Type", "User-Agent", "Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func checkHeader(name, value string) error {
	canonical := http.CanonicalHeaderKey(name)
	for _, o := range ours {
		if canonical == o {
			return fmt.Errorf("the header %s cannot be set in HttpParameters", o)
		}
	}
	if strings.HasPrefix(canonical, "Webhook-") || strings.HasPrefix(canonical, "Proxy-") {
		return fmt.Errorf("the header %s cannot be set in HttpParameters", canonical)
	}
	if name == "" || strings.Trim(name, tokenCharacters) != "" {
		return fmt.Errorf("%q is no name of a header", name)
	}
	for _, c := range []byte(value) {
		if c != '\t' && (c < ' ' || c > '~') {
			return fmt.Errorf("the header %s has a value with characters that a header may not have", canonical)
		}
	}
	return nil
}

const tokenCharacters = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func (w *webhook) send(ctx context.Context, to types.Target, d bus.Delivery) error {
	r, err := w.request(ctx, to, d)
	if err != nil {
		return &bus.Failure{Code: "INVALID_TARGET", Message: err.Error(), Permanent: true}
	}
	res, err := w.client.Do(r)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return unreachable(err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer))
	return answered(res)
}

func (w *webhook) request(ctx context.Context, to types.Target, d bus.Delivery) (*http.Request, error) {
	u, err := url.Parse(*to.Arn)
	if err != nil {
		return nil, errors.New("the URL of the target cannot be read")
	}
	if p := to.HttpParameters; p != nil && len(p.QueryStringParameters) > 0 {
		q := u.Query()
		for name, value := range p.QueryStringParameters {
			q.Set(name, value)
		}
		u.RawQuery = q.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(d.Payload))
	if err != nil {
		return nil, errors.New("the URL of the target cannot be called")
	}
	if p := to.HttpParameters; p != nil {
		for name, value := range p.HeaderParameters {
			r.Header.Set(name, value)
		}
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Steady/EventBridge")
	signature.Sign(r.Header, w.secrets, d.ID(), time.Now(), d.Payload)
	return r, nil
}

// unreachable is the failure of a call that was not answered. The URL, which may hold a
// secret, is left out.
func unreachable(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[refused](err); ok {
		return &bus.Failure{Code: "ADDRESS_NOT_ALLOWED", Message: e.Error(), Permanent: true}
	}
	f := &bus.Failure{Code: "ENDPOINT_UNREACHABLE", Message: err.Error()}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		f.Code, f.Message = "ENDPOINT_TIMEOUT", fmt.Sprintf("the endpoint did not answer within %v", webhookTimeout)
	}
	return f
}

// answered judges an answer as EventBridge does: it tries again after 401, 407, 409,
// 429 and 5xx, and not after any other.
func answered(res *http.Response) error {
	code := res.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	f := &bus.Failure{Code: "HTTP_" + strconv.Itoa(code), Message: "the endpoint answered " + strconv.Itoa(code)}
	switch {
	case code == 401, code == 407, code == 409, code == 429, code >= 500:
		f.RetryAfter = retryAfter(res.Header.Get("Retry-After"))
	default:
		f.Permanent = true
	}
	return f
}

// retryAfter reads the header in seconds or as a date.
func retryAfter(header string) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(seconds, 0), 24*3600)) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(time.Until(at), 0), 24*time.Hour)
	}
	return 0
}
