package ebpf

import (
	"fmt"

	"weir/internal/capture/packet"
)

// Tallies are what of an interface is in no flow, since it was last put in force and not off before. Each direction is the interface's:
// what comes in, and what goes out.
type Tallies struct {
	// Lost are packets and bytes of flows that found no place, of what was accepted and what was refused.
	Lost [2][2][2]uint64
	// Unlogged are packets and bytes of what flow logs leave out.
	Unlogged [2][2]uint64
	// Outcomes are packets by what became of them, but for packet.OK, which is not counted. Of those of
	// packet.Orphan and packet.ShortTransport there are flows too.
	Outcomes [packet.Outcomes]uint64
	// FullConnections and FullAsides are how often a table was full.
	FullConnections, FullAsides uint64
	// Unattributed is how often the host's firewall refused what was not to be told of exactly, in mode Observe: a datagram that was put together of
	// fragments, of which all but the last stay accepted; a packet that waited in a queue before, or that others had and changed, which stays accepted
	// too; and one on its way out that could not be read.
	Unattributed uint64
}

// Tallies returns those of an interface. Of one that was in force until the last [Program.Swap] they are whole: no program runs any more that began before.
func (p *Program) Tallies(id string) (Tallies, error) {
	var out Tallies
	slot, ok := p.slots[id]
	if !ok {
		return out, fmt.Errorf("%s has no policy", id)
	}
	if err := p.wait(); err != nil {
		return out, err
	}
	var each []weirTallies // of each CPU
	if err := p.objects.Counters.Lookup(uint32(slot), &each); err != nil {
		return out, err
	}
	for _, c := range each {
		for way := range 2 {
			for what := range 2 {
				out.Unlogged[way][what] += c.Unlogged[way][what]
				for action := range 2 {
					out.Lost[way][action][what] += c.Lost[way][action][what]
				}
			}
		}
		for n := range out.Outcomes {
			out.Outcomes[n] += c.Outcome[n]
		}
		out.FullConnections += c.Full[0]
		out.FullAsides += c.Full[1]
		out.Unattributed += c.Unattributed
	}
	return out, nil
}
