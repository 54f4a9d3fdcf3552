// Read by vite.config.ts, which hands it to Remix's Vite plugin. It has the shape of React Router 7's config file,
// so that the move is a rename. The classic compiler (`remix build`) is not used: it lets server code into the browser.

/** @type {import('@remix-run/dev').VitePluginConfig} */
export default {
  appDirectory: 'app',
  future: {
    v3_fetcherPersist: true,
    v3_lazyRouteDiscovery: true,
    v3_relativeSplatPath: true,
    v3_routeConfig: true,
    v3_singleFetch: true,
    v3_throwAbortReason: true,
  },
}
