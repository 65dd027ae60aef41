package supervise

import (
	"os"
	"path/filepath"
)

// Once starts a process, records it, and leaves it to itself: it outlives the caller
// and is found again by [Recorded].
func Once(spec Spec, runDir, logDir string) error {
	for _, d := range []string{runDir, logDir} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	path := filepath.Join(logDir, spec.Name+".log")
	if err := boundLog(path, logBytes); err != nil {
		return err
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := spec.command()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	id, err := Identify(cmd.Process.Pid)
	if err != nil {
		return err
	}
	if err := record(runDir, spec.Name, id); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // only so that it is no zombie while the caller lives
	return nil
}
