package webhook

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"
)

// The example of the specification's own libraries.
func TestSign(t *testing.T) {
	secret, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	Sign(h, [][]byte{secret, []byte("new")}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), `{"test": 2432232314}`)
	const signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	if got := h.Get("webhook-signature"); len(got) <= len(signature) || got[:len(signature)] != signature || h.Get("webhook-timestamp") != "1614265330" {
		t.Errorf("signed %v", h)
	}
}
