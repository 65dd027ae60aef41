// Package webui serves the dashboard that was built into the binary. Without one it
// serves a plain page that says so, because a clean checkout has none.
package webui

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
)

//go:embed all:dist
var built embed.FS

// policy keeps a page from loading anything from elsewhere.
const policy = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// Handler returns a handler for all paths that are not the API's.
func Handler() http.Handler {
	dist, err := fs.Sub(built, "dist")
	if err != nil {
		panic(err) // The directory is part of the binary.
	}
	return handler(dist)
}

func handler(dist fs.FS) http.Handler {
	index, err := fs.ReadFile(dist, "index.html")
	if err != nil {
		return http.HandlerFunc(notBuilt)
	}
	files := http.FileServerFS(dist)
	small := compressed(dist)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if info, err := fs.Stat(dist, name); err == nil && !info.IsDir() && name != "index.html" && name != ".gitkeep" {
			if strings.HasPrefix(name, "assets/") { // their names change with their content
				w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			}
			if body, ok := small[name]; ok {
				w.Header().Set("Vary", "Accept-Encoding")
				if acceptsGzip(r) {
					w.Header().Set("Content-Encoding", "gzip")
					w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
					_, _ = w.Write(body) // The caller may be gone.
					return
				}
			}
			files.ServeHTTP(w, r)
			return
		}
		if path.Ext(name) != "" && name != "index.html" {
			http.NotFound(w, r) // a file that is not there, rather than a page of the dashboard
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(index) // The caller may be gone.
	})
}

// compressed are the scripts and styles, which shrink to a third; about 2 MB, once.
func compressed(dist fs.FS) map[string][]byte {
	all := map[string][]byte{}
	names, err := fs.Glob(dist, "assets/*")
	if err != nil {
		panic(err) // The pattern is a constant.
	}
	for _, name := range names {
		if ext := path.Ext(name); ext != ".js" && ext != ".css" {
			continue
		}
		content, err := fs.ReadFile(dist, name)
		if err != nil {
			continue // It is served as it is, or not at all.
		}
		var out bytes.Buffer
		zip := gzip.NewWriter(&out)
		_, _ = zip.Write(content) // Memory does not fail.
		_ = zip.Close()
		all[name] = out.Bytes()
	}
	return all
}

func acceptsGzip(r *http.Request) bool {
	for _, one := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(one, ";")
		if strings.TrimSpace(coding) == "gzip" {
			return !slices.Contains([]string{"q=0", "q=0.0", "q=0.00", "q=0.000"}, strings.TrimSpace(weight))
		}
	}
	return false
}

const notBuiltPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>probefleet</title>
<style>pre{white-space:pre-wrap;overflow-wrap:anywhere}body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8bf}}</style>
<h1>probefleet</h1>
<p>The dashboard is not built into this binary. The fleet works without it:</p>
<ul>
<li><a href="/openapi.json">the API, as OpenAPI 3.1</a></li>
<li><a href="/readyz">is it ready?</a></li>
</ul>
<pre>curl -H "Authorization: Bearer $PROBEFLEET_API_KEY" $PROBEFLEET_URL/v1/websites</pre>
</html>
`

func notBuilt(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	_, _ = w.Write([]byte(notBuiltPage)) // The caller may be gone.
}
