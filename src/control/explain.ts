/**
 * `explain`: why a request was allowed or denied, as it was decided then. The record keeps what was asked (policy/evidence.ts)
 * and the database the texts of the policies of that time, so nothing that was changed since has a say.
 */
import { allRights } from '#cache/principals.ts'
import { createPrincipalDirectory } from '#cache/principal-directory.ts'
import { TrailReader } from '#audit/reader.ts'
import { usEast1, parseRegion } from '#base/brand.ts'
import type { Hierarchy } from '#crypto/key-hierarchy.ts'
import { sha256Hex } from '#crypto/hmac.ts'
import { awsManagedPolicies } from '#policy/aws-managed-policies.ts'
import { evaluate } from '#policy/evaluate.ts'
import {
  questionOf,
  type AllowEvidence,
  type BriefDenial,
  type DenyEvidence,
  type PolicyEvidence,
} from '#policy/evidence.ts'
import { remediesFor, type Remedy } from '#policy/remedy.ts'
import { traceOf, type Trace } from '#policy/trace.ts'
import { readWaiting } from '#storage/sqlite/waiting.ts'
import { openReader, type SqliteReader } from '#storage/sqlite/reader.ts'
import { requestIdArgument } from './arguments.ts'
import { ControlError } from './control-error.ts'
import { exitCode } from './exit-code.ts'
import { isObject } from './protocol.ts'
import type { CommandOutput } from './server.ts'

export interface ExplainSources {
  readonly trailPath: string
  readonly database: string
  readonly hierarchy: Hierarchy
}

/** What is answered for one request. */
export interface Explanation {
  readonly requestId: string
  readonly time: string
  readonly event: string
  readonly caller: string
  readonly errorCode: string | undefined
  readonly errorMessage: string | undefined
  readonly decisions: readonly ExplainedDecision[]
}

export type ExplainedDecision =
  | ({ readonly outcome: 'allowed' } & AllowEvidence)
  | {
      readonly outcome: 'denied'
      readonly action: string
      readonly resource: string
      readonly because: DenyEvidence['denied']
      readonly layer: DenyEvidence['layer']
      readonly statement: DenyEvidence['statement']
      readonly trace: Trace
      /** Each would have allowed it; empty: nothing would. */
      readonly remedies: readonly Remedy[]
      /** Policies whose text is no longer kept: they are taken as not understood. */
      readonly missing: readonly PolicyEvidence[]
      /** Grants that named the caller, beyond those of the trace. */
      readonly moreGrants: number
      /** Asked again, the evaluator decides as it did then. */
      readonly reproduced: boolean
    }
  /** The record had no room for all that had a say. */
  | ({ readonly outcome: 'denied, brief' } & BriefDenial)

export async function explain(args: unknown, output: CommandOutput, sources: ExplainSources): Promise<void> {
  const requestId = requestIdArgument(args).toLowerCase()
  const records = recordsOf(requestId, sources)
  if (records.length === 0) {
    throw new ControlError(`the audit trail has no record of the request ${requestId}`, exitCode.notFound)
  }
  const reader = openReader(sources.database, sources.hierarchy.stateMac)
  try {
    for (const record of records) await output.item(await explanationOf(requestId, record, reader))
  } finally {
    reader.close()
  }
}

type Json = Readonly<Record<string, unknown>>

function recordsOf(requestId: string, { trailPath, database }: ExplainSources): readonly Json[] {
  const marker = `"requestID":${JSON.stringify(requestId)}`
  const waiting = readWaiting(database).entries.filter(({ record }) => record.includes(marker))
  const reader = new TrailReader(trailPath)
  try {
    const moved = reader.lastOutboxId()
    const texts = [
      ...reader.show(requestId).map(({ record }) => record),
      ...waiting.filter(({ id }) => id > moved).map(({ record }) => record),
    ]
    return texts.map((text): unknown => JSON.parse(text)).filter(isObject)
  } finally {
    reader.close()
  }
}

async function explanationOf(requestId: string, record: Json, reader: SqliteReader): Promise<Explanation> {
  const { userIdentity, additionalEventData } = record
  const listed: unknown = isObject(additionalEventData) ? additionalEventData['authorization'] : undefined
  const evidence: readonly unknown[] = Array.isArray(listed) ? listed : []
  const region = parseRegion(text(record['awsRegion'])) ?? usEast1
  const names = createPrincipalDirectory(reader, region)
  const decisions: ExplainedDecision[] = []
  for (const each of evidence) {
    if (isBrief(each)) decisions.push({ outcome: 'denied, brief', ...each })
    else if (isDenial(each)) decisions.push(await denialOf(each, reader, (name) => names.shownName(name)))
    else if (isAllowance(each)) decisions.push({ outcome: 'allowed', ...each })
  }
  return {
    requestId,
    time: text(record['eventTime']),
    event: text(record['eventName']),
    caller: isObject(userIdentity) ? text(userIdentity['arn']) : '',
    errorCode: optionalText(record['errorCode']),
    errorMessage: optionalText(record['errorMessage']),
    decisions,
  }
}

async function denialOf(
  evidence: DenyEvidence,
  reader: SqliteReader,
  shown: (name: string) => string | Promise<string>,
): Promise<ExplainedDecision> {
  const missing: PolicyEvidence[] = []
  const question = questionOf(
    evidence,
    (hash) => reader.policyText(hash) ?? builtInText(hash),
    (policy) => missing.push(policy),
  )
  const decision = evaluate(question)
  // Who may retire a grant is written in the grant (kms/grant/retire.ts): asked like this the evaluator has no say.
  const ownRules = evidence.action === 'kms:RetireGrant'
  const remedies = missing.length > 0 || ownRules ? [] : remediesFor(question)
  return {
    outcome: 'denied',
    action: evidence.action,
    resource: evidence.resource,
    because: evidence.denied,
    layer: evidence.layer,
    statement: evidence.statement,
    trace: traceOf(question),
    remedies: await Promise.all(remedies.map((remedy) => withNames(remedy, evidence, shown))),
    missing,
    moreGrants: evidence.moreGrants ?? 0,
    reproduced:
      ownRules || (!decision.allowed && decision.because === evidence.denied && decision.layer === evidence.layer),
  }
}

/** The caller by the name that a policy is written with, not by its id. */
async function withNames(
  remedy: Remedy,
  { subject }: DenyEvidence,
  shown: (name: string) => string | Promise<string>,
): Promise<Remedy> {
  const [stored] = subject.names.direct
  if (stored === undefined) return remedy
  const name = await shown(stored)
  return remedy.map((change) => {
    if (change.kind === 'create a grant' && change.grantee === stored) return { ...change, grantee: name }
    if (change.kind !== 'add a statement') return change
    const { Principal: principal } = change.statement
    if (!isObject(principal) || principal['AWS'] !== stored) return change
    return { ...change, statement: { ...change.statement, Principal: { AWS: name } } }
  })
}

// What comes with the program is stored nowhere. Empty is what stands for a policy that could not be found (cache).
function builtInText(hash: string): string | undefined {
  return [...awsManagedPolicies.map(({ document }) => document), allRights, ''].find((text) => sha256Hex(text) === hash)
}

// The trail's records are ours, and their chain is what vouches for them: these only tell the two kinds apart.
function isDenial(value: unknown): value is DenyEvidence {
  return isObject(value) && typeof value['denied'] === 'string' && Array.isArray(value['policies'])
}

function isBrief(value: unknown): value is BriefDenial {
  return isObject(value) && typeof value['denied'] === 'string' && typeof value['omittedBytes'] === 'number'
}

function isAllowance(value: unknown): value is AllowEvidence {
  return isObject(value) && typeof value['by'] === 'string'
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
