import { duration } from "@/lib/format";
import { Select } from "@/ui";

const steps = [0, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800];

/** A duration out of a few; one of another length that was set by the API stays to choose. */
export function Every({
  value,
  onChange,
  none,
}: {
  value: number;
  onChange: (seconds: number) => void;
  none: string;
}) {
  const offered = [...new Set([...steps, value])].sort((a, b) => a - b);
  return (
    <Select
      value={String(value)}
      onChange={(v) => onChange(Number(v))}
      options={offered.map((s) => ({ value: String(s), label: s === 0 ? none : duration(s) }))}
    />
  );
}
