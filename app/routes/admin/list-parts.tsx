import { Link, useSearchParams } from '@remix-run/react'
import { Banner } from '#app/components/banner.tsx'
import { Pagination } from '#app/components/pagination.tsx'
import { stepsFrom } from '#app/components/trail.ts'

/** What of the address could not be used. */
export function FilterProblems({ problems }: { problems: readonly string[] }) {
  if (problems.length === 0) return null
  return (
    <Banner tone="warning" title="Part of the filter was left out">
      {problems.join(' ')}
    </Banner>
  )
}

/** The end of a keyset list: how many are shown, onwards, one back, and back to its start. */
export function ListEnd({ shown, next }: { shown: number; next: string | null }) {
  const [params] = useSearchParams()
  const steps = stepsFrom(params, next)
  return (
    <div className="flex flex-col gap-2">
      {steps.first ? (
        <Link to={steps.first} className="link inline-flex min-h-6 w-fit items-center text-sm">
          Back to the first page
        </Link>
      ) : null}
      <Pagination prev={steps.prev} next={steps.next} summary={shown > 0 ? `${shown} shown` : undefined} />
    </div>
  )
}
