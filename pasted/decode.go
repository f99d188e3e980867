package pasted

import (
	"encoding/json"
	"math"
	"strings"
	"time"
)

// as decodes an object into one of the SDK's types, by the names of its members in
// any case. Times may be numbers of seconds, as the API sends them, or texts, as
// newer versions of the AWS CLI print them.
func as[T any](o object) (T, error) {
	var v T
	b, err := json.Marshal(normal(o))
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal(b, &v)
}

// normal makes times texts that Go reads, and leaves out what is null and what has a
// type of its own in the SDK and tells nothing.
func normal(value any) any {
	switch v := value.(type) {
	case object:
		out := make(object, len(v))
		for key, inner := range v {
			switch {
			case inner == nil || key == "hookDetails":
			case isTime(key):
				if at, ok := timeOf(inner); ok {
					out[key] = at.Format(time.RFC3339Nano)
				}
			default:
				out[key] = normal(inner)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = normal(v[i])
		}
		return out
	}
	return value
}

// isTime tells the members that hold times: createdAt, pullStoppedAt,
// expirationDate, an event's time.
func isTime(key string) bool {
	switch key {
	case "expirationDate", "time", "lastUpdated", "lastStatusChange":
		return true
	}
	return strings.HasSuffix(key, "At")
}

var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999-0700", "2006-01-02 15:04:05.999999-07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05"}

func timeOf(value any) (time.Time, bool) {
	switch v := value.(type) {
	case json.Number:
		seconds, err := v.Float64()
		if err != nil || math.Abs(seconds) > 1e13 {
			return time.Time{}, false
		}
		if seconds > 1e11 { // CloudWatch counts milliseconds
			seconds /= 1000
		}
		whole, part := math.Modf(seconds)
		return time.Unix(int64(whole), int64(part*1e9)).UTC(), true
	case string:
		for _, layout := range layouts {
			if at, err := time.Parse(layout, v); err == nil && at.Year() > 0 && at.Year() < 10000 {
				return at.UTC(), true
			}
		}
	}
	return time.Time{}, false
}
