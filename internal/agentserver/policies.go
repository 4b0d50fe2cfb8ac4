package agentserver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"

	"weir/internal/agentapi"
	"weir/internal/agentstore"
)

// Policies has the policy that is in force. It is safe for concurrent use.
type Policies struct {
	store *agentstore.Store

	mu         sync.Mutex
	generation int64 // 0: there is none yet
	digest     string
	text       []byte
	changed    chan struct{} // closed when there is another one
}

// NewPolicies returns policies whose generations a store keeps; there is none before Publish.
func NewPolicies(s *agentstore.Store) *Policies {
	return &Policies{store: s, changed: make(chan struct{})}
}

// Publish puts a policy in force, and returns its generation, which is that of before where nothing differs. Generation and Digest of p are set.
func (p *Policies) Publish(ctx context.Context, policy *agentapi.Policy) (int64, error) {
	policy.Generation, policy.Digest = 0, ""
	text, err := json.Marshal(policy)
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(text)
	policy.Digest = hex.EncodeToString(sum[:])
	if policy.Generation, err = p.store.Publish(ctx, policy.Digest); err != nil {
		return 0, err
	}
	if text, err = json.Marshal(policy); err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.generation != policy.Generation || p.digest != policy.Digest {
		p.generation, p.digest, p.text = policy.Generation, policy.Digest, text
		close(p.changed)
		p.changed = make(chan struct{})
	}
	return policy.Generation, nil
}

// other returns the policy once it is another one than that of a generation and digest, or with ctx's error. A greater generation is another one too: the agent
// has it of a data directory that is not there any more.
func (p *Policies) other(ctx context.Context, generation int64, digest string) ([]byte, error) {
	for {
		p.mu.Lock()
		now, has, text, changed := p.generation, p.digest, p.text, p.changed
		p.mu.Unlock()
		if now != 0 && (now != generation || has != digest) {
			return text, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
