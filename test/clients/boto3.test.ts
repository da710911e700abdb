/** boto3, any version, against a running server. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { awsEnvironment, runForJson, skipReason } from '../support/programs.ts'
import { account, startServer } from '../support/server.ts'

const skip = skipReason('boto3', ['python3', '-c', 'import boto3'], 'apt-get install python3-boto3')

const prelude = `
import boto3, json, sys
from botocore.config import Config
url = sys.argv[1]
config = Config(retries={'max_attempts': 1})
kms = boto3.client('kms', endpoint_url=url, region_name='us-east-1', config=config)
sts = boto3.client('sts', endpoint_url=url, region_name='us-east-1', config=config)
def code(call, **arguments):
    try:
        call(**arguments)
    except kms.exceptions.ClientError as error:
        return [type(error).__name__, error.response['Error']['Code'], error.response['Error']['Message']]
`

const walk = `${prelude}
key = kms.create_key(Description='made by boto3', Tags=[{'TagKey': 'Team', 'TagValue': 'blue'}])['KeyMetadata']
other = kms.create_key()['KeyMetadata']
kms.create_alias(AliasName='alias/boto3', TargetKeyId=key['KeyId'])
context = {'Tenant': 'north'}
encrypted = kms.encrypt(KeyId='alias/boto3', Plaintext=b'from boto3', EncryptionContext=context)
decrypted = kms.decrypt(CiphertextBlob=encrypted['CiphertextBlob'], EncryptionContext=context)
data_key = kms.generate_data_key(KeyId=key['Arn'], NumberOfBytes=64)
opened = kms.decrypt(CiphertextBlob=data_key['CiphertextBlob'])
moved = kms.re_encrypt(CiphertextBlob=encrypted['CiphertextBlob'], SourceEncryptionContext=context,
                       DestinationKeyId=other['KeyId'])
pages = list(kms.get_paginator('list_keys').paginate(PaginationConfig={'PageSize': 1}))
scheduled = kms.schedule_key_deletion(KeyId=other['KeyId'], PendingWindowInDays=7)
identity = sts.get_caller_identity()
print(json.dumps({
    'arn': key['Arn'],
    'created': key['CreationDate'].timestamp(),
    'plaintext': decrypted['Plaintext'].decode(),
    'decryptedBy': decrypted['KeyId'],
    'dataKey': len(data_key['Plaintext']),
    'sameDataKey': data_key['Plaintext'] == opened['Plaintext'],
    'movedTo': moved['KeyId'] == other['Arn'],
    'pages': [len(page['Keys']) for page in pages],
    'waiting': (scheduled['DeletionDate'] - key['CreationDate']).total_seconds(),
    'identity': [identity['Account'], identity['Arn'], identity['UserId']],
    'requestId': encrypted['ResponseMetadata']['RequestId'],
    'retries': encrypted['ResponseMetadata']['RetryAttempts'],
}))
`

const refusals = `${prelude}
key = kms.create_key()['KeyMetadata']
kms.disable_key(KeyId=key['KeyId'])
print(json.dumps({
    'disabled': code(kms.encrypt, KeyId=key['KeyId'], Plaintext=b'a'),
    'unknown': code(kms.describe_key, KeyId='alias/nobody'),
    'ciphertext': code(kms.decrypt, CiphertextBlob=b'junk'),
    'denied': code(kms.describe_key, KeyId='arn:aws:kms:us-east-1:444455556666:alias/theirs'),
    'arn': key['Arn'],
}))
`

// As aws-iam-authenticator and "aws eks get-token" make their tokens.
const presigned = `${prelude}
import urllib.request
client = boto3.client('sts', endpoint_url=url, region_name='us-east-1')
def add_header(request, **kwargs):
    request.headers.add_header('x-k8s-aws-id', 'a-cluster')
client.meta.events.register('before-sign.sts.GetCallerIdentity', add_header)
link = client.generate_presigned_url('get_caller_identity', ExpiresIn=60, HttpMethod='GET')
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
answer = opener.open(urllib.request.Request(link, headers={'x-k8s-aws-id': 'a-cluster'}))
print(json.dumps({'status': answer.status, 'text': answer.read().decode(), 'signed': 'x-k8s-aws-id' in link}))
`

describe('boto3', { skip }, async () => {
  if (skip !== false) return
  const server = await startServer()
  const python = (script: string): Promise<Readonly<Record<string, unknown>>> =>
    runForJson(['python3', '-', server.url], awsEnvironment(server), script)

  it('walks through the life of a key', async () => {
    const { arn, created, requestId, waiting, ...rest } = await python(walk)
    assert.match(String(arn), /^arn:aws:kms:us-east-1:111122223333:key\//)
    assert.ok(Math.abs(Number(created) - Date.now() / 1000) < 60)
    assert.ok(Math.abs(Number(waiting) - 7 * 86_400) < 60)
    assert.match(String(requestId), /^[0-9a-f-]{36}$/)
    assert.deepEqual(rest, {
      plaintext: 'from boto3',
      decryptedBy: arn,
      dataKey: 64,
      sameDataKey: true,
      movedTo: true,
      pages: [1, 1],
      identity: [account, `arn:aws:iam::${account}:root`, account],
      retries: 0,
    })
  })

  it('raises the exceptions of its model', async () => {
    const { arn, ...rest } = await python(refusals)
    assert.deepEqual(rest, {
      disabled: ['DisabledException', 'DisabledException', `${String(arn)} is disabled.`],
      unknown: [
        'NotFoundException',
        'NotFoundException',
        `Alias arn:aws:kms:us-east-1:${account}:alias/nobody is not found.`,
      ],
      ciphertext: ['InvalidCiphertextException', 'InvalidCiphertextException', ''],
      denied: [
        'ClientError',
        'AccessDeniedException',
        `User: arn:aws:iam::${account}:root is not authorized to perform: kms:DescribeKey on this resource because the ` +
          'resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy ' +
          'explicitly denies access',
      ],
    })
  })

  it('makes presigned identity tokens that the server takes', async () => {
    const { status, text, signed } = await python(presigned)
    assert.deepEqual([status, signed], [200, true])
    assert.ok(String(text).includes(`<Arn>arn:aws:iam::${account}:root</Arn>`))
  })
})
