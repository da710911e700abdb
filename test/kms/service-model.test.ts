/**
 * The declarations of KMS against AWS's service model, both ways: every member with its type, requiredness, length, range,
 * pattern, enum and secrecy, and every error. What differs stands in a list here, with its reason, and what is in a list and
 * does not differ fails as well.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import * as kmsClient from '@aws-sdk/client-kms'
import type { Field, Fields } from '#aws/shape.ts'
import { operations } from '#kms/service.ts'
import { undeclared } from '../compatibility/reasons.ts'

interface ModelShape {
  readonly type: string
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
  readonly enum?: readonly string[]
  readonly sensitive?: boolean
  /** Of lists: the shape of what is in them. */
  readonly member?: string
  /** Of maps. */
  readonly key?: string
  readonly value?: string
  readonly members?: Readonly<Record<string, string>>
  readonly required?: readonly string[]
}

interface Model {
  readonly operations: Readonly<
    Record<string, { readonly input: string; readonly output?: string; readonly errors: readonly string[] }>
  >
  readonly shapes: Readonly<Record<string, ModelShape>>
}

// Names and numbers of the KMS model in botocore 1.43.107, of which Encapsulate and Decapsulate are later: they are as the SDK
// has them, with assumed lengths.
const file = new URL('../vectors/kms-service-model.json', import.meta.url)
const model = JSON.parse(readFileSync(file, 'utf8')) as Model

/** Errors that operations answer beyond their model. */
const beyondTheModel: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  DescribeKey: { InvalidGrantTokenException: 'it takes grant tokens, and they can be wrong' },
  ListKeyPolicies: { InvalidMarkerException: 'it takes a marker, and it can be wrong' },
}

/** Members that answers always have although the model calls them optional may be required in ours; never the other way. */
type Side = 'request' | 'response'

function shapeNamed(name: string | undefined, path: string): ModelShape {
  const shape = model.shapes[name ?? '']
  assert.ok(shape !== undefined, `${path}: the model has no shape ${name ?? ''}`)
  return shape
}

/** The newest values of an enum: the SDK exports them by the name of the shape. */
function newestValues(name: string, shape: ModelShape): readonly string[] {
  const newest: unknown = Reflect.get(kmsClient, name)
  return typeof newest === 'object' && newest !== null ? Object.values<string>({ ...newest }) : (shape.enum ?? [])
}

function assertField(field: Field, shapeName: string | undefined, path: string, side: Side): void {
  const shape = shapeNamed(shapeName, path)
  const { min, max, pattern } = shape
  switch (field.kind) {
    case 'string':
      assert.deepEqual([shape.type, field.min, field.max, field.pattern], ['string', min, max, pattern], path)
      assert.equal(shape.enum, undefined, `${path} has values that are told one by one`)
      return
    case 'enum':
      assert.equal(shape.type, 'string', path)
      assert.deepEqual([...field.values].sort(), [...newestValues(shapeName ?? '', shape)].sort(), path)
      return
    case 'blob':
    case 'integer':
      assert.deepEqual([shape.type, field.min, field.max], [field.kind, min, max], path)
      return
    case 'list':
      assert.deepEqual([shape.type, field.min, field.max], ['list', min, max], path)
      assertField(field.member, shape.member, `${path}[]`, side)
      return
    case 'structure':
      assert.equal(shape.type, 'structure', path)
      assertMembers(field.fields, shape, path, side)
      return
    case 'map':
      assert.equal(shape.type, 'map', path)
      // Ours are of texts without constraints.
      for (const part of [shape.key, shape.value]) assert.deepEqual(shapeNamed(part, path), { type: 'string' }, path)
      return
    case 'boolean':
    case 'timestamp':
      assert.equal(shape.type, field.kind, path)
      return
    case 'secret text':
      assert.fail(`${path}: KMS has no texts that are secrets`)
  }
}

function assertMembers(fields: Fields, shape: ModelShape, path: string, side: Side): void {
  const members = shape.members ?? {}
  assert.deepEqual(Object.keys(fields).sort(), Object.keys(members).sort(), `members of ${path}`)
  const ours = Object.keys(fields).filter((name) => fields[name]?.optional !== true)
  const theirs = shape.required ?? []
  if (side === 'request') assert.deepEqual(ours.sort(), [...theirs].sort(), `required members of ${path}`)
  else
    assert.deepEqual(
      theirs.filter((name) => !ours.includes(name)),
      [],
      `required members of ${path}`,
    )
  for (const [name, field] of Object.entries(fields)) {
    const where = `${path}.${name}`
    assert.equal(field.sensitive === true, shapeNamed(members[name], where).sensitive === true, `${where} sensitive`)
    assertField(field, members[name], where, side)
  }
}

describe('the declarations of KMS against the service model', () => {
  it('are of its operations, of which there are 56', () => {
    assert.equal(Object.keys(model.operations).length, 56)
    for (const name of Object.keys(operations)) assert.ok(name in model.operations, name)
  })

  for (const operation of Object.values(operations)) {
    const { name } = operation
    const modelled = model.operations[name]
    if (modelled === undefined) continue

    it(`${name} takes the members of its request, under the same constraints`, () => {
      assertMembers(operation.input, shapeNamed(modelled.input, name), `${name} request`, 'request')
    })

    it(`${name} answers the members of its response, under the same constraints`, () => {
      if (modelled.output === undefined) assert.deepEqual(operation.output, {})
      else assertMembers(operation.output, shapeNamed(modelled.output, name), `${name} response`, 'response')
    })

    it(`${name} declares the errors of the model, but for those that are told with a reason`, () => {
      const more = Object.keys(beyondTheModel[name] ?? {})
      const fewer = Object.keys(undeclared[name] ?? {})
      const declared: readonly string[] = operation.errors
      assert.deepEqual(
        more.filter((error) => modelled.errors.includes(error) || !declared.includes(error)),
        [],
      )
      assert.deepEqual(
        fewer.filter((error) => !modelled.errors.includes(error) || declared.includes(error)),
        [],
      )
      assert.deepEqual(
        [...declared, ...fewer].sort(),
        [...modelled.errors, ...more].sort(),
        `errors of ${name}: a difference needs a reason in this file or in test/compatibility/reasons.ts`,
      )
    })
  }
})
