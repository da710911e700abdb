/**
 * The one table of what can be configured. Flags, variables, keys of the configuration file, their help and the reference in
 * docs/configuration.md are all made from it.
 */
import { availableParallelism } from 'node:os'
import { parseFaultRule } from './fault-rule.ts'
import * as values from './values.ts'

/** Where a setting may come from: secrets never from flags, which every user of the machine can read. */
export type OptionSource = 'anywhere' | 'flag or variable' | 'variable'

export interface OptionDefinition<T> {
  /** `data-dir`: the flag is `--data-dir`, the variable `TRENT_DATA_DIR`, and the file's key `data-dir`. */
  readonly name: string
  /** What stands behind the flag, such as `<dir>`; undefined for a switch. */
  readonly argument: string | undefined
  /** Takes several values: the flag repeated, commas, or a YAML list. */
  readonly list: boolean
  readonly source: OptionSource
  readonly help: string
  /** How the default is described; undefined when there is none. */
  readonly defaultText: string | undefined
  /** `base`: where relative paths start. Throws InvalidValue. */
  parse(texts: readonly string[], base: string): T
}

interface Description {
  readonly name: string
  readonly argument?: string
  readonly help: string
  readonly default?: string
  readonly source?: OptionSource
}

function definition<T>(
  { name, argument, help, default: defaultText, source = 'anywhere' }: Description,
  list: boolean,
  parse: OptionDefinition<T>['parse'],
): OptionDefinition<T> {
  return { name, argument, list, source, help, defaultText, parse }
}

function single<T>(description: Description, parse: (text: string, base: string) => T): OptionDefinition<T> {
  return definition(description, false, (texts, base) => parse(texts.at(-1) ?? '', base))
}

function several<T>(
  description: Description,
  parse: (text: string, base: string) => T,
): OptionDefinition<readonly T[]> {
  return definition(description, true, (texts, base) =>
    texts
      .join(',')
      .split(',')
      .map((text) => parse(text.trim(), base)),
  )
}

function toggle(description: Description): OptionDefinition<boolean> {
  return definition({ default: 'false', ...description }, false, (texts) => values.toggle(texts.at(-1) ?? ''))
}

export const maxWorkers = 256

/** In the order in which help and documentation show them. */
export const options = {
  config: single(
    {
      name: 'config',
      argument: '<file>',
      help: 'configuration file (YAML); relative paths in it start at its directory',
      source: 'flag or variable',
    },
    values.path,
  ),
  dataDir: single(
    { name: 'data-dir', argument: '<dir>', help: 'where everything is kept', default: './data' },
    values.path,
  ),
  listen: single(
    {
      name: 'listen',
      argument: '<host:port>',
      help: 'where to serve; port 0 picks a free one; beyond loopback it needs TLS or allow-plaintext',
      default: '127.0.0.1:8736',
    },
    values.address,
  ),
  metricsListen: single(
    {
      name: 'metrics-listen',
      argument: '<host:port>',
      help: 'where to serve GET /metrics, over plain HTTP and to anybody; without it, only a loopback listener has it',
    },
    values.address,
  ),
  privateEndpoints: several(
    {
      name: 'private-endpoint',
      argument: '<id=host:port>',
      help: 'serve on a further address, known to policies as aws:SourceVpce; several with commas, e.g. vpce-apps=10.0.0.5:8737',
    },
    values.named('vpce-apps=10.0.0.5:8737', values.address),
  ),
  privateEndpointVpcs: several(
    {
      name: 'private-endpoint-vpc',
      argument: '<id=vpc>',
      help: 'the aws:SourceVpc of requests through a private endpoint, e.g. vpce-apps=vpc-production',
    },
    values.named('vpce-apps=vpc-production', values.identifier),
  ),
  privateEndpointPolicies: several(
    {
      name: 'private-endpoint-policy',
      argument: '<id=file>',
      help: 'the policy of a private endpoint (JSON): what requests through it may do at most',
    },
    values.named('vpce-apps=apps.json', values.path),
  ),
  trustedProxies: several(
    {
      name: 'trusted-proxy',
      argument: '<network>',
      help: 'addresses or networks of proxies whose X-Forwarded-For header is believed, e.g. 10.0.0.0/24; it then tells the source address',
    },
    values.network,
  ),
  regions: several(
    {
      name: 'region',
      argument: '<region>',
      help: 'the regions to serve, all of one partition; the first is the default one',
      default: 'us-east-1',
    },
    values.region,
  ),
  account: single(
    {
      name: 'account',
      argument: '<id>',
      help: 'the account id, twelve digits, chosen at first start',
      default: 'a random one',
    },
    values.accountId,
  ),
  workers: single(
    {
      name: 'workers',
      argument: '<count>',
      help: `threads that serve requests, 1 to ${maxWorkers}; always 1 where threads can't share a port (neither Linux nor FreeBSD)`,
      default: 'the number of cores',
    },
    values.wholeNumber(1, maxWorkers),
  ),
  publicUrl: single(
    {
      name: 'public-url',
      argument: '<url>',
      help: 'what clients are told to call, such as the address of a load balancer',
      default: 'the URL of the listener',
    },
    values.publicUrl,
  ),
  tls: single(
    {
      name: 'tls',
      argument: '<kind>',
      help: 'self-signed: serve HTTPS with a certificate of a private CA, made and renewed in DIR/tls',
      default: 'off',
    },
    values.choice(['self-signed', 'off']),
  ),
  tlsCert: single(
    {
      name: 'tls-cert',
      argument: '<file>',
      help: 'serve HTTPS with this certificate (PEM, with intermediate certificates behind it)',
    },
    values.path,
  ),
  tlsKey: single(
    { name: 'tls-key', argument: '<file>', help: "the certificate's private key (PEM, not encrypted)" },
    values.path,
  ),
  allowPlaintext: toggle({
    name: 'allow-plaintext',
    help: 'serve HTTP beyond loopback, for example behind something that speaks TLS',
  }),
  seal: single(
    {
      name: 'seal',
      argument: '<seal>',
      help: 'what protects the root key: key-file, key-file:PATH or passphrase',
      default: 'key-file (DIR/seal.key)',
    },
    values.seal,
  ),
  sealPassphraseFile: single(
    {
      name: 'seal-passphrase-file',
      argument: '<file>',
      help: 'where the passphrase of the seal is read from; without file and variable it is asked for at the terminal',
    },
    values.path,
  ),
  sealPassphrase: single(
    { name: 'seal-passphrase', help: 'the passphrase of the seal itself', source: 'variable' },
    // Not read here: the seal takes it from the environment, and removes it there.
    () => true,
  ),
  anchor: single(
    {
      name: 'anchor',
      argument: '<file>',
      help: 'the file that tells whether the database was rolled back; best on another disk than the data',
      default: 'DIR/anchor',
    },
    values.path,
  ),
  oidcCaFile: single(
    {
      name: 'oidc-ca-file',
      argument: '<file>',
      help: 'certificates (PEM) to trust, beside those of the system, when the keys of an OIDC issuer are fetched',
    },
    values.path,
  ),
  oidcAllowedHosts: several(
    {
      name: 'oidc-allowed-host',
      argument: '<host>',
      help: 'the only hosts that keys of OIDC issuers are fetched from; without it, any that a provider names but this machine itself, which has to be listed (and may then be asked over plain HTTP)',
    },
    values.host,
  ),
  oidcKeys: several(
    {
      name: 'oidc-keys',
      argument: '<issuer=file>',
      help: 'the keys (a JWKS file) of an OIDC issuer that can not be reached; they are never fetched then',
    },
    values.issuerFile,
  ),
  attestationRoots: several(
    {
      name: 'attestation-root',
      argument: '<file>',
      help: "a root certificate (PEM) to trust, beside AWS's Nitro root, when an attestation document is verified; several with commas",
    },
    values.path,
  ),
  attestationMaxAge: single(
    {
      name: 'attestation-max-age',
      argument: '<time>',
      help: 'how old an attestation document may be, 60 to 10800 seconds',
      default: '300',
    },
    values.seconds(60, 10_800),
  ),
  auditOnFailure: single(
    {
      name: 'audit-on-failure',
      argument: '<policy>',
      help: "while the trail can't be written: refuse requests, or spool records to a bounded file and then refuse",
      default: 'refuse',
    },
    values.choice(['refuse', 'spool']),
  ),
  auditSpoolSize: single(
    { name: 'audit-spool-size', argument: '<size>', help: 'the size of the spool at most', default: '64MiB' },
    values.size,
  ),
  auditRetention: single(
    { name: 'audit-retention', argument: '<time>', help: 'older records leave the trail', default: '90d' },
    values.days(1, 36_500),
  ),
  auditRetentionSize: single(
    {
      name: 'audit-retention-size',
      argument: '<size>',
      help: 'the size of the trail at most; the oldest records leave it first',
      default: '10GiB',
    },
    values.size,
  ),
  auditMinFree: single(
    {
      name: 'audit-min-free',
      argument: '<size>',
      help: "with less free space on its disk the trail counts as failed, before it is full; 0: don't look",
      default: '64MiB',
    },
    values.size,
  ),
  onDemandRotations: single(
    {
      name: 'on-demand-rotations',
      argument: '<count>',
      help: 'how often RotateKeyOnDemand may rotate a key in its life, 0 to 100000',
      default: '25, as in AWS',
    },
    values.wholeNumber(0, 100_000),
  ),
  testProfile: toggle({
    name: 'test-profile',
    help: 'switch on what only tests may have: a clock that can be advanced, faults, seeds; only with the default seal',
  }),
  seed: single(
    {
      name: 'seed',
      argument: '<file>',
      help: 'accounts and keys to begin with (YAML or JSON), with --test-profile only (docs/testing.md)',
    },
    values.path,
  ),
  faults: several(
    {
      name: 'fault',
      argument: '<fault>',
      help: 'inject a fault into requests from the start, with --test-profile only, e.g. "Encrypt throttle next=2" (docs/testing.md)',
    },
    // Kept as text: a share that has no seed gets one at the start, which is logged.
    (text) => {
      parseFaultRule(text, () => 0)
      return text
    },
  ),
  clockSkew: single(
    {
      name: 'clock-skew',
      argument: '<time>',
      help: "how far a signer's clock may be off, 300 to 900 seconds",
      default: '900',
    },
    values.seconds(300, 900),
  ),
  logLevel: single(
    { name: 'log-level', argument: '<level>', help: 'debug, info, warn or error', default: 'info' },
    values.choice(['debug', 'info', 'warn', 'error']),
  ),
  rootAccessKeyId: single(
    {
      name: 'root-access-key-id',
      help: "the root user's access key id, at first start; with fewer than 16 characters on loopback only",
      default: 'a random one',
      source: 'variable',
    },
    values.accessKeyId,
  ),
  rootSecretAccessKey: single(
    {
      name: 'root-secret-access-key',
      help: 'the secret that belongs to it; with fewer than 40 characters on loopback only',
      default: 'a random one',
      source: 'variable',
    },
    values.secretAccessKey,
  ),
} as const

export type OptionKey = keyof typeof options

/** All of them, for those to whom the types of their values don't matter. */
export const optionList: readonly OptionDefinition<unknown>[] = Object.values(options)

export const flagOf = ({ name }: { readonly name: string }): string => `--${name}`
export const variableOf = ({ name }: { readonly name: string }): string =>
  `TRENT_${name.toUpperCase().replaceAll('-', '_')}`

/** What of the machine decides defaults. */
export interface Machine {
  readonly cwd: string
  readonly cores: number
  readonly platform: NodeJS.Platform
  /** Whether a person can be asked. */
  readonly interactive: boolean
}

export function thisMachine(): Machine {
  return {
    cwd: process.cwd(),
    cores: availableParallelism(),
    platform: process.platform,
    interactive: process.stdin.isTTY,
  }
}
