package monitorspec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Mask stands for a secret wherever settings are shown. Given back in a change, it
// means "as it was".
const Mask = "***"

// secretField is a text that is secret, or could be.
type secretField struct {
	key    string // names it for good: list entries with a name are known by that
	path   string // for people
	value  *string
	secret bool
}

// secretFields returns every text of a struct that may be secret.
func secretFields(v reflect.Value, key, path string) []secretField {
	var out []secretField
	t := v.Type()
	marked := false
	for _, f := range fieldsOf(t) {
		if f.name == "secret" {
			marked = v.FieldByIndex(f.index).Bool()
		}
	}
	for _, f := range fieldsOf(t) {
		fv := v.FieldByIndex(f.index)
		if f.secret || f.secretIf {
			s, _ := fv.Addr().Interface().(*string)
			out = append(out, secretField{key + f.name, path + "." + f.name, s, f.secret || marked})
			continue
		}
		seen := map[string]int{}
		eachStruct(fv, func(suffix string, s reflect.Value) {
			entry := suffix
			if named := s.FieldByName("Name"); suffix != "" && named.IsValid() {
				name := strings.ToLower(named.String())
				entry = fmt.Sprintf("[%s#%d]", name, seen[name]) // a name may be repeated
				seen[name]++
			}
			out = append(out, secretFields(s, key+f.name+entry+".", path+"."+f.name+suffix)...)
		})
	}
	return out
}

func (s *Spec) secretFields() []secretField {
	return secretFields(reflect.ValueOf(s.Settings).Elem(), "", "settings")
}

// Secrets returns the values that only the target may see, for whoever has to keep them
// out of texts.
func (s *Spec) Secrets() []string {
	var out []string
	for _, f := range s.secretFields() {
		if f.secret && *f.value != "" {
			out = append(out, *f.value)
		}
	}
	return out
}

// SecretsOf returns what must be looked for in texts that a target had a say in: the
// secrets of settings in every form in which a target may repeat them, that is as they
// are written and as they are sent, without white space round them, word by word, and
// as they look in quotes.
func SecretsOf(settings Settings) []string {
	seen := map[string]bool{}
	var out []string
	add := func(s string) {
		if s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	for _, secret := range (&Spec{Settings: settings}).Secrets() {
		for _, form := range []string{secret, decoded(secret, EncodingHex), decoded(secret, EncodingBase64)} {
			add(form)
			for _, word := range append(strings.Fields(form), strings.TrimSpace(form)) {
				if len(word) >= minWord {
					add(word)
					add(strings.Trim(strconv.QuoteToASCII(word), `"`))
				}
			}
		}
	}
	return out
}

// minWord is the length from which a part of a secret is one itself, rather than a
// command like PASS.
const minWord = 6

// decoded returns what a text may have been sent as, empty if it is not in the encoding.
func decoded(text, encoding string) string {
	b, err := Decode(text, encoding)
	if err != nil {
		return ""
	}
	return string(b)
}

// Split returns the settings in two halves: the public one, with [Mask] for every
// secret, which may be stored in the clear and shown, and the secrets, which are to be
// sealed; nil if there are none.
func (s *Spec) Split() (public, secrets json.RawMessage, err error) {
	c, err := s.clone()
	if err != nil {
		return nil, nil, err
	}
	trim(reflect.ValueOf(c.Settings).Elem())
	half := map[string]string{}
	for _, f := range c.secretFields() {
		if f.secret && *f.value != "" {
			half[f.key] = *f.value
			*f.value = Mask
		}
	}
	if public, err = encode(c.Settings); err != nil || len(half) == 0 {
		return public, nil, err
	}
	secrets, err = json.Marshal(half)
	return public, secrets, err
}

// Public returns the half that may be shown.
func (s *Spec) Public() (json.RawMessage, error) {
	public, _, err := s.Split()
	return public, err
}

// Join puts the halves together again. It does not validate, since what was valid when
// it was stored stays in use; a secret that is not there leaves its [Mask], which the
// target will refuse.
func Join(kind uptime.Kind, target string, public, secrets json.RawMessage) (*Spec, error) {
	s := &Spec{Kind: kind, Target: target, Settings: empty(kind)}
	if s.Settings == nil {
		return nil, fmt.Errorf("unknown kind of check %q", kind)
	}
	if len(public) > 0 {
		if err := json.Unmarshal(public, s.Settings); err != nil {
			return nil, fmt.Errorf("stored settings of %s do not decode", kind)
		}
	}
	complete(reflect.ValueOf(s.Settings).Elem())
	if len(secrets) == 0 {
		return s, nil
	}
	half := map[string]string{}
	if err := json.Unmarshal(secrets, &half); err != nil {
		return nil, fmt.Errorf("secrets of %s do not decode", kind)
	}
	for _, f := range s.secretFields() {
		if value, ok := half[f.key]; ok && *f.value == Mask {
			*f.value = value
		}
	}
	return s, nil
}

// Merge reads a change: a new target, unless it is nil, and a JSON merge patch (RFC
// 7396) of the settings as they are shown. Secrets that the patch leaves out, or gives
// as [Mask], stay as they were; null takes a setting away. In lists, entries with a name
// are known by it and others by their place. The error is [Errors].
func (s *Spec) Merge(target *string, patch json.RawMessage) (*Spec, error) {
	shown, err := s.Public()
	if err != nil {
		return nil, err
	}
	was, change := map[string]any{}, map[string]any{}
	if err := unmarshalNumbers(shown, &was); err != nil {
		return nil, fmt.Errorf("settings of %s do not decode: %w", s.Kind, err)
	}
	if len(patch) > MaxBytes {
		return nil, Errors{{"settings", fmt.Sprintf("has %d bytes, at most %d are allowed", len(patch), MaxBytes), NoOffset}}
	}
	if len(patch) > 0 {
		if err := unmarshalNumbers(patch, &change); err != nil {
			return nil, Errors{{"settings", "must be an object", NoOffset}}
		}
	}
	mergePatch(was, change)
	merged, err := json.Marshal(was)
	if err != nil {
		return nil, fmt.Errorf("encode settings: %w", err)
	}
	to := s.Target
	if target != nil {
		to = *target
	}
	return parse(s.Kind, to, merged, s)
}

func unmarshalNumbers(b []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	return dec.Decode(into)
}

// mergePatch applies change to was (RFC 7396, section 2).
func mergePatch(was, change map[string]any) {
	for name, value := range change {
		switch value := value.(type) {
		case nil:
			delete(was, name)
		case map[string]any:
			inner, _ := was[name].(map[string]any)
			if inner == nil {
				inner = map[string]any{}
			}
			mergePatch(inner, value)
			was[name] = inner
		default:
			was[name] = value
		}
	}
}

// restore replaces placeholders by the secrets of old, where they may be kept.
func (s *Spec) restore(l *list, old *Spec) {
	kept := map[string]string{}
	if old != nil {
		for _, f := range old.secretFields() {
			if f.secret {
				kept[f.key] = *f.value
			}
		}
	}
	for _, f := range s.secretFields() {
		if *f.value != Mask {
			continue
		}
		value, ok := kept[f.key]
		switch {
		case !ok:
			l.add(f.path, "is %s, which stands for a secret that is kept, but none is", Mask)
		case !f.secret:
			l.add(f.path, "must be given again, as it is to be shown from now on")
		case s.elsewhere(old, f.key):
			l.add(f.path, "must be given again, as it was given for another host")
		default:
			*f.value = value
		}
	}
}

// elsewhere tells whether a secret would be told to a host that it was not given for.
func (s *Spec) elsewhere(old *Spec, key string) bool {
	if hostOf(s.Target) != hostOf(old.Target) {
		return true
	}
	now, isHTTP := s.Settings.(*HTTP)
	was, _ := old.Settings.(*HTTP)
	return isHTTP && key == "auth.client_secret" &&
		now.Auth != nil && was.Auth != nil && hostOf(now.Auth.TokenURL) != hostOf(was.Auth.TokenURL)
}
