/** Three voices on three lines, the middle one being a note: an E. */
export function Mark({ className = 'size-6' }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={`shrink-0 ${className}`} aria-hidden="true">
      <rect width="32" height="32" rx="8.5" className="fill-mark" />
      <g fill="none" stroke="#fff" strokeWidth="3.2" strokeLinecap="round">
        <path d="M9 9.5h14" />
        <path d="M9 16h7.5" />
        <path d="M9 22.5h14" />
      </g>
      <circle cx="22.4" cy="16" r="2.6" fill="#ffb38a" />
    </svg>
  )
}

/** The name, drawn with one pen so that it is the same on every system. */
export function Wordmark({ className = 'h-4' }: { className?: string }) {
  return (
    <svg viewBox="0 0 76 24" className={`shrink-0 ${className}`} role="img" aria-label="Etude">
      <g
        fill="none"
        stroke="currentColor"
        strokeWidth="2.5"
        strokeLinecap="round"
        strokeLinejoin="round"
        transform="translate(0 1)"
      >
        <path d="M2.6 13.4h9.8a4.9 4.9 0 1 0-1.6 3.7" />
        <path d="M19 4v10.7a3.1 3.1 0 0 0 4.2 2.9M16.3 8.7h6.7" />
        <path d="M28 8.7v5.6a4 4 0 0 0 8 0V8.7M36 14v4.2" />
        <path d="M50.4 3v15.2M50.4 13.4a4.9 4.9 0 1 1-9.8 0 4.9 4.9 0 0 1 9.8 0Z" />
        <path d="M56.3 13.4h9.8a4.9 4.9 0 1 0-1.6 3.7" />
      </g>
    </svg>
  )
}
