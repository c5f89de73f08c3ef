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

// profileFlags say what is profiled.
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
		Long: "Collect profiles of the services of a fleet, or of whatever process has its admin port at a URL, while it works. For each\n" +
			"profile it writes PROCESS-KIND.pprof for `go tool pprof`, and PROCESS-KIND.svg: a flame graph that any browser shows, where a\n" +
			"click enlarges a frame and Ctrl-F searches. Files of an earlier run are overwritten. It prints where the most is.\n\n" +
			"With --heap it takes the heap alone, at once; this is what the plan calls the memory profiler.",
		Example: "  bitcraps profile --service game --seconds 30\n  bitcraps profile --admin http://127.0.0.1:6060 --kind cpu --kind block --out /tmp/profiles\n" +
			"  bitcraps profile --service consensus-2 --heap",
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	cmd.Flags().StringVar(&f.dir, "dir", fleetDir, "folder of the fleet")
	cmd.Flags().StringVar(&f.service, "service", "", "service of the fleet, such as game, or one process of it, such as game-0; all where it is not given")
	cmd.Flags().StringVar(&f.admin, "admin", "", "URL of an admin port, in place of the fleet's")
	cmd.Flags().IntVar(&f.seconds, "seconds", 30, "how long to record CPU, mutex and block")
	cmd.Flags().StringVar(&f.out, "out", "profiles", "folder for the files")
	cmd.Flags().StringArrayVar(&f.kinds, "kind", []string{"cpu", "heap", "goroutine", "mutex"}, "one of "+strings.Join(profiler.Names(), ", ")+"; repeatable")
	cmd.Flags().BoolVar(&f.heap, "heap", false, "the heap alone")
	cmd.Flags().IntVar(&f.top, "top", 10, "functions to print of each profile")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	cmd.MarkFlagsMutuallyExclusive("admin", "service")
	cmd.MarkFlagsMutuallyExclusive("heap", "kind")
	return cmd
}

// maxSeconds is how long a profile may take: a forgotten one would cost for as long.
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

func (f *profileFlags) print(cmd *cobra.Command, all []collected) error {
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

// profiled is a process to profile.
type profiled struct{ name, admin string }

// targets are the processes to profile. It names those that are stopped, and fails where no other is left.
func (f *profileFlags) targets(cmd *cobra.Command) (chosen []profiled, err error) {
	if f.admin != "" {
		return []profiled{{"process", f.admin}}, nil
	}
	all, err := fleet.Look(f.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("--dir %s: there is no fleet; start one with `bitcraps fleet up`, or name a process by --admin URL", f.dir)
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
			chosen = append(chosen, profiled{state.Name, "http://" + state.Admin})
		}
	}
	switch {
	case len(chosen) > 0:
		return chosen, nil
	case stopped:
		return nil, errors.New("nothing runs to profile; `bitcraps fleet up` starts it")
	default:
		return nil, fmt.Errorf("--service %s: the fleet has no such service or process; `bitcraps fleet status` names them", f.service)
	}
}
