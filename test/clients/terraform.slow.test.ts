/** Terraform with the AWS provider against a running server: what it makes it finds again, changes and removes. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  KMSClient,
  ListAliasesCommand,
  ListGrantsCommand,
} from '@aws-sdk/client-kms'
import { awsEnvironment, run, skipReason, type Run } from '../support/programs.ts'
import { account, startServer, temporaryDirectory } from '../support/server.ts'
import { configuration } from './terraform-configuration.ts'

/** Where providers are kept for use without a network: mirrors have HOST/NAMESPACE/NAME below them. */
const mirrors = [
  process.env['TRENT_TEST_TERRAFORM_PLUGINS'],
  process.env['TF_PLUGIN_CACHE_DIR'],
  join(homedir(), '.terraform.d/plugins'),
  '/usr/local/share/terraform/plugins',
  '/usr/share/terraform/plugins',
  '/opt/tf-plugins',
].filter((directory) => directory !== undefined && directory !== '' && existsSync(directory))

function findProvider(): { readonly mirror: string; readonly source: string } | undefined {
  for (const mirror of mirrors) {
    if (mirror === undefined) continue
    const host = readdirSync(mirror).find((name) => existsSync(join(mirror, name, 'hashicorp/aws')))
    if (host !== undefined) return { mirror, source: `${host}/hashicorp/aws` }
  }
  return undefined
}

const provider = findProvider()
const skip =
  skipReason('Terraform', ['terraform', 'version'], 'put the terraform program on the PATH') ||
  (provider === undefined
    ? 'no mirror with the AWS provider of Terraform was found: name one with TRENT_TEST_TERRAFORM_PLUGINS'
    : false)

// The provider waits for seconds until it sees a change ten times in a row.
const timeout = 600_000

describe('Terraform with the AWS provider', { skip, timeout }, async () => {
  if (skip !== false || provider === undefined) return
  const server = await startServer()
  const directory = temporaryDirectory()
  const cliConfiguration = join(directory, 'cli.tfrc')
  writeFileSync(
    cliConfiguration,
    `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror { path = "${provider.mirror}" }\n}\n`,
  )
  writeFileSync(join(directory, 'main.tf'), configuration(provider.source, server.url))
  const env = {
    ...awsEnvironment(server),
    TF_CLI_CONFIG_FILE: cliConfiguration,
    TF_IN_AUTOMATION: '1',
    // The provider builds a hundred megabytes of schemas at each of its many starts; collecting less saves a third of that.
    GOGC: '500',
  }
  const terraform = (command: string, ...args: string[]): Promise<Run> =>
    run(['terraform', `-chdir=${directory}`, command, '-no-color', ...args], env)
  const done = async (command: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await terraform(command, ...args)
    assert.equal(code, 0, `terraform ${command}: ${stderr}`)
    return stdout
  }
  const kms = server.kms()
  const outputs = async (): Promise<(name: string) => string> => {
    const values = JSON.parse(await done('output', '-json')) as Readonly<Record<string, { readonly value: unknown }>>
    return (name) => String(values[name]?.value)
  }

  it('makes users, groups, roles, policies, an identity provider, keys, aliases and grants', async () => {
    await done('init', '-input=false')
    const shown = await done('apply', '-auto-approve', '-input=false')
    assert.match(shown, /Apply complete! Resources: 19 added, 0 changed, 0 destroyed\./)
    const value = await outputs()
    const { Aliases } = await kms.send(new ListAliasesCommand({ KeyId: value('key') }))
    assert.deepEqual(
      Aliases?.map(({ AliasName }) => AliasName),
      ['alias/data'],
    )
    const { Grants } = await kms.send(new ListGrantsCommand({ KeyId: value('key') }))
    assert.deepEqual(
      Grants?.map(({ GranteePrincipal, Constraints }) => [GranteePrincipal, Constraints]),
      [[`arn:aws:iam::${account}:role/jobs/worker`, { EncryptionContextEquals: { Tenant: 'north' } }]],
    )
  })

  it('makes access keys that work as far as the policies let them', async () => {
    const value = await outputs()
    const credentials = { accessKeyId: value('access_key'), secretAccessKey: value('secret') }
    const client = new KMSClient({ endpoint: server.url, region: server.region, credentials, maxAttempts: 1 })
    try {
      const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: value('key') }))
      assert.equal(KeyMetadata?.Description, 'Data (first)')
      const read = client.send(new GetKeyPolicyCommand({ KeyId: value('key') }))
      await assert.rejects(read, { name: 'AccessDeniedException' })
    } finally {
      client.destroy()
    }
  })

  it('finds nothing to change then', async () => {
    // Exit codes of -detailed-exitcode: 0 nothing, 1 an error, 2 something.
    const { code, stdout, stderr } = await terraform('plan', '-detailed-exitcode', '-input=false')
    assert.equal(code, 0, stdout + stderr)
  })

  it('changes what is to be different', async () => {
    const shown = await done('apply', '-auto-approve', '-input=false', '-var=change=second')
    assert.match(shown, /Apply complete! Resources: 0 added, 4 changed, 0 destroyed\./)
    const value = await outputs()
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: value('key') }))
    assert.equal(KeyMetadata?.Description, 'Data (second)')
    const { Aliases = [] } = await kms.send(new ListAliasesCommand({}))
    assert.equal(Aliases.find(({ AliasName }) => AliasName === 'alias/data')?.TargetKeyId, value('other_key'))
  })

  it('removes all of it', async () => {
    const key = (await outputs())('key')
    const shown = await done('destroy', '-auto-approve', '-input=false', '-var=change=second')
    assert.match(shown, /Destroy complete! Resources: 19 destroyed\./)
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: key }))
    assert.equal(KeyMetadata?.KeyState, 'PendingDeletion')
  })
})
