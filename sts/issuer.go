// Package sts issues temporary credentials for roles and knows them again, and is the
// API of STS. It keeps nothing: all that credentials stand for is in their session
// token, encrypted, and their secret follows from their access key. So they outlive the
// server that made them.
package sts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"steady/awsapi"
	"steady/iam"
	"steady/model"
	"steady/seal"
)

// Issuer makes temporary credentials.
type Issuer struct {
	Box    *seal.Box
	Access *iam.Access
	Realm  model.Realm
}

// Credentials let their holder work under a role until they expire.
type Credentials struct {
	RoleARN         string
	AccessKeyID     string // ASIA…
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time
	// ARN and UserID are the identity: arn:aws:sts::…:assumed-role/ROLE/SESSION.
	ARN    string
	UserID string
}

// TaskSession is for how long a task's credentials last. Whoever hands them out gets
// new ones before that.
const TaskSession = 6 * time.Hour

// ForTask makes credentials of a task's role or execution role, by ARN or name; the
// session has the task's id. Its error is ECS's text for a role that ECS may not assume.
func (i *Issuer) ForTask(role, task string) (Credentials, error) {
	if err := i.Access.ECSMayAssume(role); err != nil {
		return Credentials{}, err
	}
	return i.issue(i.Access.RoleARN(role), task, TaskSession), nil
}

// token is what a session token holds.
type token struct {
	AccessKey string
	Role      string
	RoleID    string
	Session   string
	Expires   time.Time
}

const aboutToken = "session token"

func (i *Issuer) issue(roleARN, session string, lasts time.Duration) Credentials {
	var id [10]byte
	rand.Read(id[:])
	t := token{
		AccessKey: "ASIA" + base32.StdEncoding.EncodeToString(id[:]),
		Role:      roleARN, RoleID: i.roleID(roleARN), Session: session,
		Expires: time.Now().Add(lasts).UTC().Truncate(time.Second),
	}
	text, err := json.Marshal(t)
	if err != nil {
		panic(err) // texts and a time always have a JSON form
	}
	who := i.caller(t)
	return Credentials{
		RoleARN: roleARN, AccessKeyID: t.AccessKey, SecretAccessKey: i.secret(t.AccessKey),
		SessionToken: base64.StdEncoding.EncodeToString(i.Box.Seal(text, aboutToken)),
		Expiration:   t.Expires, ARN: who.ARN, UserID: who.UserID,
	}
}

func (i *Issuer) secret(accessKey string) string {
	return base64.StdEncoding.EncodeToString(i.Box.MAC("secret access keys", accessKey)[:30])
}

// roleID is the id of a role; one that does not exist here gets one that is always the
// same.
func (i *Issuer) roleID(arn string) string {
	if r, ok := i.Access.Role(arn); ok {
		return r.ID
	}
	sum := sha256.Sum256([]byte(arn))
	return "AROA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

// Caller is who works under a role for a task.
func (i *Issuer) Caller(role, task string) awsapi.Caller {
	role = i.Access.RoleARN(role)
	return i.caller(token{Role: role, RoleID: i.roleID(role), Session: task})
}

func (i *Issuer) caller(t token) awsapi.Caller {
	return awsapi.Caller{
		ARN:    i.Realm.AssumedRoleARN(t.Role[strings.LastIndexByte(t.Role, '/')+1:], t.Session),
		UserID: t.RoleID + ":" + t.Session, Role: t.Role, Session: t.Session, AccessKey: t.AccessKey,
	}
}

// Session knows credentials that an Issuer with the same key has made. Of others it says
// that they were not issued; of its own, when they do not count any more.
func (i *Issuer) Session(accessKey, sessionToken string) (s awsapi.Session, issued bool, err error) {
	sealed, err := base64.StdEncoding.DecodeString(sessionToken)
	if err != nil {
		return s, false, nil
	}
	text, err := i.Box.Open(sealed, aboutToken)
	if err != nil {
		return s, false, nil
	}
	var t token
	if err := json.Unmarshal(text, &t); err != nil {
		return s, false, fmt.Errorf("read a session token: %w", err)
	}
	switch {
	case t.AccessKey != accessKey:
		return s, false, awsapi.Errorf("UnrecognizedClientException", "The security token included in the request is invalid.")
	case !time.Now().Before(t.Expires):
		return s, false, awsapi.Errorf("ExpiredTokenException", "The security token included in the request is expired")
	}
	return awsapi.Session{Secret: i.secret(accessKey), Caller: i.caller(t)}, true, nil
}
