/** A sheet with a folded corner and a keyhole. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true" className="shrink-0">
      <path d="M6 3h14l6 6v20H6z" className="fill-accent" />
      <path d="M20 3v6h6z" className="fill-accent-soft" />
      <circle cx="16" cy="16.2" r="3.4" className="fill-accent-ink" />
      <path d="M14.7 18h2.6l.9 6h-4.4z" className="fill-accent-ink" />
    </svg>
  );
}
