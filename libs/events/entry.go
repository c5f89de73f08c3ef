package events

import "strconv"

// The fields of a stream's entry: its process, the number of its last event, and its events. The numbers of a process have no gaps, so
// a reader knows when it has missed one. An entry without events is there for its number alone.
const (
	fieldOrigin, fieldNumber                = "o", "n"
	fieldTopic, fieldSequence, fieldPayload = "t", "s", "e"
	fieldCause                              = "c" // A traceparent, where there is one to tell.
)

// field is the name of a field of an entry's i-th event. The first one's are those of the releases that put one into an entry: they
// read it, and find by the number that there were more.
func field(name string, i int) string {
	if i == 0 {
		return name
	}
	return name + strconv.Itoa(i)
}

// told is an event as it is told to others. Without a payload they learn only that it is there.
type told struct {
	topic    string
	sequence uint64
	cause    string
	payload  []byte
}

func (t told) size() int { return len(t.topic) + len(t.cause) + len(t.payload) }

// entry is an entry of the stream while it is filled.
type entry struct {
	fields []any
	events int
	size   int // Of topics, causes and payloads, in bytes.
}

// holds reports whether there is room for an event, as there always is for one.
func (e *entry) holds(event told) bool { return e.events == 0 || e.size+event.size() <= maxPayload }

func (e *entry) add(event told) {
	e.fields = append(e.fields, field(fieldTopic, e.events), event.topic, field(fieldSequence, e.events), event.sequence)
	if event.cause != "" {
		e.fields = append(e.fields, field(fieldCause, e.events), event.cause)
	}
	if event.payload != nil {
		e.fields = append(e.fields, field(fieldPayload, e.events), event.payload)
	}
	e.events, e.size = e.events+1, e.size+event.size()
}

// numbers is how many an entry takes: one for each event, and one where there is none.
func numbers(events int) uint64 { return uint64(max(1, events)) }

// received is an entry as it was read.
type received map[string]any

func (r received) text(name string, i int) string {
	value, _ := r[field(name, i)].(string)
	return value
}

// number is that of the last event; ok is false where it can't be read.
func (r received) number() (number uint64, ok bool) {
	number, err := strconv.ParseUint(r.text(fieldNumber, 0), 10, 64)
	return number, err == nil
}

// events is how many there are: each has a sequence.
func (r received) events() (n int) {
	for r.text(fieldSequence, n) != "" {
		n++
	}
	return n
}
