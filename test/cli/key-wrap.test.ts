import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { unwrapMaterial, type WrappingAlgorithm } from '#crypto/import-wrapping.ts'
import { sm2 } from '../crypto/asymmetric-fixtures.ts'
import { run } from '../support/programs.ts'
import { cleanEnvironment } from '../support/server.ts'
import { temporaryDirectory, trent } from './trent-process.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const der = publicKey.export({ format: 'der', type: 'spki' })
const answer = {
  KeyId: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  ImportToken: Buffer.from('token').toString('base64'),
  PublicKey: der.toString('base64'),
  ParametersValidTo: 1,
}

interface Folder {
  readonly directory: string
  readonly file: (name: string, content: string | Buffer) => string
}

function folder(t: TestContext): Folder {
  const directory = temporaryDirectory(t)
  let files = 0
  return {
    directory,
    file: (name, content) => {
      const path = join(directory, `${(files += 1)} ${name}`)
      writeFileSync(path, content)
      return path
    },
  }
}

const opened = (algorithm: WrappingAlgorithm, wrapped: Buffer, key: KeyObject = privateKey) =>
  unwrapMaterial(key, algorithm, wrapped, randomBytes(32), sm2)

describe('trent key wrap', () => {
  it('wraps bytes for the answer of GetParametersForImport, and writes the token beside them', async (t) => {
    const { directory, file } = folder(t)
    const material = randomBytes(32)
    const [output, token] = [join(directory, 'wrapped'), join(directory, 'token')]
    const { exit, stdout, stderr } = await trent([
      ...['key', 'wrap', '--parameters', file('parameters.json', JSON.stringify(answer, null, 2))],
      ...['--algorithm', 'RSAES_OAEP_SHA_256', '--material', file('material', material)],
      ...['--key-spec', 'SYMMETRIC_DEFAULT', '--output', output, '--token-output', token],
    ])
    assert.deepEqual([exit, stdout, stderr], [0, '', ''])
    assert.deepEqual(await opened('RSAES_OAEP_SHA_256', readFileSync(output)), material)
    assert.equal(readFileSync(token, 'utf8'), 'token')
    assert.equal(statSync(output).mode & 0o777, 0o600)
  })

  it('takes the public key in every form, and prints base64', async (t) => {
    const { file } = folder(t)
    const material = randomBytes(64)
    const forms = [der, `${der.toString('base64')}\n`, publicKey.export({ format: 'pem', type: 'spki' })]
    for (const [index, form] of forms.entries()) {
      const { exit, stdout, stderr } = await trent([
        ...['key', 'wrap', '--public-key', file(`key ${index}`, form)],
        ...['--algorithm', 'RSAES_OAEP_SHA_1', '--material', file('material', material)],
      ])
      assert.deepEqual([exit, stderr], [0, ''])
      assert.deepEqual(await opened('RSAES_OAEP_SHA_1', Buffer.from(stdout, 'base64')), material)
    }
  })

  it('makes PKCS #8 of private keys in PEM, in whatever form, and prints the input of import-key-material', async (t) => {
    const { file } = folder(t)
    const parameters = file('parameters.json', JSON.stringify(answer))
    const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
    for (const [key, type, spec] of [
      [pair.privateKey, 'pkcs8', 'ECC_NIST_P256'],
      [pair.privateKey, 'sec1', 'ECC_NIST_P256'],
      [rsa.privateKey, 'pkcs1', 'RSA_2048'],
    ] as const) {
      const pem = file('key.pem', key.export({ format: 'pem', type }))
      const { exit, stdout, stderr } = await trent([
        ...['key', 'wrap', '--parameters', parameters, '--algorithm', 'RSA_AES_KEY_WRAP_SHA_256'],
        ...['--material', pem, '--key-spec', spec, '--json'],
      ])
      assert.deepEqual([exit, stderr], [0, ''])
      const printed = JSON.parse(stdout) as Record<string, string>
      assert.deepEqual(Object.keys(printed), ['KeyId', 'ImportToken', 'EncryptedKeyMaterial'])
      assert.deepEqual([printed['KeyId'], printed['ImportToken']], [answer.KeyId, answer.ImportToken])
      const wrapped = Buffer.from(printed['EncryptedKeyMaterial'] ?? '', 'base64')
      assert.deepEqual(await opened('RSA_AES_KEY_WRAP_SHA_256', wrapped), key.export({ format: 'der', type: 'pkcs8' }))
    }
  })

  it('reads material from standard input', async (t) => {
    const { file } = folder(t)
    const bin = new URL('../../bin/trent', import.meta.url).pathname
    const wrap = [
      'key',
      'wrap',
      '--public-key',
      file('key', der),
      '--algorithm',
      'RSAES_OAEP_SHA_256',
      '--material',
      '-',
    ]
    const { code, stdout } = await run(
      [process.execPath, bin, ...wrap],
      cleanEnvironment(),
      'thirty-two bytes of key material',
    )
    assert.equal(code, 0)
    const material = await opened('RSAES_OAEP_SHA_256', Buffer.from(stdout, 'base64'))
    assert.equal(material?.toString(), 'thirty-two bytes of key material')
  })

  it('wraps private keys with SM2, as Regions of China ask', async (t) => {
    const { file } = folder(t)
    const wrapping = generateKeyPairSync('ec', { namedCurve: 'SM2' })
    const spki = wrapping.publicKey.export({ format: 'der', type: 'spki' })
    const key = ['--public-key', file('key', spki)]
    const sm2pke = ['--algorithm', 'SM2PKE']
    for (const [spec, namedCurve] of [
      ['SM2', 'SM2'],
      ['ECC_NIST_P521', 'secp521r1'],
    ] as const) {
      const own = generateKeyPairSync('ec', { namedCurve }).privateKey
      const pem = file('pem', own.export({ format: 'pem', type: 'pkcs8' }))
      const { exit, stdout } = await trent(['key', 'wrap', ...key, ...sm2pke, '--key-spec', spec, '--material', pem])
      assert.equal(exit, 0)
      const material = await opened('SM2PKE', Buffer.from(stdout, 'base64'), wrapping.privateKey)
      assert.deepEqual(material, own.export({ format: 'der', type: 'pkcs8' }))
    }
    const bytes = ['--material', file('bytes', Buffer.alloc(32, 'S'))]
    for (const [args, expected] of [
      [[...key, '--algorithm', 'RSAES_OAEP_SHA_256', ...bytes], /is of SM2 and not for RSAES_OAEP_SHA_256/],
      [['--public-key', file('rsa', der), ...sm2pke, ...bytes], /is of RSA_2048 and not for SM2PKE/],
      [[...key, ...sm2pke, '--key-spec', 'HMAC_256', ...bytes], /of HMAC_256 is not wrapped with SM2PKE/],
    ] as const) {
      const { exit, stderr } = await trent(['key', 'wrap', ...args])
      assert.equal(exit, 64)
      assert.match(stderr, expected)
    }
  })

  it('asks for 16 bytes for a symmetric key of a Region of China, and 32 elsewhere', async (t) => {
    const { file } = folder(t)
    const china = { ...answer, KeyId: answer.KeyId.replace('arn:aws:kms:us-east-1', 'arn:aws-cn:kms:cn-north-1') }
    for (const [given, size, expected] of [
      [china, 16, 0],
      [china, 32, 64],
      [answer, 32, 0],
      [answer, 16, 64],
    ] as const) {
      const { exit, stderr } = await trent([
        ...['key', 'wrap', '--parameters', file('parameters.json', JSON.stringify(given))],
        ...['--algorithm', 'RSAES_OAEP_SHA_256', '--key-spec', 'SYMMETRIC_DEFAULT'],
        ...['--material', file('material', Buffer.alloc(size, 7))],
      ])
      assert.equal(exit, expected)
      if (expected !== 0) assert.match(stderr, /the key material is not material of a key of SYMMETRIC_DEFAULT/)
    }
  })

  it('says what is wrong, where, and what to do, and never what the material is', async (t) => {
    const { directory, file } = folder(t)
    const parameters = ['--parameters', file('parameters.json', JSON.stringify(answer))]
    const oaep = ['--algorithm', 'RSAES_OAEP_SHA_256']
    const bytes = ['--material', file('bytes', Buffer.alloc(32, 'S'))]
    const encrypted = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({
      format: 'pem',
      type: 'pkcs8',
      cipher: 'aes-256-cbc',
      passphrase: 'word',
    })
    const ec = createPublicKey(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey)
    const wrong: readonly (readonly [readonly string[], number, RegExp])[] = [
      [[...oaep, ...bytes], 64, /give either --parameters, .* or --public-key/],
      [[...parameters, '--public-key', file('k', der), ...oaep, ...bytes], 64, /give either --parameters/],
      [[...parameters, ...oaep], 64, /required option '--material <file>' not specified/],
      [[...parameters, ...bytes], 64, /required option '--algorithm <name>' not specified/],
      [[...parameters, ...bytes, '--algorithm', 'RSAES_PKCS1_V1_5'], 64, /Allowed choices are RSAES_OAEP_SHA_256, /],
      [['--parameters', '-', ...oaep, '--material', '-'], 64, /standard input can not be both/],
      [
        ['--public-key', file('k', der), ...oaep, ...bytes, '--token-output', 'x'],
        64,
        /--token-output needs --parameters/,
      ],
      [[...parameters, ...oaep, ...bytes, '--json', '--output', 'x'], 64, /give one of them/],
      [
        ['--parameters', file('no', '{}'), ...oaep, ...bytes],
        64,
        /the parameters have no PublicKey: give the JSON answer/,
      ],
      [['--parameters', file('no', 'text'), ...oaep, ...bytes], 64, /the parameters have no PublicKey/],
      [
        ['--public-key', file('no', 'text'), ...oaep, ...bytes],
        64,
        /the public key is none of RSA_2048, RSA_3072, RSA_4096, SM2: give PublicKey/,
      ],
      [
        ['--public-key', file('ec', ec.export({ format: 'der', type: 'spki' })), ...oaep, ...bytes],
        64,
        /the public key is none of RSA_2048, RSA_3072, RSA_4096, SM2: give PublicKey/,
      ],
      [
        ['--public-key', join(directory, 'none'), ...oaep, ...bytes],
        73,
        /cannot read the public key from .*none: there is no such file/,
      ],
      [
        [...parameters, ...oaep, '--material', join(directory, 'none')],
        73,
        /cannot read the key material from .*: there is no such file/,
      ],
      [[...parameters, ...oaep, '--material', file('empty', '')], 64, /the key material is empty/],
      [[...parameters, ...oaep, '--material', file('long', Buffer.alloc(6145, 'S'))], 64, /longer than 6144 bytes/],
      [
        [...parameters, ...oaep, '--material', file('long', Buffer.alloc(191, 'S'))],
        64,
        /\(191 bytes\) is longer than RSAES_OAEP_SHA_256 wraps/,
      ],
      [
        [...parameters, ...oaep, '--material', file('pem', encrypted)],
        64,
        /encrypted with a password; decrypt it first: openssl pkcs8/,
      ],
      [
        [...parameters, ...oaep, '--material', file('pem', '-----BEGIN PRIVATE KEY-----\nSSSS\n')],
        64,
        /no private key that OpenSSL can read/,
      ],
      [[...parameters, ...oaep, ...bytes, '--key-spec', 'HMAC_512'], 64, /is not material of a key of HMAC_512/],
      [[...parameters, ...oaep, ...bytes, '--key-spec', 'ML_DSA_44'], 64, /Allowed choices are SYMMETRIC_DEFAULT, /],
      [
        [...parameters, '--algorithm', 'RSA_AES_KEY_WRAP_SHA_1', ...bytes, '--key-spec', 'SYMMETRIC_DEFAULT'],
        64,
        /of SYMMETRIC_DEFAULT is not wrapped with RSA_AES_KEY_WRAP_SHA_1/,
      ],
      [
        [...parameters, ...oaep, ...bytes, '--output', join(directory, 'none', 'x')],
        73,
        /cannot write .*: there is no such file/,
      ],
    ]
    for (const [args, code, message] of wrong) {
      const { exit, stdout, stderr } = await trent(['key', 'wrap', ...args])
      assert.equal(exit, code, stderr)
      assert.equal(stdout, '')
      assert.match(stderr, message)
      assert.ok(!stderr.includes('SSSS'), stderr)
    }
  })
})
