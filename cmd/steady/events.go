package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"steady/events"
	"steady/events/bus"
	eventtarget "steady/events/target"
	"steady/state"
	"steady/state/bolt"
)

// openEvents opens the event bus and its API. All that they keep is in the folder
// events of the data directory.
func (s *server) openEvents() error {
	dir := filepath.Join(s.options.DataDir, "events")
	commands, err := eventCommands(s.options.EventCommand)
	if err != nil {
		return err
	}
	queue, err := bolt.Open(dir)
	if err != nil {
		return fmt.Errorf("open the event bus in %s: %w", dir, err)
	}
	secrets, err := webhookSecrets(filepath.Join(dir, "webhook-secret"))
	if err != nil {
		queue.Close()
		return err
	}
	targets := eventtarget.New(eventtarget.Options{
		Archive: s.archive, Secrets: secrets, Commands: commands, CommandTimeout: s.options.EventCommandTimeout, Log: s.log,
	})
	s.bus, err = bus.Open(bus.Options{
		Store: s.store, Queue: queue, Realm: s.realm, Send: targets.Send, DeadLetters: filepath.Join(dir, "dead-letter"), Log: s.log,
	})
	if err != nil {
		queue.Close()
		return fmt.Errorf("open the event bus in %s: %w", dir, err)
	}
	s.events = events.New(events.Options{Store: s.store, Bus: s.bus, Targets: targets, Realm: s.realm})
	return nil
}

// toBus gives lifecycle events to the rules of the default bus. Their numbers count
// within the state of that origin.
func (s *server) toBus(origin string) func(context.Context, []*state.Outgoing) error {
	return func(ctx context.Context, transactions []*state.Outgoing) error {
		if len(transactions) == 0 {
			return nil
		}
		var all [][]byte
		for _, o := range transactions {
			for _, e := range o.Events {
				all = append(all, e.JSON)
			}
		}
		return s.bus.DeliverNew(ctx, origin, transactions[0].Number, all...)
	}
}

// eventCommands finds the programs of --event-command.
func eventCommands(flags map[string]string) (map[string]string, error) {
	commands := map[string]string{}
	for name, path := range flags {
		if !eventtarget.ValidCommand.MatchString(name) {
			return nil, fmt.Errorf("--event-command %s=%s: the name should consist of letters, digits, dots, dashes and underscores", name, path)
		}
		found, err := exec.LookPath(path)
		if err == nil {
			found, err = filepath.Abs(found)
		}
		if err != nil {
			return nil, fmt.Errorf("--event-command %s=%s: %w: give the path of a program that can be run", name, path, err)
		}
		commands[name] = found
	}
	return commands, nil
}

// secretPrefix is how Standard Webhooks writes secrets.
const secretPrefix = "whsec_"

// webhookSecrets reads the secrets that sign webhooks, or makes one. The file has a
// secret per line: a second line is for the time in which receivers change over.
func webhookSecrets(file string) ([][]byte, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		var secret [32]byte
		rand.Read(secret[:])
		b = []byte(secretPrefix + base64.StdEncoding.EncodeToString(secret[:]) + "\n")
		err = writeFile(file, string(b))
	}
	if err != nil {
		return nil, fmt.Errorf("the secret of the webhooks: %w", err)
	}
	var secrets [][]byte
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(line, secretPrefix))
		if err != nil || len(secret) < 16 || !strings.HasPrefix(line, secretPrefix) {
			return nil, fmt.Errorf("%s has a line that is no secret: each should be %s and at least 16 bytes in base64; remove the file to have one made", file, secretPrefix)
		}
		secrets = append(secrets, secret)
	}
	if len(secrets) == 0 {
		return nil, fmt.Errorf("%s has no secret: remove it to have one made", file)
	}
	return secrets, nil
}
