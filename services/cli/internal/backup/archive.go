package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

// An archive is a tar, compressed by zstd, and with a passphrase encrypted by age. What
// is long is cut into parts, so that nothing has to be known of its length before:
// name/000001, name/000002 and so on. The sums come last.
const (
	partSize  = 4 << 20 // bytes
	sumsName  = "checksums.json"
	ageMagic  = "age-encryption.org/"
	maxMemory = 256 << 20 // bytes that decompression may take
)

// sum is what a stream must come to.
type sum struct {
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// writer writes an archive.
type writer struct {
	tar    *tar.Writer
	now    time.Time
	sums   map[string]sum
	layers []io.Closer // from the inside
}

// newWriter begins an archive; an empty passphrase leaves it readable.
func newWriter(out io.Writer, passphrase string, now time.Time) (*writer, error) {
	w := &writer{now: now, sums: map[string]sum{}}
	if passphrase != "" {
		recipient, err := age.NewScryptRecipient(passphrase)
		if err != nil {
			return nil, fmt.Errorf("passphrase: %w", err)
		}
		sealed, err := age.Encrypt(out, recipient)
		if err != nil {
			return nil, fmt.Errorf("encrypt: %w", err)
		}
		w.layers, out = append(w.layers, sealed), sealed
	}
	packed, err := zstd.NewWriter(out)
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	w.tar = tar.NewWriter(packed)
	w.layers = append([]io.Closer{w.tar, packed}, w.layers...)
	return w, nil
}

// close writes the sums and ends the archive. Without it, the archive is not whole.
func (w *writer) close() error {
	text, err := json.MarshalIndent(w.sums, "", "  ")
	if err != nil {
		return err
	}
	if err := w.entry(sumsName, text); err != nil {
		return err
	}
	for _, l := range w.layers {
		if err := l.Close(); err != nil {
			return fmt.Errorf("end the archive: %w", err)
		}
	}
	return nil
}

func (w *writer) entry(name string, content []byte) error {
	header := &tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: w.now, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
	if err := w.tar.WriteHeader(header); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	if _, err := w.tar.Write(content); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return nil
}

// stream writes something of any length under a name.
func (w *writer) stream(name string, write func(io.Writer) error) error {
	s := &partWriter{to: w, name: name, hash: sha256.New()}
	if err := write(s); err != nil {
		return err
	}
	if err := s.flush(); err != nil {
		return err
	}
	w.sums[name] = sum{hex.EncodeToString(s.hash.Sum(nil)), s.bytes}
	return nil
}

type partWriter struct {
	to    *writer
	name  string
	part  int
	held  bytes.Buffer
	hash  hash.Hash
	bytes int64
}

// Write implements io.Writer.
func (s *partWriter) Write(b []byte) (int, error) {
	s.hash.Write(b)
	s.bytes += int64(len(b))
	s.held.Write(b)
	if s.held.Len() < partSize {
		return len(b), nil
	}
	return len(b), s.flush()
}

// flush writes what is held, even nothing as the first part.
func (s *partWriter) flush() error {
	if s.held.Len() == 0 && s.part > 0 {
		return nil
	}
	s.part++
	err := s.to.entry(fmt.Sprintf("%s/%06d", s.name, s.part), s.held.Bytes())
	s.held.Reset()
	return err
}

// reader reads an archive from its beginning.
type reader struct {
	file   io.Closer
	unpack *zstd.Decoder
	tar    *tar.Reader
	next   *tar.Header // that has been read and is not yet used; nil: none
}

// ErrPassphrase is returned for an archive that does not open.
var ErrPassphrase = errors.New("the archive is encrypted, and the passphrase is missing or another one")

func openArchive(path, passphrase string) (*reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &reader{file: f}
	var in io.Reader = bufio.NewReaderSize(f, 1<<20)
	if head, err := in.(*bufio.Reader).Peek(len(ageMagic)); err == nil && string(head) == ageMagic {
		if in, err = decrypt(in, passphrase); err != nil {
			f.Close()
			return nil, err
		}
	}
	if r.unpack, err = zstd.NewReader(in, zstd.WithDecoderMaxMemory(maxMemory)); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.tar = tar.NewReader(r.unpack)
	return r, nil
}

func decrypt(in io.Reader, passphrase string) (io.Reader, error) {
	if passphrase == "" {
		return nil, ErrPassphrase
	}
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, fmt.Errorf("passphrase: %w", err)
	}
	out, err := age.Decrypt(in, identity)
	var wrong *age.NoIdentityMatchError
	if errors.As(err, &wrong) {
		return nil, ErrPassphrase
	}
	return out, err
}

func (r *reader) close() {
	r.unpack.Close()
	r.file.Close()
}

// each calls use for every stream, one after the other.
func (r *reader) each(use func(name string, in io.Reader) error) error {
	for {
		header := r.next
		if r.next = nil; header == nil {
			var err error
			if header, err = r.tar.Next(); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return fmt.Errorf("the archive is damaged: %w", err)
			}
		}
		name, isPart := cutPart(header.Name)
		var in io.Reader = r.tar
		if isPart {
			in = &partReader{r: r, name: name}
		}
		if err := use(name, in); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, in); err != nil {
			return fmt.Errorf("the archive is damaged: %w", err)
		}
	}
}

// cutPart takes the number off the name of a part.
func cutPart(name string) (stream string, isPart bool) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 || len(name)-i != len("/000001") {
		return name, false
	}
	return name[:i], true
}

// partReader reads the parts of a stream as one.
type partReader struct {
	r    *reader
	name string
	done bool
}

// Read implements io.Reader.
func (p *partReader) Read(b []byte) (int, error) {
	for !p.done {
		n, err := p.r.tar.Read(b)
		if n > 0 || err != nil && !errors.Is(err, io.EOF) {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return n, err
		}
		if err == nil {
			return 0, nil
		}
		header, err := p.r.tar.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if header != nil {
			if name, isPart := cutPart(header.Name); isPart && name == p.name {
				continue
			}
		}
		p.r.next, p.done = header, true
	}
	return 0, io.EOF
}

// verify reads all of an archive and returns its manifest, if it is whole.
func verify(path, passphrase string) (*Manifest, error) {
	r, err := openArchive(path, passphrase)
	if err != nil {
		return nil, err
	}
	defer r.close()
	var m *Manifest
	var want map[string]sum
	got := map[string]sum{}
	err = r.each(func(name string, in io.Reader) error {
		if name == sumsName {
			return json.NewDecoder(io.LimitReader(in, 1<<20)).Decode(&want)
		}
		h := sha256.New()
		in = io.TeeReader(in, h)
		if name == manifestName {
			m = &Manifest{}
			if err := json.NewDecoder(io.LimitReader(in, 16<<20)).Decode(m); err != nil {
				return fmt.Errorf("manifest: %w", err)
			}
		}
		n, err := io.Copy(io.Discard, in)
		got[name] = sum{hex.EncodeToString(h.Sum(nil)), n}
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s is no whole archive: %w", path, err)
	case want == nil || m == nil:
		return nil, fmt.Errorf("%s is no whole archive: its end is missing", path)
	case len(want) != len(got):
		return nil, fmt.Errorf("%s is damaged: parts are missing", path)
	}
	for name, s := range want {
		if got[name].SHA256 != s.SHA256 {
			return nil, fmt.Errorf("%s is damaged: %s is not what it was", path, name)
		}
	}
	return m, nil
}
