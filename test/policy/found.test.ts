/** Questions that were once answered wrongly, each as small as it could be made. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { evaluate } from '#policy/evaluate.ts'
import { ask } from './questions.ts'
import { contextOf, subjectOf } from './subjects.ts'

const everybody = { Principal: '*', Action: '*', Resource: '*' }
const allow = { ...everybody, Effect: 'Allow' }

describe('a condition on ARNs', () => {
  const sourceArn = (value: string, username = 'Alice'): { readonly context: ReturnType<typeof contextOf> } => ({
    context: contextOf({ 'aws:SourceArn': value, 'aws:username': username, 'aws:PrincipalArn': value }),
  })

  it('compares what stands behind a colon of the sixth component', () => {
    const pattern = 'arn:aws:logs:us-east-1:111122223333:log-group:${aws:username}'
    const statement = { ...allow, Condition: { ArnLike: { 'aws:SourceArn': pattern } } }
    const arn = 'arn:aws:logs:us-east-1:111122223333:log-group:'
    assert.equal(evaluate(ask([statement], sourceArn(`${arn}Alice`))).allowed, true)
    assert.equal(evaluate(ask([statement], sourceArn(`${arn}Bob`))).allowed, false)
  })

  it('reads a variable alone as a whole ARN', () => {
    const condition = { ArnEquals: { 'aws:SourceArn': '${aws:PrincipalArn}' } }
    const denial = { ...everybody, Effect: 'Deny', Condition: condition }
    assert.equal(evaluate(ask([allow], sourceArn('arn:aws:s3:::b'))).allowed, true)
    assert.equal(evaluate(ask([allow, denial], sourceArn('arn:aws:s3:::b'))).allowed, false)
    assert.equal(evaluate(ask([allow, denial], sourceArn('no ARN'))).allowed, true)
  })
})

describe('NotPrincipal', () => {
  it('spares the root user when its account is listed by its number', () => {
    const root = { subject: subjectOf('arn:aws:iam::111122223333:root') }
    const denial = { Effect: 'Deny', NotPrincipal: { AWS: '111122223333' }, Action: '*', Resource: '*' }
    assert.equal(evaluate(ask([allow, denial], root)).allowed, true)
  })
})

describe('a Deny of a resource policy that names no principal', () => {
  it('denies everybody', () => {
    assert.equal(evaluate(ask([allow, { Effect: 'Deny', Action: '*', Resource: '*' }])).allowed, false)
  })
})
