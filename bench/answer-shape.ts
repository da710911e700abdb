import { member, numberMember } from './json.ts'

/** How an answer looks from outside: the bytes of its body, and its header lines with lower-case names. */
export interface AnswerShape {
  readonly bodyBytes: number
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** The shape of an answer with these `rawHeaders` (names and values in turn, as node:http reports them). */
export function answerShape(rawHeaders: readonly string[], bodyBytes: number): AnswerShape {
  const headers: (readonly [string, string])[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.push([rawHeaders[index]!.toLowerCase(), rawHeaders[index + 1]!])
  }
  return { bodyBytes, headers }
}

/** Reads what JSON.stringify made of a shape. Throws on anything else. */
export function parseAnswerShape(text: string): AnswerShape {
  const value: unknown = JSON.parse(text)
  const lines = member(value, 'headers')
  if (!Array.isArray(lines)) throw new Error('an answer shape needs headers')
  const headers = lines.map((line: unknown): [string, string] => {
    if (!Array.isArray(line)) throw new Error('a header is a name and a value')
    return [String(line[0]), String(line[1])]
  })
  return { bodyBytes: numberMember(value, 'bodyBytes'), headers }
}
