import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from '#policy/compile.ts'
import { trent } from './trent-process.ts'

const admin = 'arn:aws:iam::111122223333:user/admin'
const app = 'arn:aws:iam::111122223333:role/app'
const officer = 'arn:aws:iam::111122223333:role/officer'

async function printed(...args: readonly string[]): Promise<string> {
  const { exit, stdout, stderr } = await trent(['key-policy', ...args])
  assert.deepEqual([exit, stderr], [0, ''])
  assert.equal(compilePolicy(stdout).problem, undefined)
  return stdout
}

test('key-policy prints the default policy, which GetKeyPolicy returns for a key without one', async () => {
  const policy: unknown = JSON.parse(await printed('default', '--account', '111122223333'))
  assert.deepEqual(policy, {
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [
      {
        Sid: 'Enable IAM User Permissions',
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::111122223333:root' },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  })
})

test("key-policy prints the console's policy, with administrators and users apart", async () => {
  const text = await printed('console', '--administrator', admin, '--user', app, '--other-account', '444455556666')
  assert.ok(text.includes('"Sid": "Allow access for Key Administrators"'))
  assert.ok(text.includes('"arn:aws:iam::444455556666:root"'))
  assert.ok(!text.includes('ScheduleKeyDeletion'))
  assert.ok(
    (await printed('console', '--administrator', admin, '--administrators-may-delete')).includes('ScheduleKeyDeletion'),
  )
})

test('key-policy prints a policy in which an administrator can not make himself a user', async () => {
  const args = ['--security-officer', officer, '--administrator', admin, '--user', app]
  const text = await printed('hardened', ...args, '--root-may-recover')
  assert.ok(!text.includes('ImportKeyMaterial'))
  assert.ok((await printed('hardened', ...args, '--imported')).includes('"kms:ImportKeyMaterial"'))
  assert.ok(text.includes('"Sid": "Deny everything else to Key Administrators"'))
  assert.ok(text.includes('"Sid": "Allow recovery by the root user"'))
})

test('key-policy says what is missing or wrong', async () => {
  const wrong: readonly [readonly string[], string][] = [
    [['console'], 'trent: name the account of the key with --account\n'],
    [['hardened'], "trent: required option '--security-officer <arn...>' not specified\n"],
    [
      ['default', '--account', '12'],
      "trent: option '--account <id>' argument '12' is invalid. An account id has twelve digits.\n",
    ],
    [
      ['console', '--user', 'bob'],
      "trent: option '--user <arn...>' argument 'bob' is invalid. Write the ARN of a user or role, such as arn:aws:iam::111122223333:role/Admin.\n",
    ],
  ]
  for (const [args, stderr] of wrong) {
    assert.deepEqual(await trent(['key-policy', ...args]), { exit: 64, signal: null, stdout: '', stderr })
  }
})
