package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"steady/webhook"
)

// document is what a webhook is sent.
type document struct {
	Key   string    `json:"key"`
	Time  time.Time `json:"time"`
	Title string    `json:"title"`
	Tone  Tone      `json:"tone"`
	Final bool      `json:"final"`
	Text  string    `json:"text"`
	Facts []Fact    `json:"facts"`
}

// hook posts messages as JSON, signed as Standard Webhooks are.
type hook struct {
	url    string
	secret []byte // empty: it is not signed
}

func (hook) name() string { return "webhook" }

func (h hook) send(ctx context.Context, m Message) error {
	now := time.Now()
	body, err := json.Marshal(document{Key: m.Key, Time: now.UTC(), Title: m.Title, Tone: m.Tone, Final: m.Final, Text: m.Text, Facts: append([]Fact{}, m.Facts...)})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, strings.NewReader(string(body)))
	if err != nil {
		return fmt.Errorf("its URL cannot be called")
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	if len(h.secret) > 0 {
		webhook.Sign(r.Header, [][]byte{h.secret}, fmt.Sprintf("%s/%d", m.Key, now.UnixMilli()), now, string(body))
	}
	_, err = do(r)
	return err
}

// do sends a request and returns the answer, which must be a success.
func do(r *http.Request) ([]byte, error) {
	res, err := client.Do(r)
	if err != nil {
		return nil, unreachable(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return nil, refused(res.StatusCode)
	}
	return answer, nil
}
