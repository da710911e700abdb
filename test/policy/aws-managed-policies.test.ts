import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { awsManagedPolicies, awsManagedPolicy, awsManagedPolicyArn } from '#policy/aws-managed-policies.ts'
import { compilePolicy } from '#policy/compile.ts'

describe('AWS managed policies', () => {
  it('are found by their ARN in the partition', () => {
    assert.equal(awsManagedPolicy('aws', 'arn:aws:iam::aws:policy/ReadOnlyAccess')?.name, 'ReadOnlyAccess')
    for (const arn of [
      'arn:aws-cn:iam::aws:policy/ReadOnlyAccess',
      'arn:aws:iam::aws:policy/x/ReadOnlyAccess',
      'arn:aws:iam::111122223333:policy/ReadOnlyAccess',
      'arn:aws:iam::aws:policy/readonlyaccess',
      'ReadOnlyAccess',
    ]) {
      assert.equal(awsManagedPolicy('aws', arn), undefined, arn)
    }
  })

  it('are four, in the order of their names, each a policy', () => {
    assert.deepEqual(
      awsManagedPolicies.map((managed) => awsManagedPolicyArn('aws', managed)),
      [
        'arn:aws:iam::aws:policy/AdministratorAccess',
        'arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser',
        'arn:aws:iam::aws:policy/ReadOnlyAccess',
        'arn:aws:iam::aws:policy/SecurityAudit',
      ],
    )
    for (const { document, id, name } of awsManagedPolicies) {
      assert.equal(compilePolicy(document).problem, undefined, name)
      assert.match(id, /^ANPA[A-Z0-9]{17}$/, name)
    }
  })
})
