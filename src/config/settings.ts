/** The configuration of one start, complete and checked: an immutable snapshot. How it is put together is in options.ts. */
import type { AccessKeyId, AccountId, Region } from '#base/brand.ts'
import type { PassphraseSource } from '#seals/passphrase.ts'

export interface Address {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
}

/** A network, as a base address and the length of its prefix. */
export interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

/** A further listener that conditions know by name. */
export interface PrivateEndpointSettings {
  /** `aws:SourceVpce` */
  readonly id: string
  readonly listen: Address
  /** `aws:SourceVpc` */
  readonly vpc: string | undefined
  /** The file of its policy. */
  readonly policyFile: string | undefined
}

export type TlsSettings =
  | { readonly kind: 'off' }
  | { readonly kind: 'self-signed' }
  | { readonly kind: 'files'; readonly cert: string; readonly key: string }

export type SealSettings =
  | { readonly kind: 'key-file'; /** Default: DIR/seal.key */ readonly path: string | undefined }
  | { readonly kind: 'passphrase'; readonly source: PassphraseSource }

export interface AuditSettings {
  /** What happens when the trail can't be written. */
  readonly onFailure: 'refuse' | 'spool'
  readonly spoolBytes: number
  readonly retentionDays: number
  /** The trail's size at most; older records go first. */
  readonly retentionBytes: number
  /** Free space of the disk under which records are refused before it is really full. */
  readonly minFreeBytes: number
}

/** How tokens of OIDC issuers are verified. */
export interface OidcSettings {
  readonly caFile: string | undefined
  /** Undefined: any. */
  readonly allowedHosts: readonly string[] | undefined
  /** The files with the keys of issuers that nothing is fetched from, by issuer URL. */
  readonly keyFiles: readonly { readonly issuer: string; readonly file: string }[]
}

/** How attestation documents are verified. */
export interface AttestationSettings {
  /** The files of root certificates beside AWS's own. */
  readonly rootFiles: readonly string[]
  readonly maxAgeSeconds: number
}

export interface RootAccessKey {
  readonly id: AccessKeyId
  readonly secret: string
}

export interface Settings {
  /** Absolute. */
  readonly dataDir: string
  readonly listen: Address
  readonly metricsListen: Address | undefined
  readonly privateEndpoints: readonly PrivateEndpointSettings[]
  /** Whose X-Forwarded-For header is believed. */
  readonly trustedProxies: readonly Network[]
  /** All of one partition; the first is the default one. */
  readonly regions: readonly [Region, ...Region[]]
  /** Chosen at first start; random when undefined. */
  readonly account: AccountId | undefined
  readonly workers: number
  readonly publicUrl: string | undefined
  readonly tls: TlsSettings
  readonly allowPlaintext: boolean
  readonly seal: SealSettings
  /** Where the anchor is kept; default DIR/anchor. */
  readonly anchor: string | undefined
  readonly oidc: OidcSettings
  readonly attestation: AttestationSettings
  readonly audit: AuditSettings
  readonly testProfile: boolean
  /** The file of accounts and keys to begin with; undefined without the test profile. */
  readonly seed: string | undefined
  /** Faults to begin with (config/fault-rule.ts); empty without the test profile. */
  readonly faults: readonly string[]
  /** How many rotations on demand a key may have in its life. */
  readonly onDemandRotations: number
  /** How far a signer's clock may be off, seconds. */
  readonly clockSkewSeconds: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly rootAccessKey: RootAccessKey | undefined
}
