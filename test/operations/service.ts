/** The one server that all operations are tested against, and the words in which their tests are written. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { after } from 'node:test'
import { recordOf, type AuditRecord } from '../support/audit.ts'
import { makeChain } from '../support/attestation.ts'
import { pem } from '../support/certificates.ts'
import { account, startServer, temporaryDirectory } from '../support/server.ts'
import { kmsRequest, send, sign, type RawAnswer } from '../support/signed-request.ts'

export { account }
export const region = 'us-east-1'
/** Regions with keys that only the tests of one operation make, so that they can count what they list. */
export const otherRegion = 'eu-west-1'
export const listKeysRegion = 'eu-central-1'
export const listAliasesRegion = 'ap-southeast-2'
/** Where replicas are made. */
export const thirdRegion = 'ap-northeast-1'
/** A Region without any keys. */
export const emptyRegion = 'sa-east-1'

/** The certificates of a hypervisor that the server trusts. */
export const attestationChain = makeChain(Date.now())
const attestationRoot = join(temporaryDirectory(), 'root.pem')
writeFileSync(attestationRoot, pem(attestationChain.certificates[0] ?? assert.fail()))

export const server = await startServer({
  regions: [region, otherRegion, listKeysRegion, listAliasesRegion, thirdRegion, emptyRegion],
  workers: 2,
  args: ['--attestation-root', attestationRoot],
})
const agent = new Agent({ keepAlive: true })
after(() => agent.destroy())

export const rootArn = `arn:aws:iam::${account}:root`
/** A key id, an account and a material id that are nobody's. */
export const unknownKeyId = '00000000-0000-4000-8000-000000000000'
export const otherAccount = '444455556666'
const userAgent = 'operation-tests/1.0'

export type Json = Readonly<Record<string, unknown>>
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null

/** An answer, its common parts already checked. */
export interface Answered {
  readonly text: string
  /** The body as JSON; empty for an empty body. */
  readonly json: Json
  readonly requestId: string
  readonly region: string
}

/** Sends `input` as the account's root user and checks what all answers have in common. */
async function post(operation: string, input: unknown, status: number, inRegion: string): Promise<Answered> {
  const bare = kmsRequest(operation, input)
  const request = { ...bare, headers: { ...bare.headers, 'User-Agent': userAgent } }
  const signed = sign(request, server.url, server.credentials, { region: inRegion, service: 'kms' })
  const answer = await send(server.url, signed, agent)
  assert.equal(answer.status, status, answer.text)
  const requestId = commonHeaders(answer)
  return { text: answer.text, json: objectOf(answer.text), requestId, region: inRegion }
}

function commonHeaders({ headers, body }: RawAnswer): string {
  const requestId = headers['x-amzn-requestid'] ?? ''
  assert.match(requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(headers['content-type'], 'application/x-amz-json-1.1')
  assert.equal(headers['content-length'], String(body.length))
  assert.equal(headers['cache-control'], 'no-cache, no-store, must-revalidate, private')
  assert.equal(headers['expires'], '0')
  assert.equal(headers['pragma'], 'no-cache')
  assert.ok(Math.abs(Date.parse(headers['date'] ?? '') - Date.now()) < 5000)
  return requestId
}

function objectOf(text: string): Json {
  if (text === '') return {}
  const value: unknown = JSON.parse(text)
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value))
  return { ...value }
}

/** The answer of an operation that succeeds. */
export function succeed(operation: string, input: unknown, inRegion: string = region): Promise<Answered> {
  return post(operation, input, 200, inRegion)
}

/** Succeeds with an empty body: operations that answer nothing. */
export async function succeedEmpty(operation: string, input: unknown, inRegion: string = region): Promise<Answered> {
  const answered = await post(operation, input, 200, inRegion)
  assert.equal(answered.text, '')
  return answered
}

/** Is refused with exactly this body and HTTP status 400; without `message` the body has none. */
export async function refuse(
  operation: string,
  input: unknown,
  code: string,
  message?: string,
  inRegion: string = region,
): Promise<Answered> {
  const answered = await post(operation, input, 400, inRegion)
  assert.equal(answered.text, JSON.stringify({ __type: code, message }))
  return answered
}

/** Is refused with a ValidationException of one violation. */
export function refuseInvalid(operation: string, input: unknown, violation: string): Promise<Answered> {
  return refuse(operation, input, 'ValidationException', `1 validation error detected: ${violation}`)
}

/** Is denied: AWS spells this one member `Message`. */
export async function deny(
  operation: string,
  input: unknown,
  message: string,
  inRegion: string = region,
): Promise<Answered> {
  const answered = await post(operation, input, 400, inRegion)
  assert.equal(answered.text, JSON.stringify({ __type: 'AccessDeniedException', Message: message }))
  return answered
}

/** What a caller is told of keys in other accounts. */
export function foreignMessage(action: string): string {
  return (
    `User: ${rootArn} is not authorized to perform: ${action} on this resource because the resource does not exist in this ` +
    'Region, no resource-based policies allow access, or a resource-based policy explicitly denies access'
  )
}

/** What differs from record to record. */
export interface Recorded {
  readonly eventName: string
  readonly readOnly: boolean
  readonly requestParameters: unknown
  readonly responseElements?: unknown
  readonly additionalEventData?: unknown
  /** ARNs, in their order; none: no such element. */
  readonly resources?: readonly string[]
  readonly errorCode?: string
  readonly errorMessage?: string
}

/** The record of `answered` is exactly this and nothing more: so it holds no plaintext either. */
export async function expectRecord(answered: Answered, expected: Recorded): Promise<AuditRecord> {
  const record = await recordOf(server.directory, answered.requestId)
  const { eventTime, eventID, additionalEventData, ...rest } = record
  const { authorization, ...additional } = isJson(additionalEventData) ? additionalEventData : {}
  // What was decided is the subject of test/gateway/decisions.test.ts; here it only has to be there for who got that far.
  assert.ok(authorization === undefined || (Array.isArray(authorization) && authorization.length > 0))
  assert.ok(typeof eventTime === 'string' && typeof eventID === 'string')
  assert.match(eventTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.ok(Math.abs(Date.parse(eventTime) - Date.now()) < 60_000)
  assert.match(eventID, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const { responseElements = null, resources, ...common } = expected
  assert.deepEqual(Object.keys(additional).length === 0 ? rest : { ...rest, additionalEventData: additional }, {
    eventVersion: '1.11',
    userIdentity: {
      type: 'Root',
      principalId: account,
      arn: rootArn,
      accountId: account,
      accessKeyId: server.credentials.accessKeyId,
    },
    eventSource: 'kms.amazonaws.com',
    awsRegion: answered.region,
    sourceIPAddress: '127.0.0.1',
    userAgent,
    ...common,
    responseElements,
    requestID: answered.requestId,
    ...(resources === undefined
      ? {}
      : { resources: resources.map((ARN) => ({ accountId: account, type: 'AWS::KMS::Key', ARN })) }),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
  })
  return record
}

export interface Key {
  readonly id: string
  readonly arn: string
  readonly materialId: string
}

export const textOf = (json: Json, name: string): string => {
  const value = json[name]
  assert.ok(typeof value === 'string', `${name} is no string`)
  return value
}

export const objectIn = (json: Json, name: string): Json => {
  const value = json[name]
  assert.ok(typeof value === 'object' && value !== null)
  return { ...value }
}

export const listIn = (json: Json, name: string): readonly Json[] => {
  const value = json[name]
  assert.ok(Array.isArray(value), `${name} is no list`)
  return value.map((item: unknown) => ({ ...(item as Json) }))
}

/** A new key that is enabled. */
export async function createKey(input: Json = {}, inRegion: string = region): Promise<Key> {
  const metadata = objectIn((await succeed('CreateKey', input, inRegion)).json, 'KeyMetadata')
  return {
    id: textOf(metadata, 'KeyId'),
    arn: textOf(metadata, 'Arn'),
    // Only of symmetric keys.
    materialId: 'CurrentKeyMaterialId' in metadata ? textOf(metadata, 'CurrentKeyMaterialId') : '',
  }
}

export async function createDisabledKey(): Promise<Key> {
  const key = await createKey()
  await succeedEmpty('DisableKey', { KeyId: key.id })
  return key
}

export async function createKeyPendingDeletion(): Promise<Key> {
  const key = await createKey()
  await succeed('ScheduleKeyDeletion', { KeyId: key.id })
  return key
}

let aliases = 0
/** A name that no other test uses. */
export const newAliasName = (): string => `alias/test/number-${(aliases += 1)}`

/** A new alias of `key`. */
export async function createAlias(key: Key, inRegion: string = region): Promise<string> {
  const name = newAliasName()
  await succeedEmpty('CreateAlias', { AliasName: name, TargetKeyId: key.id }, inRegion)
  return name
}

export const aliasArn = (name: string, inRegion: string = region): string =>
  `arn:aws:kms:${inRegion}:${account}:${name}`

export const keyArn = (id: string, inRegion: string = region): string => `arn:aws:kms:${inRegion}:${account}:key/${id}`

export const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')

/** Is refused with one of `codes`. */
export async function refuseAny(operation: string, input: unknown, codes: readonly string[]): Promise<Answered> {
  const answered = await post(operation, input, 400, region)
  assert.ok(codes.includes(textOf(answered.json, '__type')), answered.text)
  return answered
}
