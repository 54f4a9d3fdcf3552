/**
 * A mail's HTML for our own pages, whose policy lets style attributes in but no style element. Ours only hold the dark theme and
 * the phone's sizes; without them the mail looks as in clients that read no style sheets.
 */
export function withoutStyleSheet(html: string): string {
  return html.replace(/<style\b[^>]*>[\s\S]*?<\/style>/gi, '')
}
