import { classNames } from './class-names.ts'

/*
 * Our own icons: 16 × 16, 1.5 stroke, round. A string is the `d` of one stroked path; circles and rectangles are
 * written as arcs and lines, so that an icon is one line of text.
 */
const ring = 'M8 1.75a6.25 6.25 0 1 1 0 12.5 6.25 6.25 0 0 1 0-12.5Z'

const paths = {
  alert: 'M8 2.25 14.25 13.25H1.75L8 2.25ZM8 6.5v3M8 11.5h.01',
  'arrow-down': 'M8 3v10M3.75 8.75 8 13l4.25-4.25',
  'arrow-left': 'M13 8H3M7.25 3.75 3 8l4.25 4.25',
  'arrow-right': 'M3 8h10M8.75 3.75 13 8l-4.25 4.25',
  'arrow-up': 'M8 13V3M3.75 7.25 8 3l4.25 4.25',
  audit: 'M8 1.75 13 3.5v4c0 3.2-2.1 5.6-5 6.75C5.1 13.1 3 10.7 3 7.5v-4L8 1.75ZM5.75 7.75l1.6 1.6 2.9-3.1',
  ban: `${ring}M3.75 3.75l8.5 8.5`,
  bank: 'M2.25 6.5 8 2.75l5.75 3.75H2.25ZM2.25 13.25h11.5M4.25 6.75v4M8 6.75v4M11.75 6.75v4',
  bell: 'M4 11V7.25a4 4 0 0 1 8 0V11l1.25 1.25H2.75L4 11ZM6.75 14.25h2.5',
  building: 'M3 13.75V2.75h7v11M10 6.5h3v7.25M1.75 13.75h12.5M5.5 5.5h2M5.5 8h2M5.5 10.5h2',
  calendar:
    'M3.75 3.25h8.5a1.5 1.5 0 0 1 1.5 1.5v7.5a1.5 1.5 0 0 1-1.5 1.5h-8.5a1.5 1.5 0 0 1-1.5-1.5v-7.5a1.5 1.5 0 0 1 1.5-1.5ZM2.25 6.75h11.5M5.25 1.75v2.5M10.75 1.75v2.5',
  chart: 'M2.25 13.75h11.5M4 11V8M8 11V3.5M12 11V6',
  check: 'M3 8.5 6.5 12 13 4.5',
  'check-circle': `${ring}M5.25 8.25l2 2 3.5-4.25`,
  'chevron-down': 'M4 6l4 4 4-4',
  'chevron-left': 'M10 4 6 8l4 4',
  'chevron-right': 'M6 4l4 4-4 4',
  circle: ring,
  clock: `${ring}M8 4.5V8l2.5 1.5`,
  copy: 'M7 5.5h5a1.5 1.5 0 0 1 1.5 1.5v5a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 12V7A1.5 1.5 0 0 1 7 5.5ZM3.5 10.5A1.25 1.25 0 0 1 2.25 9.25v-6a1 1 0 0 1 1-1h6a1.25 1.25 0 0 1 1.25 1.25',
  dots: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  download: 'M8 2.5v8M4.75 7.25 8 10.5l3.25-3.25M2.5 13.5h11',
  edit: 'M10.75 2.75l2.5 2.5L5.5 13H3v-2.5l7.75-7.75Z',
  external: 'M9.5 2.5h4v4M13.5 2.5l-6 6M11.75 9.5v3a1 1 0 0 1-1 1h-7.25a1 1 0 0 1-1-1V5.25a1 1 0 0 1 1-1h3',
  eye: 'M1.5 8C3 5.2 5.3 3.75 8 3.75S13 5.2 14.5 8C13 10.8 10.7 12.25 8 12.25S3 10.8 1.5 8ZM8 6.25a1.75 1.75 0 1 1 0 3.5 1.75 1.75 0 0 1 0-3.5Z',
  file: 'M9 1.75H4.5a1 1 0 0 0-1 1v10.5a1 1 0 0 0 1 1h7a1 1 0 0 0 1-1V5.25L9 1.75ZM9 1.75v3.5h3.5M6 8.5h4M6 11h4',
  filter: 'M2 4h12M4.5 8h7M6.75 12h2.5',
  help: `${ring}M6.25 6.25a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.85.7-.85 1.15M8 11.25h.01`,
  history: 'M2.5 8a5.5 5.5 0 1 0 1.7-4M2.25 2v2.75H5M8 5v3l2 1.25',
  home: 'M2.25 7.25 8 2.5l5.75 4.75M3.75 6v7.5h8.5V6M6.5 13.5v-4h3v4',
  info: `${ring}M8 7.25v3.75M8 5h.01`,
  jobs: 'M2.5 4h.01M2.5 8h.01M2.5 12h.01M5.5 4h8M5.5 8h8M5.5 12h8',
  key: 'M5.25 8a2.75 2.75 0 1 1 0 5.5 2.75 2.75 0 0 1 0-5.5ZM7.25 8.75 13.5 2.5M11 5l2 2',
  link: 'M6.5 9.5l3-3M7 4.75l1.4-1.4a3 3 0 0 1 4.25 4.25L11.25 9M9 11.25l-1.4 1.4a3 3 0 0 1-4.25-4.25L4.75 7',
  lock: 'M4.75 7h6.5a1.5 1.5 0 0 1 1.5 1.5v3.75a1.5 1.5 0 0 1-1.5 1.5h-6.5a1.5 1.5 0 0 1-1.5-1.5V8.5A1.5 1.5 0 0 1 4.75 7ZM5.25 7V5a2.75 2.75 0 0 1 5.5 0v2',
  logout: 'M6.5 13.5h-3a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1h3M10.25 11l3-3-3-3M13 8H6.5',
  mail: 'M3.25 3.5h9.5a1.5 1.5 0 0 1 1.5 1.5v6a1.5 1.5 0 0 1-1.5 1.5h-9.5a1.5 1.5 0 0 1-1.5-1.5V5a1.5 1.5 0 0 1 1.5-1.5ZM2.25 4.75 8 9l5.75-4.25',
  menu: 'M2 4h12M2 8h12M2 12h12',
  minus: 'M3 8h10',
  monitor:
    'M3.25 2.75h9.5a1.5 1.5 0 0 1 1.5 1.5v5.5a1.5 1.5 0 0 1-1.5 1.5h-9.5a1.5 1.5 0 0 1-1.5-1.5v-5.5a1.5 1.5 0 0 1 1.5-1.5ZM5.5 13.75h5M8 11.25v2.5',
  moon: 'M13.25 9.5A5.75 5.75 0 0 1 6.5 2.75a5.75 5.75 0 1 0 6.75 6.75Z',
  partners:
    'M6 3.25a2.25 2.25 0 1 1 0 4.5 2.25 2.25 0 0 1 0-4.5ZM2 13c.35-2.4 1.95-3.5 4-3.5s3.65 1.1 4 3.5M10.75 3.4a2.25 2.25 0 0 1 0 4.2M11.75 9.75c1.25.5 2 1.6 2.25 3.25',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  payouts:
    'M3.25 4h9.5a1.5 1.5 0 0 1 1.5 1.5v5a1.5 1.5 0 0 1-1.5 1.5h-9.5a1.5 1.5 0 0 1-1.5-1.5v-5A1.5 1.5 0 0 1 3.25 4ZM8 6.25a1.75 1.75 0 1 1 0 3.5 1.75 1.75 0 0 1 0-3.5ZM4.25 8h.01M11.75 8h.01',
  play: 'M5 3l7.5 5L5 13V3Z',
  plus: 'M8 3v10M3 8h10',
  refresh: 'M13.5 8A5.5 5.5 0 1 1 11.8 4M13.75 2v2.75H11',
  search: 'M7 2.75a4.25 4.25 0 1 1 0 8.5 4.25 4.25 0 0 1 0-8.5ZM10.25 10.25l3.5 3.5',
  send: 'M14 2 7 9M14 2 9.5 14 7 9 2 6.5 14 2Z',
  settings:
    'M2 5h7M13 5h1M2 11h1M7 11h7M11 3.25a1.75 1.75 0 1 1 0 3.5 1.75 1.75 0 0 1 0-3.5ZM5 9.25a1.75 1.75 0 1 1 0 3.5 1.75 1.75 0 0 1 0-3.5Z',
  sort: 'M5 6l3-3 3 3M5 10l3 3 3-3',
  spinner: 'M8 1.75a6.25 6.25 0 1 1-6.25 6.25',
  sun: 'M8 5.25a2.75 2.75 0 1 1 0 5.5 2.75 2.75 0 0 1 0-5.5ZM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7',
  trash: 'M2.75 4.25h10.5M6.25 4.25v-1.5h3.5v1.5M4 4.25l.6 9.25h6.8l.6-9.25M6.75 7v4M9.25 7v4',
  undo: 'M5.5 3 2.5 6l3 3M2.5 6h7a3.75 3.75 0 0 1 0 7.5H6',
  upload: 'M8 10.5v-8M4.75 5.75 8 2.5l3.25 3.25M2.5 13.5h11',
  user: 'M8 2.5a2.75 2.75 0 1 1 0 5.5 2.75 2.75 0 0 1 0-5.5ZM2.75 13.75c.6-2.9 2.6-4 5.25-4s4.65 1.1 5.25 4',
  wallet:
    'M3.5 3.25h8.25a1 1 0 0 1 1 1v1.5M3.5 3.25a1.25 1.25 0 0 0 0 2.5h9.25a1 1 0 0 1 1 1v5.5a1 1 0 0 1-1 1H3.75a1.5 1.5 0 0 1-1.5-1.5V4.5M10.75 9.5h.01',
  x: 'M4 4l8 8M12 4l-8 8',
  'x-circle': `${ring}M6 6l4 4M10 6l-4 4`,
} as const

/** Icons that are more than one stroked path: the stages of a payout, readable in one colour. */
const shapes = {
  'circle-dashed': <path d={ring} strokeDasharray="2.4 2.5" />,
  'circle-half': (
    <>
      <path d={ring} />
      <path d="M8 4.75a3.25 3.25 0 0 1 0 6.5Z" fill="currentColor" stroke="none" />
    </>
  ),
  'circle-full': (
    <path
      d="M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm3.6 4.3a.8.8 0 0 0-1.1.15L7.1 9.6 5.5 8a.8.8 0 1 0-1.1 1.1l2.2 2.2a.8.8 0 0 0 1.2-.1l3.95-4.8a.8.8 0 0 0-.15-1.1Z"
      fill="currentColor"
      fillRule="evenodd"
      stroke="none"
    />
  ),
} as const

export type IconName = keyof typeof paths | keyof typeof shapes

/** A decorative icon, hidden from assistive technology: the words beside it carry the meaning. */
export function Icon({ name, size = 16, className }: { name: IconName; size?: 12 | 14 | 16 | 20; className?: string }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth={1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      className={classNames('shrink-0', className)}
    >
      {name in shapes ? shapes[name as keyof typeof shapes] : <path d={paths[name as keyof typeof paths]} />}
    </svg>
  )
}
