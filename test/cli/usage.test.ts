import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory, trent } from './trent-process.ts'

const wrong: readonly [readonly string[], string][] = [
  [['serv'], "trent: unknown command 'serv'\n(Did you mean serve?)\n"],
  [['serve', '--lisen', 'x'], "trent: unknown option '--lisen'\n(Did you mean --listen?)\n"],
  [
    ['serve', '--workers', '0', '--account', '1'],
    'trent: --account: "1" is not an account id; write twelve digits\n' +
      'trent: --workers: "0" is not a whole number from 1 to 256; write one, such as 1\n',
  ],
  [['serve', 'now'], "trent: too many arguments for 'serve'. Expected 0 arguments but got 1.\n"],
  [['audit', 'show'], "trent: missing required argument 'request-id'\n"],
  [
    ['audit', 'tail', '-n', 'x'],
    "trent: option '-n, --lines <count>' argument 'x' is invalid. Write a whole number from 0 to 100000.\n",
  ],
  [
    ['clock', 'advance', 'tomorrow'],
    "trent: command-argument value 'tomorrow' is invalid for argument 'time'. Write numbers with units, such as 31d, 36h or 1h30m.\n",
  ],
]

test('wrong usage says what is wrong and exits with 64', async () => {
  for (const [args, stderr] of wrong) {
    const { exit, ...output } = await trent(args)
    assert.deepEqual({ exit, ...output }, { exit: 64, signal: null, stdout: '', stderr })
  }
})

test('without a command it shows how it is used and exits with 64', async () => {
  const { exit, stdout, stderr } = await trent([])
  assert.deepEqual([exit, stdout], [64, ''])
  assert.match(stderr, /^Usage: trent \[options\] \[command\]\n/)
})

test('help and version are answers', async () => {
  const version = await trent(['--version'])
  assert.equal(version.exit, 0)
  assert.match(version.stdout, /^trent \d+\.\d+\.\d+\n$/)
  const help = await trent(['--help'])
  assert.equal(help.exit, 0)
  for (const command of ['serve', 'audit', 'storage', 'seal', 'clock', 'file']) {
    assert.match(help.stdout, new RegExp(`^  ${command} `, 'm'))
  }
  const ofServe = await trent(['help', 'serve'])
  assert.equal(ofServe.exit, 0)
  assert.match(ofServe.stdout, /--data-dir <dir>/)
})

test('a configuration that is wrong names file, line and column', async (t) => {
  const dir = temporaryDirectory(t)
  writeFileSync(join(dir, 'trent.yaml'), 'data-dir: x\nlisten: here\n')
  const { exit, stderr } = await trent(['serve', '--config', 'trent.yaml'], {}, dir)
  assert.equal(exit, 64)
  assert.match(stderr, /^trent: .*\/trent\.yaml:2:1 \(listen\): "here" is not an address; write HOST:PORT/)
})

test('a command for a directory without installation or server says so', async (t) => {
  const dir = temporaryDirectory(t)
  const status = await trent(['seal', 'status', '--data-dir', dir])
  assert.deepEqual(
    [status.exit, status.stderr],
    [64, `trent: ${dir} holds no installation of trent; name its directory with --data-dir\n`],
  )
  const clock = await trent(['clock', 'advance', '1d'], { TRENT_DATA_DIR: dir })
  assert.deepEqual(
    [clock.exit, clock.stderr],
    [69, `trent: no server runs on ${dir}; start it, or name another with --data-dir\n`],
  )
})
