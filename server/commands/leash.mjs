// Loaded into the demo's processes ahead of their own code: when the demo itself is gone, however it ended, they stop as
// for a SIGTERM. Otherwise a kill -9 would leave them behind, holding their ports and the database.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
// Listening must not keep a process alive that has nothing left to do.
process.channel?.unref()
