/**
 * The headers of pages whose address is a secret: it goes into no Referer, not even one of our own. Not `no-referrer`, under
 * which browsers send forms with `Origin: null`, and those are refused as cross-site.
 */
export const privateLinkHeaders = { 'Referrer-Policy': 'strict-origin' }

/** Keeps the page out of search engines, should its address ever get out. */
export const notForSearch = { name: 'robots', content: 'noindex' }
