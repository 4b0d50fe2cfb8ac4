package agentapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// MostWait is how long a request for a policy may take: a server holds it for less than a minute.
	MostWait = 90 * time.Second
	// mostTime is how long other requests may take.
	mostTime = 30 * time.Second
	// mostAnswer bounds an answer, in bytes: a definition of a large account has some megabytes.
	mostAnswer = 64 << 20
)

// ErrPin says that what answers is not the server of the token.
var ErrPin = errors.New("the server's certificate is not the one that the token was made for: something else answers there, or the server has another key; nothing was sent to it")

// A Client asks a server. It is safe for concurrent use.
type Client struct {
	base  string
	agent string // AGENT.CREDENTIAL; "": it has not joined
	http  *http.Client
}

// ParseServer reads the address of a server, https://HOST:PORT, and returns it in one form.
func ParseServer(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return "", fmt.Errorf("%q is no address of a server, such as https://weir.example.net:8789", text)
	}
	return "https://" + strings.ToLower(u.Host), nil
}

// NewClient returns a client of a server (of [ParseServer]) whose certificate has a pin. agent and credential are of who has joined, "" of who has not.
func NewClient(server string, pin Pin, agent, credential string) *Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{
		MinVersion: tls.VersionTLS13,
		// The key is known, so that names, dates and who signed it say nothing more.
		InsecureSkipVerify: true,
		VerifyConnection: func(c tls.ConnectionState) error {
			if len(c.PeerCertificates) == 0 || !pin.Is(c.PeerCertificates[0]) {
				return ErrPin
			}
			return nil
		},
	}
	c := &Client{base: server, http: &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a credential is for this server alone
	}}
	if agent != "" {
		c.agent = agent + "." + credential
	}
	return c
}

// Close lets go of connections that nothing uses.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Join joins. It fails with [ErrPin], or an [*Error] of the server.
func (c *Client) Join(ctx context.Context, j *Join) (*Joined, error) {
	var out Joined
	body, _, err := c.do(ctx, http.MethodPost, "/v1/join", j, mostTime)
	if err == nil {
		err = Decode(body, &out)
	}
	if err == nil && !IDForm.MatchString(out.AgentID) {
		err = errors.New("the server answers an id of an agent that is none")
	}
	return &out, err
}

// Policy returns the server's policy as soon as it is another one than that of a generation and digest; nil: it was none for as long as the server held the request.
func (c *Client) Policy(ctx context.Context, generation int64, digest string) ([]byte, error) {
	q := url.Values{"generation": {strconv.FormatInt(generation, 10)}, "digest": {digest}}
	body, status, err := c.do(ctx, http.MethodGet, "/v1/policy?"+q.Encode(), nil, MostWait)
	if err != nil || status == http.StatusNoContent {
		return nil, err
	}
	return body, nil
}

// Report says how the agent is.
func (c *Client) Report(ctx context.Context, r *Report) error {
	_, _, err := c.do(ctx, http.MethodPost, "/v1/report", r, mostTime)
	return err
}

// do sends a request and returns the answer's body and status. An answer that is none of 200 and 204 is an error.
func (c *Client) do(ctx context.Context, method, path string, in any, most time.Duration) ([]byte, int, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	var body io.Reader = http.NoBody
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, 0, err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, 0, err
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.agent != "" {
		request.Header.Set("Authorization", "Bearer "+c.agent)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, 0, fmt.Errorf("can't ask %s: %w", c.base, errors.Unwrap(err)) // without the method and URL, which say nothing more
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer+1))
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("the answer of %s did not come whole: %w", c.base, err)
	case len(text) > mostAnswer:
		return nil, 0, fmt.Errorf("the answer of %s has more than %d bytes", c.base, mostAnswer)
	case answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusNoContent:
		return nil, 0, c.failure(answer.StatusCode, text)
	}
	return text, answer.StatusCode, nil
}

// failure returns what an answer says is wrong.
func (c *Client) failure(status int, text []byte) error {
	var e Error
	if err := json.Unmarshal(text, &e); err != nil || e.Message == "" {
		return fmt.Errorf("%s answers %d %s, as no weir serve does: is it its --agent-listen?", c.base, status, http.StatusText(status))
	}
	return &e
}
