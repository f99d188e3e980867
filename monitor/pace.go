package monitor

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// pace says how long to wait before the next look at the service. A server on
// this very machine is asked four times a second. Any other is asked every 2 s
// while something changes and every 5 s when nothing does, which is at most two
// calls of ECS's read actions a second (they allow 20). Errors double the wait.
type pace struct {
	fast, slow, slowest time.Duration
	quiet               int // looks since the last change
	errors              int // in a row
}

func newPace(endpoint string) pace {
	if OnLoopback(endpoint) {
		return pace{fast: 250 * time.Millisecond, slow: 250 * time.Millisecond, slowest: 5 * time.Second}
	}
	return pace{fast: 2 * time.Second, slow: 5 * time.Second, slowest: 30 * time.Second}
}

// OnLoopback tells whether a URL is on this machine.
func OnLoopback(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// quietLooks is how many looks without a change make the pace slow.
const quietLooks = 5

// after gives the wait after a look that succeeded.
func (p *pace) after(changed bool) time.Duration {
	p.errors = 0
	if p.quiet++; changed {
		p.quiet = 0
	}
	if p.quiet < quietLooks {
		return p.fast
	}
	return p.slow
}

// afterError gives the wait after a look that failed.
func (p *pace) afterError() time.Duration {
	wait := p.fast << min(p.errors, 10)
	p.errors++
	return min(wait, p.slowest)
}

// passing are the error codes of AWS that time heals.
var passing = []string{
	"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown",
	"ServerException", "InternalFailure", "InternalServerError", "ServiceUnavailable", "RequestTimeout", "RequestTimeoutException",
}

// mayPass tells an outage, which a watch sits out, from an answer that will stay
// the same, such as no such cluster or no permission.
func mayPass(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && (response.HTTPStatusCode() >= 500 || response.HTTPStatusCode() == 429) {
		return true
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return slices.Contains(passing, api.ErrorCode())
	}
	return true
}
