/** The worked example does what it says: its blocks, as they stand in the document, against a server just started. */
import assert from 'node:assert/strict'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { root } from '../../tools/check/files.ts'
import { signingKey, startIssuer, token } from '../oidc/issuer.ts'
import { run, skipReason } from '../support/programs.ts'
import { cleanEnvironment, startServer, temporaryDirectory } from '../support/server.ts'

const skip = skipReason('The AWS CLI', ['aws', '--version'], 'apt-get install awscli')
const blocks = /^<!-- worked example -->\n```sh\n([^]*?)^```$/gm

const expected = [
  'denied: as uma kms encrypt',
  'denied: as adam kms disable-key',
  'denied: as olga kms get-key-policy',
  'denied: as olga kms put-key-policy',
  'allowed: as root kms put-key-policy',
  'allowed: as uma kms encrypt',
  'denied: as uma kms disable-key',
  'allowed: as adam kms disable-key',
  'allowed: as adam kms enable-key',
  'denied: as adam kms encrypt',
  'denied: as adam kms put-key-policy',
  'allowed: as olga kms get-key-policy',
  'denied: as olga kms encrypt',
  'denied: as root kms encrypt',
  'denied: exchange JOB_TOKEN',
  'denied: exchange BRANCH_TOKEN',
  'denied: as job kms encrypt',
  'denied: as adam kms put-key-policy',
  'allowed: as olga kms put-key-policy',
  'allowed: as job kms encrypt',
  'allowed: as uma kms decrypt',
  'denied: as rita kms decrypt',
  'allowed: as olga kms put-key-policy',
  'denied: as rita kms decrypt',
  'allowed: as rita kms decrypt',
  'denied: as rita kms encrypt',
  'denied: as restorer kms decrypt',
  'denied: as rita kms create-grant',
  'allowed: as restorer kms decrypt',
  'denied: as rita kms revoke-grant',
  'allowed: as olga kms revoke-grant',
  'denied: as restorer kms decrypt',
]

// Some sixty programs one after the other, on a machine that may be busy.
const timeout = 600_000

describe('the worked example', { skip, timeout }, () => {
  it('runs as it stands, and each step is denied before and allowed after', async () => {
    const page = readFileSync(join(root, 'docs/worked-example.md'), 'utf8')
    const script = [...page.matchAll(blocks)].map(([, block]) => block ?? '').join('\n')
    const server = await startServer({ args: ['--oidc-allowed-host', '127.0.0.1,localhost'] })
    const directory = temporaryDirectory()
    symlinkSync(server.directory, join(directory, 'data'))
    symlinkSync(join(root, 'bin'), join(directory, 'bin'))
    const key = await signingKey('one')
    const issuer = await startIssuer([key.jwk])
    const now = Math.floor(Date.now() / 1000)
    const ofBranch = (branch: string): Promise<string> => {
      const sub = `project:payments:branch:${branch}`
      return token(key, { iss: issuer.url, sub, aud: 'trent', iat: now, exp: now + 3600 })
    }
    const tokens = { JOB_TOKEN: await ofBranch('main'), BRANCH_TOKEN: await ofBranch('feature') }
    const env = cleanEnvironment({
      ...{ AWS_EC2_METADATA_DISABLED: 'true', AWS_PAGER: '', NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' },
      ...{ ISSUER: issuer.url, ...tokens },
    })
    const command = ['bash', '-euo', 'pipefail', '-c', `cd "$1"\n${script}`, 'worked-example', directory]
    const { code, stdout, stderr } = await run(command, env)
    await issuer.stop()
    assert.equal(code, 0, `${stdout}\n${stderr}`)
    const decisions = stdout.split('\n').filter((line) => /^(?:denied|allowed): /.test(line))
    assert.deepEqual(decisions, expected)
    assert.match(stdout, /^yes +arn:aws:iam::111122223333:role\/ci\n +by key policy, statement 5 \(Users\)$/m)
    assert.match(stdout, /^yes-if +arn:aws:iam::444455556666:user\/rita$/m)
    assert.match(stdout, /^kms:Decrypt on \S+ was denied: nothing allows it \(identity policy\)$/m)
    for (const secret of Object.values(tokens)) assert.ok(!stdout.includes(secret))
  })
})
