import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ConfigError } from '#config/config-error.ts'
import { nitroRoot } from '#crypto/nitro-root.ts'
import { readAttestationRoots } from '#server/attestation-roots.ts'
import { makeChain, type ChainChanges } from '../support/attestation.ts'
import { ecdsaWithSha256, extension, keyUsage, newKey, noAuthority, pem } from '../support/certificates.ts'
import { authorityConstraints } from '../support/certificates.ts'
import { temporaryDirectory } from '../support/server.ts'

const rootOf = (changes: ChainChanges = {}): Buffer =>
  makeChain(Date.now(), changes).certificates[0] ?? assert.fail('a chain has a root')

describe('the roots of attestations', () => {
  const directory = temporaryDirectory()
  let files = 0
  const file = (text: string): string => {
    const path = join(directory, `${(files += 1)}.pem`)
    writeFileSync(path, text)
    return path
  }
  const read = (...rootFiles: readonly string[]) => readAttestationRoots({ rootFiles, maxAgeSeconds: 300 })

  it('are that of AWS, without any setting', () => assert.deepEqual(read(), [nitroRoot]))

  it('are that of AWS and all that the files hold', () => {
    const [one, two, three] = [rootOf(), rootOf(), rootOf()]
    const several = file(`first\n${pem(one)}and\r\n${pem(two).replaceAll('\n', '\r\n')}`)
    assert.deepEqual(read(several, file(pem(three))), [nitroRoot, one, two, three])
  })

  const wrongKey = 'it must have a P-384 key and be signed by ECDSA with SHA-384'
  const noCertifier = 'it must be one of an authority: basic constraints with CA, and key usage with keyCertSign'
  const one = (problem: string): string => `the certificate can't be a root of attestation: ${problem}`
  const long = extension('2b0601', false, Buffer.alloc(800))
  const problems: readonly (readonly [text: string, problem: string])[] = [
    ['', 'the file holds no certificate in PEM format'],
    ['-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', 'the file holds no certificate in PEM format'],
    [
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'the certificate is damaged; put the PEM file there again',
    ],
    [
      `${pem(rootOf())}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      'certificate 2 of 2 is damaged; put the PEM file there again',
    ],
    [pem(rootOf({ 0: { key: newKey('P-256') } })), one(wrongKey)],
    [pem(rootOf({ 0: { algorithm: ecdsaWithSha256, hash: 'sha256' } })), one(wrongKey)],
    [pem(rootOf({ 0: { extensions: [noAuthority, keyUsage(0x06)] } })), one(noCertifier)],
    [pem(rootOf({ 0: { extensions: [authorityConstraints(), keyUsage(0x80)] } })), one(noCertifier)],
    [
      pem(rootOf({ 0: { extensions: [authorityConstraints(), keyUsage(0x06), long] } })),
      one('it has more than 1024 bytes, which no document can hold'),
    ],
  ]
  for (const [text, problem] of problems) {
    it(`are refused: ${problem}`, () => {
      const path = file(text)
      assert.throws(
        () => read(file(pem(rootOf())), path),
        (error) => error instanceof ConfigError && error.message.includes(`--attestation-root ${path}: ${problem}`),
      )
    })
  }

  it('are refused when the file is not there', () => {
    const path = join(directory, 'missing.pem')
    assert.throws(
      () => read(path),
      (error) =>
        error instanceof ConfigError && error.message.includes(`--attestation-root ${path}: the file can't be read: `),
    )
  })
})
