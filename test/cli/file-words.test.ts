import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { settingOf } from '#cli/file/aws-files.ts'
import { explain, explainDecryption } from '#cli/file/explain.ts'
import { formatBytes, makeReport, progressLine } from '#cli/file/report.ts'
import { startFakeKms } from './fake-kms.ts'
import { openBench } from './file-support.ts'

describe('the AWS config file', () => {
  const text = [
    '# ca_bundle = /comment',
    '[default]',
    'ca_bundle=/default.pem',
    '[profile work]',
    'region = eu-west-1',
    's3 =',
    '  ca_bundle = /nested.pem',
    'ca_bundle = /work.pem  # a comment',
    '[services kms]',
    'ca_bundle = /services.pem',
  ].join('\n')
  it('gives the setting of the profile', () => {
    assert.equal(settingOf(text, 'default', 'ca_bundle'), '/default.pem')
    assert.equal(settingOf(text, 'work', 'ca_bundle'), '/work.pem')
    assert.equal(settingOf(text, 'other', 'ca_bundle'), undefined)
  })
})

const openssl = spawnSync('openssl', ['version']).status === 0 ? {} : { skip: 'openssl is not installed' }
describe('trusted certificates', () => {
  it('come from AWS_CA_BUNDLE or ca_bundle, and an untrusted endpoint is told', openssl, async () => {
    await using bench = await openBench()
    const request =
      '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost'
    const files = ['-keyout', bench.at('key.pem'), '-out', bench.at('ca.pem')]
    const made = spawnSync('openssl', ['req', '-x509', ...request.split(' '), ...files], { encoding: 'utf8' })
    assert.equal(made.status, 0, made.stderr)
    const kms = await startFakeKms({
      key: readFileSync(bench.at('key.pem'), 'utf8'),
      cert: readFileSync(bench.at('ca.pem'), 'utf8'),
    })
    writeFileSync(bench.at('config'), '[default]\nca_bundle = ~/ca.pem\n')
    writeFileSync(bench.at('data'), 'hello')
    const args = ['encrypt', 'data', '--key-id', 'alias/files', '--force', '--endpoint-url', kms.url]
    try {
      const untrusted = await bench.run(...args)
      assert.equal(untrusted.code, 1)
      assert.match(
        untrusted.stderr,
        /certificate of the KMS endpoint is not trusted \(.*\): name its CA certificate in AWS_CA_BUNDLE/,
      )
      assert.equal((await bench.runWith({ AWS_CA_BUNDLE: bench.at('ca.pem') }, ...args)).code, 0)
      assert.equal((await bench.runWith({ AWS_CONFIG_FILE: bench.at('config') }, ...args)).code, 0)
      const missing = await bench.runWith({ AWS_CA_BUNDLE: '/nowhere.pem' }, ...args)
      assert.equal(missing.code, 1)
      assert.match(
        missing.stderr,
        /^trent file encrypt: cannot read the CA bundle \/nowhere\.pem \(ENOENT\): check AWS_CA_BUNDLE/,
      )
    } finally {
      await kms.close()
    }
  })
})

describe('the report', () => {
  it('draws progress on a terminal only, and keeps control characters from it', () => {
    for (const isTTY of [true, false]) {
      let seen = ''
      const stderr = { isTTY, columns: 60, write: (text: string) => (seen += text) }
      const report = makeReport('encrypt', false, { stdout: { write: () => true }, stderr }, () => 0)
      report.progress('evil\u001b[2J\nname', 50, 100)
      report.done('evil', 'evil.encrypted', 100, [])
      assert.equal(report.finish(1), false)
      const summary = '1 file encrypted (100 bytes, 1 KMS request)\n'
      const line = '[##########..........]  50% of 100 bytes  0 files done  evil'
      assert.equal(seen, isTTY ? `\r\u001b[K${line.slice(0, 59)}\r\u001b[K${summary}` : summary)
    }
  })
  it('writes sizes in binary units', () => {
    assert.deepEqual([0, 1023, 1024, 1536, 5 * 2 ** 30].map(formatBytes), [
      '0 bytes',
      '1023 bytes',
      '1.0 KiB',
      '1.5 KiB',
      '5.0 GiB',
    ])
  })
  it('shows an empty file as complete', () => {
    assert.match(progressLine('a', 0, 0, 3, 100), /^\[#{20}\] 100% of 0 bytes {2}3 files done {2}a$/)
  })
})

describe('an explanation', () => {
  it('is one line whatever the error is', () => {
    assert.equal(explain(new Error('a\n  b\n c')).message, 'a b c')
    assert.equal(explain(new AggregateError([new Error('inner')], '')).message, 'an error without a text')
    assert.equal(explain('text').message, 'text')
    assert.deepEqual(explainDecryption(new Error('odd')), {
      code: 'damaged',
      message: 'the encrypted file is damaged or was changed (odd): restore it from a good copy',
    })
  })
})
