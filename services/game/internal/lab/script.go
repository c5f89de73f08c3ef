package lab

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// runner runs one script.
type runner struct {
	table   *table
	out     *json.Encoder
	names   []string // In the order in which the players joined; the i-th player has id i.
	current string
	line    int
	refused int
}

// defaultPlayer is the current player until the script names another one.
const defaultPlayer = "player"

// maxLine bounds a script's lines.
const maxLine = 4096

// Run runs a script and writes a JSON object for everything that happens, each on a line of its own. Commands that the table
// refuses are written too and change nothing; refused is how many. A line that is not a command ends the run with an error.
func Run(script io.Reader, out io.Writer, options Options) (refused int, err error) {
	r := &runner{table: newTable(options), out: json.NewEncoder(out), current: defaultPlayer}
	lines := bufio.NewScanner(script)
	lines.Buffer(make([]byte, maxLine), maxLine)
	for lines.Scan() {
		r.line++
		text, _, _ := strings.Cut(lines.Text(), "#")
		if err := r.runLine(strings.Fields(text)); err != nil {
			return r.refused, fmt.Errorf("line %d: %w", r.line, err)
		}
	}
	if err := lines.Err(); err != nil {
		return r.refused, fmt.Errorf("line %d: %w", r.line+1, err)
	}
	return r.refused, nil
}

// runLine runs one line: a command, after the name of a player and a colon if it is not the current player's.
func (r *runner) runLine(words []string) error {
	if len(words) == 0 {
		return nil
	}
	player := r.current
	if name, named := strings.CutSuffix(words[0], ":"); named {
		if player, words = name, words[1:]; len(words) == 0 {
			return fmt.Errorf("%s: a command must follow the colon", name)
		}
	}
	if words[0] == "player" {
		if len(words) != 2 {
			return fmt.Errorf("want: player NAME")
		}
		r.current = words[1]
		return r.seat(r.current)
	}
	if err := r.seat(player); err != nil {
		return err
	}
	command, known := commands[words[0]]
	if !known { // The name of a wager is short for a bet on it.
		command, words = commands["bet"], append([]string{"bet"}, words...)
	}
	args, err := parse(command, words[1:])
	if err != nil {
		return fmt.Errorf("%s: %w; want: %s", words[0], err, command.usage)
	}
	turn, err := command.do(r.table, r.id(player), args)
	if err != nil {
		return r.writeRefusal(player, strings.Join(words, " "), err)
	}
	return r.writeEvents(turn)
}

// seat seats a player at the first mention.
func (r *runner) seat(name string) error {
	if slices.Contains(r.names, name) {
		return nil
	}
	r.names = append(r.names, name)
	turn, err := r.table.join(r.id(name))
	if err != nil {
		return err
	}
	return r.writeEvents(turn)
}

// id returns a player's id; name is its inverse.
func (r *runner) id(name string) uuid.UUID {
	return uuid.UUID{0: byte(slices.Index(r.names, name) + 1)}
}

func (r *runner) name(id string) string {
	if parsed, err := uuid.Parse(id); err == nil && parsed[0] > 0 {
		return r.names[parsed[0]-1]
	}
	return ""
}

// number parses a word as a whole number from low to high.
func number(word string, low, high int64) (int64, error) {
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%q is not a whole number from %d to %d", word, low, high)
	}
	return n, nil
}
