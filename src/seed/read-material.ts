/** Key material as a seed has it. */
import { SecretBytes } from '#base/secret-bytes.ts'
import { readPem } from '#crypto/pem-private-key.ts'
import type { KeySpec } from '#crypto/key-specs.ts'
import type { SeedMaterial } from './seed.ts'
import type { Spot, SpotReader } from './spot.ts'

const forms = ['hex', 'base64', 'pem'] as const
const rotationTypes = ['AUTOMATIC', 'ON_DEMAND'] as const
const words = [...forms, 'rotated', 'rotation-type'] as const

/** One key material of a key of `spec`. */
export function readMaterial(reader: SpotReader, spot: Spot, spec: KeySpec): SeedMaterial | undefined {
  const parts = reader.parts(spot, words)
  if (parts === undefined) return undefined
  const [form, other] = forms.filter((name) => parts[name] !== undefined)
  if (other !== undefined) {
    reader.problem(spot, `${String(form)} and ${other} are two forms of it; write one`)
    return
  }
  const given = form === undefined ? undefined : parts[form]
  const date = reader.date(parts.rotated)
  const type = reader.choice(parts['rotation-type'], rotationTypes, 'type of rotation') ?? 'AUTOMATIC'
  const rotated = { date, type }
  if (form === undefined || given === undefined) return { where: reader.where(spot), bytes: undefined, rotated }
  const bytes = form === 'pem' ? pemIn(reader, given, spec) : bytesIn(reader, given, form)
  return bytes === undefined ? undefined : { where: reader.where(given), bytes, rotated }
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
