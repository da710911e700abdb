/** What the services of one worker work with, made from its own connection, caches and keys. */
import { partitionOf } from '#base/arn.ts'
import { createAttachedPolicies } from '#cache/attached-policies.ts'
import { createIdentities } from '#cache/identities.ts'
import { createKeyDirectory } from '#cache/key-directory.ts'
import { createPrincipalDirectory } from '#cache/principal-directory.ts'
import { createPrincipals } from '#cache/principals.ts'
import type { RevisionSlots } from '#cache/revision-slots.ts'
import type { Settings } from '#config/settings.ts'
import { verifyAttestation } from '#crypto/attestation.ts'
import { grantTokenNonceLength, openGrantToken, sealGrantToken } from '#crypto/grant-token.ts'
import type { HmacKey } from '#crypto/hmac.ts'
import { generatePair, type GenerateKeyPair } from '#crypto/key-pair.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import { createSoftwareImportKeys } from '#keystores/software/import-keys.ts'
import { createSoftwareKeyStore } from '#keystores/software/key-store.ts'
import type { Aside } from '#keystores/software/material.ts'
import { unwrapSecret, wrapSecret } from '#keystores/software/secret-wrap.ts'
import { createSoftwareSessions } from '#keystores/software/sessions.ts'
import { httpGet } from '#oidc/get.ts'
import { webIdentity } from '#oidc/web-identity.ts'
import { compiledPolicies } from '#policy/compile.ts'
import type { Clock, Random } from '#ports/edge.ts'
import type { Identities } from '#ports/identities.ts'
import type { KeyUsage } from '#ports/key-usage.ts'
import type { SqliteReader } from '#storage/sqlite/reader.ts'
import { keysIn, type OidcFiles } from './oidc-files.ts'
import type { ServicePorts } from './services.ts'

// A thousand keys of an AWS KMS account are few, ten thousand in use at once are many; beyond, cold ones are read again.
const cachedKeys = 20_000
const cachedAliases = 20_000
// Lists of grants and alias names, counted by their entries: a list takes a tenth at most, and a key has up to 50,000 grants.
const cachedListEntries = 600_000
const policyBytes = 16 * 2 ** 20

export interface WorkerParts {
  readonly settings: Settings
  readonly oidc: OidcFiles
  /** DER. */
  readonly attestationRoots: readonly Uint8Array[]
  readonly hierarchy: Hierarchy
  readonly storage: SqliteReader
  readonly slots: RevisionSlots
  readonly clock: Clock
  readonly random: Random
  readonly keyPairs: GenerateKeyPair
  /** The same for pairs that leave, or end within a day: they may have been made before they were asked for. */
  readonly pooledPairs: GenerateKeyPair
  readonly aside?: Aside | undefined
  readonly keyUsage: KeyUsage
  /** Reports why the keys of an OIDC issuer could not be had. */
  readonly issuerFailed: (issuer: string, error: unknown) => void
}

export function createWorkerPorts(parts: WorkerParts): {
  readonly services: ServicePorts
  readonly identities: Identities<HmacKey>
} {
  const { settings, oidc, hierarchy, storage, slots, clock, random, keyPairs, pooledPairs, keyUsage } = parts
  const home = settings.regions[0]
  const roots = parts.attestationRoots.map((root) => Buffer.from(root))
  const maxAgeMs = settings.attestation.maxAgeSeconds * 1000
  const compile = compiledPolicies(policyBytes)
  const keyStore = createSoftwareKeyStore({ hierarchy, random, keyPairs, aside: parts.aside })
  const principals = createPrincipalDirectory(storage, home)
  const sessions = createSoftwareSessions(hierarchy, random)
  const identities = createIdentities(
    storage,
    createPrincipals(storage, slots, compile, home),
    { secret: (record) => unwrapSecret(hierarchy, record), session: (token) => sessions.open(token) },
    slots,
    random,
  )
  const directory = createKeyDirectory(storage, keyStore, slots, compile, {
    keys: cachedKeys,
    aliases: cachedAliases,
    lists: cachedListEntries,
  })
  return {
    identities,
    services: {
      kms: {
        directory,
        storage,
        keyStore,
        importKeys: createSoftwareImportKeys({ hierarchy, random, keyPairs: pooledPairs, aside: parts.aside }),
        random,
        keyPairs: (spec) => generatePair(spec, pooledPairs),
        principals,
        regions: settings.regions,
        attestation: {
          verify: (document) => verifyAttestation(document, { roots, now: clock.machineNow(), maxAgeMs }),
        },
        keyUsage,
        limits: { onDemandRotations: settings.onDemandRotations },
        grantTokens: {
          seal: (content) => sealGrantToken(hierarchy.grantToken, content, random.bytes(grantTokenNonceLength)),
          open: (token) => openGrantToken(hierarchy.grantToken, token),
        },
      },
      iam: {
        storage,
        random,
        principals,
        policies: createAttachedPolicies(storage, compile, partitionOf(home)),
        sealSecret: (owner, secret) => wrapSecret(hierarchy, random, owner, secret),
      },
      sts: {
        storage,
        sessions,
        clock,
        compile,
        webIdentity: webIdentity({
          get: httpGet(oidc.ca),
          staticKeys: configuredKeys(oidc),
          allowedHosts: settings.oidc.allowedHosts === undefined ? undefined : new Set(settings.oidc.allowedHosts),
          failed: parts.issuerFailed,
        }),
      },
    },
  }
}

type KeySet = NonNullable<ReturnType<typeof keysIn>>

function configuredKeys({ keys }: OidcFiles): ReadonlyMap<string, KeySet> {
  const configured = new Map<string, KeySet>()
  for (const { issuer, document } of keys) {
    const found = keysIn(document)
    if (found !== undefined) configured.set(issuer, found)
  }
  return configured
}
