package supervise

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// Bounds of a process's log: when it has outgrown logBytes, checked every logCheck,
// it is kept as <log>.1 and begun anew, so that it takes about twice that on disk.
const (
	logBytes = 16 << 20
	logCheck = 5 * time.Second
)

// boundLog copies a log that has outgrown the bound and empties it. The process has it
// open for appending and simply goes on; lines that it writes between the copy and the
// cut, some microseconds, are lost.
func boundLog(path string, bound int64) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || info.Size() <= bound {
		return err
	}
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	if _, err := in.Seek(-bound, io.SeekEnd); err != nil {
		return err
	}
	out, err := os.Create(path + ".1")
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Truncate(path, 0)
}

// Tail returns the end of a log, to show beside an error.
func Tail(path string, most int64) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > most {
		_, _ = f.Seek(-most, io.SeekEnd)
	}
	b, _ := io.ReadAll(f)
	return string(b)
}
