import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { aFolder } from './processes.ts'

export interface SmallDisk {
  folder: string
  /** Takes all the room that is left. */
  fill(): void
  free(): void
  /** Mounts it so that nobody can write. */
  seal(): void
}

/** A disk of its own, in memory, which can really be full and really be read-only. Mounting takes root. */
export function aSmallDisk(megabytes: number): SmallDisk {
  const folder = join(aFolder(), 'disk')
  mkdirSync(folder)
  const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'pipe' })
  mount('-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder)
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder])
  })
  const ballast = join(folder, 'ballast')
  return {
    folder,
    fill() {
      const handle = openSync(ballast, 'w')
      for (const size of [64 * 1024, 4 * 1024, 512])
        try {
          const chunk = Buffer.alloc(size, 1)
          while (writeSync(handle, chunk) === size);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        }
      closeSync(handle)
    },
    free: () => rmSync(ballast),
    seal: () => mount('-o', 'remount,ro', folder),
  }
}
