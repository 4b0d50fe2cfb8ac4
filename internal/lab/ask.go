package lab

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"time"
)

// allThere is how long after its window all records of it have come: the bar of the lab for the time until they are seen.
const allThere = 5 * time.Second

// mostTold is how long after its window what is counted by the minute may come, such as the message of an alarm.
const mostTold = 100 * time.Second

// needS3 is what a scenario needs that reads from S3.
const needS3 = "s3"

// Asked is what was answered to a question of a scenario.
type Asked struct {
	// Kind is the question's: sql, athena, insights, command or messages.
	Kind string `json:"kind"`
	// Environment and Command ask it again.
	Environment []string `json:"environment,omitempty"`
	Command     []string `json:"command"`
	// Rows are what was answered last, and Answer what was expected; Said is what a command printed, which Lacks is not in, and Has is though it must not be.
	Rows   [][]string `json:"rows,omitempty"`
	Answer [][]string `json:"answer,omitempty"`
	Said   string     `json:"said,omitempty"`
	Lacks  []string   `json:"lacks,omitempty"`
	Has    []string   `json:"has,omitempty"`
	// Chart has the rows drawn.
	Chart string `json:"chart,omitempty"`
	OK    bool   `json:"ok"`
	// Late is how many seconds after the end of the window that has the last packet the answer was there.
	Late float64 `json:"late_seconds"`

	question *Question
}

// lacks returns what a lab does not have that a scenario needs; "": nothing.
func lacks(s *Scenario, a *AWS) string {
	if slices.Contains(s.Needs, needS3) && a.S3 == "" {
		return "the lab has no S3: there was no versitygw in PATH, and " + envS3 + " named none, when it was built"
	}
	return ""
}

// prepare has a result know what is to be asked.
func (r *Result) prepare(at *place) {
	all := r.Questions()
	at = r.placeOf(at)
	for i := range all {
		q := &all[i]
		a := Asked{Kind: q.Kind(), Command: append([]string{"weir"}, q.command(at)...), Answer: q.Answer, question: q}
		if q.Answer == nil && len(q.Says) == 0 {
			a.Answer = r.Answer
		}
		a.Answer = at.fillRows(a.Answer)
		if slices.Contains(r.Needs, needS3) {
			a.Environment = at.aws.environment()
		}
		r.Asked = append(r.Asked, a)
	}
	r.Command = r.Asked[0].Command
}

// do runs what scenarios have before their traffic.
func do(ctx context.Context, at *place, all []Result, program Program) error {
	for i := range all {
		r := &all[i]
		for _, words := range r.Before {
			if r.NotRun != "" || r.Why != "" {
				break
			}
			if _, err := at.output(ctx, program, at.weir(words)); err != nil {
				r.Why = err.Error()
			}
		}
	}
	return ctx.Err()
}

// undo runs what scenarios have after all. Where something went wrong before, there may be nothing to take away.
func undo(ctx context.Context, at *place, all []Result, program Program) error {
	var errs []error
	for i := range all {
		r := &all[i]
		for _, words := range r.After {
			if r.NotRun != "" {
				break
			}
			if _, err := at.output(ctx, program, at.weir(words)); err != nil && r.Why == "" {
				errs = append(errs, fmt.Errorf("%s: %w", r.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// slow reports whether an answer may take until a period of a minute is over.
func (a *Asked) slow() bool { return a.Kind == "messages" || a.Kind == "command" }

// askAll asks the questions of all scenarios: those that may take a minute last, and those that wait for more windows after others. Then it asks all again.
func askAll(ctx context.Context, at *place, all []Result, over time.Time, now func() time.Time, program Program) error {
	for _, slow := range []bool{false, true} {
		for windows := range mostWindows + 1 {
			then := over.Add(time.Duration(windows) * at.every)
			for i := range all {
				if r := &all[i]; r.Windows == windows && r.NotRun == "" {
					if err := r.askEach(ctx, at, slow, then, now, program); err != nil {
						return err
					}
				}
			}
		}
	}
	if err := askAgain(ctx, at, all, over, now, program); err != nil {
		return err
	}
	for i := range all {
		all[i].settle()
	}
	return nil
}

// askAgain asks what was answered once more, when all records have come: an answer that was there at once may have been so because others had not come, as that an interface has none.
func askAgain(ctx context.Context, at *place, all []Result, over time.Time, now func() time.Time, program Program) error {
	for i := range all {
		r := &all[i]
		if r.NotRun != "" || r.Why != "" {
			continue
		}
		if err := wait(ctx, over.Add(time.Duration(r.Windows)*at.every+allThere).Sub(now())); err != nil {
			return err
		}
		if err := r.askAgain(ctx, at, program); err != nil {
			return err
		}
	}
	return nil
}

// askAgain asks those questions of a scenario again whose answers are rows: what a command says is a part of what it prints.
func (r *Result) askAgain(ctx context.Context, at *place, program Program) error {
	for i := range r.Asked {
		a := &r.Asked[i]
		if a.Kind == "command" || r.Why != "" {
			continue
		}
		err := r.takeOwn(ctx, at, program)
		if err == nil {
			err = a.once(ctx, at, program)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			r.Why = err.Error()
		case !a.OK:
			r.Why = "the answer was there, and is another now that all records have come"
		}
	}
	return nil
}

// askEach asks the questions of a scenario that may take a minute, or those that don't.
func (r *Result) askEach(ctx context.Context, at *place, slow bool, over time.Time, now func() time.Time, program Program) error {
	for i := range r.Asked {
		if a := &r.Asked[i]; a.slow() == slow {
			if err := r.ask(ctx, at, a, over, now, program); err != nil {
				return err
			}
		}
	}
	return nil
}

// settle says what became of a scenario whose questions were asked.
func (r *Result) settle() {
	r.Rows, r.Late = r.Asked[0].Rows, r.Asked[0].Late
	r.OK = r.Why == "" && r.NotRun == ""
}

// ask asks a question until its answer is there.
func (r *Result) ask(ctx context.Context, at *place, a *Asked, over time.Time, now func() time.Time, program Program) error {
	most := mostLate
	switch {
	case a.slow() && r.Why != "": // it has failed: a minute more shows nothing
		most = mostLate
	case a.slow():
		most = mostTold
	}
	for {
		trouble := r.takeOwn(ctx, at, program)
		if trouble == nil {
			trouble = a.once(ctx, at, program)
		}
		late := now().Sub(over)
		if a.OK {
			a.Late = max(0, late).Seconds()
			return a.draw(ctx, at, program)
		}
		if late > most || wrong(trouble) {
			if r.Why != "" {
				return nil
			}
			switch {
			case trouble != nil && a.Said == "":
				r.Why = trouble.Error()
			case len(a.Lacks) > 0:
				r.Why = fmt.Sprintf("%s does not say %q", strings.Join(a.Command[:2], " "), a.Lacks)
			case len(a.Has) > 0:
				r.Why = fmt.Sprintf("%s says %q", strings.Join(a.Command[:2], " "), a.Has)
			default:
				r.Why = "the answer is another"
			}
			if left, err := spaceOf(at.dir); err == nil && left < noSpace {
				r.Why += fmt.Sprintf("; the file system of %s is full, so that records may be missing", at.dir)
			}
			return nil
		}
		if err := wait(ctx, askEvery); err != nil {
			return err
		}
	}
}

// exitUsage is the exit code of weir where it refuses a question, which stays refused.
const exitUsage = 2

// wrong reports whether a command says that it was asked what it does not take.
func wrong(err error) bool {
	failed, ok := errors.AsType[*exec.ExitError](err)
	return ok && failed.ExitCode() == exitUsage
}

// once asks a question once. The error is of the command that asks.
func (a *Asked) once(ctx context.Context, at *place, program Program) error {
	words := a.Command[1:len(a.Command):len(a.Command)]
	if a.Kind != "command" {
		text, err := at.output(ctx, program, append(words, a.form()...))
		if err != nil {
			return err
		}
		a.Rows, err = parseRows(text)
		a.OK = err == nil && reflect.DeepEqual(a.Rows, a.Answer)
		return err
	}
	text, err := at.output(ctx, program, words)
	a.Said, a.Lacks, a.Has = text, nil, nil
	for _, says := range a.question.Says {
		if says = at.fill(says); !strings.Contains(text, says) {
			a.Lacks = append(a.Lacks, says)
		}
	}
	for _, says := range a.question.SaysNot {
		if says = at.fill(says); strings.Contains(text, says) {
			a.Has = append(a.Has, says)
		}
	}
	// Some end with a code that says that there are findings.
	if a.OK = len(a.Lacks)+len(a.Has) == 0; a.OK {
		return nil
	}
	return err
}

// form are the words by which rows are CSV.
func (a *Asked) form() []string {
	if a.Kind == "messages" {
		return []string{"--csv"}
	}
	return []string{"--format", "csv"}
}

// draw has the rows drawn where the question wants it.
func (a *Asked) draw(ctx context.Context, at *place, program Program) (err error) {
	if a.question.Chart != "" {
		a.Chart, err = at.output(ctx, program, append(a.Command[1:len(a.Command):len(a.Command)], "--chart", a.question.Chart))
	}
	return err
}

// output runs a command of weir and returns what it prints, also where it fails. It ends one that takes too long.
func (p *place) output(ctx context.Context, program Program, words []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	cmd := program.command(ctx, words...)
	cmd.Env = append(cleared(cmd.Environ()), p.aws.environment()...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	named := words[:min(2, len(words))]
	if at := slices.IndexFunc(named, func(w string) bool { return strings.HasPrefix(w, "-") }); at >= 0 {
		named = named[:at]
	}
	what := "weir " + strings.Join(named, " ")
	if err != nil && ctx.Err() != nil {
		return string(out), fmt.Errorf("%s: %w", what, ctx.Err())
	}
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), fmt.Errorf("%s: %w: %s", what, err, strings.TrimSpace(string(failed.Stderr)))
	}
	if err != nil {
		return string(out), fmt.Errorf("%s: %w", what, err)
	}
	return string(out), nil
}
