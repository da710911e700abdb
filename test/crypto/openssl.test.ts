/** The OpenSSL of this machine on the other side of every algorithm that it has: what one signs, the other verifies. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { signingAlgorithms, type SigningAlgorithm } from '#crypto/algorithms.ts'
import { algorithmsOf, type KeySpec } from '#crypto/key-specs.ts'
import { deriveSharedSecret } from '#crypto/key-agreement.ts'
import { generateMac, openMacKey } from '#crypto/mac.ts'
import { readPrivateKey } from '#crypto/private-key.ts'
import { readPublicKey } from '#crypto/public-key.ts'
import { decryptOaep, encryptOaep } from '#crypto/rsa-encryption.ts'
import { sign, verify } from '#crypto/signing.ts'
import { native, portable, sm2, tools } from './asymmetric-fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'openssl-'))
after(() => rmSync(folder, { recursive: true }))

let files = 0
/** A new file with `bytes`. */
function file(bytes: Buffer | string = ''): string {
  files += 1
  const path = join(folder, String(files))
  writeFileSync(path, bytes)
  return path
}

function openssl(...args: readonly string[]): Buffer {
  return execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
}

function accepts(...args: readonly string[]): boolean {
  return spawnSync('openssl', args, { stdio: 'ignore' }).status === 0
}

const missing = spawnSync('openssl', ['version'], { stdio: 'ignore' }).status !== 0
const options = { skip: missing ? 'openssl is not installed' : false }

interface Foreign {
  readonly path: string
  readonly publicPath: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** A key pair that OpenSSL made: PKCS #8 and SubjectPublicKeyInfo. */
function generateFiles(...how: readonly string[]): { readonly path: string; readonly publicPath: string } {
  const [pem, path, publicPath] = [file(), file(), file()]
  openssl('genpkey', ...how, '-out', pem)
  openssl('pkcs8', '-topk8', '-nocrypt', '-in', pem, '-outform', 'DER', '-out', path)
  openssl('pkey', '-in', pem, '-pubout', '-outform', 'DER', '-out', publicPath)
  return { path, publicPath }
}

const made = new Map<KeySpec, Foreign>()

/** A key that OpenSSL made, read as an import would be. */
async function foreignKey(spec: KeySpec, ...how: readonly string[]): Promise<Foreign> {
  const known = made.get(spec)
  if (known !== undefined) return known
  const { path, publicPath } = generateFiles(...how)
  const privateKey = await readPrivateKey(spec, readFileSync(path))
  const publicKey = readPublicKey(spec, readFileSync(publicPath))
  assert.ok(privateKey !== undefined && publicKey !== undefined, spec)
  const key = { path, publicPath, privateKey, publicKey }
  made.set(spec, key)
  return key
}

const curve = (name: string): readonly string[] => [
  ...['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${name}`, '-pkeyopt', 'ec_param_enc:named_curve'],
]
const rsa = (bits: number): readonly string[] => ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${bits}`]

const signers: readonly (readonly [KeySpec, readonly string[]])[] = [
  ['RSA_2048', rsa(2048)],
  ['RSA_3072', rsa(3072)],
  ['ECC_NIST_P256', curve('P-256')],
  ['ECC_NIST_P384', curve('P-384')],
  ['ECC_NIST_P521', curve('P-521')],
  ['ECC_SECG_P256K1', curve('secp256k1')],
]

const message = Buffer.from('on the other side')

describe('with OpenSSL on the other side', options, () => {
  for (const [spec, how] of signers) {
    for (const algorithm of algorithmsOf(spec, 'SIGN_VERIFY') as readonly SigningAlgorithm[]) {
      it(`signatures verify both ways: ${spec} ${algorithm}`, async () => {
        const { path, publicPath, privateKey, publicKey } = await foreignKey(spec, ...how)
        const name = signingAlgorithms[algorithm].hash
        const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest']
        const padding = algorithm.startsWith('RSASSA_PSS') ? pss : []
        const text = file(message)
        const inputs = [
          { algorithm, messageType: 'RAW', message },
          { algorithm, messageType: 'DIGEST', message: hash(name, message, 'buffer') },
        ] as const
        const check = ['dgst', `-${name}`, '-keyform', 'DER', '-verify', publicPath, ...padding, '-signature']
        const theirs = openssl('dgst', `-${name}`, '-keyform', 'DER', '-sign', path, ...padding, text)
        for (const input of inputs) {
          for (const digests of [native, portable]) {
            const ours = await sign(privateKey, spec, input, { ...tools, digests })
            assert.ok(accepts(...check, file(ours), text))
            assert.equal(accepts(...check, file(ours), file('another')), false)
            assert.equal(await verify(publicKey, spec, input, theirs, { ...tools, digests }), true)
          }
        }
      })
    }
  }

  it('signatures verify both ways: Ed25519', async () => {
    const spec = 'ECC_NIST_EDWARDS25519'
    const { path, publicPath, privateKey, publicKey } = await foreignKey(spec, '-algorithm', 'ED25519')
    const input = { algorithm: 'ED25519_SHA_512', messageType: 'RAW', message } as const
    const ours = await sign(privateKey, spec, input, tools)
    const inkey = ['-rawin', '-in', file(message), '-keyform', 'DER', '-inkey']
    assert.ok(accepts('pkeyutl', '-verify', '-pubin', ...inkey, publicPath, '-sigfile', file(ours)))
    assert.equal(await verify(publicKey, spec, input, openssl('pkeyutl', '-sign', ...inkey, path), tools), true)
  })

  it('signatures verify both ways: SM2', async () => {
    const { path, publicPath, privateKey, publicKey } = await foreignKey('SM2', ...curve('SM2'))
    const input = { algorithm: 'SM2DSA', messageType: 'RAW', message } as const
    const id = ['-sigopt', 'distid:1234567812345678']
    const text = file(message)
    const check = ['dgst', '-sm3', '-keyform', 'DER', ...id, '-verify', publicPath, '-signature']
    const theirs = openssl('dgst', '-sm3', '-keyform', 'DER', ...id, '-sign', path, text)
    for (const digests of [native, portable]) {
      const ours = await sign(privateKey, 'SM2', input, { ...tools, digests })
      assert.ok(accepts(...check, file(ours), text))
      assert.equal(accepts(...check, file(ours), file('another')), false)
      assert.equal(await verify(publicKey, 'SM2', input, theirs, { ...tools, digests }), true)
    }
  })

  it('ciphertexts open both ways: SM2', async () => {
    const { path, publicPath, privateKey, publicKey } = await foreignKey('SM2', ...curve('SM2'))
    for (const plaintext of [message, Buffer.alloc(1024, 7)]) {
      const ours = file(await sm2.encryptSm2(publicKey, plaintext))
      assert.deepEqual(openssl('pkeyutl', '-decrypt', '-keyform', 'DER', '-inkey', path, '-in', ours), plaintext)
      const encrypt = ['pkeyutl', '-encrypt', '-pubin', '-keyform', 'DER', '-inkey', publicPath]
      assert.deepEqual(await sm2.decryptSm2(privateKey, openssl(...encrypt, '-in', file(plaintext))), plaintext)
    }
  })

  for (const [algorithm, name] of [
    ['RSAES_OAEP_SHA_1', 'sha1'],
    ['RSAES_OAEP_SHA_256', 'sha256'],
  ] as const) {
    it(`ciphertexts open both ways: ${algorithm}`, async () => {
      const { path, publicPath, privateKey, publicKey } = await foreignKey('RSA_2048', ...rsa(2048))
      const oaep = [
        '-pkeyopt',
        'rsa_padding_mode:oaep',
        '-pkeyopt',
        `rsa_oaep_md:${name}`,
        '-pkeyopt',
        `rsa_mgf1_md:${name}`,
      ]
      const ours = file(encryptOaep(publicKey, algorithm, message))
      assert.deepEqual(openssl('pkeyutl', '-decrypt', '-keyform', 'DER', '-inkey', path, ...oaep, '-in', ours), message)
      const encrypt = ['pkeyutl', '-encrypt', '-pubin', '-keyform', 'DER', '-inkey', publicPath, ...oaep]
      assert.deepEqual(decryptOaep(privateKey, algorithm, openssl(...encrypt, '-in', file(message))), message)
    })
  }

  for (const [spec, name] of [
    ['ECC_NIST_P256', 'P-256'],
    ['ECC_NIST_P384', 'P-384'],
    ['ECC_NIST_P521', 'P-521'],
  ] as const) {
    it(`the shared secret is the same: ${spec}`, async () => {
      const { publicPath, privateKey } = await foreignKey(spec, ...curve(name))
      const other = generateFiles(...curve(name))
      const ours = await deriveSharedSecret(privateKey, spec, readFileSync(other.publicPath), sm2)
      const peer = ['-peerform', 'DER', '-peerkey', publicPath]
      assert.deepEqual(openssl('pkeyutl', '-derive', '-keyform', 'DER', '-inkey', other.path, ...peer), ours)
    })
  }

  it('MACs are the same', () => {
    const material = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b', 'hex')
    for (const [algorithm, name] of [
      ['HMAC_SHA_224', 'sha224'],
      ['HMAC_SHA_256', 'sha256'],
      ['HMAC_SHA_384', 'sha384'],
      ['HMAC_SHA_512', 'sha512'],
    ] as const) {
      const key = ['-macopt', `hexkey:${material.toString('hex')}`]
      const theirs = openssl('dgst', `-${name}`, '-mac', 'HMAC', ...key, '-binary', file(message))
      assert.deepEqual(generateMac(openMacKey(algorithm, material), message), theirs)
    }
  })
})
