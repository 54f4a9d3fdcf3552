// Lives through histories in the bundles that its parent names, one after the other: all of them share the packages loaded once.
process.on('message', async ({ program, wanted }) => {
  try {
    const { liveThrough } = await import(program)
    process.send?.({ lived: await liveThrough(wanted) })
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.stack : String(error) })
  }
})
process.on('disconnect', () => process.exit())
