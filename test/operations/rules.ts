/** What many operations have in common, as tests: registered in the suite of the operation that calls. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  aliasArn,
  account,
  createAlias,
  createDisabledKey,
  createKey,
  createKeyPendingDeletion,
  deny,
  expectRecord,
  foreignMessage,
  keyArn,
  otherAccount,
  refuse,
  refuseInvalid,
  rootArn,
  succeed,
  unknownKeyId,
  type Json,
  type Key,
} from './service.ts'

/** How an operation names a key. */
export interface Naming {
  readonly operation: string
  /** The member with the identifier. */
  readonly member: string
  /** Makes a key that the operation is for. Default: a symmetric one. */
  readonly create?: () => Promise<Key>
  /** All other members of a request about `key`. */
  readonly rest: (key: Key) => Json | Promise<Json>
  /** Whether aliases name keys here; `never`: they are refused in other words, which the operation tests itself. */
  readonly aliases: boolean | 'never'
  /** The action that is denied for keys of other accounts. */
  readonly action?: string
  /** Whether the operation's model has InvalidArnException; else a malformed ARN is a NotFoundException. */
  readonly knowsInvalidArn: boolean
  /** Names the key in the operation's answer. */
  readonly answered?: (answer: Json) => unknown
}

/** Every form of key identifier, right and wrong. */
export function identifierTests(naming: Naming): void {
  const { operation, member, rest, aliases, answered, knowsInvalidArn, create = createKey } = naming
  const action = naming.action ?? `kms:${operation}`
  const input = async (key: Key, identifier: string): Promise<Json> => ({ ...(await rest(key)), [member]: identifier })

  it(`takes a key id and a key ARN as ${member}`, async () => {
    for (const form of ['id', 'arn'] as const) {
      const key = await create()
      const { json } = await succeed(operation, await input(key, key[form]))
      if (answered !== undefined) assert.equal(answered(json), key.arn)
    }
  })

  if (aliases === true) {
    it(`takes an alias name and an alias ARN as ${member}`, async () => {
      for (const form of [(name: string) => name, (name: string) => aliasArn(name)]) {
        const key = await create()
        const name = await createAlias(key)
        const { json } = await succeed(operation, await input(key, form(name)))
        if (answered !== undefined) assert.equal(answered(json), key.arn)
      }
    })

    it(`refuses an unknown alias as ${member}`, async () => {
      const key = await create()
      for (const name of ['alias/nobody', 'alias/aws/s3']) {
        for (const identifier of [name, aliasArn(name)]) {
          const expected = `Alias ${aliasArn(name)} is not found.`
          await refuse(operation, await input(key, identifier), 'NotFoundException', expected)
        }
      }
    })

    it(`denies an alias ARN of another account as ${member}`, async () => {
      const foreign = `arn:aws:kms:us-east-1:${otherAccount}:alias/theirs`
      await deny(operation, await input(await create(), foreign), foreignMessage(action))
    })
  } else if (!aliases) {
    it(`refuses aliases as ${member}`, async () => {
      const key = await create()
      const name = await createAlias(key)
      for (const identifier of [name, aliasArn(name)]) {
        await refuse(operation, await input(key, identifier), 'NotFoundException', `Invalid keyId '${identifier}'`)
      }
    })
  }

  it(`refuses an unknown key id and key ARN as ${member}`, async () => {
    const key = await create()
    for (const identifier of [unknownKeyId, keyArn(unknownKeyId)]) {
      const message = `Key '${keyArn(unknownKeyId)}' does not exist`
      await refuse(operation, await input(key, identifier), 'NotFoundException', message)
    }
  })

  it(`refuses what is no key id as ${member}`, async () => {
    const key = await create()
    const malformed = [
      'nonsense',
      key.id.toUpperCase(),
      key.id.replaceAll('-', ''),
      `mrk-${key.id}`,
      ` ${key.id}`,
      `key/${key.id}`,
      ...(aliases === 'never' ? [] : ['alias/', 'alias/with space']),
      keyArn(`${key.id}0`),
      keyArn('mrk-junk'),
      `arn:aws:kms:us-east-1:${account}:${key.id}`,
    ]
    for (const identifier of malformed) {
      await refuse(operation, await input(key, identifier), 'NotFoundException', `Invalid keyId '${identifier}'`)
    }
  })

  it(`refuses a key ARN of another Region or partition as ${member}`, async () => {
    const key = await create()
    await refuse(operation, await input(key, keyArn(key.id, 'eu-west-1')), 'NotFoundException', 'Invalid arn eu-west-1')
    const foreign = `arn:aws-cn:kms:cn-north-1:${account}:key/${key.id}`
    await refuse(operation, await input(key, foreign), 'NotFoundException', 'Invalid arn cn-north-1')
  })

  it(`refuses what is no ARN of KMS as ${member}`, async () => {
    const key = await create()
    for (const arn of [
      'arn:aws:kms',
      `arn:aws:s3:us-east-1:${account}:key/${key.id}`,
      'arn:aws:kms:us-east-1:1:key/a',
    ]) {
      const code = knowsInvalidArn ? 'InvalidArnException' : 'NotFoundException'
      // unverified wording
      await refuse(operation, await input(key, arn), code, `Invalid arn ${arn}`)
    }
  })

  it(`denies a key ARN of another account as ${member} without telling whether it exists`, async () => {
    const key = await create()
    for (const id of [unknownKeyId, key.id]) {
      const foreign = `arn:aws:kms:us-east-1:${otherAccount}:key/${id}`
      await deny(operation, await input(key, foreign), foreignMessage(action))
    }
  })

  it(`refuses ${member} of no length and of more than 2,048 characters`, async () => {
    const key = await create()
    const path = member.charAt(0).toLowerCase() + member.slice(1)
    await refuseInvalid(
      operation,
      await input(key, ''),
      `Value '' at '${path}' failed to satisfy constraint: Member must have length greater than or equal to 1`,
    )
    const long = 'a'.repeat(2049)
    await refuseInvalid(
      operation,
      await input(key, long),
      `Value '${long}' at '${path}' failed to satisfy constraint: Member must have length less than or equal to 2048`,
    )
  })
}

/** Refuses a request without the member that names the key. */
export function requiredTest(operation: string, rest: Json, member: string): void {
  it(`refuses a request without ${member}`, async () => {
    const path = member.charAt(0).toLowerCase() + member.slice(1)
    for (const input of [rest, { ...rest, [member]: null }]) {
      await refuseInvalid(
        operation,
        input,
        `Value null at '${path}' failed to satisfy constraint: Member must not be null`,
      )
    }
  })
}

/** A member, or a value of it, that a later version supports, is refused by name. */
export function laterMemberTest(
  operation: string,
  member: string,
  value: unknown,
  rest: () => Promise<Json>,
  requestParameters?: (input: Json) => unknown,
): void {
  it(`refuses ${member}, which a later version supports`, async () => {
    const input = await rest()
    const message = `${member} is not supported by this version of Trent.`
    const answered = await refuse(operation, { ...input, [member]: value }, 'UnsupportedOperationException', message)
    if (requestParameters === undefined) return
    await expectRecord(answered, {
      eventName: operation,
      readOnly: operation !== 'CreateKey',
      requestParameters: requestParameters(input),
      errorCode: 'UnsupportedOperationException',
      errorMessage: message,
    })
  })
}

/** Grant tokens: those of other keys have no effect, what is none is refused. */
export function grantTokenTest(operation: string, rest: () => Promise<Json>): void {
  it('takes grant tokens, and refuses what is none', async () => {
    const grant = { KeyId: (await createKey()).id, GranteePrincipal: rootArn, Operations: ['Decrypt'] }
    const { json } = await succeed('CreateGrant', grant)
    const input = await rest()
    await succeed(operation, { ...input, GrantTokens: [json['GrantToken']] })
    for (const GrantTokens of [['token'], [json['GrantToken'], 'AQ==']]) {
      // unverified wording
      const message = 'The specified grant token is not valid.'
      await refuse(operation, { ...input, GrantTokens }, 'InvalidGrantTokenException', message)
    }
  })
}

/** Cryptographic use needs an enabled key. */
export function enabledOnlyTests(
  operation: string,
  input: (key: Key) => Json | Promise<Json>,
  create: () => Promise<Key> = createKey,
): void {
  it('refuses a disabled key', async () => {
    const key = await create()
    const prepared = await input(key)
    await succeed('DisableKey', { KeyId: key.id })
    await refuse(operation, prepared, 'DisabledException', `${key.arn} is disabled.`)
  })

  it('refuses a key that is pending deletion', async () => {
    const key = await create()
    const prepared = await input(key)
    await succeed('ScheduleKeyDeletion', { KeyId: key.id })
    await refuse(operation, prepared, 'KMSInvalidStateException', `${key.arn} is pending deletion.`)
  })
}

/** Management in every state but pending deletion. */
export function notPendingDeletionTests(operation: string, rest: Json, create: () => Promise<Key> = createKey): void {
  it('works on a disabled key', async () => {
    const key = await create()
    await succeed('DisableKey', { KeyId: key.id })
    await succeed(operation, { ...rest, KeyId: key.id })
  })

  it('refuses a key that is pending deletion', async () => {
    const key = await create()
    await succeed('ScheduleKeyDeletion', { KeyId: key.id })
    await refuse(operation, { ...rest, KeyId: key.id }, 'KMSInvalidStateException', `${key.arn} is pending deletion.`)
  })
}

/** Reading in every state. */
export function anyStateTest(operation: string, rest: Json = {}): void {
  it('works in every key state', async () => {
    for (const create of [createKey, createDisabledKey, createKeyPendingDeletion]) {
      await succeed(operation, { ...rest, KeyId: (await create()).id })
    }
  })
}

/** `Limit` and `Marker` beyond what the model allows. */
export function pagingRefusalTests(operation: string, maxLimit: number, rest: () => Promise<Json>): void {
  it('refuses a Limit that is too small or too large', async () => {
    const input = await rest()
    const at = (value: number): string =>
      `Value '${value}' at 'limit' failed to satisfy constraint: Member must have value`
    for (const limit of [0, -1]) {
      await refuseInvalid(operation, { ...input, Limit: limit }, `${at(limit)} greater than or equal to 1`)
    }
    // unverified wording, where the operation's limit is below the model's 1,000
    await refuseInvalid(
      operation,
      { ...input, Limit: maxLimit + 1 },
      `${at(maxLimit + 1)} less than or equal to ${maxLimit}`,
    )
    await succeed(operation, { ...input, Limit: maxLimit })
  })

  it('refuses a marker that it did not give out', async () => {
    const input = await rest()
    for (const marker of ['nonsense', 'AAAA', 'é']) {
      // unverified wording
      await refuse(operation, { ...input, Marker: marker }, 'InvalidMarkerException', 'The marker is not valid.')
    }
  })

  it('refuses a marker of no length, of more than 1,024 characters and of other characters', async () => {
    const input = await rest()
    const long = 'a'.repeat(1025)
    const at = (value: string): string => `Value '${value}' at 'marker' failed to satisfy constraint: Member must`
    await refuseInvalid(operation, { ...input, Marker: '' }, `${at('')} have length greater than or equal to 1`)
    await refuseInvalid(operation, { ...input, Marker: long }, `${at(long)} have length less than or equal to 1024`)
    await refuseInvalid(
      operation,
      { ...input, Marker: 'Ā' },
      `${at('Ā')} satisfy regular expression pattern: [\\u0020-\\u00FF]*`,
    )
  })
}

/** A dry run: never a success, and nothing but the error in the answer. */
export function dryRunTests(
  operation: string,
  input: (key: Key) => Json | Promise<Json>,
  create: () => Promise<Key> = createKey,
): void {
  it('answers DryRunOperationException to a dry run that would have succeeded', async () => {
    const key = await create()
    await refuse(
      operation,
      { ...(await input(key)), DryRun: true },
      'DryRunOperationException',
      'The request would have succeeded, but the DryRun option is set.',
    )
  })

  it('answers the real error to a dry run that would have failed', async () => {
    const key = await create()
    const prepared = await input(key)
    await succeed('DisableKey', { KeyId: key.id })
    await refuse(operation, { ...prepared, DryRun: true }, 'DisabledException', `${key.arn} is disabled.`)
  })

  it('does what it is asked to when DryRun is false or null', async () => {
    const key = await create()
    for (const DryRun of [false, null]) await succeed(operation, { ...(await input(key)), DryRun })
  })
}

/** A dry run that asks about permissions alone, for a ciphertext that nobody has sent. */
export function ignoredCiphertextTests(operation: string, member: string, rest: () => Promise<Json>): void {
  const ignoring = { DryRun: true, DryRunModifiers: ['IGNORE_CIPHERTEXT'] }
  const succeeded = 'The request would have succeeded, but the DryRun option is set.'

  it('looks at permissions alone in a dry run that ignores the ciphertext', async () => {
    const input = { ...(await rest()), [member]: (await createKey()).id, ...ignoring }
    await refuse(operation, input, 'DryRunOperationException', succeeded)
    await refuse(operation, { ...input, CiphertextBlob: 'AAAA' }, 'DryRunOperationException', succeeded)
    const disabled = await createDisabledKey()
    await refuse(operation, { ...input, [member]: disabled.id }, 'DisabledException', `${disabled.arn} is disabled.`)
  })

  it('needs the key by name when the ciphertext is ignored', async () => {
    // unverified wording
    const message = 'You must specify a key ID when DryRunModifiers contains IGNORE_CIPHERTEXT.'
    await refuse(operation, { ...(await rest()), ...ignoring }, 'ValidationException', message)
  })

  it('refuses to ignore the ciphertext of what is no dry run', async () => {
    const input = { ...(await rest()), [member]: (await createKey()).id, DryRunModifiers: ['IGNORE_CIPHERTEXT'] }
    // unverified wording
    const message = 'DryRunModifiers can be specified only when DryRun is true.'
    await refuse(operation, input, 'ValidationException', message)
    await refuse(operation, { ...input, DryRun: false }, 'ValidationException', message)
  })
}
