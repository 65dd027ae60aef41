// Package app is the program's commands: what they take, what they ask the fleet, and
// with which code they exit.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/services/cli/internal/client"
	"github.com/probefleet/probefleet/services/cli/internal/profile"
)

// Exit codes.
const (
	ExitOK     = 0
	ExitFailed = 1 // the fleet refuses or does not answer, or what was checked is down
	ExitUsage  = 2 // the command or a file is wrong: trying again is of no use
	ExitDrift  = 3 // apply --dry-run --detect-drift found differences
)

// System is what the program has around it.
type System struct {
	In       io.Reader
	Out, Err io.Writer
	Env      func(name string) (value string, set bool)
	Config   string // directory of the user's settings
	// Terminal tells that somebody sits there who can answer; Colour that Out shows it.
	Terminal, Colour bool
	// Secret reads a line that is not shown; nil: from In.
	Secret func() (string, error)
}

// SystemOf returns the one of a process with these files.
func SystemOf(in, out, errOut *os.File) System {
	config, err := os.UserConfigDir()
	if err != nil {
		config = filepath.Join(os.TempDir(), "nobody") // without a home there are no profiles
	}
	_, plain := os.LookupEnv("NO_COLOR")
	terminal := term.IsTerminal(int(in.Fd()))
	s := System{
		In: in, Out: out, Err: errOut, Env: os.LookupEnv, Config: config,
		Terminal: terminal, Colour: term.IsTerminal(int(out.Fd())) && !plain,
	}
	if terminal {
		s.Secret = func() (string, error) {
			text, err := term.ReadPassword(int(in.Fd()))
			fmt.Fprintln(errOut)
			return string(text), err
		}
	}
	return s
}

// app is one run of the program.
type app struct {
	System
	profile string
	ran     bool // the command line was understood
}

// exit is an error with a code of its own.
type exit struct {
	code int
	error
}

func (e exit) Unwrap() error { return e.error }

// wrong is an error of what the user wrote.
func wrong(format string, args ...any) error { return exit{ExitUsage, fmt.Errorf(format, args...)} }

// quiet ends with a code and has said why already.
func quiet(code int) error { return exit{code, nil} }

// Main runs the program and returns its exit code.
func Main(ctx context.Context, sys System, args []string) int {
	a := &app{System: sys}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(sys.In)
	root.SetOut(sys.Out)
	root.SetErr(sys.Err)
	err := root.ExecuteContext(ctx)
	var e exit
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &e):
		if e.error != nil {
			fmt.Fprintln(sys.Err, "probefleet:", e.error)
		}
		return e.code
	case !a.ran:
		fmt.Fprintln(sys.Err, "probefleet:", err)
		return ExitUsage
	case ctx.Err() != nil:
		fmt.Fprintln(sys.Err, "probefleet: stopped")
		return ExitFailed
	}
	fmt.Fprintln(sys.Err, "probefleet:", err)
	return ExitFailed
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "probefleet", Short: "Drive a fleet of uptime monitors through its API",
		Long: `Drive a fleet of uptime monitors through its API.

The fleet and the key come from PROBEFLEET_URL and PROBEFLEET_API_KEY, or else from a
profile that probefleet login has stored.

Exit codes: 0 done, or nothing to do; 1 the fleet refuses, does not answer, or what was
checked is down; 2 the command or a file is wrong; 3 apply --dry-run --detect-drift has
found differences.`,
		Version: service.Version(), SilenceErrors: true, SilenceUsage: true,
	}
	root.PersistentFlags().StringVar(&a.profile, "profile", "", "profile of probefleet login (PROBEFLEET_PROFILE; default \""+profile.Default+"\")")
	root.AddCommand(
		a.login(), a.whoami(), a.apply(), a.export(), a.get(), a.probe(), a.tail(), a.status(), a.incident(),
		a.pause(), a.resume(), a.check(), a.importFrom(), a.backup(), a.restore(),
	)
	return root
}

// run makes a function the work of a command.
func (a *app) run(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.ran = true
		return f(cmd.Context(), args)
	}
}

func (a *app) env(name string) string {
	v, _ := a.Env(name)
	return strings.TrimSpace(v)
}

// profileName returns the profile in use.
func (a *app) profileName() string {
	switch {
	case a.profile != "":
		return a.profile
	case a.env("PROBEFLEET_PROFILE") != "":
		return a.env("PROBEFLEET_PROFILE")
	}
	return profile.Default
}

// fleet returns a client of the fleet that is meant.
func (a *app) fleet() (*client.Client, error) {
	p := profile.Profile{URL: a.env("PROBEFLEET_URL"), Key: a.env("PROBEFLEET_API_KEY")}
	if p.URL == "" || p.Key == "" {
		if p.URL != "" {
			// The stored key is for another fleet: it must not be sent there.
			return nil, wrong("PROBEFLEET_URL is set and PROBEFLEET_API_KEY is not")
		}
		stored, err := profile.In(a.Config).Get(a.profileName())
		if err != nil {
			return nil, wrong("set PROBEFLEET_URL and PROBEFLEET_API_KEY, or log in: %w", err)
		}
		if p.Key == "" {
			p.Key = stored.Key
		}
		p.URL = stored.URL
	}
	c, err := client.New(p.URL, p.Key, service.Version())
	if err != nil {
		return nil, exit{ExitUsage, err}
	}
	return c, nil
}

// ask asks a question on a terminal. Only y and yes mean yes.
func (a *app) ask(question string) (bool, error) {
	fmt.Fprint(a.Err, question+" [y/N] ")
	answer, err := readLine(a.In)
	if err != nil {
		return false, err
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", nil
}

// readLine reads one line and not a byte more, so that what follows can be read too.
func readLine(in io.Reader) (string, error) {
	var line []byte
	var one [1]byte
	for len(line) < 64<<10 {
		n, err := in.Read(one[:])
		if n > 0 && one[0] == '\n' {
			break
		}
		line = append(line, one[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("read the answer: %w", err)
		}
	}
	return strings.TrimRight(string(line), "\r"), nil
}
