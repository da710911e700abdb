/**
 * The shape vocabulary: what a member of a request or response may be. A shape is data; the decoder (json-decode.ts), the
 * validator (validate.ts), the encoders and the TypeScript types of a handler's input and output all come from it.
 *
 * Our own, because fidelity is the product: AWS reports all violations in one message with fixed wording and member paths,
 * counts the length of a blob after decoding, and ignores unknown members.
 */
import type { SecretBytes } from '#base/secret-bytes.ts'

/** A string; lengths in UTF-16 code units as the service model's `min` and `max` (verified against botocore's tests only). */
export interface StringShape {
  readonly kind: 'string'
  readonly min?: number
  readonly max?: number
  /** The pattern exactly as the service model writes it: it is quoted in validation messages; matched against the whole. */
  readonly pattern?: string
  /** `pattern`, compiled once and anchored. */
  readonly regex?: RegExp
  readonly _type?: string
}
/** Bytes, base64 on the JSON wire; lengths count decoded bytes. Sensitive blobs are decoded into SecretBytes. */
export interface BlobShape<T = Buffer> {
  readonly kind: 'blob'
  readonly min?: number
  readonly max?: number
  readonly _type?: T
}
/** Text that is a secret, e.g. a secret access key in an answer: SecretBytes of UTF-8 inside. Requests have none. */
export interface SecretTextShape {
  readonly kind: 'secret text'
  readonly _type?: SecretBytes
}
/** A whole number, limits inclusive. */
export interface IntegerShape {
  readonly kind: 'integer'
  readonly min?: number
  readonly max?: number
  readonly _type?: number
}
/** `true` or `false`. */
export interface BooleanShape {
  readonly kind: 'boolean'
  readonly _type?: boolean
}
/** Epoch seconds with fraction on the JSON wire, a Date inside. */
export interface TimestampShape {
  readonly kind: 'timestamp'
  readonly _type?: Date
}
/** One of a closed set of strings. */
export interface EnumShape<V extends string = string> {
  readonly kind: 'enum'
  readonly values: readonly V[]
  readonly _type?: V
}
/** A list of one kind of member; limits count members. */
export interface ListShape<S extends Shape = Shape> {
  readonly kind: 'list'
  readonly member: S
  readonly min?: number
  readonly max?: number
  readonly _type?: unknown
}
/** A map from string to string: the encryption context. Keeps the order of the wire; keys may be any string. */
export interface MapShape {
  readonly kind: 'map'
  readonly _type?: ReadonlyMap<string, string>
}
/** Named members; unknown ones are ignored, as AWS does. */
export interface StructureShape<F extends Fields = Fields> {
  readonly kind: 'structure'
  readonly fields: F
}
/** What a value may be. */
export type Shape =
  | StringShape
  | BlobShape
  | BlobShape<SecretBytes>
  | SecretTextShape
  | IntegerShape
  | BooleanShape
  | TimestampShape
  | EnumShape
  | ListShape
  | MapShape
  | StructureShape

/** Marks on a member, beside its shape. */
export interface OptionalMark {
  readonly optional: true
}
/** Never logged, never audited. */
export interface SensitiveMark {
  readonly sensitive: true
}
/** A member: a shape and its marks. */
export type Field = Shape & { readonly optional?: true; readonly sensitive?: true }
/** The members of a structure by wire name, e.g. `{ KeyId: string({ min: 1, max: 2048 }) }`. */
export type Fields = Readonly<Record<string, Field>>

/** A string shape; `pattern` is the service model's, matched against the whole string. */
export const string = (limits: { min?: number; max?: number; pattern?: string } = {}): StringShape =>
  limits.pattern === undefined
    ? { kind: 'string', ...limits }
    : { kind: 'string', ...limits, regex: new RegExp(`^(?:${limits.pattern})$`, 'u') }
/** A blob shape; limits count decoded bytes. */
export const blob = (limits: { min?: number; max?: number } = {}): BlobShape => ({ kind: 'blob', ...limits })
/** A secret text, for answers; sensitive by itself. */
export const secretText = (): SecretTextShape & SensitiveMark => ({ kind: 'secret text', sensitive: true })
/** An integer shape. */
export const integer = (limits: { min?: number; max?: number } = {}): IntegerShape => ({ kind: 'integer', ...limits })
/** A boolean shape. */
export const boolean = (): BooleanShape => ({ kind: 'boolean' })
/** A timestamp shape. */
export const timestamp = (): TimestampShape => ({ kind: 'timestamp' })
/** An enum shape. */
export const oneOf = <const V extends readonly string[]>(...values: V): EnumShape<V[number]> => ({
  kind: 'enum',
  values,
})
/** A list shape. */
export const list = <S extends Shape>(member: S, limits: { min?: number; max?: number } = {}): ListShape<S> => ({
  kind: 'list',
  member,
  ...limits,
})
/** A map shape, from string to string. */
export const stringMap = (): MapShape => ({ kind: 'map' })
/** A structure shape. */
export const structure = <F extends Fields>(fields: F): StructureShape<F> => ({ kind: 'structure', fields })

/** The member may be left out (absent and `null` on the wire are the same). */
export const optional = <S extends Field>(shape: S): S & OptionalMark => ({ ...shape, optional: true })
/** The member must never be logged or audited; a sensitive blob is decoded into SecretBytes. */
export function secret<M extends object>(
  shape: BlobShape & M,
): BlobShape<SecretBytes> & Omit<M, '_type'> & SensitiveMark
export function secret<S extends StringShape>(shape: S): S & SensitiveMark
export function secret(shape: Field): Field {
  return { ...shape, sensitive: true }
}

/** Whether a value of this shape has anything sensitive in it. */
export function holdsSecrets(field: Field): boolean {
  if (field.sensitive === true) return true
  if (field.kind === 'list') return holdsSecrets(field.member)
  return field.kind === 'structure' && Object.values(field.fields).some(holdsSecrets)
}

/** The TypeScript value of a shape. */
export type Infer<S> =
  S extends StructureShape<infer F>
    ? Value<F>
    : S extends ListShape<infer M>
      ? readonly Infer<M>[]
      : S extends { readonly _type?: infer T }
        ? Exclude<T, undefined>
        : never
type OptionalNames<F extends Fields> = { [K in keyof F]: F[K] extends OptionalMark ? K : never }[keyof F]
/** The names of the members that may appear in an audit record. */
export type PublicNames<F extends Fields> = { [K in keyof F]: F[K] extends SensitiveMark ? never : K }[keyof F] & string
/** The TypeScript value of a structure's members. `undefined` means absent. */
export type Value<F extends Fields> = { readonly [K in Exclude<keyof F, OptionalNames<F>>]: Infer<F[K]> } & {
  readonly [K in OptionalNames<F>]?: Infer<F[K]> | undefined
}
