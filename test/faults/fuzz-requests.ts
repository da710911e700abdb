/** One fuzzed request: valid, spoiled and then signed, or signed and then spoiled. */
import { pickCaller, type FuzzCallers } from './fuzz-callers.ts'
import { fuzzedForm } from './fuzz-queries.ts'
import { marker, requests, type World } from './fuzz-world.ts'
import { spoilBytes, spoilHeaders, spoilMembers, spoilText } from './fuzz-mutations.ts'
import type { Dice } from './random.ts'
import { requestBytes, type Signer } from './wire.ts'

export interface FuzzedRequest {
  readonly bytes: Buffer
  /** Spoiled before it was signed, so that the signature holds. */
  readonly signedAfter: boolean
  /** The headers are what a client would send. */
  readonly headersIntact: boolean
  /** The bytes on the wire were spoiled: where the request ends is anybody's guess. */
  readonly framingIntact: boolean
}

interface Draft {
  readonly signer: Signer
  readonly headers: Record<string, string>
  readonly body: Buffer
}

const totalWeight = requests.reduce((sum, { weight }) => sum + weight, 0)

function choose(dice: Dice): (typeof requests)[number] {
  let rest = dice.below(totalWeight * 1000) / 1000
  for (const request of requests) {
    rest -= request.weight
    if (rest < 0) return request
  }
  return dice.pick(requests)
}

const jsonType = 'application/x-amz-json-1.1'

function draft(world: World, callers: FuzzCallers, dice: Dice, spoil: boolean): Draft {
  const signers = pickCaller(callers, dice)
  if (dice.chance(0.1)) {
    const { service, body } = fuzzedForm(dice, spoil && dice.chance(0.7))
    return {
      signer: signers[service],
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: spoil && dice.chance(0.3) ? spoilBytes(body, dice) : body,
    }
  }
  const { operation, weight, build } = choose(dice)
  // Sometimes another operation's members, which are valid JSON and wrong nevertheless; never those of a change, which
  // could hit a key that has to stay as it is.
  const source = spoil && weight > 1 && dice.chance(0.06) ? choose(dice).build : build
  const members = { ...source(world, dice), Extra: marker }
  const headers = {
    'content-type': dice.pick([jsonType, jsonType, `${jsonType}; charset=utf-8`]),
    'x-amz-target': `TrentService.${operation}`,
    'user-agent': dice.pick(['fuzz/1', 'fuzz/2 "quoted" \\']),
  }
  return { signer: signers.kms, headers, body: bodyOf(members, world, dice, spoil) }
}

function bodyOf(members: Record<string, unknown>, world: World, dice: Dice, spoil: boolean): Buffer {
  if (!spoil) return Buffer.from(JSON.stringify(members))
  const kind = dice.below(100)
  if (kind < 25) return Buffer.from(JSON.stringify(members))
  if (kind < 75) return Buffer.from(JSON.stringify(spoilMembers(members, world, dice)))
  if (kind < 88) return Buffer.from(spoilText(JSON.stringify(members), dice))
  if (kind < 97) return spoilBytes(Buffer.from(JSON.stringify(members)), dice)
  return dice.bytes(dice.below(200))
}

/** The body in chunks. */
function chunked(body: Buffer, dice: Dice): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, 1 + dice.below(200))
    parts.push(Buffer.from(`${size.toString(16)}\r\n`), body.subarray(at, at + size), Buffer.from('\r\n'))
    at += size
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

export function fuzzedRequest(world: World, callers: FuzzCallers, dice: Dice): FuzzedRequest {
  if (dice.chance(0.5)) {
    const { signer, headers, body } = draft(world, callers, dice, true)
    const signed = signer.headers('POST', '/', headers, body)
    const bytes = dice.chance(0.05)
      ? requestBytes('POST', '/', { ...signed, 'transfer-encoding': 'chunked' }, chunked(body, dice))
      : requestBytes('POST', '/', signed, body)
    return { bytes, signedAfter: true, headersIntact: true, framingIntact: true }
  }
  const { signer, headers, body } = draft(world, callers, dice, false)
  const signed = signer.headers('POST', '/', headers, body)
  const kind = dice.below(100)
  if (kind < 50) {
    const bytes = requestBytes('POST', '/', spoilHeaders(signed, dice), body)
    return { bytes, signedAfter: false, headersIntact: false, framingIntact: true }
  }
  if (kind < 85) {
    const bytes = requestBytes('POST', '/', signed, spoilBytes(body, dice))
    return { bytes, signedAfter: false, headersIntact: true, framingIntact: true }
  }
  const bytes = spoilBytes(requestBytes('POST', '/', signed, body), dice)
  return { bytes, signedAfter: false, headersIntact: false, framingIntact: false }
}
