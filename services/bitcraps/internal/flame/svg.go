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
	width        = 1200.0
	margin       = 10.0
	headerHeight = 46.0 // Title and search field.
	rowHeight    = 18.0
	// minFrameWidth is the width of the narrowest frame that is drawn, in pixels.
	minFrameWidth = 0.2
	// charWidth is the width of a character in the font of the frames.
	charWidth = 6.6
)

//go:embed flame.js
var script string

//go:embed flame.css
var style string

// WriteSVG draws the graph, with callers above their callees. In a browser it can be searched, and a click zooms into a frame.
func (g *Graph) WriteSVG(w io.Writer) error {
	out := bufio.NewWriter(w)
	height := headerHeight + rowHeight*float64(g.root.depth(g.Total)) + margin
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
	frameWidth := float64(n.value) * g.scale()
	if frameWidth < minFrameWidth {
		return
	}
	y := headerHeight + rowHeight*float64(level)
	share := 100 * float64(n.value) / float64(g.Total)
	fmt.Fprintf(out, `<g class="frame" data-x="%.3f" data-w="%.3f" data-name="%s"><title>%s: %s, %.2f%%</title>`, x, frameWidth, escape(n.name),
		escape(n.name), Format(n.value, g.Unit), share)
	fmt.Fprintf(out, `<rect x="%.3f" y="%.0f" width="%.3f" height="%.0f" fill="%s"/><text x="%.3f" y="%.0f">%s</text></g>`+"\n",
		x, y, frameWidth, rowHeight-1, color(n.name), x+3, y+13, escape(fit(n.name, frameWidth)))
	for _, child := range n.sortedChildren() {
		g.draw(out, child, x, level+1)
		x += float64(child.value) * g.scale()
	}
}

// depth is how many rows are drawn for a frame and its callees.
func (n *node) depth(total int64) int {
	if float64(n.value)*(width-2*margin) < minFrameWidth*float64(total) {
		return 0
	}
	deepest := 0
	for _, child := range n.children {
		deepest = max(deepest, child.depth(total))
	}
	return deepest + 1
}

// fit shortens a name to the width of its frame. flame.js does the same when a frame grows.
func fit(name string, frameWidth float64) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	room := int((frameWidth - 6) / charWidth)
	switch {
	case room < 3:
		return ""
	case len(name) <= room:
		return name
	}
	return name[:room-1] + "…"
}

// color is the same for all functions of a package, so that the boundaries of packages are visible.
func color(name string) string {
	slash := strings.LastIndexByte(name, '/') + 1
	pkg, _, _ := strings.Cut(name[slash:], ".")
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name[:slash] + pkg)) // It never fails.
	sum := hash.Sum32()
	hue := 8 + sum%44 // Red to yellow; our own code stands out in green.
	if strings.HasPrefix(name, "github.com/bitcraps/") {
		hue = 90 + sum%60
	}
	return fmt.Sprintf("hsl(%d,%d%%,%d%%)", hue, 62+sum/44%20, 58+sum/880%12)
}

func escape(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // A Builder never fails.
	return out.String()
}
