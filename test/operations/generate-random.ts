import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { laterMemberTest } from './rules.ts'
import { expectRecord, refuse, refuseInvalid, succeed, textOf } from './service.ts'

describe('GenerateRandom', () => {
  it('answers as many random bytes as asked for and nothing else', async () => {
    for (const NumberOfBytes of [1, 32, 1024]) {
      const { json } = await succeed('GenerateRandom', { NumberOfBytes })
      assert.deepEqual(Object.keys(json), ['Plaintext'])
      assert.equal(Buffer.from(textOf(json, 'Plaintext'), 'base64').length, NumberOfBytes)
    }
  })

  it('never answers the same bytes twice', async () => {
    const seen = new Set<string>()
    for (let count = 0; count < 20; count += 1) {
      seen.add(textOf((await succeed('GenerateRandom', { NumberOfBytes: 16 })).json, 'Plaintext'))
    }
    assert.equal(seen.size, 20)
  })

  it('refuses a request without a number of bytes', async () => {
    for (const input of [{}, { NumberOfBytes: null }, '']) {
      await refuse('GenerateRandom', input, 'ValidationException', 'NumberOfBytes is required.')
    }
  })

  it('refuses fewer than 1 and more than 1,024 bytes', async () => {
    const at = (value: number): string =>
      `Value '${value}' at 'numberOfBytes' failed to satisfy constraint: Member must have value`
    await refuseInvalid('GenerateRandom', { NumberOfBytes: 0 }, `${at(0)} greater than or equal to 1`)
    await refuseInvalid('GenerateRandom', { NumberOfBytes: -5 }, `${at(-5)} greater than or equal to 1`)
    await refuseInvalid('GenerateRandom', { NumberOfBytes: 1025 }, `${at(1025)} less than or equal to 1024`)
  })

  it('refuses a number of bytes that is no integer', async () => {
    for (const NumberOfBytes of [1.5, '32', true, [32], 2 ** 31]) {
      await refuse('GenerateRandom', { NumberOfBytes }, 'SerializationException')
    }
  })

  it('records neither parameters nor bytes', async () => {
    const answered = await succeed('GenerateRandom', { NumberOfBytes: 32 })
    await expectRecord(answered, { eventName: 'GenerateRandom', readOnly: true, requestParameters: null })
  })

  it('records a refusal', async () => {
    const answered = await refuse('GenerateRandom', {}, 'ValidationException', 'NumberOfBytes is required.')
    await expectRecord(answered, {
      eventName: 'GenerateRandom',
      readOnly: true,
      requestParameters: null,
      errorCode: 'ValidationException',
      errorMessage: 'NumberOfBytes is required.',
    })
  })

  const fresh = () => Promise.resolve({ NumberOfBytes: 32 })
  laterMemberTest('GenerateRandom', 'CustomKeyStoreId', 'cks-1234567890abcdef0', fresh)
})
