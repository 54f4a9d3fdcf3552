import { eq } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { downloads } from '#db/schema/index.ts'
import { notify } from '../email/notify.ts'
import { DomainError } from '../lib/errors.ts'
import { actorOf, type SignedIn } from '../trpc.ts'
import { type Work, work } from '../work.ts'
import { readQuota, refuseOver } from './quota.ts'

declare const recorded: unique symbol

/** A file of people's or money's data. Only `startDownload` makes one, so none leaves unrecorded or past the quota. */
export interface Download {
  fileName: string
  contentType: string
  /** To be read once; leaving the loop early frees what it holds. Throws when the file can't be completed: then abort the download. */
  chunks: AsyncIterable<string>
  readonly [recorded]: true
}

/** A part of a file, and how many rows of data are in it: a header has none. */
export interface Piece {
  text: string
  rows: number
}

export interface DownloadPlan {
  /** The domain's name for it: `payouts` is recorded as `payouts.export`, and `payouts.exported` when it ends. */
  what: string
  /** What was asked for, as the audit log keeps it. */
  asked: object
  fileName: string
  contentType: string
  /** How many rows it will have; counts no further than `upTo`, which may be all that matters. */
  count(read: Drizzle, upTo: number): Promise<number>
  pieces(): AsyncIterable<Piece>
}

/**
 * Lets a file leave: within the person's quota, recorded before the first byte, and again with the rows that left when it ends, complete
 * or not. Its rows are taken from the quota before it starts, so several at once get no further than one after the other.
 * @throws DomainError TOO_MANY with the time from when it fits, TOO_LARGE where it never does
 */
export async function startDownload({ deps, viewer }: SignedIn, plan: DownloadPlan): Promise<Download> {
  const { what, asked, fileName, contentType } = plan
  const who = { orgId: viewer.orgId, userId: viewer.userId }
  const inUnit = (fn: (unit: Work) => Promise<void>) => work(deps, { orgId: viewer.orgId, actor: actorOf(viewer) }, fn)
  const exportId = deps.ids.id('exp')
  const target = { type: 'export', id: exportId }

  const { most } = await readQuota(deps.db.read, { ...who, now: deps.clock.now() })
  const expected = await plan.count(deps.db.read, most + 1)
  await inUnit(async unit => {
    const quota = await readQuota(unit.tx, { ...who, now: unit.at })
    refuseOver(quota, expected, { now: unit.at, timeZone: viewer.timeZone })
    await unit.tx.insert(downloads).values({ id: exportId, ...who, what, rows: expected, startedAt: unit.at })
    unit.audit({ action: `${what}.export`, target, after: asked })
    const half = quota.most / 2
    if (quota.used <= half && quota.used + expected > half)
      notify(unit, {
        template: 'manyRowsDownloaded',
        eventId: `${viewer.membershipId}:downloads:${new Date(unit.at).toISOString().slice(0, 10)}`,
        to: { staffWith: 'settings.manage' },
        about: { name: viewer.name, email: viewer.email, rows: quota.used + expected, most: quota.most, at: unit.at },
      })
  }).catch(async error => {
    // Who is refused is recorded too: what somebody tried to carry away says as much as what they got.
    if (error instanceof DomainError)
      await inUnit(async unit =>
        unit.audit({
          action: `${what}.exportRefused`,
          target,
          after: { ...asked, rows: expected, why: error.message },
        }),
      )
    throw error
  })

  const end = (rows: number, complete: boolean) =>
    inUnit(async unit => {
      await unit.tx.update(downloads).set({ rows, complete, endedAt: unit.at }).where(eq(downloads.id, exportId))
      unit.audit({ action: `${what}.exported`, target, after: { rows, complete } })
    }).catch(error => deps.log.warn({ err: error, exportId, rows, complete }, 'the end of an export was not recorded'))
  return { fileName, contentType, chunks: counting(plan.pieces(), end) } as Download
}

/** The pieces' texts; tells how many rows left, once, however it ends: also when nobody read a single one. */
function counting(
  pieces: AsyncIterable<Piece>,
  end: (rows: number, complete: boolean) => Promise<unknown>,
): AsyncIterable<string> {
  const inner = pieces[Symbol.asyncIterator]()
  let rows = 0
  let ended = false
  const endOnce = async (complete: boolean) => {
    if (ended) return
    ended = true
    await end(rows, complete)
  }
  const iterator: AsyncIterator<string, undefined> = {
    async next() {
      try {
        const { done, value } = await inner.next()
        if (done) {
          await endOnce(true)
          return { done: true, value: undefined }
        }
        rows += value.rows
        return { done: false, value: value.text }
      } catch (error) {
        await endOnce(false)
        throw error
      }
    },
    async return() {
      try {
        await inner.return?.()
      } finally {
        await endOnce(false)
      }
      return { done: true, value: undefined }
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}

/** For what is one piece of text already. */
export async function* onePiece(text: string, rows: number): AsyncGenerator<Piece> {
  yield { text, rows }
}
