package bitcraps

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows a progress bar until finish is called, if status is a terminal.
func progress(status io.Writer, total int64, doing, unit string) (advance func(int64), finish func()) {
	file, isFile := status.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		return func(int64) {}, func() {}
	}
	bar := progressbar.NewOptions64(total, progressbar.OptionSetWriter(file), progressbar.OptionSetDescription(doing), progressbar.OptionSetItsString(unit),
		progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(redrawInterval), progressbar.OptionClearOnFinish())
	// A bar that can't be drawn is no reason to stop.
	return func(n int64) { _ = bar.Add64(n) }, func() { _ = bar.Clear() }
}

// redrawInterval is the minimum time between two updates of a bar.
const redrawInterval = 100 * time.Millisecond
