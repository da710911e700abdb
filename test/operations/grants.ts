/** Users with grants, for the tests of the operations about grants. */
import assert from 'node:assert/strict'
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { KMSClient } from '@aws-sdk/client-kms'
import { after } from 'node:test'
import { region, server, succeed, textOf, type Json, type Key } from './service.ts'

const clients: { destroy(): void }[] = []
after(() => {
  for (const client of clients) client.destroy()
})

const settings = { endpoint: server.url, region, credentials: server.credentials, maxAttempts: 1 }
const iam = new IAMClient(settings)
clients.push(iam)

/** A user without any policy. */
export interface User {
  readonly name: string
  readonly arn: string
  readonly kms: KMSClient
}

let users = 0

export async function createUser(): Promise<User> {
  const name = `grant-user-${(users += 1)}`
  const { User: made } = await iam.send(new CreateUserCommand({ UserName: name }))
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: name }))
  assert.ok(made?.Arn !== undefined && key?.AccessKeyId !== undefined && key.SecretAccessKey !== undefined)
  const credentials = { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey }
  const kms = new KMSClient({ ...settings, credentials })
  clients.push(kms)
  return { name, arn: made.Arn, kms }
}

/** Gives `user` a policy of one statement about all resources. */
export async function putPolicy(user: User, Effect: 'Allow' | 'Deny', Action: string): Promise<void> {
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: { Effect, Action, Resource: '*' } })
  await iam.send(new PutUserPolicyCommand({ UserName: user.name, PolicyName: 'p', PolicyDocument }))
}

export interface Grant {
  readonly id: string
  readonly token: string
}

/** A grant to decrypt for `user`, made by the root user. */
export async function grantTo(user: User, key: Key, more: Json = {}): Promise<Grant> {
  const { json } = await succeed('CreateGrant', {
    KeyId: key.id,
    GranteePrincipal: user.arn,
    Operations: ['Decrypt'],
    ...more,
  })
  return { id: textOf(json, 'GrantId'), token: textOf(json, 'GrantToken') }
}

/** An error of the SDK by its name. */
export const denied = { name: 'AccessDeniedException' }
