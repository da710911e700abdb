const calendar =
  /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[Tt]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?)?)?$/
const epoch = /^-?[0-9]+(?:\.[0-9]+)?$/
const daysOfMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * The time in epoch seconds: of a date of ISO 8601 in the profile of the W3C ("Date and Time Formats"), in UTC where no zone
 * is given, or of epoch seconds; four digits are a year. Undefined: it is neither.
 */
export function parseDate(text: string): number | undefined {
  const found = calendar.exec(text)
  if (found === null) return epoch.test(text) ? Number(text) : undefined
  const field = (index: number, fallback: number): number => Number(found[index] ?? fallback)
  const [year, month, day] = [field(1, 0), field(2, 1), field(3, 1)]
  const [hour, minute, second] = [field(4, 0), field(5, 0), field(6, 0)]
  const offset = zoneMinutes(found[8])
  if (day < 1 || day > (daysOfMonth[month - 1] ?? 0)) return undefined
  // A leap second is the one after it.
  if (hour > 24 || (hour === 24 && minute + second > 0) || minute > 59 || second > 60 || offset === undefined) {
    return undefined
  }
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCDate() !== day) return undefined
  const fraction = found[7] === undefined ? 0 : Number(`0.${found[7]}`)
  return date.getTime() / 1000 + hour * 3600 + (minute - offset) * 60 + second + fraction
}

function zoneMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(-2))
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}
