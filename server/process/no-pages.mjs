// Loaded ahead of main.ts: its pages are an empty build, since what is asked of the process here lies below them, and the unit
// tests run before anything is built.
import { register } from 'node:module'

/** @param {string} text */
const source = text => `data:text/javascript,${encodeURIComponent(text)}`

const build = source(`
export const entry = { module: { default: () => new Response('a page') } }
export const routes = {}
export const assets = { entry: { module: '', imports: [] }, routes: {}, url: '', version: '' }
export const publicPath = '/'
export const assetsBuildDirectory = ''
export const basename = '/'
export const mode = 'production'
export const future = { v3_singleFetch: true }
export const isSpaMode = false`)

register(
  source(`
export const resolve = (specifier, context, next) =>
  specifier.endsWith('/build/server/index.js')
    ? { url: ${JSON.stringify(build)}, format: 'module', shortCircuit: true }
    : next(specifier, context)`),
)
