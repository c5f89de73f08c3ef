package fleet

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// birth tells a process from all others that have or had its pid, since it says when the process began. It is empty
// where there is none, or only one that ended and waits for its parent.
func birth(pid int) string {
	if runtime.GOOS == "linux" {
		return linuxBirth(pid)
	}
	out, err := exec.Command("ps", "-o", "stat=,lstart=,comm=", "-p", strconv.Itoa(pid)).Output()
	state, rest, ok := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || !ok || strings.HasPrefix(state, "Z") {
		return ""
	}
	return strings.TrimSpace(rest)
}

// Fields of /proc/PID/stat behind the program's name, as proc(5) numbers them less three.
const (
	stateField = 0
	startField = 19
)

func linuxBirth(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	end := bytes.LastIndexByte(stat, ')')
	if err != nil || end < 0 {
		return ""
	}
	fields := strings.Fields(string(stat[end+1:]))
	if len(fields) <= startField || fields[stateField] == "Z" || fields[stateField] == "X" {
		return ""
	}
	// Times count from the machine's start.
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s %s", bytes.TrimSpace(boot), fields[startField])
}
