/**
 * The evaluator against a second opinion, and against itself, on random questions. TRENT_TEST_SEED repeats a run; a failure
 * shows the smallest question that was found for it.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { evaluate } from '#policy/evaluate.ts'
import type { Decision, Question } from '#policy/question.ts'
import type { Dice } from '../faults/random.ts'
import { naively } from './naive/evaluate.ts'
import { withBrokenPolicy, withOtherOrder, withSplitPolicies, withStatement } from './random-changes.ts'
import { otherRequest, printedDice, questionFrom, randomCase, type RandomCase } from './random-policies.ts'
import { shown, shrink } from './shrink.ts'

const decide = (given: RandomCase): Decision => evaluate(questionFrom(given))
const outcome = (decision: Decision): string =>
  decision.allowed ? `allowed by ${decision.by}` : `${decision.because}: ${decision.layer}`

/** How the two opinions on `question` differ; undefined: not at all. */
function difference(question: Question): string | undefined {
  const decision = evaluate(question)
  const { allowed, denials, why } = naively(question)
  const both = `${outcome(decision)}; second opinion: ${why}, denied by ${[...denials].join(' and ')}`
  if (decision.allowed !== allowed) return both
  if (decision.allowed) return undefined
  if (decision.because === 'explicit deny' && !why.startsWith('error'))
    return denials.has(decision.layer) ? undefined : both
  // That is refused before any policy is looked at.
  if (decision.because === 'local only') return undefined
  // A Deny can be found before the policy that cannot be understood.
  if (why.startsWith('error')) return undefined
  return denials.size === 0 && decision.because !== 'error' ? undefined : both
}

function fail(given: RandomCase, fails: (changed: RandomCase) => boolean, message: string): never {
  const smallest = shrink(given, fails)
  assert.fail(`${message}\n${difference(questionFrom(smallest)) ?? ''}\n${shown(smallest)}`)
}

describe('decisions on random questions', () => {
  const questions = 20_000
  const changes = 1_000

  it(`are those of the second opinion, ${questions} times, and both allow and deny`, () => {
    const random = printedDice('second opinion')
    let allowed = 0
    let explicit = 0
    let given = randomCase(random)
    for (let i = 0; i < questions; i++) {
      given = i % 5 === 0 ? randomCase(random) : otherRequest(given, random)
      const question = questionFrom(given)
      const differs = (one: RandomCase): boolean => difference(questionFrom(one)) !== undefined
      if (difference(question) !== undefined) fail(given, differs, `question ${i}`)
      const decision = evaluate(question)
      if (decision.allowed) allowed += 1
      else if (decision.because === 'explicit deny') explicit += 1
    }
    console.log(`second opinion: ${allowed} of ${questions} allowed, ${explicit} denied explicitly`)
    assert.ok(allowed > questions / 20 && explicit > questions / 40, 'the questions are too alike to tell anything')
  })

  /** `change` applied to many questions; `holds` compares the decisions before and after. */
  function always(
    name: string,
    change: (given: RandomCase, random: Dice) => RandomCase | undefined,
    holds: (before: Decision, after: Decision) => boolean,
  ): void {
    it(name, () => {
      const random = printedDice(name)
      for (let i = 0; i < changes; i++) {
        const given = randomCase(random)
        const other = change(given, random)
        if (other === undefined) continue
        const [before, after] = [decide(given), decide(other)]
        if (holds(before, after)) continue
        assert.fail(`${outcome(before)}, then ${outcome(after)}\n${shown(given)}\n${shown(other)}`)
      }
    })
  }

  always(
    'never allow more after a Deny is added to any policy',
    (given, random) => withStatement(given, random, 'Deny'),
    (before, after) => before.allowed || !after.allowed,
  )
  always(
    'never allow less after an Allow is added to any policy',
    (given, random) => withStatement(given, random, 'Allow'),
    (before, after) => !before.allowed || after.allowed,
  )
  always(
    'do not depend on the order of values, statements, policies, levels or grants',
    withOtherOrder,
    (before, after) => outcome(before) === outcome(after),
  )
  always(
    'do not depend on how statements are spread over identity policies',
    withSplitPolicies,
    (before, after) => outcome(before) === outcome(after),
  )

  it('are denials for both wherever a policy cannot be understood', () => {
    const random = printedDice('broken policies')
    for (let i = 0; i < changes / 4; i++) {
      const given = withBrokenPolicy(randomCase(random), random)
      if (given === undefined) continue
      assert.equal(difference(questionFrom(given)), undefined, shown(given))
    }
  })

  it('are denials when the context cannot be read, if it was needed', () => {
    const random = printedDice('unreadable context')
    let needed = 0
    for (let i = 0; i < changes; i++) {
      const given = randomCase(random)
      const thrown: string[] = []
      const decision = evaluate({
        ...questionFrom(given),
        context: {
          value: (key) => {
            thrown.push(key)
            throw new Error('unreadable')
          },
        },
      })
      if (thrown.length === 0) continue
      needed += 1
      assert.ok(!decision.allowed && decision.because === 'error', shown(given))
    }
    assert.ok(needed > changes / 10)
  })

  it('ask for grants that are not loaded when, and only when, those can matter', () => {
    const random = printedDice('grants')
    let granted = 0
    for (let i = 0; i < changes; i++) {
      const question = questionFrom(randomCase(random))
      const without = evaluate({ ...question, grants: undefined })
      const loaded = evaluate(question)
      const none = evaluate({ ...question, grants: [] })
      assert.ok(none.allowed || !none.grantsWanted, 'loaded grants are wanted')
      if (without.allowed || !without.grantsWanted) assert.equal(outcome(loaded), outcome(without))
      else assert.equal(outcome(none), outcome(without))
      if (loaded.allowed && !without.allowed) granted += 1
    }
    assert.ok(granted > changes / 200)
  })
})
