/** Attestation documents and their chains: what is genuine, and everything that is not, each thing wrong once. */
import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { readAttestationDocument } from '#crypto/attestation-document.ts'
import { clockAllowanceMs, verifyAttestation, type AttestationFault } from '#crypto/attestation.ts'
import { readCertificate } from '#crypto/certificate.ts'
import { nitroRoot, nitroRootFingerprint } from '#crypto/nitro-root.ts'
import {
  attestedProgram,
  enclaveDocument,
  enclaveMembers,
  makeChain,
  someRegisters,
  tpmMembers,
  writeDocument,
  type Chain,
  type ChainChanges,
  type DocumentParts,
} from '../support/attestation.ts'
import { EncodedCbor, writeCbor, type CborInput } from '../support/cbor.ts'
import { authorityConstraints, certificate, ecdsaWithSha256, extension, keyUsage } from '../support/certificates.ts'
import { newKey, noAuthority, utcTime } from '../support/certificates.ts'
import { dice } from '../faults/random.ts'

const now = Date.UTC(2026, 10, 22, 12)
const maxAgeMs = 300_000
const minute = 60_000
const chain = makeChain(now)
const root = chain.certificates[0] ?? assert.fail()
const program = attestedProgram()
const members = (changes: Readonly<Record<string, CborInput | undefined>> = {}): Map<string, CborInput> => {
  const made = enclaveMembers(chain, now, program.publicKey)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) made.delete(name)
    else made.set(name, value)
  }
  return made
}
const write = (parts: Partial<DocumentParts> = {}): Buffer => writeDocument({ chain, members: members(), ...parts })

async function faultOf(document: Buffer, roots = [root], at = now): Promise<AttestationFault | 'none'> {
  const verdict = await verifyAttestation(document, { roots, now: at, maxAgeMs })
  return verdict.genuine ? 'none' : verdict.fault
}

describe('a genuine attestation document', () => {
  it('of an enclave tells its module, its registers and its key', async () => {
    const verdict = await verifyAttestation(write(), { roots: [nitroRoot, root], now, maxAgeMs })
    assert.deepEqual(verdict, {
      genuine: true,
      attestation: {
        platform: 'enclave',
        moduleId: 'i-0123456789abcdef0-enc0123456789abcdef',
        registers: someRegisters(16),
        publicKey: program.publicKey,
      },
    })
  })

  it('of a NitroTPM has registers of its own', async () => {
    const document = writeDocument({ chain, members: tpmMembers(chain, now, program.publicKey) })
    const verdict = await verifyAttestation(document, { roots: [root], now, maxAgeMs })
    assert.ok(verdict.genuine)
    assert.equal(verdict.attestation.platform, 'NitroTPM')
    assert.deepEqual(verdict.attestation.registers, someRegisters(24))
  })

  const forms: Readonly<Record<string, () => Buffer>> = {
    'with a map of definite length': () => write({ indefinite: false }),
    'with the tag of COSE_Sign1': () => write({ tag: Buffer.of(0xd2) }),
    'with nothing of the program': () =>
      write({ members: members({ public_key: null, user_data: null, nonce: null }) }),
    'without the members that are optional': () =>
      write({ members: members({ public_key: undefined, user_data: undefined, nonce: undefined }) }),
    'with empty data': () => write({ members: members({ user_data: Buffer.alloc(0), nonce: Buffer.alloc(0) }) }),
    'with the largest data': () => write({ members: members({ user_data: Buffer.alloc(1024) }) }),
    'with one register': () => write({ members: members({ pcrs: new Map([[31, Buffer.alloc(48)]]) }) }),
    'with registers of all lengths': () =>
      write({ members: members({ pcrs: new Map([32, 48, 64].map((size, index) => [index, Buffer.alloc(size)])) }) }),
    'as old as it may be': () => enclaveDocument(chain, program, now - maxAgeMs),
    'as far ahead as clocks may be': () => enclaveDocument(chain, program, now + clockAllowanceMs),
  }
  for (const [form, make] of Object.entries(forms)) {
    it(`may be ${form}`, async () => assert.equal(await faultOf(make()), 'none'))
  }

  it('without a key has none', async () => {
    const verdict = await verifyAttestation(write({ members: members({ public_key: null }) }), {
      roots: [root],
      now,
      maxAgeMs,
    })
    assert.ok(verdict.genuine && verdict.attestation.publicKey === undefined)
  })

  it('may come from a root that signs for it directly', async () => {
    const short = shortChain(0)
    const document = writeDocument({ chain: short, members: enclaveMembers(short, now, program.publicKey) })
    assert.equal(await faultOf(document, [short.certificates[0] ?? root]), 'none')
  })
})

/** A root, then `between` authorities, then the signer. */
function shortChain(between: number): Chain {
  const keys = Array.from({ length: between + 2 }, () => newKey())
  const certificates = keys.map((key, index) =>
    certificate({
      subject: `c${index}`,
      issuer: `c${Math.max(index - 1, 0)}`,
      key,
      issuerKey: keys[Math.max(index - 1, 0)] ?? key,
      extensions: index === between + 1 ? [noAuthority, keyUsage(0x80)] : [authorityConstraints(), keyUsage(0x06)],
      notBefore: utcTime(now - minute),
      notAfter: utcTime(now + minute),
    }),
  )
  return { keys, certificates }
}

const map = (entries: readonly (readonly [number | string, CborInput])[]): ReadonlyMap<number | string, CborInput> =>
  new Map(entries)
const certificateOf = (index: number): Buffer => chain.certificates[index] ?? assert.fail()

describe('an attestation document is refused', () => {
  const structure: Readonly<Record<string, () => Buffer>> = {
    'when it is empty': () => Buffer.alloc(0),
    'when it is not CBOR': () => Buffer.from('not a document'),
    'when something follows it': () => Buffer.concat([write(), Buffer.of(0)]),
    'when another document follows it': () => Buffer.concat([write(), write()]),
    'with another tag': () => write({ tag: Buffer.of(0xd1) }),
    'with the tag twice': () => write({ tag: Buffer.of(0xd2, 0xd2) }),
    'when it is a bare payload': () => writeCbor(members()),
    'with three parts': () => writeCbor([Buffer.from('a1013822', 'hex'), new Map(), Buffer.alloc(1)]),
    'with five parts': () => {
      const parts = [Buffer.from('a1013822', 'hex'), new Map<string, CborInput>(), Buffer.alloc(1), Buffer.alloc(96), 0]
      return writeCbor(parts)
    },
    'with a header that is a map': () => write({ header: map([[1, new EncodedCbor('3822')]]) }),
    'with the header of ES256': () => write({ header: Buffer.from('a10126', 'hex') }),
    'with a header in another form': () => write({ header: Buffer.from('bf013822ff', 'hex') }),
    'with something more in the header': () => write({ header: Buffer.from('a2013822044101', 'hex') }),
    'with an unprotected header': () => write({ unprotected: map([[4, Buffer.of(1)]]) }),
    'with null for the unprotected header': () => write({ unprotected: null }),
    'with a signature too short': () => write({ spoil: (signature) => signature.subarray(1) }),
    'with a signature in DER': () => write({ spoil: (signature) => Buffer.concat([signature, Buffer.of(0, 0)]) }),
    'with a payload over 16 KiB': () => {
      const extra: readonly CborInput[] = Array.from({ length: 7 }, () => Buffer.alloc(1024))
      const padded = members({ cabundle: extra, user_data: Buffer.alloc(1024), nonce: Buffer.alloc(1024) })
      for (let index = 0; index < 20; index += 1) padded.set(`pad${index}`, Buffer.alloc(1024))
      return write({ members: padded })
    },
  }
  const required = ['module_id', 'digest', 'timestamp', 'pcrs', 'certificate', 'cabundle']
  const registers = (entries: readonly (readonly [number | string, CborInput])[]) => ({ pcrs: map(entries) })
  const wrongMembers: Readonly<Record<string, Readonly<Record<string, CborInput | undefined>>>> = {
    ...Object.fromEntries(required.map((name) => [`without ${name}`, { [name]: undefined }])),
    ...Object.fromEntries(required.map((name) => [`with null for ${name}`, { [name]: null }])),
    'with a member that nobody knows': { debug: 1 },
    'with an empty module id': { module_id: '' },
    'with a module id that is a number': { module_id: 7 },
    'with a module id of bytes': { module_id: Buffer.from('i-0') },
    'with a module id of two lines': { module_id: 'i-0\n' },
    'with a module id that is too long': { module_id: 'i'.repeat(257) },
    'with another digest': { digest: 'SHA512' },
    'with a digest in small letters': { digest: 'sha384' },
    'with the time 0': { timestamp: 0 },
    'with a time before 1970': { timestamp: new EncodedCbor('20') },
    'with a time as a float': { timestamp: new EncodedCbor('fb4278c1d6e5a1c000') },
    'with a time as text': { timestamp: String(now) },
    'with a time in a longer form': { timestamp: new EncodedCbor('1b0000000000000001') },
    'with no registers': { pcrs: new Map() },
    'with registers in a list': { pcrs: [Buffer.alloc(48)] },
    'with both kinds of registers': { nitrotpm_pcrs: someRegisters(24) },
    'with register 32': registers([[32, Buffer.alloc(48)]]),
    'with a register named by text': registers([['0', Buffer.alloc(48)]]),
    'with a register of 47 bytes': registers([[0, Buffer.alloc(47)]]),
    'with an empty register': registers([[0, Buffer.alloc(0)]]),
    'with a register as text': registers([[0, '0'.repeat(48)]]),
    'with a register twice': { pcrs: new EncodedCbor(`a2005830${'00'.repeat(48)}005830${'11'.repeat(48)}`) },
    'with an empty bundle': { cabundle: [] },
    'with a bundle that is a map': { cabundle: map([[0, certificateOf(0)]]) },
    'with an empty certificate in the bundle': { cabundle: [root, Buffer.alloc(0)] },
    'with a certificate over 1,024 bytes in the bundle': { cabundle: [root, Buffer.alloc(1025)] },
    'with a bundle of eight': { cabundle: Array.from({ length: 8 }, () => root) },
    'with an empty certificate': { certificate: Buffer.alloc(0) },
    'with a certificate as text': { certificate: 'MII' },
    'with an empty public key': { public_key: Buffer.alloc(0) },
    'with a public key over 1,024 bytes': { public_key: Buffer.alloc(1025) },
    'with a public key as text': { public_key: 'key' },
    'with user data over 1,024 bytes': { user_data: Buffer.alloc(1025) },
    'with a nonce as text': { nonce: 'nonce' },
  }
  for (const [what, make] of Object.entries(structure)) {
    it(what, async () => assert.equal(await faultOf(make()), 'not a document'))
  }
  for (const [what, changes] of Object.entries(wrongMembers)) {
    it(what, async () => assert.equal(await faultOf(write({ members: members(changes) })), 'not a document'))
  }

  it('of a NitroTPM with register 24', async () => {
    const tpm = tpmMembers(chain, now, program.publicKey).set('nitrotpm_pcrs', someRegisters(25))
    assert.equal(await faultOf(writeDocument({ chain, members: tpm })), 'not a document')
  })

  it('with a member twice', async () => {
    const twice = Buffer.concat([
      Buffer.of(0xbf),
      ...[...members()].flatMap(([name, value]) => [writeCbor(name), writeCbor(value)]),
      writeCbor('digest'),
      writeCbor('SHA384'),
      Buffer.of(0xff),
    ])
    const cose = writeCbor([Buffer.from('a1013822', 'hex'), new Map(), twice, Buffer.alloc(96)])
    assert.equal(await faultOf(cose), 'not a document')
  })

  it('when it is cut off anywhere', () => {
    const document = write()
    for (let end = 0; end < document.length; end += 1) {
      assert.equal(readAttestationDocument(document.subarray(0, end)), undefined, String(end))
    }
  })

  const times: readonly (readonly [string, number, AttestationFault])[] = [
    ['when it is a millisecond too old', now - maxAgeMs - 1, 'too old'],
    ['when it is from 1970', 1, 'too old'],
    ['when it is from the future', now + clockAllowanceMs + 1, 'from the future'],
  ]
  for (const [what, timestamp, fault] of times) {
    it(what, async () => assert.equal(await faultOf(enclaveDocument(chain, program, timestamp)), fault))
  }

  const signatures: Readonly<Record<string, Partial<DocumentParts>>> = {
    'when another key signed it': { signingKey: newKey().privateKey },
    'when one of the authorities signed it': { signingKey: chain.keys[3]?.privateKey ?? assert.fail() },
    'when it was hashed otherwise': { hash: 'sha256' },
    'when its signature is all zeros': { spoil: () => Buffer.alloc(96) },
    'when a bit of its signature is wrong': {
      spoil: (signature) => Buffer.concat([signature.subarray(0, 95), Buffer.of((signature[95] ?? 0) ^ 1)]),
    },
    'when the halves of its signature are exchanged': {
      spoil: (signature) => Buffer.concat([signature.subarray(48), signature.subarray(0, 48)]),
    },
  }
  for (const [what, parts] of Object.entries(signatures)) {
    it(what, async () => assert.equal(await faultOf(write(parts)), 'signature wrong'))
  }

  it('when its payload was changed after it was signed', async () => {
    const document = write()
    const at = document.indexOf(Buffer.alloc(48, 0x10))
    document[at] = 0x99
    assert.equal(await faultOf(document), 'signature wrong')
  })
})

describe('a chain of certificates is refused', () => {
  const of = (made: Chain, at = now): Promise<AttestationFault | 'none'> =>
    faultOf(
      writeDocument({ chain: made, members: enclaveMembers(made, at, program.publicKey) }),
      [made.certificates[0] ?? root],
      at,
    )

  it('when its root is not trusted, though it looks the same', async () => {
    const other = makeChain(now, { 0: { key: newKey() } })
    const document = writeDocument({ chain: other, members: enclaveMembers(other, now, program.publicKey) })
    assert.equal(await faultOf(document), 'root not trusted')
    assert.equal(await faultOf(document, []), 'root not trusted')
    assert.equal(await faultOf(document, [nitroRoot]), 'root not trusted')
  })

  it('when it begins with the trusted root and another one signed the rest', async () => {
    const other = makeChain(now, { 0: { key: newKey() } })
    const mixed = { keys: other.keys, certificates: [root, ...other.certificates.slice(1)] }
    assert.equal(await of(mixed), 'chain broken')
  })

  it('when the trusted root stands elsewhere than at its beginning', async () => {
    const turned = members({ cabundle: [...chain.certificates.slice(1, -1), root] })
    assert.equal(await faultOf(write({ members: turned })), 'root not trusted')
  })

  it('by its root alone when that is not trusted, before the other certificates are read', async () => {
    const nonsense = [Buffer.from('no certificate'), Buffer.from('3003020101', 'hex')]
    for (const cabundle of [nonsense, [certificateOf(1), ...nonsense]]) {
      assert.equal(await faultOf(write({ members: members({ cabundle }) })), 'root not trusted')
    }
    assert.equal(await faultOf(write({ members: members({ cabundle: [root, ...nonsense] }) })), 'chain broken')
  })

  const bundles: Readonly<Record<string, readonly Buffer[]>> = {
    'when an authority is missing': [0, 1, 3].map(certificateOf),
    'when authorities are exchanged': [0, 2, 1, 3].map(certificateOf),
    'when an authority is there twice': [0, 1, 2, 2, 3].map(certificateOf),
    'when the root is there twice': [0, 0, 1, 2, 3].map(certificateOf),
    'when only the root is there': [root],
    'when an authority is no certificate': [root, Buffer.from('3003020101', 'hex'), ...[2, 3].map(certificateOf)],
    'when something follows a certificate': [root, Buffer.concat([certificateOf(1), Buffer.of(0)]), certificateOf(2)],
  }
  for (const [what, cabundle] of Object.entries(bundles)) {
    it(what, async () => assert.equal(await faultOf(write({ members: members({ cabundle }) })), 'chain broken'))
  }

  it('when the signer is an authority', async () => {
    const asSigner = members({ cabundle: chain.certificates.slice(0, 3), certificate: certificateOf(3) })
    const signingKey = chain.keys[3]?.privateKey ?? assert.fail()
    assert.equal(await faultOf(write({ members: asSigner, signingKey })), 'chain broken')
  })

  it('when it is longer than eight', async () => {
    assert.equal(await of(shortChain(6)), 'none')
    const long = shortChain(7)
    assert.equal(await of(long), 'not a document')
  })

  const stranger = newKey()
  const p256 = newKey('P-256')
  const usual = [authorityConstraints(1), keyUsage(0x06)]
  const changed: readonly (readonly [what: string, changes: ChainChanges])[] = [
    ['when another key signed an authority', { 2: { issuerKey: stranger } }],
    ['when another key signed the signer', { 4: { issuerKey: stranger } }],
    ['when an authority names another issuer', { 2: { issuer: 'somebody else' } }],
    ['when the signer names another issuer', { 4: { issuer: 'zone.region.tests' } }],
    ['when an authority is none', { 2: { extensions: [noAuthority, keyUsage(0x06)] } }],
    ['when an authority has no basic constraints', { 2: { extensions: [keyUsage(0x06)] } }],
    ['when an authority may not sign certificates', { 2: { extensions: [authorityConstraints(1), keyUsage(0x82)] } }],
    ['when an authority has no key usage', { 2: { extensions: [authorityConstraints(1)] } }],
    ['when an authority has no extensions', { 2: { extensions: [] } }],
    [
      'when a path is longer than its authority allows',
      { 1: { extensions: [authorityConstraints(1), keyUsage(0x06)] } },
    ],
    ['when the root allows no path', { 0: { extensions: [authorityConstraints(0), keyUsage(0x06)] } }],
    [
      'when the last authority may have others below it by none',
      { 2: { extensions: [authorityConstraints(0), keyUsage(6)] } },
    ],
    ['when the signer is an authority as well', { 4: { extensions: [authorityConstraints(0), keyUsage(0x84)] } }],
    ['when the signer may sign certificates', { 4: { extensions: [noAuthority, keyUsage(0x84)] } }],
    ['when the signer may not sign', { 4: { extensions: [noAuthority, keyUsage(0x40)] } }],
    ['when the signer has no key usage', { 4: { extensions: [noAuthority] } }],
    [
      'when an extension is critical and unknown',
      { 2: { extensions: [...usual, extension('551d1e', true, Buffer.of(0x30, 0))] } },
    ],
    ['when an extension is there twice', { 2: { extensions: [...usual, keyUsage(0x06)] } }],
    ['when the key of an authority is of another curve', { 2: { key: p256 } }],
    ['when a certificate was hashed otherwise', { 2: { algorithm: ecdsaWithSha256, hash: 'sha256' } }],
    ['when a certificate says two algorithms', { 2: { innerAlgorithm: ecdsaWithSha256 } }],
    ['when a certificate lies about its algorithm', { 2: { hash: 'sha256' } }],
    ['when a certificate is of version 1', { 2: { version: 0 } }],
    ['when a certificate is of version 2', { 2: { version: 1 } }],
    ['when a serial number is negative', { 2: { serial: Buffer.of(0x80) } }],
    ['when a serial number has more than 20 bytes', { 2: { serial: Buffer.alloc(21, 1) } }],
    ['when a time is no time', { 2: { notAfter: Buffer.from('\x17\x0d261131120000Z', 'latin1') } }],
    ['when a time has no seconds', { 2: { notAfter: Buffer.from('\x17\x0b2612311200Z', 'latin1') } }],
    ['when a time is in a zone', { 2: { notAfter: Buffer.from('\x17\x112612311200+0100', 'latin1') } }],
    ['when a year before 2050 has four digits', { 2: { notAfter: Buffer.from('\x18\x0f20261231120000Z', 'latin1') } }],
  ]
  for (const [what, changes] of changed) {
    it(what, async () => assert.equal(await of(makeChain(now, changes)), 'chain broken'))
  }

  it('when the key of the signer is of another curve', async () => {
    const made = makeChain(now, { 4: { key: p256 } })
    const signed = enclaveMembers(made, now, program.publicKey)
    const document = writeDocument({ chain: made, members: signed, spoil: () => Buffer.alloc(96, 1) })
    assert.equal(await faultOf(document, [made.certificates[0] ?? root]), 'chain broken')
  })

  const periods: readonly (readonly [what: string, changes: ChainChanges])[] = [
    ['when its root has expired', { 0: { notAfter: utcTime(now - 1000) } }],
    ['when an authority has expired', { 2: { notAfter: utcTime(now - 1000) } }],
    ['when the signer has expired', { 4: { notAfter: utcTime(now - 1000) } }],
    ['when an authority is not valid yet', { 2: { notBefore: utcTime(now + 1000) } }],
    ['when the signer is not valid yet', { 4: { notBefore: utcTime(now + 1000) } }],
  ]
  for (const [what, changes] of periods) {
    it(what, async () => assert.equal(await of(makeChain(now, changes)), 'certificate not valid at this time'))
  }

  it('when a certificate was valid at the time of the document and is no longer', async () => {
    const made = makeChain(now, { 4: { notAfter: utcTime(now - minute) } })
    const document = writeDocument({ chain: made, members: enclaveMembers(made, now - 2 * minute, program.publicKey) })
    const roots = [made.certificates[0] ?? root]
    assert.equal(await faultOf(document, roots, now - minute), 'none')
    assert.equal(await faultOf(document, roots, now), 'certificate not valid at this time')
  })

  it('not when our clock is a little behind that of who issued it', async () => {
    const made = makeChain(now, { 4: { notBefore: utcTime(now - 1000) } })
    const document = writeDocument({ chain: made, members: enclaveMembers(made, now, program.publicKey) })
    assert.equal(await faultOf(document, [made.certificates[0] ?? root], now - minute), 'none')
  })

  it('not when a certificate is valid until after 2049', async () => {
    const made = makeChain(now, { 1: { notAfter: Buffer.from('\x18\x0f20510228120000Z', 'latin1') } })
    assert.equal(await of(made), 'none')
  })
})

describe('a document with random changes', () => {
  const random = dice()
  const { seed } = random
  const below = (limit: number): number => random.below(limit)
  console.log(`seed ${seed}`)

  function changedCopy(document: Buffer): Buffer {
    const copy = Buffer.from(document)
    switch (below(5)) {
      case 0:
        for (let count = 1 + below(4); count > 0; count -= 1) copy[below(copy.length)] = below(256)
        return copy
      case 1: {
        const at = below(copy.length)
        copy[at] = (copy[at] ?? 0) ^ (1 << below(8))
        return copy
      }
      case 2: {
        const at = below(copy.length)
        return Buffer.concat([copy.subarray(0, at), random.bytes(1 + below(8)), copy.subarray(at)])
      }
      case 3: {
        const at = below(copy.length)
        return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + below(40))])
      }
      default: {
        const [from, to] = [below(copy.length), below(copy.length)]
        copy.copy(copy, to, from, Math.min(from + 1 + below(200), copy.length))
        return copy
      }
    }
  }

  it('is never genuine', async () => {
    const document = write()
    for (let round = 0; round < 300; round += 1) {
      const copy = changedCopy(document)
      if (copy.equals(document)) continue
      assert.notEqual(await faultOf(copy), 'none', `seed ${seed}, round ${round}: ${copy.toString('base64')}`)
    }
  })

  it('is read without an exception, and so are its certificates', () => {
    const document = write()
    for (let round = 0; round < 5000; round += 1) {
      const copy = changedCopy(document)
      for (const der of readAttestationDocument(copy)?.certificates ?? []) readCertificate(der)
      readCertificate(changedCopy(root))
      readAttestationDocument(random.bytes(below(200)))
    }
  })
})

describe("AWS's root", () => {
  it('is the certificate whose fingerprint AWS publishes, signed by itself', () => {
    assert.equal(createHash('sha256').update(nitroRoot).digest('hex'), nitroRootFingerprint)
    const read = new X509Certificate(nitroRoot)
    assert.equal(read.fingerprint256.replaceAll(':', '').toLowerCase(), nitroRootFingerprint)
    assert.equal(read.subject, 'C=US\nO=Amazon\nOU=AWS\nCN=aws.nitro-enclaves')
    assert.ok(read.verify(read.publicKey))
  })

  it('can be a root as we read certificates', () => {
    const read = readCertificate(nitroRoot)
    assert.ok(read?.authority !== undefined && read.mayCertify)
    assert.deepEqual(read.issuer, read.subject)
    assert.equal(new Date(read.notAfter).toISOString(), '2049-10-28T14:28:05.000Z')
  })
})
