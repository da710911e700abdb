/** Where the statements of a policy stand in its text: the simulator shows which of them decided. */
import { afterSpace, eachEntry, eachMember, endOfValue } from './principal-text.ts'

/** Lines and columns counted from one. */
export interface TextPosition {
  readonly line: number
  readonly column: number
}

export interface StatementPlace {
  readonly start: TextPosition
  /** Behind the last character. */
  readonly end: TextPosition
}

/** The places of the statements of `text`, in their order. `text` has to be JSON. */
export function statementPlaces(text: string): readonly StatementPlace[] {
  const places: StatementPlace[] = []
  const at = positions(text)
  eachMember(text, afterSpace(text, 0), (element, statements) => {
    if (element !== 'Statement') return
    eachEntry(text, statements, (start) => {
      places.push({ start: at(start), end: at(endOfValue(text, start)) })
    })
  })
  return places
}

/** Asked for ascending offsets only, so that the text is gone through once. */
function positions(text: string): (offset: number) => TextPosition {
  let line = 1
  let lineStart = 0
  let next = text.indexOf('\n')
  return (offset) => {
    while (next >= 0 && next < offset) {
      line += 1
      lineStart = next + 1
      next = text.indexOf('\n', lineStart)
    }
    return { line, column: offset - lineStart + 1 }
  }
}
