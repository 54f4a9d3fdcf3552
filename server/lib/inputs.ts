import { z } from 'zod'

/** The id of a thing of ours. */
export const id = z.string().min(4, 'An id is missing.').max(100)

/** The version that the page showed: who is slower than somebody else is told so instead of overwriting. */
export const version = z.number().int().positive().optional()

/** The key of an intent: however often it is sent, it is done once. Our forms always send one, other callers may. */
export const idempotencyKey = z.string().min(8).max(128).optional()
