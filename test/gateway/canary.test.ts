/** Recognisable secrets go through every operation; afterwards nothing that the server wrote holds one of them. */
import assert from 'node:assert/strict'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { allRecords } from '../support/audit.ts'
import { startServer } from '../support/server.ts'
import { kmsRequest, queryRequest, send, sign, type RawRequest } from '../support/signed-request.ts'

type Json = Readonly<Record<string, unknown>>

const textOf = (json: Json, name: string): string => {
  const value = json[name]
  assert.ok(typeof value === 'string', `no ${name}`)
  return value
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => lstatSync(path).isFile())
}

/** The forms in which a program could have written `secret` down. */
function formsOf(secret: Buffer): readonly Buffer[] {
  // In base64 a secret begins at any of three places within a group, so that the middle is looked for.
  const shifted = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), secret]).toString('base64')
    return text.slice(shift === 0 ? 0 : 4, Math.floor((secret.length + shift) / 3) * 4)
  })
  const texts = [
    ...shifted,
    ...shifted.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    ...shifted.map((text) => text.replaceAll('/', '\\/')),
    secret.toString('hex'),
    secret.toString('hex').toUpperCase(),
    JSON.stringify([...secret]).slice(1, -1),
  ]
  return [
    secret,
    Buffer.from(secret.toString('latin1'), 'utf16le'),
    ...texts.map((text) => Buffer.from(text, 'latin1')),
  ]
}

describe('secrets', async () => {
  const server = await startServer({ workers: 2 })
  const { url, directory, credentials } = server
  const secrets = new Map<string, Buffer>()

  const post = async (operation: string, body: unknown, change = (raw: RawRequest) => raw): Promise<Json> => {
    const signed = sign(kmsRequest(operation, body), url, credentials, { region: 'us-east-1', service: 'kms' })
    const { text } = await send(url, change(signed))
    return text === '' ? {} : (JSON.parse(text) as Json)
  }
  const canary = (name: string): string => {
    const text = `CANARY-${name}-5up3r-s3cr3t-0123456789`
    secrets.set(name, Buffer.from(text, 'utf8'))
    return text
  }
  const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')
  const keep = (name: string, json: Json): void => {
    secrets.set(name, Buffer.from(textOf(json, 'Plaintext'), 'base64'))
  }
  const createKey = async (): Promise<string> => {
    const { KeyMetadata } = await post('CreateKey', { Description: 'described-canary' })
    return textOf(KeyMetadata as Json, 'KeyId')
  }

  it('go through every operation, rightly and wrongly', async () => {
    const [key, other] = [await createKey(), await createKey()]
    await post('CreateAlias', { AliasName: 'alias/canary', TargetKeyId: key })
    const Plaintext = base64(canary('plaintext'))
    const encrypted = await post('Encrypt', { KeyId: 'alias/canary', Plaintext })
    const CiphertextBlob = textOf(encrypted, 'CiphertextBlob')
    assert.equal(textOf(await post('Decrypt', { CiphertextBlob }), 'Plaintext'), Plaintext)
    textOf(await post('ReEncrypt', { CiphertextBlob, DestinationKeyId: other }), 'CiphertextBlob')
    keep('data key', await post('GenerateDataKey', { KeyId: key, KeySpec: 'AES_256' }))
    keep('large data key', await post('GenerateDataKey', { KeyId: key, NumberOfBytes: 1024 }))
    const sealed = await post('GenerateDataKeyWithoutPlaintext', { KeyId: key, NumberOfBytes: 48 })
    keep('sealed data key', await post('Decrypt', { CiphertextBlob: textOf(sealed, 'CiphertextBlob') }))
    keep('random', await post('GenerateRandom', { NumberOfBytes: 64 }))

    await post('Encrypt', { KeyId: key, Plaintext: base64(canary('dry-run')), DryRun: true })
    await post('Encrypt', { KeyId: key, Plaintext: base64(canary('too-long').repeat(200)) })
    await post('Encrypt', { KeyId: 'nonsense', Plaintext: base64(canary('unknown-key')) })
    await post('Encrypt', `{"KeyId":"${key}","Plaintext":"${base64(canary('damaged-body'))}"`)
    await post('Encrypt', { KeyId: [key], Plaintext: base64(canary('wrong-type')) })
    await post('Encrypt', { KeyId: key, Plaintext: canary('not-base64') })
    await post('Encrypt', { KeyId: key, Plaintext: base64('a'), Unknown: canary('unknown-member') })
    await post('Encrypt', { KeyId: key, Plaintext: base64('a'), GrantTokens: [canary('grant-token')] })
    await post('Decrypt', { CiphertextBlob: base64(canary('no-ciphertext')) })
    await post('Decrypt', { CiphertextBlob, EncryptionContext: { wrong: 'the-wrong-context' } })
    await post('GenerateDataKey', {
      KeyId: key,
      KeySpec: 'AES_256',
      Recipient: { AttestationDocument: base64(canary('attestation')) },
    })
    for (const operation of ['DisableKey', 'EnableKey', 'DescribeKey', 'GetKeyPolicy', 'ListResourceTags']) {
      await post(operation, { KeyId: key, Plaintext: base64(canary(`member-of-${operation}`)) })
    }
    await post('DisableKey', { KeyId: key })
    await post('Encrypt', { KeyId: key, Plaintext: base64(canary('disabled-key')) })
    await post('EnableKey', { KeyId: key })
    await post('ScheduleKeyDeletion', { KeyId: other, PendingWindowInDays: 7 })
    await post('CancelKeyDeletion', { KeyId: other })
  })

  it('come from strangers, too', async () => {
    const header = (name: string, value: string) => (raw: RawRequest) => ({
      ...raw,
      headers: { ...raw.headers, [name]: value },
    })
    await post('Encrypt', {}, (raw) => ({ ...raw, body: canary('unsigned-body') }))
    await post('ListKeys', {}, header('Authorization', `Basic ${base64(canary('password'))}`))
    await post('ListKeys', {}, header('Authorization', `Bearer ${canary('bearer-token')}`))
    await post('ListKeys', {}, header('X-Amz-Security-Token', canary('session-token')))
    await post('ListKeys', {}, header('Cookie', canary('cookie')))
    const form = queryRequest({ Action: 'GetCallerIdentity', Version: '2011-06-15', Password: canary('form') })
    await send(url, form)
    await send(url, sign(form, url, credentials, { region: 'us-east-1', service: 'sts' }))
    await send(url, { method: 'GET', target: `/?token=${canary('query')}`, headers: {}, body: '' })
    await send(url, { method: 'GET', target: `/${canary('path')}`, headers: {}, body: '' })
  })

  const everywhere = (): ReadonlyMap<string, Buffer> =>
    new Map<string, Buffer>([
      ['standard error', Buffer.from(server.stderr())],
      ['standard output', Buffer.from(server.stdout())],
      ['the audit records', Buffer.from(allRecords(directory).join('\n'))],
      ...filesBelow(directory).map((path) => [path, readFileSync(path)] as const),
    ])

  function assertNowhere(): void {
    const places = everywhere()
    for (const [name, secret] of secrets) {
      for (const form of formsOf(secret)) {
        for (const [place, content] of places) assert.equal(content.includes(form), false, `${name} is in ${place}`)
      }
    }
    const rootSecret = Buffer.from(credentials.secretAccessKey, 'utf8')
    for (const form of [...formsOf(rootSecret), ...formsOf(Buffer.from(credentials.secretAccessKey, 'base64'))]) {
      for (const [place, content] of places) {
        if (place !== join(directory, 'credentials')) {
          assert.equal(content.includes(form), false, `the root secret access key is in ${place}`)
        }
      }
    }
  }

  it('are found nowhere while the server runs', async () => {
    // What is written behind the answers has come to rest by then.
    await sleep(300)
    const names = filesBelow(directory).map((path) => path.slice(directory.length + 1))
    for (const name of ['keys.db', 'keys.db-wal', 'trail.db', 'security.log', 'credentials'])
      assert.ok(names.includes(name), name)
    assert.ok(secrets.size > 20)
    assert.ok(allRecords(directory).length > 20)
    assert.ok(readFileSync(join(directory, 'credentials'), 'utf8').includes(credentials.secretAccessKey))
    assertNowhere()
  })

  it('would be found: what is no secret is', () => {
    const foundIn = (text: string): readonly string[] =>
      [...everywhere()]
        .filter(([, content]) => formsOf(Buffer.from(text, 'utf8')).some((form) => content.includes(form)))
        .map(([place]) => place.replace(`${directory}/`, ''))
    const records = foundIn('the-wrong-context')
    assert.ok(records.includes('the audit records') && records.some((place) => place.startsWith('trail.db')))
    assert.ok(foundIn('described-canary').some((place) => place.startsWith('keys.db')))
  })

  it('are found nowhere when the server has ended', async () => {
    await server.stop()
    assertNowhere()
  })
})
