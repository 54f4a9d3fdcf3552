// `npm start`: production, in this very process, so that signals and the exit code are the app's own and nothing is
// left behind when it is killed. Node built-ins only, until the packages are there.
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { root, stopWithNpm } from './run.mjs'
import { ensureBuild, ensureInstalled, fail } from './setup.mjs'

process.chdir(root)
process.env.NODE_ENV = 'production'
stopWithNpm()
await ensureInstalled({ development: false })
if ((await ensureBuild()) !== 0) fail('The build failed (see above). Repeat with: npm run build')

// What the environment already says wins over the file.
if (fs.existsSync('.env')) process.loadEnvFile('.env')

const { register } = await import('tsx/esm/api')
register()
process.argv[1] = path.join(root, 'server', 'main.ts')
await import('../main.ts')
