package logs

import (
	"errors"
	"net/http"

	"steady/archive"
	"steady/awsapi"
)

// The failures that CloudWatch Logs words the same wherever they occur.

func invalid(format string, args ...any) error {
	return awsapi.Errorf("InvalidParameterException", format, args...)
}

func notFound(format string, args ...any) error {
	return awsapi.Errorf("ResourceNotFoundException", format, args...)
}

func groupNotFound() error  { return notFound("The specified log group does not exist.") }
func streamNotFound() error { return notFound("The specified log stream does not exist.") }

// unsupported refuses a member that means something which is not built.
func unsupported(member string) error {
	return awsapi.Errorf("UnsupportedFeatureException", "The member %s is not implemented by Steady yet; leave it out.", member)
}

// unavailable is a failure that may be over later. It is the service's, not the caller's:
// with status 500 the SDKs try again.
func unavailable(why string) error {
	return &awsapi.Error{Code: "ServiceUnavailableException", Message: why, Status: http.StatusInternalServerError}
}

// told puts an error of the archive into CloudWatch's words. missing and existing are
// what it means when something is not there, or is there already.
func told(err, missing, existing error) error {
	full, isFull := errors.AsType[*archive.FullError](err)
	switch {
	case errors.Is(err, archive.ErrNotFound) && missing != nil:
		return missing
	case errors.Is(err, archive.ErrExists) && existing != nil:
		return existing
	case isFull:
		return unavailable(full.Error() + ".")
	case errors.Is(err, archive.ErrClosed):
		return unavailable("Steady is shutting down.")
	}
	return err
}
