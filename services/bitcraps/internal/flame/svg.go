package flame

import (
	"bufio"
	_ "embed"
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"io"
	"strings"
)

const (
	width     = 1200.0
	margin    = 10.0
	head      = 46.0 // Title and search field.
	rowHeight = 18.0
	// narrowest is the frame that still is drawn: a fifth of a pixel.
	narrowest = 0.2
	// letter is how wide one is in the font of the frames.
	letter = 6.6
)

//go:embed flame.js
var script string

//go:embed flame.css
var style string

// WriteSVG draws the graph, callers above what they call. A browser searches it, and shows a frame's part alone on a click.
func (g *Graph) WriteSVG(w io.Writer) error {
	out := bufio.NewWriter(w)
	height := head + rowHeight*float64(g.root.depth(g.Total)) + margin
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(out, "<title>%s</title>\n<style>%s</style>\n", escape(g.Title), style)
	fmt.Fprintf(out, `<text class="title" x="%.0f" y="28">%s, %s</text>`+"\n", margin, escape(g.Title), Format(g.Total, g.Unit))
	fmt.Fprintf(out, `<text class="button" id="search" x="%.0f" y="28" text-anchor="end" tabindex="0" role="button">Search</text>`+"\n", width-margin)
	fmt.Fprintf(out, `<text class="matched" id="matched" x="%.0f" y="28" text-anchor="end"></text>`+"\n", width-margin-70)
	if g.Total > 0 {
		g.draw(out, g.root, margin, 0)
	}
	fmt.Fprintf(out, "<script><![CDATA[\n%s]]></script>\n</svg>\n", script)
	return out.Flush()
}

func (g *Graph) scale() float64 { return (width - 2*margin) / float64(g.Total) }

func (g *Graph) draw(out io.Writer, n *node, x float64, level int) {
	wide := float64(n.value) * g.scale()
	if wide < narrowest {
		return
	}
	y := head + rowHeight*float64(level)
	share := 100 * float64(n.value) / float64(g.Total)
	fmt.Fprintf(out, `<g class="frame" data-x="%.3f" data-w="%.3f" data-name="%s"><title>%s: %s, %.2f%%</title>`, x, wide, escape(n.name),
		escape(n.name), Format(n.value, g.Unit), share)
	fmt.Fprintf(out, `<rect x="%.3f" y="%.0f" width="%.3f" height="%.0f" fill="%s"/><text x="%.3f" y="%.0f">%s</text></g>`+"\n",
		x, y, wide, rowHeight-1, color(n.name), x+3, y+13, escape(fit(n.name, wide)))
	for _, child := range n.sorted() {
		g.draw(out, child, x, level+1)
		x += float64(child.value) * g.scale()
	}
}

// depth is how many rows are drawn from a frame on.
func (n *node) depth(total int64) int {
	if float64(n.value)*(width-2*margin) < narrowest*float64(total) {
		return 0
	}
	deepest := 0
	for _, child := range n.children {
		deepest = max(deepest, child.depth(total))
	}
	return deepest + 1
}

// fit is as much of a name as has room. flame.js does the same where a frame grows.
func fit(name string, wide float64) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	room := int((wide - 6) / letter)
	switch {
	case room < 3:
		return ""
	case len(name) <= room:
		return name
	}
	return name[:room-1] + "…"
}

// color is the same for all functions of a package, so that one sees where a package ends.
func color(name string) string {
	slash := strings.LastIndexByte(name, '/') + 1
	pkg, _, _ := strings.Cut(name[slash:], ".")
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name[:slash] + pkg)) // It never fails.
	sum := hash.Sum32()
	hue := 8 + sum%44 // Red to yellow; what is ours stands out in green.
	if strings.HasPrefix(name, "github.com/bitcraps/") {
		hue = 90 + sum%60
	}
	return fmt.Sprintf("hsl(%d,%d%%,%d%%)", hue, 62+sum/44%20, 58+sum/880%12)
}

func escape(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // A Builder takes everything.
	return out.String()
}
