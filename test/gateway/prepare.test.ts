import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { secretText, string, structure } from '#aws/shape.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { prepare } from '#gateway/prepare.ts'
import { changeOperation } from '#iam/operation.ts'
import { accountWide } from '#iam/entity/target.ts'
import { iam } from '#iam/service.ts'

const operation = changeOperation({
  name: 'MakeSecret',
  input: {},
  output: { Key: structure({ Id: string(), Secret: secretText() }) },
  targets: { account: accountWide('iam:MakeSecret') },
  errors: [],
  handle: () => ({ output: { Key: { Id: 'a', Secret: new SecretBytes(Buffer.from('x')) } }, changes: [] }),
})

describe('an operation whose answer holds a secret deep inside', () => {
  const prepared = prepare(operation, iam)

  it('has answers that are overwritten once they are sent', () => {
    assert.equal(prepared.sensitive, true)
    const output = { Key: { Id: 'a', Secret: new SecretBytes(Buffer.from('hush')) } }
    assert.match(prepared.write(output, 'id').toString(), /<Key><Id>a<\/Id><Secret>hush<\/Secret><\/Key>/)
  })

  it('forgets the secret', () => {
    const Secret = new SecretBytes(Buffer.from('hush'))
    prepared.forget({ Key: { Id: 'a', Secret } })
    assert.deepEqual(Secret.insecureSecretAccess(), Buffer.alloc(4))
  })
})
