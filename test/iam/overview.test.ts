import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  CreateGroupCommand,
  CreateServiceLinkedRoleCommand,
  DeleteLoginProfileCommand,
  GetAccountSummaryCommand,
  GetLoginProfileCommand,
  IAMClient,
  ListAccountAliasesCommand,
  ListMFADevicesCommand,
  ListSAMLProvidersCommand,
  ListServiceSpecificCredentialsCommand,
  ListSigningCertificatesCommand,
  ListSSHPublicKeysCommand,
  ListVirtualMFADevicesCommand,
} from '@aws-sdk/client-iam'
import { recordOf } from '../support/audit.ts'
import { startServer } from '../support/server.ts'
import { iamServer, makeUser, newName, refused } from './service.ts'

const fixture = await iamServer()
const { root, server } = fixture

describe('the summary of an account', () => {
  it('counts what there is', async () => {
    const counts = async () => {
      const { SummaryMap } = await root.send(new GetAccountSummaryCommand({}))
      return [SummaryMap?.Users, SummaryMap?.Groups, SummaryMap?.Roles, SummaryMap?.Policies, SummaryMap?.Providers]
    }
    assert.deepEqual(await counts(), [0, 0, 0, 0, 0])
    await makeUser(fixture)
    await makeUser(fixture)
    await root.send(new CreateGroupCommand({ GroupName: newName('group') }))
    assert.deepEqual(await counts(), [2, 1, 0, 0, 0])
    const { SummaryMap } = await root.send(new GetAccountSummaryCommand({}))
    assert.deepEqual(
      [SummaryMap?.AccessKeysPerUserQuota, SummaryMap?.GroupsPerUserQuota, SummaryMap?.AccountAccessKeysPresent],
      [2, 10, 1],
    )
  })
})

describe('what does not exist here', () => {
  it('is answered with empty lists', async () => {
    const UserName = await makeUser(fixture)
    assert.deepEqual((await root.send(new ListAccountAliasesCommand({}))).AccountAliases, [])
    assert.deepEqual((await root.send(new ListSAMLProvidersCommand({}))).SAMLProviderList, [])
    assert.deepEqual((await root.send(new ListVirtualMFADevicesCommand({}))).VirtualMFADevices, [])
    for (const named of [{ UserName }, {}]) {
      assert.deepEqual((await root.send(new ListMFADevicesCommand(named))).MFADevices, [])
      assert.deepEqual((await root.send(new ListSSHPublicKeysCommand(named))).SSHPublicKeys, [])
      assert.deepEqual((await root.send(new ListSigningCertificatesCommand(named))).Certificates, [])
      const { ServiceSpecificCredentials } = await root.send(new ListServiceSpecificCredentialsCommand(named))
      assert.deepEqual(ServiceSpecificCredentials, [])
    }
    const message = 'The user with name nobody cannot be found.'
    await refused(root.send(new ListMFADevicesCommand({ UserName: 'nobody' })), 'NoSuchEntityException', message, 404)
  })

  it('or is said not to be there', async () => {
    const UserName = await makeUser(fixture)
    const message = `Login Profile for User ${UserName} cannot be found.`
    await refused(root.send(new GetLoginProfileCommand({ UserName })), 'NoSuchEntityException', message, 404)
    await refused(root.send(new DeleteLoginProfileCommand({ UserName })), 'NoSuchEntityException', message, 404)
    await refused(
      root.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: 'autoscaling.amazonaws.com' })),
      'InvalidInputException',
      'Cannot find Service Linked Role template for autoscaling.amazonaws.com',
      400,
    )
  })
})

describe('requests to IAM', () => {
  it('may be scoped to us-east-1, the region of the global endpoint, when another region is served', async () => {
    const elsewhere = await startServer({ regions: ['eu-west-1'] })
    for (const region of ['us-east-1', 'eu-west-1']) {
      const { url: endpoint, credentials } = elsewhere
      const iam = new IAMClient({ endpoint, region, credentials, maxAttempts: 1 })
      await iam.send(new GetAccountSummaryCommand({}))
      iam.destroy()
    }
  })

  it('are recorded with what was sent', async () => {
    const GroupName = newName('recorded')
    const created = await root.send(new CreateGroupCommand({ GroupName, Path: '/a/' }))
    const record = await recordOf(server.directory, created.$metadata.requestId ?? '')
    assert.equal(record['eventSource'], 'iam.amazonaws.com')
    assert.equal(record['eventName'], 'CreateGroup')
    assert.equal(record['readOnly'], false)
    assert.deepEqual(record['requestParameters'], { path: '/a/', groupName: GroupName })
    assert.deepEqual(Object.keys(record['responseElements'] ?? {}), ['group'])
  })
})
