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

// startTime returns when a process began, which distinguishes it from earlier and later processes with the same pid. It is empty
// where there is no such process, or only a zombie.
func startTime(pid int) string {
	if runtime.GOOS == "linux" {
		return linuxStartTime(pid)
	}
	out, err := exec.Command("ps", "-o", "stat=,lstart=,comm=", "-p", strconv.Itoa(pid)).Output()
	state, rest, ok := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || !ok || strings.HasPrefix(state, "Z") {
		return ""
	}
	return strings.TrimSpace(rest)
}

// Fields of /proc/PID/stat after the program's name: their numbers in proc(5) minus three.
const (
	stateField = 0
	startField = 19
)

func linuxStartTime(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	end := bytes.LastIndexByte(stat, ')')
	if err != nil || end < 0 {
		return ""
	}
	fields := strings.Fields(string(stat[end+1:]))
	if len(fields) <= startField || fields[stateField] == "Z" || fields[stateField] == "X" {
		return ""
	}
	// Times count from the machine's boot.
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s %s", bytes.TrimSpace(boot), fields[startField])
}
