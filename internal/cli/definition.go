package cli

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

// definitionFlags name a network's definition: files, or what was in force at a time.
type definitionFlags struct {
	scopeFlags // the zone of times
	network    []string
	at         string
}

func (f *definitionFlags) add(cmd *cobra.Command) {
	f.addDefinition(cmd)
	f.addZone(cmd)
}

// addDefinition adds the flags without --tz.
func (f *definitionFlags) addDefinition(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringArrayVar(&f.network, "network", nil, "the network's definition is in `DIR` or a file, and not what was imported; may be given several times")
	fl.StringVar(&f.at, "at", "", "what was in force at `TIME`: RFC 3339, a date, or epoch seconds (default: now)")
	completeNothing(cmd, "at")
}

// source returns the definition that the flags name.
func (f *definitionFlags) source(data string) (app.NetworkSource, error) {
	if len(f.network) > 0 && f.at != "" {
		return app.NetworkSource{}, usage(errors.New("--at is about what was imported: it excludes --network"))
	}
	at, err := f.moment("--at", f.at, time.Now())
	return app.NetworkSource{Network: f.network, Data: data, At: at}, err
}
