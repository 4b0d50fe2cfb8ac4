package app

import (
	"crypto/sha256"
	"io"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
)

// staleLake returns a service over a lake of two hours, one of which has an attribution that no
// definition tells, so that it is stale.
func staleLake(t *testing.T) *Local {
	t.Helper()
	s, err := OpenLocal(t.Context(), LocalOptions{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	im, err := s.lake.Begin(lake.ImportOptions{AsGiven: true})
	if err != nil {
		t.Fatal(err)
	}
	w, _, err := im.Start(t.Context(), lake.ObjectRef{Source: "/d", URL: "/d/x"}, lake.Look{}, sha256.Sum256(nil))
	if err != nil {
		t.Fatal(err)
	}
	for hour, told := range []string{"", "exact"} {
		b := flowlog.NewBatch(flowlog.KindVPC)
		r := b.Append()
		set := map[flowlog.FieldID]string{flowlog.SrcAddr: "10.0.0.1", flowlog.DstAddr: "10.0.0.2", flowlog.Action: "REJECT"}
		if told != "" {
			set[flowlog.WeirAttribution] = told
		}
		for id, text := range set {
			if err := r.SetText(id, text); err != nil {
				t.Fatal(err)
			}
		}
		b.SetNums(flowlog.WeirHour, []int64{time.Date(2026, 3, 2, 10+hour, 0, 0, 0, time.UTC).Unix()})
		if err := w.WriteComplete(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(t.Context(), lake.Result{State: lake.Taken}); err != nil {
		t.Fatal(err)
	}
	if err := im.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStaleOverSocket asks for what definitions tell, in this process and over the socket, before
// and after the hours are brought up to date.
func TestStaleOverSocket(t *testing.T) {
	local := staleLake(t)
	remote, _ := dialFake(t, local)
	stale := query.Stale{Hours: 1, Of: 2}
	ask := func(want query.Stale) {
		t.Helper()
		for _, s := range []Service{local, remote} {
			rows, err := s.Query(t.Context(), SQLRequest{SQL: "SELECT weir_attribution FROM vpc_flow_logs"})
			if err != nil {
				t.Fatal(err)
			}
			if got := query.StaleOf(rows); got != want {
				t.Errorf("%T: the rows rest on %+v, want %+v", s, got, want)
			}
			n := 0
			for {
				if _, err = rows.Next(); err != nil {
					break
				}
				n++
			}
			if err != io.EOF || n != 2 {
				t.Errorf("%d rows: %v", n, err)
			}
			rows.Close()
			top, err := s.Top(t.Context(), TopRequest{Kind: flowlog.KindVPC, Fields: []string{"weir-attribution"}, By: "records", N: 5})
			if err != nil || top.Stale != want {
				t.Errorf("%T: the answer rests on %+v, want %+v: %v", s, top.Stale, want, err)
			}
			top, err = s.Top(t.Context(), TopRequest{Kind: flowlog.KindVPC, Fields: []string{"srcaddr"}, Where: "weir-reject-stage = sg", By: "records", N: 5})
			if err != nil || top.Stale != want {
				t.Errorf("%T: with a filter the answer rests on %+v, want %+v: %v", s, top.Stale, want, err)
			}
			top, err = s.Top(t.Context(), TopRequest{Kind: flowlog.KindVPC, Fields: []string{"srcaddr"}, By: "records", N: 5})
			if err != nil || top.Stale != (query.Stale{}) {
				t.Errorf("%T: an answer that asks for nothing of it rests on %+v: %v", s, top.Stale, err)
			}
			st, err := s.Status(t.Context(), StatusRequest{})
			if err != nil || st.StaleHours != want.Hours {
				t.Errorf("%T: status %+v: %v", s, st, err)
			}
		}
	}
	ask(stale)
	done, err := remote.Attribute(t.Context(), nil)
	if err != nil || done.Hours != 1 || done.Records != 1 || done.Files != 1 {
		t.Errorf("done: %+v, %v", done, err)
	}
	ask(query.Stale{Of: 2})
	if done, err = local.Attribute(t.Context(), nil); err != nil || done != (lake.Attributed{}) {
		t.Errorf("done: %+v, %v", done, err)
	}
}
