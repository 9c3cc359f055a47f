/** Every sign of the console, drawn on 16 by 16. A sign never stands without a word beside it or as its name. */

const paths = {
  home: 'M2.5 7 8 2.5 13.5 7v6.5h-4v-4h-3v4h-4z',
  incident: 'M8 2 14.5 13.5h-13zM8 6.5v3M8 11.4v.2',
  alert: 'M8 2a4 4 0 0 0-4 4c0 3.5-1.5 4.5-1.5 5.5h11C13.5 10.5 12 9.5 12 6a4 4 0 0 0-4-4M6.5 13.8a1.8 1.8 0 0 0 3 0',
  approval: 'M10.8 2.2l3 3L5.5 13.5l-3.7.7.7-3.7zM9 4l3 3',
  outbox: 'M1.8 8 14 2.5 10.5 14 7.5 9.5zM7.5 9.5 14 2.5',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10M10.6 10.6 14 14',
  check: 'M3 8.5 6.5 12 13 4.5',
  cross: 'M4 4l8 8M12 4l-8 8',
  dash: 'M4 8h8',
  dot: 'M8 6.5v3M6.5 8h3',
  copy: 'M6 6h7.5v7.5H6zM3.5 10H2.5V2.5H10v1',
  down: 'M4 6.5 8 10.5 12 6.5',
  right: 'M6.5 4 10.5 8 6.5 12',
  left: 'M9.5 4 5.5 8 9.5 12',
  link: 'M6.5 9.5l3-3M7 4.5 8.5 3a3 3 0 0 1 4.5 4.5L11.5 9M9 11.5 7.5 13A3 3 0 0 1 3 8.5L4.5 7',
  download: 'M8 2.5v8M4.5 7.5 8 11l3.5-3.5M2.5 13.5h11',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 4.5V8l2.5 1.5',
  note: 'M3 2.5h10v7.5L9.5 13.5H3zM13 10H9.5v3.5M5.5 5.5h5M5.5 8h3',
  machine: 'M4 4h8v8H4zM6.5 1.5V4M9.5 1.5V4M6.5 12v2.5M9.5 12v2.5M1.5 6.5H4M1.5 9.5H4M12 6.5h2.5M12 9.5h2.5',
  person: 'M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2.5 14c.5-3 2.5-4.5 5.5-4.5s5 1.5 5.5 4.5',
  chain: 'M8 1.8 13.5 5v6L8 14.2 2.5 11V5zM2.5 5 8 8.2 13.5 5M8 8.2v6',
  message: 'M2.5 3h11v8h-6L4.5 13.5V11h-2z',
  exhibit: 'M2.5 2.5h11v3h-11zM3.5 5.5v8h9v-8M6.5 8h3',
  finding: 'M8 13.5A5.5 5.5 0 1 0 8 2.5a5.5 5.5 0 0 0 0 11M8 1v3M8 12v3M1 8h3M12 8h3',
  transition: 'M2.5 5.5h10L9.5 2.5M13.5 10.5h-10l3 3',
  step: 'M5 2.5 12.5 8 5 13.5z',
  transaction: 'M2.5 8h11M9.5 4l4 4-4 4',
  bleeding: 'M8 1.8c2.5 3.2 4.3 5.5 4.3 7.9A4.3 4.3 0 0 1 8 14.2a4.3 4.3 0 0 1-4.3-4.5C3.7 7.3 5.5 5 8 1.8',
  open: 'M8 2 14.5 13.5h-13zM8 6.5v3M8 11.4v.2',
  shield: 'M8 1.8 13.2 3.7V8c0 3-2.2 5-5.2 6.2C5 13 2.8 11 2.8 8V3.7zM5.5 8l1.8 1.8 3.2-3.5',
  recovering: 'M13.5 8A5.5 5.5 0 1 1 11.5 3.7M13.5 2v3.2h-3.2',
  eye: 'M1.5 8C3 5 5.3 3.5 8 3.5S13 5 14.5 8C13 11 10.7 12.5 8 12.5S3 11 1.5 8M8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4',
  closed: 'M3.5 7h9v6.5h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1',
  moon: 'M13.5 9.5A5.8 5.8 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7',
  auto: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 2v12',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  wallet: 'M2.5 4.5h11v9h-11zM2.5 4.5 11 2v2.5M10 9h3.5',
  retry: 'M13.5 8A5.5 5.5 0 1 1 11.5 3.7M13.5 2v3.2h-3.2',
  twin: 'M6 10.5A4 4 0 1 0 6 2.5a4 4 0 0 0 0 8M10 13.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8',
} as const

export type IconName = keyof typeof paths

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  )
}
