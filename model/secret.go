package model

import "time"

// Secret is a secret of Secrets Manager, under its name.
type Secret struct {
	Name        string
	ARN         string // ends in six random characters
	Description string
	Tags        []Tag
	Versions    []SecretVersion // oldest first
	CreatedAt   time.Time
	ChangedAt   time.Time
	// DeletedAt is when a secret that is marked for deletion goes; zero of any other.
	DeletedAt time.Time
}

// SecretVersion is one value of a secret.
type SecretVersion struct {
	ID        string
	Stages    []string // staging labels
	Binary    bool
	Sealed    []byte // the value, encrypted
	CreatedAt time.Time
}

// Version returns the version of that id.
func (s *Secret) Version(id string) (SecretVersion, bool) {
	for _, v := range s.Versions {
		if v.ID == id {
			return v, true
		}
	}
	return SecretVersion{}, false
}

// Staged returns the version that has a staging label.
func (s *Secret) Staged(label string) (SecretVersion, bool) {
	for _, v := range s.Versions {
		for _, l := range v.Stages {
			if l == label {
				return v, true
			}
		}
	}
	return SecretVersion{}, false
}

// SecretARN is the ARN of a secret; suffix is its six random characters.
func (r Realm) SecretARN(name, suffix string) string {
	return "arn:aws:secretsmanager:" + r.Region + ":" + r.Account + ":secret:" + name + "-" + suffix
}
