import type { NextFunction, Request, Response } from 'express'

const safe = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Webhooks come from elsewhere by nature, and prove themselves by signature. Nothing else does. */
export const webhookPaths = ['/webhooks/stripe/platform', '/webhooks/stripe/connect', '/webhooks/stripe/events']

/** Where files of up to 50 MB arrive; they are stored as they come, and never held. */
export const streamedUploadPaths = ['/admin/imports/new', '/admin/imports/new.data']

/** The places that take files. */
export const uploadPaths = [
  '/admin/payouts/import',
  '/admin/payouts/import.data',
  '/admin/rates',
  '/admin/rates.data',
  ...streamedUploadPaths,
]

/**
 * Refuses whatever another site could make a signed-in browser send, before anything reads it. Remix checks page actions only,
 * and lets a missing Origin pass; this covers every route, tRPC's mount included, and fails closed: an unsafe request needs
 * our own Origin, or a browser's word that it is same-origin.
 */
export function refuseCrossSite(publicOrigin: string) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (safe.has(request.method) || webhookPaths.includes(request.path)) {
      next()
      return
    }
    const site = request.get('sec-fetch-site')
    const origin = request.get('origin')
    const own =
      origin === undefined
        ? site === 'same-origin'
        : origin === publicOrigin && (site === undefined || site === 'same-origin')
    if (!own) {
      response
        .status(403)
        .set('Cache-Control', 'no-store')
        .type('text/plain; charset=utf-8')
        .send('This request did not come from Remit’s own pages, so it was refused. Nothing was changed.')
      return
    }
    const problem = bodyProblem(request)
    if (problem) {
      response.status(415).set('Cache-Control', 'no-store').type('text/plain; charset=utf-8').send(problem)
      return
    }
    next()
  }
}

/** Forms are urlencoded, tRPC is JSON, files go to one place: a body of another kind is not ours. */
function bodyProblem(request: Request): string | null {
  const type = (request.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  const length = request.get('content-length')
  const empty = (length === undefined || length === '0') && request.get('transfer-encoding') === undefined
  if (empty && type === '') return null
  if (request.path.startsWith('/api/trpc')) return type === 'application/json' ? null : 'Send JSON.'
  if (type === 'application/x-www-form-urlencoded') return null
  if (type === 'multipart/form-data' && uploadPaths.includes(request.path)) return null
  return 'This page does not take that kind of content.'
}
