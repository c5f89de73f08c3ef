package bitcraps

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/profiler"
)

// profileFlags name what to profile.
type profileFlags struct {
	dir, service, admin, out string
	kinds                    []string
	heap, json               bool
	seconds, top             int
}

func profileCommand() *cobra.Command {
	var f profileFlags
	cmd := &cobra.Command{
		Use: "profile", Short: "Collect profiles of running services, with flame graphs", Args: cobra.NoArgs,
		Long: "Collect profiles of the services of a fleet, or of any process by the URL of its admin port, while they run. For each\n" +
			"profile it writes PROCESS-KIND.pprof for `go tool pprof`, and PROCESS-KIND.svg: a flame graph for any browser, in which a\n" +
			"click enlarges a frame and Ctrl-F searches. Files of an earlier run are overwritten. It prints the top functions of each.\n\n" +
			"With --heap it collects only the heap profile, immediately; this is what the plan calls the memory profiler.",
		Example: "  bitcraps profile --service game --seconds 30\n  bitcraps profile --admin http://127.0.0.1:6060 --kind cpu --kind block --out /tmp/profiles\n" +
			"  bitcraps profile --service consensus-2 --heap",
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	cmd.Flags().StringVar(&f.dir, "dir", fleetDir, "folder of the fleet")
	cmd.Flags().StringVar(&f.service, "service", "", "service of the fleet, such as game, or one of its processes, such as game-0; all by default")
	cmd.Flags().StringVar(&f.admin, "admin", "", "URL of an admin port, instead of the fleet's")
	cmd.Flags().IntVar(&f.seconds, "seconds", 30, "how long to record cpu, mutex and block profiles")
	cmd.Flags().StringVar(&f.out, "out", "profiles", "folder for the files")
	cmd.Flags().StringArrayVar(&f.kinds, "kind", []string{"cpu", "heap", "goroutine", "mutex"}, "one of "+strings.Join(profiler.Names(), ", ")+"; repeatable")
	cmd.Flags().BoolVar(&f.heap, "heap", false, "collect only the heap profile")
	cmd.Flags().IntVar(&f.top, "top", 10, "number of functions to print for each profile")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	cmd.MarkFlagsMutuallyExclusive("admin", "service")
	cmd.MarkFlagsMutuallyExclusive("heap", "kind")
	return cmd
}

// maxSeconds bounds how long a profile takes, since a forgotten one costs performance all the time.
const maxSeconds = 600

func (f *profileFlags) run(cmd *cobra.Command) error {
	if f.seconds < 1 || f.seconds > maxSeconds {
		return fmt.Errorf("--seconds %d: want 1 to %d", f.seconds, maxSeconds)
	}
	if f.heap {
		f.kinds = []string{"heap"}
	}
	kinds, err := profiler.Select(f.kinds)
	if err != nil {
		return fmt.Errorf("--kind: %w", err)
	}
	targets, err := f.targets(cmd)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.out, 0o750); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	all, failed := f.collect(cmd, targets, kinds)
	return errors.Join(f.print(cmd, all), failed)
}

func (f *profileFlags) print(cmd *cobra.Command, all []collectedProfile) error {
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"profiles": all})
	}
	for _, p := range all {
		cmd.Printf("%s %s: %s\n", p.Process, p.Kind, p.SVG)
		if err := p.graph.WriteTop(cmd.OutOrStdout(), f.top); err != nil {
			return err
		}
		cmd.Println()
	}
	return nil
}

// profileTarget is a process to profile.
type profileTarget struct{ name, admin string }

// targets returns the processes to profile. It prints the names of stopped ones, and fails where none is left.
func (f *profileFlags) targets(cmd *cobra.Command) (selected []profileTarget, err error) {
	if f.admin != "" {
		return []profileTarget{{"process", f.admin}}, nil
	}
	all, err := fleet.Inspect(f.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("--dir %s: there is no fleet; start one with `bitcraps fleet up`, or name a process with --admin URL", f.dir)
	}
	if err != nil {
		return nil, err
	}
	stopped := false
	for _, state := range all.Status(cmd.Context()) {
		wanted := state.Admin != "" && (f.service == "" || f.service == state.Service || f.service == state.Name)
		switch {
		case wanted && state.State == fleet.Stopped:
			stopped = true
			fmt.Fprintln(cmd.ErrOrStderr(), state.Name+" is stopped")
		case wanted:
			selected = append(selected, profileTarget{state.Name, "http://" + state.Admin})
		}
	}
	switch {
	case len(selected) > 0:
		return selected, nil
	case stopped:
		return nil, errors.New("no process to profile is running; `bitcraps fleet up` starts them")
	default:
		return nil, fmt.Errorf("--service %s: the fleet has no such service or process; `bitcraps fleet status` lists them", f.service)
	}
}
