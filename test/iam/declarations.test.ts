/** Our declarations against AWS's newest SDK: operations, members, and which of them a request must have. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as iamClient from '@aws-sdk/client-iam'
import { prepare } from '#gateway/prepare.ts'
import { iam, operations } from '#iam/service.ts'
import { quotas } from '#iam/operation.ts'

// The SDK's schemas are arrays: [kind, namespace, name, traits, ...]; of a structure then member names, member schemas and how
// many of the first members are required; of an operation input and output.
const at = (schema: unknown, index: number): unknown => (Array.isArray(schema) ? (schema[index] as unknown) : undefined)
const isDeferred = (schema: unknown): schema is () => unknown => typeof schema === 'function'
const resolved = (schema: unknown): unknown => (isDeferred(schema) ? schema() : schema)

function membersOf(schema: unknown): { readonly names: readonly unknown[]; readonly required: readonly unknown[] } {
  const names = at(schema, 4)
  const count = at(schema, 6) ?? 0
  if (!Array.isArray(names) || typeof count !== 'number') return { names: [], required: [] }
  return { names, required: names.slice(0, count) }
}

describe('the registry of IAM', () => {
  it('has every operation under its own name, in the order of the alphabet', () => {
    for (const [key, operation] of Object.entries(operations)) assert.equal(operation.name, key)
    assert.deepEqual(Object.keys(operations), Object.keys(operations).sort())
  })

  it('holds what the gateway can serve, in buckets that exist', () => {
    for (const operation of Object.values(iam.operations)) {
      prepare(operation, iam)
      assert.ok(operation.quota in quotas, operation.name)
      for (const { action } of operation.targets) assert.match(action, /^iam:[A-Z][A-Za-z]+$/)
    }
  })
})

describe('the declarations of IAM against the SDK', () => {
  for (const operation of Object.values(iam.operations)) {
    it(`${operation.name} has the members of the SDK`, () => {
      const schema: unknown = Reflect.get(iamClient, `${operation.name}$`)
      assert.equal(at(schema, 2), operation.name)
      const input = membersOf(resolved(at(schema, 4)))
      assert.deepEqual(Object.keys(operation.input).sort(), [...input.names].sort())
      const required = Object.keys(operation.input).filter((name) => operation.input[name]?.optional !== true)
      assert.deepEqual(required.sort(), [...input.required].sort())
      const output = membersOf(resolved(at(schema, 5)))
      assert.deepEqual(Object.keys(operation.output).sort(), [...output.names].sort())
      for (const name of output.required) {
        assert.notEqual(operation.output[String(name)]?.optional, true, String(name))
      }
    })
  }
})
