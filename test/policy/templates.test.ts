import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePolicy } from '#policy/compile.ts'
import { evaluate } from '#policy/evaluate.ts'
import { keepsAccess } from '#policy/lockout.ts'
import type { Grant } from '#policy/grant.ts'
import {
  consoleKeyPolicy,
  defaultKeyPolicy,
  hardenedKeyPolicy,
  type HardenedFacts,
  type KeyPurpose,
} from '#policy/templates.ts'
import { principalsIn } from '#policy/principal-text.ts'
import { validateKeyPolicy } from '#policy/validate-key-policy.ts'
import { accountOf, attached, contextOf, subjectOf } from './subjects.ts'

const account = accountOf('111122223333')
const keyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const user = (name: string): string => `arn:aws:iam::111122223333:user/${name}`
const root = 'arn:aws:iam::111122223333:root'
const [officer, administrator, worker, stranger] = [user('officer'), user('admin'), user('worker'), user('stranger')]

const facts: HardenedFacts = {
  partition: 'aws',
  account,
  purpose: 'symmetric encryption',
  securityOfficers: [officer],
  administrators: [administrator],
  users: [worker],
  otherAccounts: [accountOf('444455556666')],
  administratorsMayDelete: true,
  imported: false,
  multiRegion: false,
  rootMayRecover: true,
}

interface Asked {
  /** With an identity policy that allows everything. */
  readonly powerful?: boolean
  readonly roleArn?: string
  readonly context?: Readonly<Record<string, string>>
  readonly grants?: readonly Grant[]
}

const may = (text: string, arn: string, action: string, asked: Asked = {}): boolean => {
  const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
  const identity = asked.powerful === true ? attached('policy', [everything]) : []
  return evaluate({
    subject: { ...subjectOf(arn, asked.roleArn), identity },
    action,
    resource: {
      arn: keyArn,
      account,
      policy: compilePolicy(text),
      policyLayer: 'key policy',
      resourceControl: [],
      awsManaged: false,
    },
    crossAccount: true,
    context: contextOf({ 'aws:PrincipalArn': asked.roleArn ?? arn, ...asked.context }),
    endpoint: undefined,
    grants: asked.grants ?? [],
    grantUse: { operation: action.slice('kms:'.length), encryptionContext: new Map(), child: undefined },
  }).allowed
}

const cryptographic = [
  ...['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext'],
  ...['GenerateDataKeyPair', 'GenerateDataKeyPairWithoutPlaintext', 'Sign', 'Verify', 'GenerateMac', 'VerifyMac'],
  ...['DeriveSharedSecret', 'Encapsulate', 'Decapsulate'],
].map((name) => `kms:${name}`)

const purposes: readonly KeyPurpose[] = [
  ...(['symmetric encryption', 'asymmetric encryption', 'signing'] as const),
  ...(['message authentication', 'key agreement', 'key encapsulation'] as const),
]

describe('the default key policy', () => {
  it('is to the space what AWS returns, in every partition', () => {
    assert.equal(
      defaultKeyPolicy('aws-cn', account),
      '{\n  "Version" : "2012-10-17",\n  "Id" : "key-default-1",\n  "Statement" : [ {\n' +
        '    "Sid" : "Enable IAM User Permissions",\n    "Effect" : "Allow",\n    "Principal" : {\n' +
        '      "AWS" : "arn:aws-cn:iam::111122223333:root"\n    },\n    "Action" : "kms:*",\n    "Resource" : "*"\n  } ]\n}',
    )
  })

  it('leaves the decision to the policies of the account', () => {
    const text = defaultKeyPolicy('aws', account)
    assert.equal(may(text, worker, 'kms:Decrypt'), false)
    assert.equal(may(text, worker, 'kms:Decrypt', { powerful: true }), true)
    assert.equal(may(text, root, 'kms:Decrypt'), true)
  })
})

describe('both templates', () => {
  it('are policies that KMS takes, and in which nobody is named who was not given', () => {
    const accounts = [root, 'arn:aws:iam::444455556666:root']
    const known = new Set([...accounts, officer, administrator, worker])
    for (const purpose of purposes) {
      for (const flags of [true, false]) {
        const all = { ...facts, purpose, administratorsMayDelete: flags, imported: flags, multiRegion: flags }
        for (const text of [consoleKeyPolicy(all), hardenedKeyPolicy({ ...all, rootMayRecover: flags })]) {
          assert.equal(validateKeyPolicy(text, known), undefined)
          for (const { given } of principalsIn(text)) assert.ok(known.has(given))
        }
      }
    }
  })

  it('have no statement for those who are not there', () => {
    const nobody = { ...facts, administrators: [], users: [], otherAccounts: [] }
    assert.equal(principalsIn(consoleKeyPolicy(nobody)).length, 1)
    assert.equal(validateKeyPolicy(hardenedKeyPolicy(nobody), new Set([root, officer])), undefined)
  })

  it('let users do what the key is for, and nothing else', () => {
    const uses: Readonly<Record<KeyPurpose, readonly string[]>> = {
      'symmetric encryption': ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncryptTo', 'kms:GenerateDataKeyPair'],
      'asymmetric encryption': ['kms:Encrypt', 'kms:Decrypt', 'kms:GetPublicKey'],
      signing: ['kms:Sign', 'kms:Verify', 'kms:GetPublicKey'],
      'message authentication': ['kms:GenerateMac', 'kms:VerifyMac'],
      'key agreement': ['kms:DeriveSharedSecret', 'kms:GetPublicKey'],
      'key encapsulation': ['kms:Encapsulate', 'kms:Decapsulate', 'kms:GetPublicKey'],
    }
    for (const purpose of purposes) {
      for (const text of [consoleKeyPolicy({ ...facts, purpose }), hardenedKeyPolicy({ ...facts, purpose })]) {
        for (const action of uses[purpose]) assert.ok(may(text, worker, action), `${purpose} ${action}`)
        const others = purposes.filter((other) => !other.endsWith('encryption') && other !== purpose)
        for (const action of others.flatMap((other) => uses[other]).filter((name) => !uses[purpose].includes(name))) {
          assert.equal(may(text, worker, action), false, `${purpose} ${action}`)
        }
        for (const action of ['kms:PutKeyPolicy', 'kms:DisableKey', 'kms:ScheduleKeyDeletion', 'kms:CreateGrant']) {
          assert.equal(may(text, worker, action), false, action)
        }
      }
    }
  })

  it('let users make grants for services alone, and only on symmetric keys', () => {
    const context = { 'kms:GrantIsForAWSResource': 'true' }
    for (const template of [consoleKeyPolicy, hardenedKeyPolicy]) {
      assert.equal(may(template(facts), worker, 'kms:CreateGrant', { context }), true)
      const direct = { context: { 'kms:GrantIsForAWSResource': 'false' } }
      assert.equal(may(template(facts), worker, 'kms:CreateGrant', direct), false)
      assert.equal(may(template({ ...facts, purpose: 'signing' }), worker, 'kms:CreateGrant', { context }), false)
    }
  })

  it('let other accounts delegate the use', () => {
    const foreign = 'arn:aws:iam::444455556666:user/remote'
    for (const text of [consoleKeyPolicy(facts), hardenedKeyPolicy(facts)]) {
      assert.equal(may(text, foreign, 'kms:Decrypt', { powerful: true }), true)
      assert.equal(may(text, foreign, 'kms:Decrypt'), false)
      assert.equal(may(text, foreign, 'kms:PutKeyPolicy', { powerful: true }), false)
    }
  })
})

describe("the console's key policy", () => {
  it('has the statements of the console in their order', () => {
    const { Id, Statement } = JSON.parse(consoleKeyPolicy(facts)) as {
      readonly Id: string
      readonly Statement: readonly { readonly Sid: string; readonly Action: unknown }[]
    }
    assert.equal(Id, 'key-consolepolicy-3')
    assert.deepEqual(
      Statement.map(({ Sid }) => Sid),
      [
        'Enable IAM policies',
        'Allow access for Key Administrators',
        'Allow use of the key',
        'Allow attachment of persistent resources',
      ],
    )
    assert.deepEqual(Statement[1]?.Action, [
      ...['kms:Create*', 'kms:Describe*', 'kms:Enable*', 'kms:List*', 'kms:Put*', 'kms:Update*', 'kms:Revoke*'],
      ...['kms:Disable*', 'kms:Get*', 'kms:Delete*', 'kms:TagResource', 'kms:UntagResource'],
      ...['kms:ScheduleKeyDeletion', 'kms:CancelKeyDeletion', 'kms:RotateKeyOnDemand'],
    ])
  })

  it('lets administrators manage but not use, and delete only when that was chosen', () => {
    const text = consoleKeyPolicy(facts)
    for (const action of ['kms:PutKeyPolicy', 'kms:CreateGrant', 'kms:DisableKey', 'kms:ScheduleKeyDeletion']) {
      assert.ok(may(text, administrator, action), action)
    }
    for (const action of cryptographic) assert.equal(may(text, administrator, action), false, action)
    const kept = consoleKeyPolicy({ ...facts, administratorsMayDelete: false })
    assert.equal(may(kept, administrator, 'kms:ScheduleKeyDeletion'), false)
  })
})

describe('the hardened key policy', () => {
  const text = hardenedKeyPolicy(facts)
  const grant: Grant = {
    grantId: 'a'.repeat(64),
    grantee: administrator,
    operations: cryptographic.map((action) => action.slice('kms:'.length)).concat('CreateGrant'),
    constraints: { encryptionContextEquals: undefined, encryptionContextSubset: undefined, sourceArn: undefined },
  }

  it('lets administrators manage the key', () => {
    const actions = ['DescribeKey', 'DisableKey', 'EnableKey', 'TagResource', 'ScheduleKeyDeletion', 'RevokeGrant']
    for (const name of actions) assert.ok(may(text, administrator, `kms:${name}`), name)
    const kept = hardenedKeyPolicy({ ...facts, administratorsMayDelete: false })
    assert.equal(may(kept, administrator, 'kms:ScheduleKeyDeletion', { powerful: true }), false)
  })

  it('leaves administrators no way to make themselves users, whatever the policies of the account and grants say', () => {
    const forbidden = [
      ...cryptographic,
      'kms:CreateGrant',
      'kms:PutKeyPolicy',
      'kms:ReplicateKey',
      'kms:ImportKeyMaterial',
    ]
    const all = hardenedKeyPolicy({ ...facts, imported: true, multiRegion: true })
    const context = { 'kms:GrantIsForAWSResource': 'true' }
    for (const policy of [text, all]) {
      for (const action of [...forbidden, 'kms:ActionOfALaterVersion']) {
        assert.equal(may(policy, administrator, action, { powerful: true, grants: [grant], context }), false, action)
      }
    }
  })

  it('stops an administrator who is named as a user as well', () => {
    const both = hardenedKeyPolicy({ ...facts, users: [worker, administrator] })
    assert.equal(may(both, administrator, 'kms:Decrypt', { powerful: true }), false)
    assert.equal(may(both, worker, 'kms:Decrypt'), true)
  })

  it('stops the sessions of an administrators role', () => {
    const roleArn = 'arn:aws:iam::111122223333:role/admins'
    const session = 'arn:aws:sts::111122223333:assumed-role/admins/eve'
    const policy = hardenedKeyPolicy({ ...facts, administrators: [roleArn] })
    assert.equal(may(policy, session, 'kms:DisableKey', { roleArn, powerful: true }), true)
    const grants = [{ ...grant, grantee: session }]
    assert.equal(may(policy, session, 'kms:Decrypt', { roleArn, powerful: true, grants }), false)
  })

  it('lets officers change the policy and use nothing', () => {
    for (const action of ['kms:PutKeyPolicy', 'kms:GetKeyPolicy', 'kms:ListGrants', 'kms:RevokeGrant']) {
      assert.ok(may(text, officer, action), action)
    }
    for (const action of [...cryptographic, 'kms:CreateGrant', 'kms:DisableKey', 'kms:ScheduleKeyDeletion']) {
      assert.equal(may(text, officer, action, { powerful: true }), false, action)
    }
  })

  it('gives nothing to others in the account, whatever their policies say', () => {
    for (const action of ['kms:Decrypt', 'kms:PutKeyPolicy', 'kms:DescribeKey', 'kms:CreateGrant']) {
      assert.equal(may(text, stranger, action, { powerful: true }), false, action)
    }
  })

  it('lets the root user, and nobody else of its account, recover the policy when that was chosen', () => {
    assert.equal(may(text, root, 'kms:PutKeyPolicy'), true)
    assert.equal(may(text, root, 'kms:Decrypt'), false)
    const without = hardenedKeyPolicy({ ...facts, rootMayRecover: false })
    assert.equal(may(without, root, 'kms:PutKeyPolicy'), false)
  })

  it('can be put by an officer and by the root user who may recover it, by nobody else', () => {
    const keeps = (arn: string): boolean =>
      keepsAccess(compilePolicy(text), subjectOf(arn), contextOf({ 'aws:PrincipalArn': arn }), keyArn, account)
    assert.deepEqual([officer, root, administrator, worker, stranger].map(keeps), [true, true, false, false, false])
  })
})
