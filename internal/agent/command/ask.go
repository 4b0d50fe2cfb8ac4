package command

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"time"
)

// errNoAgent is of a socket that nobody answers at.
var errNoAgent = errors.New("no agent answers")

// ask asks an agent at its socket: body is sent and to is answered, as JSON; nil sends nothing. It may take a minute.
func ask(ctx context.Context, socket, method, path string, body, to any) error {
	return askFor(ctx, time.Minute, socket, method, path, body, to)
}

// askFor asks an agent for what may take longer.
func askFor(ctx context.Context, most time.Duration, socket, method, path string, body, to any) error {
	ctx, cancel := context.WithTimeout(cmp.Or(ctx, context.Background()), most)
	defer cancel()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://agent"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	answer, err := client.Do(request)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the socket %s is of another user: ask as root, or as the agent's user", socket)
	case err != nil:
		return fmt.Errorf("%w at %s: %w", errNoAgent, socket, err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, mostStatus))
	if err != nil {
		return fmt.Errorf("the agent at %s ended: %w", socket, err)
	}
	if answer.StatusCode != http.StatusOK {
		return errors.New(strings.TrimSpace(string(said)))
	}
	if err := json.Unmarshal(said, to); err != nil {
		return fmt.Errorf("what answers at %s is no agent: %w", socket, err)
	}
	return nil
}
