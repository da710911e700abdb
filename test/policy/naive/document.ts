/** A policy text as plain JSON, checked just enough that nothing in it goes unnoticed. */

export type Members = Readonly<Record<string, unknown>>

export interface Policy {
  readonly variables: boolean
  readonly statements: readonly Members[]
}

/** Throws where `text` is no policy. */
export function policyOf(text: string): Policy {
  const document = membersOf(JSON.parse(text))
  only(document, ['Version', 'Id', 'Statement'])
  const { Version: version = '2008-10-17', Statement: listed } = document
  if (version !== '2008-10-17' && version !== '2012-10-17') throw new Error('version')
  if (listed === undefined) throw new Error('no statement')
  const statements = listOf(listed).map(membersOf)
  for (const statement of statements) check(statement)
  return { variables: version === '2012-10-17', statements }
}

function check(statement: Members): void {
  const elements = ['Principal', 'Action', 'Resource']
  only(statement, ['Sid', 'Effect', 'Condition', ...elements, ...elements.map((name) => `Not${name}`)])
  for (const name of elements) {
    if (statement[name] !== undefined && statement[`Not${name}`] !== undefined) throw new Error(`two of ${name}`)
  }
  for (const name of ['Action', 'NotAction', 'Resource', 'NotResource']) {
    if (listOf(statement[name]).length === 0) throw new Error(`empty ${name}`)
  }
  const { Effect: effect, NotPrincipal: notPrincipal } = statement
  if (effect !== 'Allow' && effect !== 'Deny') throw new Error('effect')
  if (effect === 'Allow' && notPrincipal !== undefined) throw new Error('Allow with NotPrincipal')
}

function only(members: Members, known: readonly string[]): void {
  for (const name of Object.keys(members)) if (!known.includes(name)) throw new Error(`unknown: ${name}`)
}

export function membersOf(json: unknown): Members {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error('not an object')
  return Object.fromEntries(Object.entries(json))
}

export const listOf = (json: unknown): readonly unknown[] => (Array.isArray(json) ? json : [json])

/** Strings, or what is equal to one: a number or boolean. */
export function textsOf(json: unknown): readonly string[] {
  return listOf(json).map((one) => {
    if (typeof one === 'string') return one
    if (typeof one === 'number' || typeof one === 'boolean') return String(one)
    throw new Error('not a text')
  })
}
