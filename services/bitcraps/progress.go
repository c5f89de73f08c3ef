package bitcraps

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows a bar on a terminal until it is finished, and nothing where the output goes elsewhere.
func progress(status io.Writer, total int64, doing, unit string) (advance func(int64), finish func()) {
	file, isFile := status.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		return func(int64) {}, func() {}
	}
	bar := progressbar.NewOptions64(total, progressbar.OptionSetWriter(file), progressbar.OptionSetDescription(doing), progressbar.OptionSetItsString(unit),
		progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(redraw), progressbar.OptionClearOnFinish())
	// A bar that can't be drawn is no reason to stop.
	return func(n int64) { _ = bar.Add64(n) }, func() { _ = bar.Clear() }
}

// redraw is how long a bar stands still at least.
const redraw = 100 * time.Millisecond
