import type { Comparison } from './operator.ts'

const decimal = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/

/** An integer or decimal number; undefined: it is none. */
export function parseNumeric(text: string): number | undefined {
  if (!decimal.test(text)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}

/** How numbers, and dates as numbers, are compared. */
export function ordering(comparison: Comparison): (requested: number, wanted: number) => boolean {
  switch (comparison) {
    case 'less than':
      return (requested, wanted) => requested < wanted
    case 'less than or equals':
      return (requested, wanted) => requested <= wanted
    case 'greater than':
      return (requested, wanted) => requested > wanted
    case 'greater than or equals':
      return (requested, wanted) => requested >= wanted
    case 'equals':
    case 'equals ignoring case':
    case 'like':
      return (requested, wanted) => requested === wanted
  }
}
