export default function RegionMap(_: { active: string | undefined; rows: unknown; stale: boolean }) {
  return null;
}
