package diagnose

// Tracking are after how many seconds without a packet the security groups of an ENI forget a
// connection; 0 where AWS's default holds.
//
// Source: EC2 user guide, "Idle connection tracking timeout".
type Tracking struct {
	TCPEstablished, UDP, UDPStream int
	// Balancer says that it is a network load balancer's, which has timeouts of its own
	// (Network Load Balancer user guide, "Connection idle timeout").
	Balancer bool
}

// AWS's defaults, in seconds. An established TCP connection is forgotten after 350 s at instances
// of Nitro's sixth version and later, and after 5 days at others; which it is, records do not
// tell.
const (
	tcpNewest  = 350
	tcpOthers  = 432_000
	udpSingle  = 30
	udpStream  = 180
	balanceTCP = 350
	balanceUDP = 120
)

// bounds returns the least and the most seconds after which a connection is forgotten; 0 where
// AWS does not document it. answered says that there were replies, as a UDP stream has.
func (t Tracking) bounds(protocol int, answered bool) (least, most int64) {
	set := func(seconds, low, high int) (int64, int64) {
		if seconds > 0 {
			return int64(seconds), int64(seconds)
		}
		return int64(low), int64(high)
	}
	switch {
	case protocol == 6 && t.Balancer:
		return balanceTCP, balanceTCP
	case protocol == 17 && t.Balancer:
		return balanceUDP, balanceUDP
	case protocol == 6:
		return set(t.TCPEstablished, tcpNewest, tcpOthers)
	case protocol == 17 && answered: // it may have been one exchange only
		least, _ := set(t.UDP, udpSingle, udpSingle)
		_, most := set(t.UDPStream, udpStream, udpStream)
		return min(least, most), max(least, most)
	case protocol == 17:
		return set(t.UDP, udpSingle, udpSingle)
	}
	return 0, 0
}
