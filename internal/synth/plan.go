package synth

// Shares of all records, in 10,000.
const (
	rejectShare = 410 // REJECT
	quietShare  = 100 // NODATA and SKIPDATA
	v6Share     = 480 // IPv6
)

// plan says how many records of which sort each minute has.
type plan struct {
	w       *world
	minutes int
	// total is everything but the stories; the others are parts of it.
	total     quota
	quiet     quota // NODATA records
	pairs6    quota // pairs of IPv6 records
	rejects   quota // REJECT records
	plantings []*planting
	// silent is the interface of the story without traffic, silent in the
	// minutes from silentFrom to before silentTo.
	silent               *eni
	silentFrom, silentTo int
}

// newPlan plans the stories and what is left besides them.
func newPlan(w *world) *plan {
	c := w.cfg
	p := &plan{w: w, minutes: int(c.Duration.Minutes())}
	p.plantings = newPlantings(p)
	rest := c.Records
	rejects := c.Records * rejectShare / 10_000
	quiet := c.Records * quietShare / 10_000
	v6 := c.Records * v6Share / 10_000
	for _, t := range p.plantings {
		n := t.quota.total
		rest -= n * t.records
		rejects -= n * t.rejects
		quiet -= n * t.quiet
		v6 -= n * t.v6
	}
	p.total = newQuota(rest, 0, p.minutes, daily(c.Start.Unix()))
	p.rejects = p.total.with(max(rejects, 0))
	p.pairs6 = p.total.with(max(v6/2, 0))
	// Quiet windows do not follow the load.
	p.quiet = newQuota(max(quiet, 0), 0, p.minutes, flat)
	return p
}

// A job of the batch tier runs for 90 minutes in every 6 hours.
const jobEvery, jobLength = 360, 90

// active reports whether an interface has traffic in a minute.
func (p *plan) active(e *eni, minute int) bool {
	switch e.role {
	case roleDBStandby, roleSpare:
		return false
	case roleBatch:
		offset := int(hash(p.w.cfg.Seed, 'j', uint64(e.index)) % jobEvery)
		return (minute+offset)%jobEvery < jobLength
	case roleWeb:
		return e != p.silent || minute < p.silentFrom || minute >= p.silentTo
	default:
		return true
	}
}

// plant makes the records of the minute's stories.
func (m *minute) plant() {
	for i, t := range m.plan.plantings {
		before, n := t.quota.before(m.n), t.quota.at(m.n)
		for j := range n {
			if t.story != nil {
				m.answers = uint8(i + 1)
			}
			t.event(m, before+j)
			m.answers = 0
		}
	}
}

// run makes all records of the minute at the VPC's interfaces.
func (m *minute) run() {
	m.plant()
	m.left = m.plan.total.at(m.n)
	m.quietWindows(min(m.plan.quiet.at(m.n), m.left))
	m.family6(min(2*m.plan.pairs6.at(m.n), m.left))
	m.refusals(min(m.plan.rejects.at(m.n), m.left))
	m.accepted()
}

// quietWindows makes n NODATA records, of interfaces that had no traffic in the
// window in which the minute begins; fewer where fewer are quiet.
func (m *minute) quietWindows(n int64) {
	var quiet []*eni
	for _, r := range []role{roleSpare, roleDBStandby, roleBatch} {
		for _, e := range m.w.byRole[r] {
			if !m.plan.active(e, m.n) && (m.n == 0 || !m.plan.active(e, m.n-1)) {
				quiet = append(quiet, e)
			}
		}
	}
	from := m.below(uint32(len(quiet)))
	for i := range min(n, int64(len(quiet))) {
		m.silence(quiet[(int64(from)+i)%int64(len(quiet))], statusNoData)
	}
}

// family6 makes n IPv6 records, an even number.
func (m *minute) family6(n int64) {
	for n >= 2 {
		n -= m.visit6(n)
	}
}

// mixture is the accepted traffic besides the links: how often, in 1,000, each
// event comes.
var mixture = []struct {
	permille uint32
	event    func(*minute)
}{
	{480, (*minute).visit},
	{140, (*minute).lookup},
	{95, (*minute).outward},
	{60, (*minute).object},
	{50, (*minute).call},
	{55, (*minute).forward},
	{45, (*minute).database},
	{25, (*minute).report},
	{20, (*minute).cache},
	{15, (*minute).ping},
	{12, (*minute).partner},
	{3, (*minute).shell},
}

// largestEvent is the largest number of records that an event makes, or more.
const largestEvent = 12

// accepted fills the rest of the minute with accepted IPv4 traffic.
func (m *minute) accepted() {
	for n := range uint64(m.left * linkPermille / 1000 / 4) {
		m.link(n)
	}
	for m.left >= largestEvent {
		d := m.below(1000)
		for _, x := range mixture {
			if d < x.permille {
				x.event(m)
				break
			}
			d -= x.permille
		}
	}
	for m.left >= 2 {
		m.visit()
	}
	for m.left > 0 {
		m.lone()
	}
}
