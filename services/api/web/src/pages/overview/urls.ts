/** A line of what was pasted: an address to watch, or why it is none. */
export interface Line {
  text: string;
  /** As it will be asked for; the API takes https without a scheme. */
  url?: string;
  wrong?: string;
}

/**
 * Reads addresses out of what was pasted: one a line, or several between spaces, commas or
 * semicolons. Numbers and bullets of lists fall away, and so does what comes twice.
 */
export function readUrls(text: string): Line[] {
  const seen = new Set<string>();
  const lines: Line[] = [];
  for (const raw of text.split(/[\s,;]+/)) {
    const word = raw.replace(/^[-*•"'<(]+|["'>)]+$/g, "");
    if (word === "" || /^\d+[.)]?$/.test(word)) continue;
    const line = readUrl(word);
    const key = line.url ?? line.text;
    if (seen.has(key)) continue;
    seen.add(key);
    lines.push(line);
  }
  return lines;
}

function readUrl(text: string): Line {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme && scheme !== "http" && scheme !== "https") {
    return {
      text,
      wrong: `${scheme} is not watched by its address: add it as a website, then a monitor of that kind`,
    };
  }
  const whole = scheme ? text : `https://${text}`;
  try {
    const u = new URL(whole);
    if (!scheme && !/[.:]/.test(u.host) && u.hostname !== "localhost")
      return { text, wrong: "This is no address" };
    return { text, url: whole };
  } catch {
    return { text, wrong: "This is no address" };
  }
}
