package logs

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"steady/archive"
	"steady/awsapi"
)

// What may be over later is told so that the SDKs try again, which they do not after 400.
func TestAnArchiveThatTakesNothingIsUnavailable(t *testing.T) {
	for want, err := range map[string]error{
		"the archive takes no logs: the disk has 1 byte free; make room on it.": fmt.Errorf("append: %w", &archive.FullError{Class: archive.Logs, Reason: "the disk has 1 byte free; make room on it"}),
		"Steady is shutting down.": archive.ErrClosed,
	} {
		e, ok := errors.AsType[*awsapi.Error](told(err, groupNotFound(), nil))
		if !ok || e.Code != "ServiceUnavailableException" || e.Status != http.StatusInternalServerError || !strings.HasSuffix(e.Message, want) {
			t.Errorf("%v is told as %+v", err, e)
		}
	}
}
