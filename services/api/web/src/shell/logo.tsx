/** A ring of regions around one website. */
export function Logo({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="shrink-0 text-accent">
      <g fill="none" stroke="currentColor" strokeWidth="4">
        <path d="M16 4a12 12 0 0 1 10.4 6" />
        <path d="M28 16a12 12 0 0 1-6 10.4" />
        <path d="M16 28A12 12 0 0 1 5.6 22" />
        <path d="M4 16A12 12 0 0 1 10 5.6" />
      </g>
      <circle cx="16" cy="16" r="5" fill="currentColor" />
    </svg>
  );
}
