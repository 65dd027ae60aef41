package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// profileWindow is how long the CPU is looked at, after what is measured: being looked
// at costs a little.
const profileWindow = 10 * time.Second

// profiling tells whether the services serve profiles: whoever asks for them by the
// services' own setting wants to have them kept.
func profiling() bool {
	on, err := strconv.ParseBool(os.Getenv("OPS_PPROF"))
	return err == nil && on
}

// profile keeps what every service spends its time on and what its heap holds, if asked
// to, as PART/SERVICE.cpu and PART/SERVICE.heap for go tool pprof.
func (b *bench) profile(ctx context.Context, f *fleet, part string) error {
	if !profiling() {
		return nil
	}
	dir := filepath.Join(b.dir, "profiles", part)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var wait sync.WaitGroup
	names := f.Names()
	errs := make([]error, len(names))
	for i, name := range names {
		if isEngine(name) {
			continue
		}
		wait.Go(func() {
			at, path := f.OpsURL(name)+"/debug/pprof/", filepath.Join(dir, name)
			seconds := strconv.Itoa(int(profileWindow.Seconds()))
			errs[i] = errors.Join(
				fetch(ctx, at+"profile?seconds="+seconds, path+".cpu"),
				fetch(ctx, at+"heap", path+".heap"))
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	b.cfg.Tell("profiles: go tool pprof -top bin/SERVICE %s/SERVICE.cpu", dir)
	return nil
}

// fetch writes what a URL answers into a file.
func fetch(ctx context.Context, url, path string) error {
	ctx, cancel := context.WithTimeout(ctx, profileWindow+30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, resp.Body)
	return errors.Join(err, file.Close())
}
