/**
 * What a client of KMS knows of a key over the years: which keys of it are where and in which state, which materials it has had,
 * and so what must become of everything that was ever made with it. It shares nothing with the code under test.
 */
import assert from 'node:assert/strict'
import { account } from './program.ts'

export const dayMs = 86_400_000

export type Kind = 'symmetric' | 'imported' | 'hmac' | 'signing'

export type State =
  | { readonly kind: 'Enabled' | 'Disabled' | 'PendingImport' }
  /** `date`: epoch milliseconds. */
  | { readonly kind: 'PendingDeletion'; readonly date: number }
  | { readonly kind: 'PendingReplicaDeletion'; readonly windowDays: number }

/** Imported material; `validTo` in epoch milliseconds. */
export interface Brought {
  readonly id: string
  readonly bytes: Buffer
  readonly validTo: number | undefined
  readonly isThere: boolean
  readonly isPending: boolean
}

/** What the passing of time did by itself. */
export interface Passed {
  readonly deleted: number
  readonly expired: number
  readonly rotated: number
}

/** How a request ends: in success, or with this error in these words. */
export type Outcome = 'success' | { readonly code: string; readonly message: string }

export const arnOf = (region: string, keyId: string): string => `arn:aws:kms:${region}:${account}:key/${keyId}`

const foreignCiphertext =
  'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not ' +
  'allowed to access.'

/** A key, or all keys of a multi-Region key. */
export class ModelKey {
  readonly id: string
  readonly kind: Kind
  readonly isMultiRegion: boolean
  primary: string
  /** Where there is a key of it. */
  readonly states = new Map<string, State>()
  /** All that were current, the one that is so now at the end. */
  readonly materials: string[] = []
  readonly rotations: { readonly type: 'AUTOMATIC' | 'ON_DEMAND'; readonly materialId: string }[] = []
  /** `next`: epoch milliseconds. */
  automatic: { readonly periodDays: number; readonly next: number } | undefined
  /** Rotated by itself to material whose id nobody has asked for so far. */
  isNewlyRotated = false
  #brought: readonly Brought[] = []

  constructor(id: string, kind: Kind, region: string, isMultiRegion: boolean) {
    this.id = id
    this.kind = kind
    this.primary = region
    this.isMultiRegion = isMultiRegion
    this.states.set(region, { kind: kind === 'imported' ? 'PendingImport' : 'Enabled' })
  }

  get brought(): readonly Brought[] {
    return this.#brought
  }

  /** Changes the imported materials, and with them the state of a key that is usable only while it has all of them. */
  set brought(all: readonly Brought[]) {
    this.#brought = all
    const state = this.states.get(this.primary)
    if (state === undefined || isDoomed(state)) return
    if (!this.isComplete) this.states.set(this.primary, { kind: 'PendingImport' })
    else if (state.kind === 'PendingImport') this.states.set(this.primary, { kind: 'Enabled' })
  }

  get isComplete(): boolean {
    if (this.kind !== 'imported') return true
    const own = this.#brought.filter(({ isPending }) => !isPending)
    return own.length > 0 && own.every(({ isThere }) => isThere)
  }

  get current(): string | undefined {
    return this.materials.at(-1)
  }

  get replicas(): readonly string[] {
    return [...this.states.keys()].filter((region) => region !== this.primary)
  }

  get onDemand(): number {
    return this.rotations.filter(({ type }) => type === 'ON_DEMAND').length
  }

  is(region: string, kind: State['kind']): boolean {
    return this.states.get(region)?.kind === kind
  }

  /** What becomes of the key at the end of the wait for its deletion, when it is called off. */
  rescue(region: string): void {
    this.states.set(region, { kind: this.isComplete ? 'Disabled' : 'PendingImport' })
  }

  rotatedTo(materialId: string, type: 'AUTOMATIC' | 'ON_DEMAND'): void {
    assert.ok(!this.materials.includes(materialId), `${this.id} was rotated to material that it had before`)
    this.materials.push(materialId)
    this.rotations.push({ type, materialId })
  }

  /** When something happens to the key by itself; epoch milliseconds. */
  dates(): readonly number[] {
    return [
      ...[...this.states.values()].flatMap((state) => (state.kind === 'PendingDeletion' ? [state.date] : [])),
      ...this.#brought.flatMap(({ validTo, isThere }) => (isThere && validTo !== undefined ? [validTo] : [])),
      ...(this.automatic === undefined ? [] : [this.automatic.next]),
    ]
  }

  /** Whether new material is due by `now`: what a disabled key missed comes once, when it is enabled again. */
  isRotationDue(now: number): boolean {
    return this.automatic !== undefined && this.automatic.next <= now && this.is(this.primary, 'Enabled')
  }

  /** It is `now` (epoch milliseconds): what was due by then has happened. */
  pass(now: number): Passed {
    const deleted = this.#deleteDue(now)
    const isExpired = ({ isThere, validTo }: Brought): boolean => isThere && validTo !== undefined && validTo <= now
    const expired = this.#brought.filter(isExpired).length
    if (expired > 0 && this.states.size > 0) {
      this.brought = this.#brought
        .filter((each) => !each.isPending || !isExpired(each))
        .map((each) => (isExpired(each) ? { ...each, isThere: false } : each))
    }
    const isRotated = this.automatic !== undefined && this.isRotationDue(now)
    if (isRotated && this.automatic !== undefined) {
      const { periodDays } = this.automatic
      this.automatic = { periodDays, next: now + periodDays * dayMs }
      this.isNewlyRotated = true
    }
    return { deleted, expired: this.states.size > 0 ? expired : 0, rotated: isRotated ? 1 : 0 }
  }

  #deleteDue(now: number): number {
    let deleted = 0
    for (const [region, state] of [...this.states]) {
      if (state.kind !== 'PendingDeletion' || state.date > now) continue
      this.states.delete(region)
      deleted += 1
    }
    const primary = this.states.get(this.primary)
    if (primary?.kind === 'PendingReplicaDeletion' && this.replicas.length === 0) {
      this.states.set(this.primary, { kind: 'PendingDeletion', date: now + primary.windowDays * dayMs })
    }
    return deleted
  }

  /** What using the key in `region` ends with; `isNamed`: by its id, not by a ciphertext alone. */
  outcome(region: string, isNamed: boolean): Outcome {
    const state = this.states.get(region)
    const arn = arnOf(region, this.id)
    if (state === undefined) {
      return isNamed
        ? { code: 'NotFoundException', message: `Key '${arn}' does not exist` }
        : { code: 'AccessDeniedException', message: foreignCiphertext }
    }
    switch (state.kind) {
      case 'Enabled':
        return 'success'
      case 'Disabled':
        return { code: 'DisabledException', message: `${arn} is disabled.` }
      case 'PendingImport':
        return { code: 'KMSInvalidStateException', message: `${arn} is pending import.` }
      case 'PendingDeletion':
      case 'PendingReplicaDeletion':
        return { code: 'KMSInvalidStateException', message: `${arn} is pending deletion.` }
    }
  }
}

/** Whether it waits for its deletion. */
export function isDoomed({ kind }: State): boolean {
  return kind === 'PendingDeletion' || kind === 'PendingReplicaDeletion'
}
