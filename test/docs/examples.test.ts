/** The documents say what is true: the README's example runs as it stands, and links lead somewhere. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { generalErrors } from '#faults/rule.ts'
import { filesBelow, root } from '../../tools/check/files.ts'
import { cleanEnvironment, startServer, temporaryDirectory } from '../support/server.ts'

/** The shell block behind `<!-- example: NAME -->`. */
function exampleOf(file: string, name: string): string {
  const text = readFileSync(join(root, file), 'utf8')
  const [, block] = new RegExp(`<!-- example: ${name} -->\\n\`\`\`sh\\n([^]*?)\`\`\``).exec(text) ?? []
  assert.ok(block !== undefined, `${file} has no example "${name}"`)
  return block
}

const lacksAws = spawnSync('aws', ['--version']).status === 0 ? false : 'needs the AWS CLI: apt-get install awscli'

describe('the README', () => {
  it('has an example that encrypts and decrypts, against a server just started', { skip: lacksAws }, async () => {
    const server = await startServer()
    const directory = temporaryDirectory()
    symlinkSync(server.directory, join(directory, 'data'))
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['-euo', 'pipefail', '-c', exampleOf('README.md', 'encrypt')],
      {
        cwd: directory,
        encoding: 'utf8',
        env: cleanEnvironment({ AWS_EC2_METADATA_DISABLED: 'true', AWS_PAGER: '' }),
      },
    )
    assert.equal(status, 0, stderr)
    assert.equal(stdout, 'attack at dawn')
    assert.deepEqual(readdirSync(directory).sort(), ['data', 'message.encrypted', 'message.txt'])
    assert.ok(!readFileSync(join(directory, 'message.encrypted')).includes('attack'))
  })

  it('names an npm script for each command it shows', () => {
    const manifest = readFileSync(join(root, 'package.json'), 'utf8')
    const { scripts } = JSON.parse(manifest) as { readonly scripts: Readonly<Record<string, string>> }
    const shown = documents.flatMap(({ text }) => [...text.matchAll(/`?npm (?:run )?(start|test|(?<=run )[\w-]+)/g)])
    assert.ok(shown.length >= 5, `${shown.length} commands were found`)
    const names = shown.map(([, name]) => name ?? '')
    assert.deepEqual(
      names.filter((name) => !(name in scripts)),
      [],
    )
  })
})

describe('the page on accounts', () => {
  it('has an example that makes an account and uses its key at once', { skip: lacksAws }, async () => {
    const server = await startServer()
    const directory = temporaryDirectory()
    symlinkSync(server.directory, join(directory, 'data'))
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['-euo', 'pipefail', '-c', exampleOf('docs/accounts-and-access.md', 'accounts')],
      {
        cwd: directory,
        encoding: 'utf8',
        env: cleanEnvironment({
          AWS_EC2_METADATA_DISABLED: 'true',
          AWS_PAGER: '',
          PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`,
        }),
      },
    )
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^111122223333 .*\n444455556666 .*Team B\n/)
    assert.match(stdout, /^yes {5}arn:aws:iam::444455556666:root$/m)
    assert.match(stdout, /^no {6}arn:aws:iam::111122223333:root$/m)
  })
})

/** Runs an example beside the data directory of a started server; answers what it printed. */
function runBeside(server: { readonly directory: string }, file: string, name: string): string {
  const directory = temporaryDirectory()
  symlinkSync(server.directory, join(directory, 'data'))
  const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', exampleOf(file, name)], {
    cwd: directory,
    encoding: 'utf8',
    env: cleanEnvironment({
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_PAGER: '',
      AWS_SHARED_CREDENTIALS_FILE: join(server.directory, 'credentials'),
      PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`,
    }),
  })
  assert.equal(status, 0, stderr)
  return stdout
}

describe('the page on importing keys', () => {
  for (const [name, printed] of [
    ['symmetric', /^Enabled$/m],
    ['private', /^Verified OK$/m],
  ] as const) {
    it(`has an example that imports a ${name} key`, { skip: lacksAws }, async () => {
      assert.match(runBeside(await startServer(), 'docs/importing-keys.md', name), printed)
    })
  }
})

describe('the page on multi-Region keys', () => {
  it('has an example that replicates a key and decrypts elsewhere', { skip: lacksAws }, async () => {
    const server = await startServer({ regions: ['us-east-1', 'eu-west-1'] })
    const [arn, plaintext] = runBeside(server, 'docs/multi-region.md', 'multi-region').trimEnd().split('\n')
    assert.match(arn ?? '', /^arn:aws:kms:eu-west-1:[0-9]{12}:key\/mrk-[0-9a-f]{32}$/)
    assert.equal(plaintext, 'attack at dawn')
  })
})

/** Runs an example that starts a server by itself, in an empty directory; answers what it printed. */
function runExample(file: string, name: string): string {
  const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', exampleOf(file, name)], {
    cwd: temporaryDirectory(),
    encoding: 'utf8',
    env: cleanEnvironment({
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_PAGER: '',
      NO_PROXY: '127.0.0.1',
      no_proxy: '127.0.0.1',
      PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`,
    }),
  })
  assert.equal(status, 0, `${stdout}${stderr}`)
  return stdout
}

describe('the page on test suites', () => {
  it('has an example with a seed, a fault and the clock', { skip: lacksAws }, () => {
    const key = '1234abcd-12ab-34cd-56ef-1234567890ab'
    const lines = runExample('docs/testing.md', 'testing').trim().split('\n')
    assert.deepEqual(lines.slice(0, 6), [
      key,
      '   1  Encrypt throttle next=2  (injected into 0 of 0, 2 left)',
      `arn:aws:kms:us-east-1:111122223333:key/${key}`,
      '   1  Encrypt throttle next=2  (injected into 2 of 3, 0 left)',
      '   1  Encrypt throttle next=2  (injected into 2 of 3, 0 left)',
      'PendingDeletion',
    ])
    assert.equal(lines.at(-1), '  deleted 1 key')
  })

  it('shows the words of seeds and faults that there are', () => {
    const page = readFileSync(join(root, 'docs/testing.md'), 'utf8')
    for (const error of generalErrors) assert.ok(page.includes(error), error)
    const words = [
      'id',
      'account',
      'region',
      'spec',
      'usage',
      'description',
      'tags',
      'created',
      'aliases',
      'policy',
      'state',
    ]
    words.push('material', 'materials', 'rotation', 'grants', 'origin')
    for (const word of words) assert.match(page, new RegExp(`\\| .*\`${word}\`.* \\|`), word)
  })
})

describe('the page on coming from elsewhere', () => {
  it("has an example with the emulator's seed", () => {
    assert.equal(runExample('docs/migrating.md', 'migrating'), 'Added 0 accounts, 1 keys, 1 aliases, 0 grants.\n')
  })
})

const documents = filesBelow('')
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

/** The heading's anchor, as repository hosts make it. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading ?? '')
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}

describe('the documents', () => {
  it('are seen whole', () => {
    assert.ok(documents.length >= 20, `${documents.length} documents were found`)
  })

  it('link to what exists', () => {
    const links = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => ({ path, target: target ?? '' })),
    )
    assert.ok(links.length >= 30, `${links.length} links were found`)
    const broken = links.filter(({ path, target }) => {
      if (/^(https?|mailto):/.test(target)) return false
      const [file = '', anchor] = target.split('#')
      const full = file === '' ? join(root, path) : join(root, dirname(path), file)
      if (!existsSync(full)) return true
      return anchor !== undefined && !anchorsOf(readFileSync(full, 'utf8')).has(anchor)
    })
    assert.deepEqual(broken, [])
  })

  it('list every decision', () => {
    const index = readFileSync(join(root, 'docs/adr/README.md'), 'utf8')
    const missing = readdirSync(join(root, 'docs/adr')).filter(
      (name) => /^\d/.test(name) && !index.includes(`(${name})`),
    )
    assert.deepEqual(missing, [])
  })

  it('list every page of docs/ in its index', () => {
    const index = readFileSync(join(root, 'docs/README.md'), 'utf8')
    const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md') && name !== 'README.md')
    assert.deepEqual(
      pages.filter((name) => !index.includes(`(${name})`)),
      [],
    )
  })

  it('show the layers that the architecture tests enforce', async () => {
    const { layers } = await import('../architecture/rules.ts')
    const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
    for (const [name, { rank }] of Object.entries(layers)) {
      const row = new RegExp(`^\\| ${rank} \\| .*\\b${name.replace('.', '\\.')}\\b.* \\|`, 'm')
      assert.match(page, row, `${name} is not shown at rank ${rank}`)
    }
  })

  it('name source files that exist', () => {
    const named = documents
      .filter(({ path }) => !path.startsWith('changes/'))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/`((?:src|test|tools|bench|bin|docs)\/[\w./-]+)`/g)].map(([, file]) => ({
          path,
          file: file ?? '',
        })),
      )
    assert.ok(named.length >= 15, `${named.length} file names were found`)
    assert.deepEqual(
      named.filter(({ file }) => !existsSync(join(root, file))),
      [],
    )
  })
})
