package dashboard

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The bounds of documents.
const (
	MaxPanels      = 50
	MaxName        = 200      // characters
	MaxDescription = 2000     // characters
	MaxText        = 64 << 10 // bytes of a query
	MaxColumns     = 24       // columns that are drawn as values
	// MaxDocument bounds a document in bytes of its JSON.
	MaxDocument = 1 << 20
)

// A Head is what all documents begin with. Store sets all members but the first two.
type Head struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// ID names the document in its store.
	ID string `json:"id,omitempty"`
	// Version counts how often the document was written, from 1 on. Who replaces a document says
	// which one he has seen.
	Version int64 `json:"version,omitempty"`
	// Updated is when it was written, in seconds since the epoch, and By who did, where there is a login.
	Updated int64  `json:"updated,omitempty"`
	By      string `json:"by,omitempty"`
	// Ready says that the document comes with weir: it can be copied and not changed.
	Ready bool `json:"ready,omitempty"`
}

// A Document is a *[Dashboard] or a *[SavedQuery].
type Document interface {
	// Header returns the head, which may be changed.
	Header() *Head
	// Check says what is wrong with the document: an *[Invalid].
	Check() error
	// fill makes lists that are left out empty ones.
	fill()
}

// A Dashboard is a page of panels over one range of time.
type Dashboard struct {
	Head
	Range  Range   `json:"range"`
	Panels []Panel `json:"panels"`
}

// A SavedQuery is a query under a name.
type SavedQuery struct {
	Head
	Query
}

// A Query is a text in a language, and how its result is drawn.
type Query struct {
	// Language is a name such as sql, athena or insights.
	Language string `json:"language"`
	Text     string `json:"text"`
	Chart    Chart  `json:"chart"`
}

// A Panel is a query in a dashboard.
type Panel struct {
	Title string `json:"title"`
	Query
	// Width is how many of the 12 columns of the page it takes, Height how high its chart is: 1 to 4.
	Width  int `json:"width"`
	Height int `json:"height"`
}

// A Range is a range of time: a span that ends at the newest record or now, all there is, or two moments.
type Range struct {
	// Last is 15m, 1h, 6h, 24h, 7d or all; "" where From and To are set.
	Last string `json:"last,omitempty"`
	// Until is what a span ends at: newest (the newest record) or now.
	Until string `json:"until,omitempty"`
	// From, inclusive, and To, exclusive, are in seconds since the epoch.
	From *int64 `json:"from,omitempty"`
	To   *int64 `json:"to,omitempty"`
}

// A Chart says how a result is drawn. What it leaves empty the page chooses from the columns.
type Chart struct {
	// Kind is table, line or bar.
	Kind string `json:"kind"`
	// X is the column of the axis, Series the column whose values make the series, "" for none, and
	// Values are the columns of numbers.
	X      string   `json:"x,omitempty"`
	Series string   `json:"series,omitempty"`
	Values []string `json:"values,omitempty"`
	// Time says that X counts seconds since the epoch, where its type is a number.
	Time bool `json:"time,omitempty"`
	// Stacked puts series on top of each other.
	Stacked bool `json:"stacked,omitempty"`
	// Unit is what the numbers are: bytes, bits, packets, records, seconds, percent, or "" for nothing.
	Unit string `json:"unit,omitempty"`
	// Order is the order of bars: "" as the rows come, x, or value (the largest first).
	Order string `json:"order,omitempty"`
}

// What members can be.
var (
	kinds  = []string{"table", "line", "bar"}
	units  = []string{"", "bytes", "bits", "packets", "records", "seconds", "percent"}
	orders = []string{"", "x", "value"}
	spans  = []string{"15m", "1h", "6h", "24h", "7d", "all"}
)

// Invalid says what is wrong with a document.
type Invalid struct {
	// Member is its place, such as panels[2].chart.kind.
	Member string
	// Message says what is wrong, Hint what would be right; Hint may be "".
	Message, Hint string
}

// Error returns the place and the message.
func (e *Invalid) Error() string { return e.Member + ": " + e.Message }

// Header returns the head.
func (h *Head) Header() *Head { return h }

func (*Head) fill() {}

func (d *Dashboard) fill() {
	if d.Panels == nil {
		d.Panels = []Panel{}
	}
}

// Check says what is wrong with the dashboard.
func (d *Dashboard) Check() error {
	if err := d.Head.check(); err != nil {
		return err
	}
	if err := d.Range.check(); err != nil {
		return err
	}
	if len(d.Panels) > MaxPanels {
		return &Invalid{Member: "panels", Message: fmt.Sprintf("there are %d panels, the most is %d", len(d.Panels), MaxPanels)}
	}
	for i := range d.Panels {
		if err := d.Panels[i].check(fmt.Sprintf("panels[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

// Check says what is wrong with the saved query.
func (q *SavedQuery) Check() error {
	if err := q.Head.check(); err != nil {
		return err
	}
	return q.Query.check("")
}

func (h *Head) check() error {
	if strings.TrimSpace(h.Name) == "" {
		return &Invalid{Member: "name", Message: "there is no name"}
	}
	if err := checkText("name", h.Name, MaxName); err != nil {
		return err
	}
	return checkText("description", h.Description, MaxDescription)
}

// checkText checks a text for people.
func checkText(member, text string, most int) error {
	if !utf8.ValidString(text) {
		return &Invalid{Member: member, Message: "the text is not UTF-8"}
	}
	if n := utf8.RuneCountInString(text); n > most {
		return &Invalid{Member: member, Message: fmt.Sprintf("the text has %d characters, the most is %d", n, most)}
	}
	return nil
}

func (p *Panel) check(at string) error {
	if err := checkText(at+".title", p.Title, MaxName); err != nil {
		return err
	}
	if p.Width < 1 || p.Width > 12 {
		return &Invalid{Member: at + ".width", Message: fmt.Sprintf("%d is no width", p.Width), Hint: "columns of the page, from 1 to 12"}
	}
	if p.Height < 1 || p.Height > 4 {
		return &Invalid{Member: at + ".height", Message: fmt.Sprintf("%d is no height", p.Height), Hint: "from 1 to 4"}
	}
	return p.Query.check(at + ".")
}

func (q *Query) check(at string) error {
	switch {
	case q.Language == "" || len(q.Language) > 40:
		return &Invalid{Member: at + "language", Message: fmt.Sprintf("%.60q is no language", q.Language), Hint: "such as sql or insights"}
	case strings.TrimSpace(q.Text) == "":
		return &Invalid{Member: at + "text", Message: "there is no query"}
	case len(q.Text) > MaxText:
		return &Invalid{Member: at + "text", Message: fmt.Sprintf("the query has %d bytes, the most is %d", len(q.Text), MaxText)}
	case !utf8.ValidString(q.Text):
		return &Invalid{Member: at + "text", Message: "the query is not UTF-8"}
	}
	return q.Chart.check(at + "chart.")
}

func (c *Chart) check(at string) error {
	for _, m := range []struct {
		name, value string
		among       []string
	}{{"kind", c.Kind, kinds}, {"unit", c.Unit, units}, {"order", c.Order, orders}} {
		if !slices.Contains(m.among, m.value) {
			return &Invalid{Member: at + m.name, Message: fmt.Sprintf("%.60q is none of what there is", m.value), Hint: oneOf(m.among)}
		}
	}
	if len(c.Values) > MaxColumns {
		return &Invalid{Member: at + "values", Message: fmt.Sprintf("there are %d columns, the most is %d", len(c.Values), MaxColumns)}
	}
	for _, name := range slices.Concat([]string{c.X, c.Series}, c.Values) {
		if err := checkText(at+"values", name, MaxName); err != nil {
			return err
		}
	}
	return nil
}

func (r *Range) check() error {
	switch {
	case r.From != nil || r.To != nil:
		if r.Last != "" || r.Until != "" || r.From == nil || r.To == nil {
			return &Invalid{Member: "range", Message: "two moments are from and to alone", Hint: `{"from": 1772445600, "to": 1772449200} or {"last": "24h"}`}
		}
		if *r.From < 0 || *r.To > lastMoment || *r.From >= *r.To {
			return &Invalid{Member: "range", Message: "the range ends before it begins, or lies outside of the years 1970 to 9999"}
		}
	case !slices.Contains(spans, r.Last):
		return &Invalid{Member: "range.last", Message: fmt.Sprintf("%.60q is no span", r.Last), Hint: oneOf(spans)}
	case r.Until != "" && r.Until != "newest" && r.Until != "now":
		return &Invalid{Member: "range.until", Message: fmt.Sprintf("%.60q is no end of a span", r.Until), Hint: "newest or now"}
	}
	return nil
}

// lastMoment is the last second of the year 9999.
var lastMoment = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()

// oneOf lists what a member can be.
func oneOf(values []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" }), ", ")
}
