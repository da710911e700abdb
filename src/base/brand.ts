/**
 * Branded strings: a value of type `KeyId` was built by the one parse function for key ids, never by a cast elsewhere.
 */
import { nilUuid, putOctet } from './uuid-text.ts'

declare const brand: unique symbol
export type Branded<T, Name extends string> = T & { readonly [brand]: Name }

/** Twelve decimal digits. */
export type AccountId = Branded<string, 'AccountId'>
/** A region name such as `us-east-1`. */
export type Region = Branded<string, 'Region'>
/** The bare id of a KMS key: a lower-case UUID, or `mrk-` and 32 lower-case hex digits for a multi-Region key. */
export type KeyId = Branded<string, 'KeyId'>
/** `arn:<partition>:kms:<region>:<account>:key/<key id>` */
export type KeyArn = Branded<string, 'KeyArn'>
/** `alias/<name>`, always with the prefix. */
export type AliasName = Branded<string, 'AliasName'>
/** 64 lower-case hex digits naming one key material of one KMS key. */
export type KeyMaterialId = Branded<string, 'KeyMaterialId'>
/** 64 lower-case hex digits naming one grant. */
export type GrantId = Branded<string, 'GrantId'>
/** A version 7 UUID, so that a record of a request is found by the time its id was made. */
export type RequestId = Branded<string, 'RequestId'>
/** The public half of an access key: `AKIA...`, or what an operator chose. */
export type AccessKeyId = Branded<string, 'AccessKeyId'>

const accountPattern = /^[0-9]{12}$/
/** The account id in `text`, or undefined when it is not twelve digits. */
export function parseAccountId(text: string): AccountId | undefined {
  return accountPattern.test(text) ? (text as AccountId) : undefined
}

/** What stands for AWS itself where an account id would: in ARNs of its policies, and as the owner of its own keys. */
export const awsAccount = 'aws' as AccountId

// The model's RegionType pattern, e.g. us-east-1, us-gov-west-1, cn-north-1.
const regionPattern = /^(?:[a-z]+-){2,3}[0-9]+$/
/** The region in `text`, or undefined when it does not look like one (`^([a-z]+-){2,3}\d+$`, at most 32 characters). */
export function parseRegion(text: string): Region | undefined {
  return text.length <= 32 && regionPattern.test(text) ? (text as Region) : undefined
}

/** The region of AWS's global endpoints. */
export const usEast1 = 'us-east-1' as Region

const keyIdPattern = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/
/** The key id in `text`, or undefined when it is neither a lower-case UUID nor `mrk-` and 32 hex digits: both are 36 long. */
export function parseKeyId(text: string): KeyId | undefined {
  return text.length === 36 && keyIdPattern.test(text) ? (text as KeyId) : undefined
}

const uuid = Buffer.from(nilUuid, 'latin1')

/** The key id whose 16 bytes stand at `at` of `bytes`: a UUID, or one of a multi-Region key. */
export function keyIdOfBytes(bytes: Buffer, at: number, multiRegion: boolean): KeyId {
  if (multiRegion) return `mrk-${bytes.toString('hex', at, at + 16)}` as KeyId
  for (let octet = 0; octet < 16; octet += 1) putOctet(uuid, octet, bytes[at + octet] ?? 0)
  return uuid.toString('latin1') as KeyId
}

const aliasPattern = /^alias\/[a-zA-Z0-9/_-]{1,250}$/
/** The alias name in `text` (with its prefix), or undefined when AWS would not accept it. */
export function parseAliasName(text: string): AliasName | undefined {
  return aliasPattern.test(text) ? (text as AliasName) : undefined
}

const materialPattern = /^[0-9a-f]{64}$/
/** The key material id in `text`, or undefined when it is not 64 lower-case hex digits. */
export function parseKeyMaterialId(text: string): KeyMaterialId | undefined {
  return materialPattern.test(text) ? (text as KeyMaterialId) : undefined
}

/** The grant id in `text`, or undefined when it is not 64 lower-case hex digits. */
export function parseGrantId(text: string): GrantId | undefined {
  return materialPattern.test(text) ? (text as GrantId) : undefined
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** The request id in `text`, or undefined when it is not a lower-case UUID. */
export function parseRequestId(text: string): RequestId | undefined {
  return uuidPattern.test(text) ? (text as RequestId) : undefined
}

const accessKeyPattern = /^[A-Za-z0-9_.-]{3,128}$/
/** The access key id in `text`, or undefined when it could not stand in a credential scope. */
export function parseAccessKeyId(text: string): AccessKeyId | undefined {
  return accessKeyPattern.test(text) ? (text as AccessKeyId) : undefined
}
