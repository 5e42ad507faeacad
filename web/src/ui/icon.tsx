/** Drawn on a 20 × 20 grid with a pen 1.6 wide. */
const DRAWINGS = {
  plus: 'M10 4.5v11M4.5 10h11',
  search: 'M8.75 14a5.25 5.25 0 1 0 0-10.5 5.25 5.25 0 0 0 0 10.5ZM12.6 12.6 16.5 16.5',
  sidebar: 'M5 4h10a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2ZM8 4v12',
  columns: 'M4 4h3.5v12H4zM12.5 4H16v12h-3.5zM10 4v12',
  stack: 'M4 4h12v3.2H4zM4 12.8h12V16H4zM4 10h12',
  tabs: 'M3.5 8.5h13V15a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1zM3.5 8.5V5a1 1 0 0 1 1-1H9v4.5M9 5.5h4.5v3',
  more: 'M5 10h.01M10 10h.01M15 10h.01',
  copy: 'M7.5 7.5h8v8.5h-8zM12.5 7.5V4h-8v8.5h3',
  check: 'm4.5 10.5 3.5 3.5 7.5-8',
  stop: 'M6 6h8v8H6z',
  send: 'M10 16V4.5M5 9.5l5-5 5 5',
  down: 'M10 4v11.5M5 10.5l5 5 5-5',
  close: 'm5 5 10 10M15 5 5 15',
  chevronDown: 'm5.5 8 4.5 4.5L14.5 8',
  chevronRight: 'm8 5.5 4.5 4.5L8 14.5',
  key: 'M6.5 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM9 10.5l7-7M13.5 6 16 8.5',
  globe:
    'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM3 10h14M10 3c2 2 2.8 4.4 2.8 7s-.8 5-2.8 7c-2-2-2.8-4.4-2.8-7s.8-5 2.8-7Z',
  theme: 'M10 16.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM10 3.5v13M10 7l5.5-.3M10 10h6.5M10 13.2l5 .3',
  signOut: 'M8 4H4.5v12H8M12.5 6.5 16 10l-3.5 3.5M16 10H8',
  pencil: 'm4 16 .8-3.4 8.4-8.4a1.5 1.5 0 0 1 2.1 0l.5.5a1.5 1.5 0 0 1 0 2.1l-8.4 8.4z',
  trash: 'M4 6h12M8 6V4h4v2M5.5 6l.7 10h7.6l.7-10M8.5 9v4M11.5 9v4',
  alert: 'M10 3.5 17.5 16h-15zM10 8.5v3.5M10 14h.01',
  book: 'M4 4.5h5a1 1 0 0 1 1 1V16a1.5 1.5 0 0 0-1.5-1.5H4zM16 4.5h-5a1 1 0 0 0-1 1V16a1.5 1.5 0 0 1 1.5-1.5H16z',
  image: 'M4 4.5h12v11H4zM4 13l3.5-3.5 3 3 2-2L16 14M12.5 8h.01',
  external: 'M8 5H4.5v10.5H15V12M11.5 4H16v4.5M16 4l-7 7',
  minus: 'M5 10h10',
  tools: 'M7 3.5V7M13 3.5V7M5 7h10v3.5a5 5 0 0 1-10 0zM10 15.5V18',
  thumbUp:
    'M6.5 9v7h7.6a1.5 1.5 0 0 0 1.5-1.2l.9-4.4a1.5 1.5 0 0 0-1.5-1.8h-3.6l.6-3a1.6 1.6 0 0 0-2.9-1.2zM6.5 9H3.5v7h3',
  thumbDown:
    'M13.5 11V4H5.9a1.5 1.5 0 0 0-1.5 1.2l-.9 4.4A1.5 1.5 0 0 0 5 11.4h3.6l-.6 3a1.6 1.6 0 0 0 2.9 1.2zM13.5 11h3V4h-3',
} as const

export type IconName = keyof typeof DRAWINGS

/** An ornament: what it means must be said in words beside it or in a label. */
export function Icon({ name, className = 'size-4.5' }: { name: IconName; className?: string }) {
  return (
    <svg viewBox="0 0 20 20" className={`shrink-0 ${className}`} aria-hidden="true">
      <path
        d={DRAWINGS[name]}
        fill={name === 'stop' ? 'currentColor' : 'none'}
        stroke="currentColor"
        strokeWidth={name === 'more' ? 2.2 : 1.6}
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}

export function Spinner({ className = 'size-4' }: { className?: string }) {
  return (
    <svg viewBox="0 0 20 20" className={`shrink-0 animate-spin ${className}`} aria-hidden="true">
      <circle cx="10" cy="10" r="7.5" fill="none" stroke="currentColor" strokeWidth="2" opacity="0.2" />
      <path d="M10 2.5a7.5 7.5 0 0 1 7.5 7.5" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    </svg>
  )
}
