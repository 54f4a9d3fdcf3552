import { type ReactNode, useId } from 'react'
import { classNames } from './class-names.ts'

/** One bar: a period, its total, and how a person reads the total. Values are in one currency only. */
export type Bar = { label: string; value: number; text: string }

type BarChartProps = {
  /** The finding, as a sentence: 'Paid out per month; February was the largest.' */
  caption: ReactNode
  bars: readonly Bar[]
  /** Headings of the table view. */
  labelHeading: string
  valueHeading: string
}

/**
 * A bar chart drawn on the server: the bars stretch with the page (no measuring, nothing to hydrate), the words around
 * them are HTML and don't. The same figures stand in 'View as table'.
 */
export function BarChart({ caption, bars, labelHeading, valueHeading }: BarChartProps) {
  const id = useId()
  const high = Math.max(1, ...bars.map(bar => bar.value))
  const top = bars.find(bar => bar.value === high)
  const every = Math.ceil(bars.length / 6)
  return (
    <figure aria-labelledby={id}>
      <figcaption id={id} className="text-muted text-sm">
        {caption}
      </figcaption>
      <div className="mt-3">
        <p className="num border-line border-b border-dashed text-faint text-xs">{top ? top.text : '0'}</p>
        <svg
          viewBox={`0 0 ${Math.max(1, bars.length) * 10} 100`}
          preserveAspectRatio="none"
          aria-hidden="true"
          className="block h-32 w-full border-line-strong/60 border-b"
        >
          {bars.map((bar, index) => {
            const height = bar.value > 0 ? Math.max(1, (bar.value / high) * 100) : 0
            return (
              <g key={bar.label}>
                <rect x={index * 10 + 1.5} y={100 - height} width={7} height={height} className="fill-accent" />
                {/* The whole column answers the pointer, so that small bars can be read too. */}
                <rect x={index * 10} y={0} width={10} height={100} fill="transparent">
                  <title>{`${bar.label}: ${bar.text}`}</title>
                </rect>
              </g>
            )
          })}
        </svg>
        <div aria-hidden="true" className="flex text-center text-muted text-xs">
          {bars.map((bar, index) => (
            <span key={bar.label} className="relative h-4 flex-1">
              {index % every === 0 ? (
                <span
                  className={classNames(
                    'absolute whitespace-nowrap',
                    index === 0 ? 'start-0' : 'start-1/2 -translate-x-1/2',
                    (index / every) % 2 === 1 && 'max-sm:hidden',
                  )}
                >
                  {bar.label}
                </span>
              ) : null}
            </span>
          ))}
        </div>
      </div>
      <details className="mt-2">
        <summary className="link inline-flex min-h-6 w-fit items-center text-sm">View as table</summary>
        <table className="data-table mt-1 max-w-sm">
          <thead>
            <tr>
              <th scope="col">{labelHeading}</th>
              <th scope="col" data-align="end">
                {valueHeading}
              </th>
            </tr>
          </thead>
          <tbody>
            {bars.map(bar => (
              <tr key={bar.label}>
                <td data-card="title">{bar.label}</td>
                <td data-card="aside" data-align="end">
                  {bar.text}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  )
}
