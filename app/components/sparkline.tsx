/** A line without axes beside a figure. `label` says in words what it shows; values in order of time. */
export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  if (values.length < 2) return null
  const low = Math.min(0, ...values)
  const high = Math.max(...values, low + 1)
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * 100
    const y = 22 - ((value - low) / (high - low)) * 20
    return `${round(x)},${round(y)}`
  })
  return (
    <svg
      viewBox="0 0 100 24"
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      className="h-6 w-full text-accent"
    >
      <polygon points={`0,24 ${points.join(' ')} 100,24`} fill="currentColor" opacity={0.1} />
      <polyline
        points={points.join(' ')}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.5}
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  )
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
