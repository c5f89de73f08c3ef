package events

import "strconv"

// The fields of a stream's entry: the process that appended it, the number of its last event, and its events. The numbers of a process
// have no gaps, so a reader notices when it has missed one. An entry without events only conveys its number.
const (
	fieldOrigin, fieldNumber                = "o", "n"
	fieldTopic, fieldSequence, fieldPayload = "t", "s", "e"
	fieldCause                              = "c" // A traceparent, if there is one.
)

// field returns the name of a field of an entry's i-th event. The first event has the field names of earlier releases, whose entries
// had one event: they read that one, and notice by the number that there were more.
func field(name string, i int) string {
	if i == 0 {
		return name
	}
	return name + strconv.Itoa(i)
}

// encodedEvent is an event as it is sent to other replicas. Without a payload it only says that the event exists.
type encodedEvent struct {
	topic    string
	sequence uint64
	cause    string
	payload  []byte
}

func (e encodedEvent) size() int { return len(e.topic) + len(e.cause) + len(e.payload) }

// entry is an entry of the stream that is being filled.
type entry struct {
	fields []any
	events int
	size   int // Of topics, causes and payloads, in bytes.
}

// fits reports whether the entry has room for an event. An empty entry has room for any.
func (e *entry) fits(event encodedEvent) bool {
	return e.events == 0 || e.size+event.size() <= maxPayload
}

func (e *entry) add(event encodedEvent) {
	e.fields = append(e.fields, field(fieldTopic, e.events), event.topic, field(fieldSequence, e.events), event.sequence)
	if event.cause != "" {
		e.fields = append(e.fields, field(fieldCause, e.events), event.cause)
	}
	if event.payload != nil {
		e.fields = append(e.fields, field(fieldPayload, e.events), event.payload)
	}
	e.events, e.size = e.events+1, e.size+event.size()
}

// numbers returns how many numbers an entry uses: one for each event, and one if it has none.
func numbers(events int) uint64 { return uint64(max(1, events)) }

// received is an entry as it was read.
type received map[string]any

func (r received) text(name string, i int) string {
	value, _ := r[field(name, i)].(string)
	return value
}

// number returns the number of the last event; ok is false if it is malformed.
func (r received) number() (number uint64, ok bool) {
	number, err := strconv.ParseUint(r.text(fieldNumber, 0), 10, 64)
	return number, err == nil
}

// events returns how many events the entry has: each has a sequence.
func (r received) events() (n int) {
	for r.text(fieldSequence, n) != "" {
		n++
	}
	return n
}
