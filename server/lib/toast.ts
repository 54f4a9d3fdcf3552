import { z } from 'zod'

const toastSchema = z.object({ kind: z.enum(['success', 'error', 'info']), message: z.string().max(500) })
export type Toast = z.infer<typeof toastSchema>

/** A message for the next page, carried by a cookie for at most a minute. It is shown as text, so a forged one is only odd. */
export function toastCookie(toast: Toast, secure: boolean): string {
  const value = encodeURIComponent(JSON.stringify({ ...toast, message: toast.message.slice(0, 500) }))
  return `toast=${value}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
}

export function clearToast(secure: boolean): string {
  return `toast=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
}

export function readToast(cookieHeader: string | undefined): Toast | null {
  const value = /(?:^|;\s*)toast=([^;]+)/.exec(cookieHeader ?? '')?.[1]
  if (!value) return null
  try {
    return toastSchema.parse(JSON.parse(decodeURIComponent(value)))
  } catch {
    return null
  }
}
