// Package webhook signs what is posted to HTTP endpoints, as
// https://www.standardwebhooks.com describes. It never posts anything itself.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Sign writes the three headers of Standard Webhooks: the signature is over
// "id.timestamp.body", once for each secret, so that a secret can be replaced by
// another. The id is that of the message: a receiver knows by it what it had before.
func Sign(h http.Header, secrets [][]byte, id string, now time.Time, body string) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	var signatures []string
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(id + "." + timestamp + "." + body))
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", timestamp)
	h.Set("webhook-signature", strings.Join(signatures, " "))
}
