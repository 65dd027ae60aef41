import type { ReactNode } from "react";

/**
 * Light Markdown of what people write: paragraphs, lists, headings, `code`, **bold** and
 * links. Made of elements, never of HTML: what is not understood stays text.
 */
export function Prose({ text }: { text: string }) {
  return <div className="space-y-2 wrap-anywhere">{blocks(text)}</div>;
}

function blocks(text: string): ReactNode[] {
  const out: ReactNode[] = [];
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  for (let n = 0; n < lines.length; ) {
    const line = lines[n] ?? "";
    const start = n;
    if (line.trim() === "") {
      n++;
    } else if (line.startsWith("```")) {
      n++;
      const code: string[] = [];
      while (n < lines.length && !(lines[n] ?? "").startsWith("```")) code.push(lines[n++] ?? "");
      n++;
      out.push(
        <pre key={start} className="overflow-x-auto rounded border border-line bg-bg p-2 font-mono text-xs">
          {code.join("\n")}
        </pre>,
      );
    } else if (/^#{1,6} /.test(line)) {
      out.push(
        <p key={start} className="font-semibold">
          {spans(line.replace(/^#+ /, ""))}
        </p>,
      );
      n++;
    } else if (item(line) !== undefined) {
      const numbered = /^\s*\d/.test(line);
      const items: ReactNode[] = [];
      for (let one = item(line); one !== undefined; one = item(lines[n] ?? "")) {
        items.push(<li key={n}>{spans(one)}</li>);
        n++;
      }
      out.push(
        numbered ? (
          <ol key={start} className="list-decimal pl-5">
            {items}
          </ol>
        ) : (
          <ul key={start} className="list-disc pl-5">
            {items}
          </ul>
        ),
      );
    } else {
      const paragraph: string[] = [];
      while (n < lines.length && (lines[n] ?? "").trim() !== "" && (n === start || plain(lines[n] ?? ""))) {
        paragraph.push(lines[n++] ?? "");
      }
      out.push(
        <p key={start} className="whitespace-pre-line">
          {spans(paragraph.join("\n"))}
        </p>,
      );
    }
  }
  return out;
}

const item = (line: string): string | undefined => /^\s*(?:[-*]|\d{1,3}[.)]) +(.*)$/.exec(line)?.[1];
const plain = (line: string) => item(line) === undefined && !/^(```|#{1,6} )/.test(line);

const marks =
  /(`[^`\n]+`)|\*\*([^*\n]+)\*\*|\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>"')]+[^\s<>"').,;:!?])/g;

function spans(text: string): ReactNode[] {
  const out: ReactNode[] = [];
  let at = 0;
  for (const m of text.matchAll(marks)) {
    if (m.index > at) out.push(text.slice(at, m.index));
    at = m.index + m[0].length;
    if (m[1]) {
      out.push(
        <code key={m.index} className="rounded-sm bg-sunken px-1 font-mono text-[13px]">
          {m[1].slice(1, -1)}
        </code>,
      );
    } else if (m[2]) out.push(<b key={m.index}>{m[2]}</b>);
    else {
      const href = m[4] ?? m[5] ?? "";
      out.push(
        <a
          key={m.index}
          href={href}
          rel="noopener noreferrer"
          target="_blank"
          className="text-accent underline"
        >
          {m[3] ?? href}
        </a>,
      );
    }
  }
  if (at < text.length) out.push(text.slice(at));
  return out;
}
