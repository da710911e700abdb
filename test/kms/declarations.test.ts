/**
 * Our declarations against AWS's newest SDK: operations, members, which are required, which are sensitive. Constraints, enums
 * and errors: service-model.test.ts.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as iamClient from '@aws-sdk/client-iam'
import * as kmsClient from '@aws-sdk/client-kms'
import * as stsClient from '@aws-sdk/client-sts'
import type { Field, Fields, Shape } from '#aws/shape.ts'
import { operations as iamOperations } from '#iam/service.ts'
import { operations } from '#kms/service.ts'
import { quotas } from '#kms/quota.ts'
import { trackedOperations } from '#kms/tracked-operations.ts'
import { operations as stsOperations } from '#sts/service.ts'

describe('the registry', () => {
  it('has every operation under its own name', () => {
    for (const registry of [operations, stsOperations, iamOperations]) {
      for (const [key, { name }] of Object.entries(registry)) assert.equal(name, key)
    }
  })

  it('counts every operation in a bucket that exists', () => {
    for (const { name, quota } of Object.values(operations)) assert.ok(quota in quotas, name)
  })

  it('refuses only members that a request need not have', () => {
    for (const { name, input, refuses } of Object.values(operations)) {
      for (const member of refuses) assert.equal(input[member]?.optional, true, `${name}.${member}`)
    }
  })

  it('names the grant operations as the actions of its targets', () => {
    for (const { name, grantable, targets } of Object.values(operations)) {
      if (grantable.length === 0) continue
      assert.deepEqual(
        targets.map(({ action }) => action),
        grantable.map((grant) => `kms:${grant}`),
        name,
      )
    }
  })
})

describe('the operations that count as a use of a key', () => {
  // "KeyLastUsageTrackingOperation" of the SDK is the list of them.
  const listed = new Set<string>(Object.values(kmsClient.KeyLastUsageTrackingOperation))

  it('are those of the SDK', () => {
    assert.equal(listed.size, 14)
    assert.deepEqual([...trackedOperations].sort(), [...listed].sort())
  })

  it('use each of their targets, and change nothing', () => {
    for (const { name, targets, effect } of Object.values(operations)) {
      if (!trackedOperations.has(name)) continue
      assert.ok(targets.every(({ countsAsUse }) => countsAsUse === true) && effect === 'read', name)
    }
  })
})

// The SDK's schemas are arrays: [kind, namespace, name, traits, ...]; of a structure then member names, member schemas and how
// many of the first members are required; of an operation input and output. A simple type is a number.
type Schema = unknown
const kinds: Readonly<Record<number, Shape['kind']>> = {
  0: 'string',
  1: 'integer',
  2: 'boolean',
  4: 'timestamp',
  21: 'blob',
}
const texts: ReadonlySet<Shape['kind']> = new Set(['string', 'enum', 'secret text'])
const listOf = 64
const mapOf = 128
const sensitiveTrait = 8

const at = (schema: Schema, index: number): unknown => (Array.isArray(schema) ? (schema[index] as unknown) : undefined)
const isDeferred = (schema: Schema): schema is () => Schema => typeof schema === 'function'
const resolved = (schema: Schema): Schema => (isDeferred(schema) ? schema() : schema)

/** A member's schema without the traits it may be wrapped in: `[() => schema, traits]`. */
function unwrapped(schema: Schema): Schema {
  const inner = resolved(schema)
  return Array.isArray(inner) && inner.length === 2 ? unwrapped(inner[0]) : inner
}

function assertKind(field: Field, schema: Schema, path: string, sensitive = false): void {
  const inner = unwrapped(schema)
  if (typeof inner === 'number') {
    // What AWS does not mark in an answer may be a secret all the same: session tokens are.
    if (field.kind !== 'secret text') assert.equal(field.sensitive === true, sensitive, `${path} sensitive`)
    if (inner >= mapOf) {
      assert.equal(field.kind, 'map', path)
    } else if (inner >= listOf) {
      assert.ok(field.kind === 'list', path)
      assertKind(field.member, inner - listOf, `${path}[]`)
    } else {
      assert.equal(texts.has(field.kind) ? 'string' : field.kind, kinds[inner], path)
    }
    return
  }
  switch (at(inner, 0)) {
    case 0:
      assertKind(field, at(inner, 4), path, at(inner, 3) === sensitiveTrait)
      return
    case 1:
      assert.ok(field.kind === 'list', path)
      assertKind(field.member, at(inner, 4), `${path}[]`)
      return
    case 2:
      assert.equal(field.kind, 'map', path)
      return
    case 3:
    // A union: one of its members.
    case 4:
      assert.ok(field.kind === 'structure', path)
      assertMembers(field.fields, inner, path, 'exactly')
      return
    default:
      assert.fail(`${path}: unknown kind of schema`)
  }
}

// Members that are never answered, since there is nothing that they could say.
const neverAnswered: Readonly<Record<string, readonly string[]>> = {
  'AssumeRole response': ['SessionTokenSize', 'SessionTokenUtilization'],
  'AssumeRoleWithWebIdentity response': ['SessionTokenSize', 'SessionTokenUtilization', 'SourceIdentity'],
  'GetFederationToken response': ['SessionTokenSize', 'SessionTokenUtilization'],
  'GetSessionToken response': ['SessionTokenSize', 'SessionTokenUtilization'],
  // The list is empty.
  'ListVirtualMFADevices response.VirtualMFADevices[]': ['Base32StringSeed', 'EnableDate', 'QRCodePNG', 'Tags', 'User'],
}
// The root user has none of them, whatever the model says.
const sometimesMissing: Readonly<Record<string, readonly string[]>> = {
  'CreateAccessKey response.AccessKey': ['UserName'],
  'GetUser response.User': ['Path', 'UserName'],
}

const isUnit = (schema: Schema): boolean =>
  schema === 'unit' || at(schema, 2) === '__Unit' || at(schema, 4) === undefined

/** Answers may promise members that AWS calls optional: we always send them. */
function assertMembers(fields: Fields, schema: Schema, path: string, required: 'exactly' | 'at least'): void {
  const names = at(schema, 4)
  const members = at(schema, 5)
  const count = at(schema, 6) ?? 0
  assert.ok(Array.isArray(names) && Array.isArray(members) && typeof count === 'number', path)
  const unanswered = neverAnswered[path] ?? []
  assert.deepEqual(
    [...Object.keys(fields), ...unanswered].sort(),
    [...(names as string[])].sort(),
    `members of ${path}`,
  )
  const ours = new Set(Object.keys(fields).filter((name) => fields[name]?.optional !== true))
  const missing = new Set(sometimesMissing[path])
  const theirs = new Set((names as string[]).slice(0, count)).difference(missing)
  if (required === 'exactly') assert.deepEqual([...ours].sort(), [...theirs].sort(), `required members of ${path}`)
  else assert.deepEqual([...theirs.difference(ours)], [], `required members of ${path}`)
  for (const [index, name] of (names as string[]).entries()) {
    const field = fields[name]
    if (unanswered.includes(name)) continue
    assert.ok(field !== undefined)
    assertKind(field, members[index], `${path}.${name}`)
  }
}

const clients = [
  { service: 'KMS', declared: Object.values(operations), client: kmsClient },
  { service: 'STS', declared: Object.values(stsOperations), client: stsClient },
  { service: 'IAM', declared: Object.values(iamOperations), client: iamClient },
] as const

for (const { service, declared, client } of clients) {
  describe(`the declarations of ${service} against the SDK`, () => {
    for (const operation of declared) {
      it(`${operation.name} has the members of the SDK`, () => {
        const schema: unknown = Reflect.get(client, `${operation.name}$`)
        assert.equal(at(schema, 2), operation.name)
        const input = resolved(at(schema, 4))
        if (isUnit(input)) assert.deepEqual(operation.input, {})
        else assertMembers(operation.input, input, `${operation.name} request`, 'exactly')
        const output = resolved(at(schema, 5))
        if (isUnit(output)) {
          assert.deepEqual(operation.output, {})
        } else {
          assertMembers(operation.output, output, `${operation.name} response`, 'at least')
        }
      })
    }
  })
}
