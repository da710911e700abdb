import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Runs the files of bench/micro one after another, each in its own process, and returns the names of those that failed. */
export async function runMicroBenchmarks(folder = fileURLToPath(new URL('micro', import.meta.url))): Promise<string[]> {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /(?<!\.d)\.ts$/.test(name)) : []
  if (names.length === 0) console.log(`no micro-benchmarks in ${folder}`)
  const failed: string[] = []
  for (const name of names.sort()) {
    console.log(`\n${name}`)
    const child = spawn(process.execPath, [join(folder, name)], { stdio: 'inherit' })
    await once(child, 'exit')
    if (child.exitCode !== 0) failed.push(name)
  }
  return failed
}
