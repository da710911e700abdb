/** Key material made and wrapped by the `openssl` command, as AWS's guide has it, imported through the SDK. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  CreateKeyCommand,
  GetParametersForImportCommand,
  GetPublicKeyCommand,
  ImportKeyMaterialCommand,
  SignCommand,
  type SigningAlgorithmSpec,
} from '@aws-sdk/client-kms'
import type { WrappingAlgorithm, WrappingKeySpec } from '#crypto/import-wrapping.ts'
import type { KeySpec } from '#crypto/key-specs.ts'
import { skipReason } from '../support/programs.ts'
import { startServer, temporaryDirectory } from '../support/server.ts'

const folder = temporaryDirectory()
let files = 0
function file(bytes: Uint8Array | string = ''): string {
  files += 1
  const path = join(folder, String(files))
  writeFileSync(path, bytes)
  return path
}

function openssl(...args: readonly string[]): Buffer {
  return execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
}

function known<T>(value: T | undefined): T {
  assert.ok(value !== undefined)
  return value
}

function oaep(publicKey: string, algorithm: WrappingAlgorithm, input: string): Buffer {
  const hash = algorithm.endsWith('SHA_1') ? 'sha1' : 'sha256'
  const padding = ['rsa_padding_mode:oaep', `rsa_oaep_md:${hash}`, `rsa_mgf1_md:${hash}`]
  return openssl(
    ...['pkeyutl', '-encrypt', '-in', input, '-inkey', publicKey, '-keyform', 'DER', '-pubin'],
    ...padding.flatMap((option) => ['-pkeyopt', option]),
  )
}

function wrapped(publicKey: string, algorithm: WrappingAlgorithm, material: string): Buffer {
  if (algorithm.startsWith('RSAES')) return oaep(publicKey, algorithm, material)
  const aesKey = openssl('rand', '32')
  const output = file()
  const cipher = ['enc', '-id-aes256-wrap-pad', '-K', aesKey.toString('hex'), '-iv', 'A65959A6']
  openssl(...cipher, '-in', material, '-out', output)
  return Buffer.concat([oaep(publicKey, algorithm, file(aesKey)), readFileSync(output)])
}

/** A private key of OpenSSL's making, as PKCS #8 DER. */
function privateKey(...options: readonly string[]): string {
  const der = file()
  openssl('genpkey', ...options, '-outform', 'DER', '-out', der)
  const pkcs8 = file()
  openssl('pkcs8', '-topk8', '-nocrypt', '-inform', 'DER', '-in', der, '-outform', 'DER', '-out', pkcs8)
  return pkcs8
}

const curve = (name: string): readonly string[] => ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${name}`]
const rsa = (bits: number): readonly string[] => ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${bits}`]

const pairs: readonly (readonly [KeySpec, readonly string[], SigningAlgorithmSpec, readonly string[]])[] = [
  ['RSA_2048', rsa(2048), 'RSASSA_PKCS1_V1_5_SHA_256', ['-sha256']],
  ['RSA_4096', rsa(4096), 'RSASSA_PKCS1_V1_5_SHA_512', ['-sha512']],
  ['ECC_NIST_P256', curve('P-256'), 'ECDSA_SHA_256', ['-sha256']],
  ['ECC_NIST_P384', curve('P-384'), 'ECDSA_SHA_384', ['-sha384']],
  ['ECC_NIST_P521', curve('P-521'), 'ECDSA_SHA_512', ['-sha512']],
  ['ECC_SECG_P256K1', curve('secp256k1'), 'ECDSA_SHA_256', ['-sha256']],
]

describe(
  'what openssl has wrapped',
  { skip: skipReason('openssl', ['openssl', 'version'], 'apt-get install openssl') },
  async () => {
    const server = await startServer({ workers: 2 })
    const kms = server.kms()

    /** The id of a new key with the material in `path`. */
    async function imported(
      KeySpec: KeySpec,
      usage: 'ENCRYPT_DECRYPT' | 'SIGN_VERIFY' | 'GENERATE_VERIFY_MAC',
      WrappingAlgorithm: WrappingAlgorithm,
      WrappingKeySpec: WrappingKeySpec,
      path: string,
    ): Promise<string> {
      const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Origin: 'EXTERNAL', KeySpec, KeyUsage: usage }))
      const KeyId = known(KeyMetadata?.KeyId)
      const set = await kms.send(new GetParametersForImportCommand({ KeyId, WrappingAlgorithm, WrappingKeySpec }))
      await kms.send(
        new ImportKeyMaterialCommand({
          KeyId,
          ImportToken: set.ImportToken,
          EncryptedKeyMaterial: wrapped(file(known(set.PublicKey)), WrappingAlgorithm, path),
          ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
        }),
      )
      return KeyId
    }

    for (const size of ['RSA_2048', 'RSA_3072', 'RSA_4096'] as const) {
      for (const algorithm of ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'] as const) {
        it(`is imported with ${algorithm} and ${size}`, async () => {
          await imported('SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', algorithm, size, file(openssl('rand', '32')))
        })
      }
      for (const algorithm of ['RSA_AES_KEY_WRAP_SHA_1', 'RSA_AES_KEY_WRAP_SHA_256'] as const) {
        it(`is imported with ${algorithm} and ${size}`, async () => {
          await imported('ECC_NIST_P256', 'SIGN_VERIFY', algorithm, size, privateKey(...curve('P-256')))
        })
      }
    }

    for (const [spec, options, SigningAlgorithm, hash] of pairs) {
      it(`is a key of ${spec}, whose signatures openssl verifies`, async () => {
        const path = privateKey(...options)
        const KeyId = await imported(spec, 'SIGN_VERIFY', 'RSA_AES_KEY_WRAP_SHA_256', 'RSA_3072', path)
        const Message = Buffer.from('signed')
        const { Signature } = await kms.send(new SignCommand({ KeyId, Message, SigningAlgorithm }))
        const own = file(openssl('pkey', '-inform', 'DER', '-in', path, '-pubout'))
        openssl('dgst', ...hash, '-verify', own, '-signature', file(known(Signature)), file(Message))
        const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }))
        assert.ok(Buffer.from(known(PublicKey)).equals(openssl('pkey', '-pubin', '-in', own, '-outform', 'DER')))
      })
    }

    it('is an Ed25519 key, whose signatures openssl verifies', async () => {
      const path = privateKey('-algorithm', 'ED25519')
      const KeyId = await imported('ECC_NIST_EDWARDS25519', 'SIGN_VERIFY', 'RSAES_OAEP_SHA_256', 'RSA_2048', path)
      const Message = Buffer.from('signed')
      const { Signature } = await kms.send(new SignCommand({ KeyId, Message, SigningAlgorithm: 'ED25519_SHA_512' }))
      const own = file(openssl('pkey', '-inform', 'DER', '-in', path, '-pubout'))
      const files = ['-sigfile', file(known(Signature)), '-in', file(Message)]
      openssl('pkeyutl', '-verify', '-pubin', '-inkey', own, '-rawin', ...files)
    })

    it('is an HMAC key of any length that the spec takes', async () => {
      for (const length of ['32', '64', '128']) {
        const material = file(openssl('rand', length))
        await imported('HMAC_256', 'GENERATE_VERIFY_MAC', 'RSAES_OAEP_SHA_256', 'RSA_3072', material)
      }
    })
  },
)
