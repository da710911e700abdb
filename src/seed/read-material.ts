/** Key material as a seed has it. */
import { SecretBytes } from '#base/secret-bytes.ts'
import { readPem } from '#crypto/pem-private-key.ts'
import type { KeySpec } from '#crypto/key-specs.ts'
import type { KeyOrigin } from '#records/key.ts'
import type { SeedImport, SeedKey, SeedMaterial } from './seed.ts'
import type { Parts, Spot, SpotReader } from './spot.ts'

const forms = ['hex', 'base64', 'pem'] as const
const rotationTypes = ['AUTOMATIC', 'ON_DEMAND'] as const
const importWords = ['expires', 'expires-in-days', 'description', 'pending'] as const
const words = [...forms, 'rotated', 'rotation-type', ...importWords] as const
type MaterialParts = Parts<(typeof words)[number]>

const longestDays = 365

/** One key material of a key of such a spec and origin, by where it stands among the others. */
export function readMaterial(
  reader: SpotReader,
  spot: Spot,
  { keySpec, origin }: Pick<SeedKey, 'keySpec' | 'origin'>,
  place: 'first' | 'between' | 'last',
): SeedMaterial | undefined {
  const parts = reader.parts(spot, words)
  if (parts === undefined) return undefined
  const [form, other] = forms.filter((name) => parts[name] !== undefined)
  if (other !== undefined) {
    reader.problem(spot, `${String(form)} and ${other} are two forms of it; write one`)
    return
  }
  const given = form === undefined ? undefined : parts[form]
  const rotated = readRotated(reader, parts, origin)
  const imported = readImport(reader, parts, { keySpec, origin, place })
  if (form === undefined || given === undefined) {
    if (origin === 'AWS_KMS') return { where: reader.where(spot), bytes: undefined, rotated, imported }
    reader.problem(spot, 'imported key material is chosen; write hex:, base64: or pem:, or leave it out')
    return
  }
  const bytes = form === 'pem' ? pemIn(reader, given, keySpec) : bytesIn(reader, given, form)
  return bytes === undefined ? undefined : { where: reader.where(given), bytes, rotated, imported }
}

function readRotated(reader: SpotReader, parts: MaterialParts, origin: KeyOrigin): SeedMaterial['rotated'] {
  const date = reader.date(parts.rotated)
  const type = reader.choice(parts['rotation-type'], rotationTypes, 'type of rotation')
  if (origin === 'AWS_KMS') return { date, type: type ?? 'AUTOMATIC' }
  if (type === 'AUTOMATIC' && parts['rotation-type'] !== undefined) {
    reader.problem(
      parts['rotation-type'],
      'keys whose key material is imported are rotated ON_DEMAND alone; correct or remove it',
    )
  }
  return { date, type: 'ON_DEMAND' }
}

/** What only imported key material has; undefined of other. */
function readImport(
  reader: SpotReader,
  parts: MaterialParts,
  { keySpec, origin, place }: Pick<SeedKey, 'keySpec' | 'origin'> & { readonly place: string },
): SeedImport | undefined {
  if (origin === 'AWS_KMS') {
    for (const word of importWords) {
      const strange = parts[word]
      if (strange === undefined) continue
      reader.problem(strange, 'only imported key material has it; write origin: EXTERNAL, or remove it')
    }
    return undefined
  }
  const { description, pending } = parts
  if (description !== undefined && keySpec !== 'SYMMETRIC_DEFAULT') {
    reader.problem(description, 'only key material of symmetric keys has a description; remove it')
  }
  const isPending = reader.choice(pending, ['true', 'false'], 'answer') === 'true'
  if (isPending && pending !== undefined && place !== 'last') {
    reader.problem(pending, 'only the last of several key materials waits for a rotation; remove it')
  }
  if (isPending && parts.rotated !== undefined) {
    reader.problem(parts.rotated, 'key material that waits for a rotation has no date of one; remove one of them')
  }
  return {
    expires: readExpiry(reader, parts),
    description: reader.parsed(
      description,
      (text) => (/^[a-zA-Z0-9:/_\s.-]{1,256}$/.test(text) ? text : undefined),
      'a description of key material; write up to 256 letters, digits, spaces and : / _ . -',
    ),
    pending: isPending,
  }
}

function readExpiry(reader: SpotReader, parts: MaterialParts): SeedImport['expires'] {
  const [dated, inDays] = [parts.expires, parts['expires-in-days']]
  const date = reader.date(dated)
  const days = reader.whole(inDays, 1, longestDays)
  if (dated !== undefined && inDays !== undefined) {
    reader.problem(inDays, 'expires and expires-in-days contradict each other; write one of them')
    return
  }
  if (dated !== undefined && date !== undefined) return { value: { date }, where: reader.where(dated) }
  return inDays === undefined || days === undefined ? undefined : { value: { days }, where: reader.where(inDays) }
}

/** The bytes of a text; the text itself is part of the file and can't be overwritten. */
export function bytesIn(reader: SpotReader, spot: Spot, form: 'hex' | 'base64'): SecretBytes | undefined {
  const text = reader.text(spot)
  if (text === undefined) return undefined
  const plain = text.replace(/\s/g, '')
  const shape =
    form === 'hex' ? /^(?:[0-9A-Fa-f]{2})+$/ : /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
  if (plain === '' || !shape.test(plain)) {
    // Without the text: it is a secret.
    reader.problem(spot, `this is not ${form}; write the bytes of the key material in ${form}`)
    return
  }
  return new SecretBytes(Buffer.from(plain, form))
}

function pemIn(reader: SpotReader, spot: Spot, spec: KeySpec): SecretBytes | undefined {
  const text = reader.text(spot)
  if (text === undefined) return undefined
  const found = readPem(text)
  if (found === undefined) {
    reader.problem(
      spot,
      'this is no private key in PEM without a passphrase; begin it with -----BEGIN PRIVATE KEY-----',
    )
    return
  }
  if (found.spec === spec) return new SecretBytes(found.pkcs8)
  found.pkcs8.fill(0)
  reader.problem(spot, `this is a key of ${found.spec ?? 'no key spec'}, and not of ${spec}; make the two agree`)
  return undefined
}
