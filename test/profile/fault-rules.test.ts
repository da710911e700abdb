/** Faults as words, and which requests they choose. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseFaultRule } from '#config/fault-rule.ts'
import { allocateFaults, endOfIds, FaultBoard, mostFaults } from '#faults/board.ts'
import { faultInjector } from '#faults/injector.ts'
import { isDrawn, ruleText, type ActiveFault } from '#faults/rule.ts'
import type { FaultSubject } from '#ports/faults.ts'

const drawn = 4711
const parse = (text: string): ReturnType<typeof parseFaultRule> => parseFaultRule(text, () => drawn)

const arn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const subject: FaultSubject = {
  service: 'kms',
  operation: 'Encrypt',
  errors: ['KMSInternalException', 'NotFoundException'],
  account: '111122223333',
  callerArn: 'arn:aws:iam::111122223333:user/uma',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  resources: [arn],
}

/** An injector with `texts` in force, and the board that the primary would write to. */
function injecting(texts: readonly string[], now = { ms: 1_000_000 }) {
  const memory = allocateFaults()
  const primary = new FaultBoard(memory)
  const faults = texts.map((text, index): ActiveFault => ({ id: index + 1, slot: index, rule: parse(text) }))
  assert.ok(primary.write(faults, faults))
  const worker = () => faultInjector(new FaultBoard(memory), { machineNow: () => now.ms })
  return { primary, faults, worker }
}

describe('a fault in words', () => {
  it('is written back as it was read, with the seed that it got', () => {
    for (const text of [
      'Encrypt throttle',
      'kms:Encrypt throttle next=2',
      'kms:* error=KMSInternalException share=0.25 seed=7',
      '* delay=200ms above=100',
      'CreateKey drop=after next=1 caller=111122223333',
      'sts:AssumeRole drop=before key=1234abcd-12ab-34cd-56ef-1234567890ab',
    ]) {
      assert.equal(ruleText(parse(text)), text)
    }
    assert.equal(
      ruleText(parse('Encrypt  error=ThrottlingException   share=.5')),
      `Encrypt throttle share=0.5 seed=${drawn}`,
    )
    assert.equal(ruleText(parse('Encrypt delay=1m30s')), 'Encrypt delay=90000ms')
  })

  const grammar =
    'OPERATION throttle|error=CODE|delay=TIME|drop=before|drop=after [next=N|share=S [seed=N]|above=N] [key=KEY] [caller=CALLER]'
  const wrong: readonly (readonly [string, string])[] = [
    ['', `"" is not a fault; write ${grammar}, such as "Encrypt throttle next=2"`],
    ['Encrypt', `"Encrypt" is not a fault; write ${grammar}, such as "Encrypt throttle next=2"`],
    ['Encript throttle', 'there is no operation "Encript" (did you mean Encrypt?); write one of kms, sts or iam, or *'],
    ['sts:Encrypt throttle', 'there is no operation "Encrypt"; write one of sts, or *'],
    ['s3:* throttle', 'there is no service "s3"; write kms, sts or iam'],
    [
      'Encrypt trottle',
      '"trottle" is not an effect (did you mean throttle?); write throttle, error=CODE, delay=TIME, drop=before or drop=after',
    ],
    [
      'Encrypt drop',
      '"drop" is not an effect (did you mean drop?); write throttle, error=CODE, delay=TIME, drop=before or drop=after',
    ],
    [
      'Encrypt error=KMSInternalExeption',
      'there is no error "KMSInternalExeption" (did you mean KMSInternalException?); write one such as KMSInternalException',
    ],
    ['Encrypt delay=1h', '"1h" is not a time from 1ms to 15m; write it such as delay=200ms'],
    ['Encrypt delay=fast', '"fast" is not a time from 1ms to 15m; write it such as delay=200ms'],
    ['Encrypt throttle nxt=2', `"nxt=2" is not a part of a fault (did you mean next?); write ${grammar}`],
    ['Encrypt throttle next=', `"next=" is not a part of a fault (did you mean next?); write ${grammar}`],
    ['Encrypt throttle next=0', '"0" is not a whole number from 1 to 2147483648; write it such as next=2'],
    ['Encrypt throttle next=1 next=2', 'next is there twice; write it once'],
    ['Encrypt throttle next=1 share=0.1', 'next and share contradict each other; give one of them'],
    ['Encrypt throttle seed=1', 'seed goes with share; write share=0.1 seed=7'],
    ['Encrypt throttle share=2', '"2" is not a share of requests; write share=0.1 for one in ten'],
    ['Encrypt throttle share=0', '"0" is not a share of requests; write share=0.1 for one in ten'],
    ['Encrypt throttle above=70000', '"70000" is not a whole number from 0 to 65534; write it such as above=2'],
  ]
  it('that is none is refused with what to write', () => {
    for (const [text, message] of wrong) assert.throws(() => parse(text), { name: 'InvalidValue', message }, text)
  })
})

describe('an injector', () => {
  it('chooses requests by service, operation, key, caller and what the operation can answer', () => {
    const met: readonly (readonly [string, boolean])[] = [
      ['Encrypt throttle', true],
      ['Decrypt throttle', false],
      ['kms:* throttle', true],
      ['sts:* throttle', false],
      ['* throttle', true],
      ['* error=KMSInternalException', true],
      // Not declared by the operation.
      ['* error=LimitExceededException', false],
      [`Encrypt throttle key=${arn}`, true],
      ['Encrypt throttle key=1234abcd-12ab-34cd-56ef-1234567890ab', true],
      ['Encrypt throttle key=4567890ab', false],
      ['Encrypt throttle caller=arn:aws:iam::111122223333:user/uma', true],
      ['Encrypt throttle caller=AKIAIOSFODNN7EXAMPLE', true],
      ['Encrypt throttle caller=111122223333', true],
      ['Encrypt throttle caller=arn:aws:iam::111122223333:user/um', false],
    ]
    for (const [text, expected] of met) {
      assert.equal(injecting([text]).worker().meet(subject) !== undefined, expected, text)
    }
  })

  it('counts for all workers together', () => {
    const { worker, primary, faults } = injecting(['Encrypt throttle next=3'])
    const workers = [worker(), worker()]
    const met = Array.from({ length: 10 }, (_, index) => workers[index % 2]?.meet(subject) !== undefined)
    assert.deepEqual(met, [true, true, true, false, false, false, false, false, false, false])
    const [fault] = faults
    assert.ok(fault !== undefined)
    assert.deepEqual(primary.tally(fault), { matched: 10, injected: 3 })
  })

  it('adds delays up and stops at the first fault that ends a request', () => {
    const { worker, primary, faults } = injecting([
      'Encrypt delay=10ms',
      'Encrypt delay=5ms',
      'Encrypt error=KMSInternalException next=1',
      'Encrypt throttle',
    ])
    const injector = worker()
    assert.deepEqual(injector.meet(subject), {
      delayMs: 15,
      ending: {
        kind: 'refused',
        refusal: { refused: true, code: 'KMSInternalException', message: 'This is an injected fault.' },
      },
      text: '[{"id":1,"effect":"delay=10ms"},{"id":2,"effect":"delay=5ms"},{"id":3,"effect":"error=KMSInternalException"}]',
    })
    assert.equal(primary.tally(faults[3] ?? assert.fail()).matched, 0)
    const second = injector.meet(subject)
    assert.ok(second?.ending?.kind === 'refused')
    assert.equal(second.ending.refusal.code, 'ThrottlingException')
  })

  it('lets so many requests of each second pass and meets the others', () => {
    const now = { ms: 5_999_000 }
    const { worker } = injecting(['Encrypt throttle above=2'], now)
    const injector = worker()
    const second = (): readonly boolean[] => Array.from({ length: 4 }, () => injector.meet(subject) !== undefined)
    assert.deepEqual(second(), [false, false, true, true])
    now.ms += 999
    assert.deepEqual(second(), [true, true, true, true])
    now.ms += 1
    assert.deepEqual(second(), [false, false, true, true])
  })

  it('takes the same share with the same seed, and about as much as was asked for', () => {
    const choice = (seed: number): readonly boolean[] => {
      const injector = injecting([`Encrypt throttle share=0.3 seed=${seed}`]).worker()
      return Array.from({ length: 2000 }, () => injector.meet(subject) !== undefined)
    }
    assert.deepEqual(choice(7), choice(7))
    assert.notDeepEqual(choice(7), choice(8))
    for (const seed of [0, 1, 7, 2 ** 32 - 1]) {
      const met = choice(seed).filter(Boolean).length
      // Five standard deviations of 2,000 draws.
      assert.ok(Math.abs(met - 600) < 103, `seed ${seed}: ${met} of 2000`)
    }
    assert.ok(isDrawn(1, 7, 0))
  })

  it('learns of a change with its next request, and never counts for a fault that has gone', () => {
    const memory = allocateFaults()
    const primary = new FaultBoard(memory)
    const worker = new FaultBoard(memory)
    const first: ActiveFault = { id: 1, slot: 0, rule: parse('Encrypt throttle next=5') }
    const second: ActiveFault = { id: 2, slot: 0, rule: parse('Encrypt throttle next=5') }
    const ids = () => worker.faults().map(({ id }) => id)
    assert.deepEqual(ids(), [])
    primary.write([first], [first])
    assert.deepEqual(ids(), [1])
    primary.write([second], [second])
    assert.equal(
      worker.count(first, (count) => count + 1),
      undefined,
    )
    assert.equal(
      worker.count(second, (count) => count + 1),
      0,
    )
    assert.deepEqual(ids(), [2])
    primary.write([], [])
    assert.deepEqual(ids(), [])
  })

  it('has room for a number of faults and no more', () => {
    const board = new FaultBoard(allocateFaults())
    const faults = (count: number) =>
      Array.from({ length: count }, (_, slot): ActiveFault => ({
        id: endOfIds - 1 - slot,
        slot,
        rule: parse(`Encrypt throttle next=2147483648 key=${arn} caller=${subject.callerArn}`),
      }))
    assert.ok(board.write(faults(mostFaults), faults(mostFaults)))
    assert.equal(board.faults().length, mostFaults)
    for (const fault of board.faults())
      assert.equal(
        board.count(fault, () => 2 ** 48 - 1),
        0,
      )
    for (const fault of board.faults())
      assert.equal(
        board.count(fault, () => 0),
        2 ** 48 - 1,
      )
    assert.equal(board.write(faults(mostFaults + 1), []), false)
  })
})
