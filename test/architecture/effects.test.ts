/** Who reads the clock, draws random bytes, looks at the environment, writes to the console, and looks into secrets. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import ts from 'typescript'
import { effectExceptions, layers, rankSixRandom, secretAccess, type Effect } from './rules.ts'
import { layerOf, find, readSources, walk, type Source } from './source.ts'

const sources = readSources()
const rankOf = ({ path }: Source): number => layers[layerOf(path)]?.rank ?? Infinity

const randomFunctions = new Set([
  ...['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'randomUUIDv7', 'getRandomValues'],
  ...['generateKey', 'generateKeySync', 'generateKeyPair', 'generateKeyPairSync'],
])
const timers = new Set(['setTimeout', 'setInterval', 'setImmediate'])

/** Identifiers that stand for a value: not the name of a member, a property or a declaration. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isMethodSignature(parent)) {
    return ts.isPropertyAssignment(parent) && parent.initializer === node
  }
  return !ts.isTypeReferenceNode(parent) && !ts.isQualifiedName(parent)
}

function effectOf(node: ts.Node): Effect | undefined {
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0)
    return 'clock'
  if (ts.isPropertyAccessExpression(node) && /^Date\.now$|^process\.hrtime$/.test(node.getText())) return 'clock'
  if (ts.isPropertyAccessExpression(node) && node.getText() === 'process.env') return 'environment'
  if (!ts.isIdentifier(node) || !isReference(node)) return undefined
  if (node.text === 'performance') return 'clock'
  if (randomFunctions.has(node.text)) return 'random'
  if (timers.has(node.text)) return 'timer'
  return undefined
}

function effectsOf({ tree }: Source): ReadonlySet<Effect> {
  const found = new Set<Effect>()
  walk(tree, (node) => {
    const effect = effectOf(node)
    if (effect !== undefined) found.add(effect)
  })
  return found
}

/** The files in which `matches` finds a node. */
function filesWith(matches: (node: ts.Node) => boolean): readonly string[] {
  return sources.filter(({ tree }) => find(tree, matches)).map(({ path }) => path)
}

const isMember = (node: ts.Node, object: string, member?: string): boolean =>
  ts.isPropertyAccessExpression(node) &&
  node.expression.getText() === object &&
  (member === undefined || node.name.text === member)

describe('effects', () => {
  it('are not found in ranks 0 to 5, named exceptions aside', () => {
    const found = sources
      .filter((source) => rankOf(source) < 6)
      .flatMap((source) =>
        [...effectsOf(source)]
          .filter((effect) => effect !== 'timer' || rankOf(source) <= 3)
          .map((effect) => `${source.path} ${effect}`),
      )
    assert.deepEqual(found.sort(), effectExceptions.map(({ file, effect }) => `${file} ${effect}`).sort())
  })

  it('are never excepted in ranks 0 to 3', () => {
    assert.deepEqual(
      effectExceptions.filter(({ file }) => (layers[layerOf(file)]?.rank ?? 0) <= 3),
      [],
    )
  })

  it('of rank 6 draw random bytes in named files only', () => {
    const found = sources
      .filter((source) => rankOf(source) === 6 && effectsOf(source).has('random'))
      .map(({ path }) => path)
    assert.deepEqual(found.sort(), Object.keys(rankSixRandom).sort())
  })

  it('are found by this test where they are known to be', () => {
    const system = sources.find(({ path }) => path === 'src/system.ts')
    assert.ok(system !== undefined)
    assert.deepEqual([...effectsOf(system)].sort(), ['clock', 'random'])
  })

  it('do not include Math.random anywhere', () => {
    assert.deepEqual(
      filesWith((node) => isMember(node, 'Math', 'random')),
      [],
    )
  })

  it('do not include the console: logs are JSON lines, commands write to their streams', () => {
    assert.deepEqual(
      filesWith((node) => isMember(node, 'console')),
      [],
    )
  })

  it('look into secrets in the listed files only, and all of those do', () => {
    const found = filesWith(
      (node) => (ts.isIdentifier(node) || ts.isStringLiteral(node)) && node.text === 'insecureSecretAccess',
    )
    assert.deepEqual([...found].sort(), Object.keys(secretAccess).sort())
  })
})
