import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bundle } from '../process/bundle.ts'

test('100,000 rows of 50 MB are stored, checked and begun to be imported by a process that could not hold them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'remit-flood-'))
  try {
    const program = await bundle(new URL('./flood.ts', import.meta.url), folder)
    // The program itself takes some forty megabytes of heap; the rows alone, held, would take more than all of this.
    const child = spawn(process.execPath, ['--max-old-space-size=80', program, join(folder, 'flood.db'), '100000', '2'])
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', piece => {
        said += piece
      })
    const code = await new Promise(resolve => child.on('close', resolve))
    expect({ code, said }).toMatchObject({
      code: 0,
      said: expect.stringContaining('RESULT {"checked":100000,"errors":0,"duplicates":0,"done":10000,"made":10000}'),
    })
    // SQLite keeps 64 MB of pages on each of two connections; all in all the process stays well below what the file and its rows take.
    const resident = [...said.matchAll(/resident (\d+) MB/g)].map(match => Number(match[1]))
    expect(Math.max(...resident)).toBeLessThan(450)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 600_000)
