import { putHex } from './hex-digits.ts'

/** The text of a UUID, written octet by octet into bytes (RFC 9562 section 4). */
export const nilUuid = '00000000-0000-0000-0000-000000000000'

// Where the digits of each octet stand.
const digitPlaces = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34)

/** Puts octet number `octet` into `text`, which has the 36 characters of a UUID. */
export function putOctet(text: Uint8Array, octet: number, byte: number): void {
  putHex(text, digitPlaces[octet] ?? 0, byte)
}
