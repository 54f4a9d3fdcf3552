// Read by vite.config.ts, which hands it to Remix's Vite plugin. It has the shape of React Router 7's config file,
// so that the move is a rename. The classic compiler (`remix build`) is not used: it lets server code into the browser.

/** @type {import('@remix-run/dev').VitePluginConfig} */
export default {
  appDirectory: 'app',
  future: {
    v3_fetcherPersist: true,
    // Off: the routes are few and known at once. On, nearly every link asks the server which routes it leads to, and a navigation that
    // overtakes such a question leaves an error in the browser's console.
    v3_lazyRouteDiscovery: false,
    v3_relativeSplatPath: true,
    v3_routeConfig: true,
    v3_singleFetch: true,
    v3_throwAbortReason: true,
  },
}
