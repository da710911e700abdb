/** Makes every proof that docs/compatibility.md counts: the SDK must see the very outcome, as the last thing it sees. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as sdk from '@aws-sdk/client-kms'
import { callControl } from '#control/client.ts'
import { operations } from '#kms/service.ts'
import { InProcessKms } from '../support/in-process-kms.ts'
import { startServer } from '../support/server.ts'
import type { Proof } from './proof.ts'
import { proofs } from './proofs/all.ts'
import { clientsOf, Stage, type Json } from './stage.ts'
import { injectedOf } from './standing.ts'

/** The last request of a proof must end with `outcome`, which the SDK knows by a class of its own. */
async function prove(stage: Stage, operation: string, outcome: string, request: Json): Promise<void> {
  const before = stage.seen.length
  const ending = stage.call(operation, request)
  if (outcome === 'success') {
    await ending
  } else {
    const Class: unknown = Reflect.get(sdk, outcome)
    assert.ok(typeof Class === 'function', `the SDK has no ${outcome}`)
    await assert.rejects(ending, (error: unknown) => {
      assert.ok(error instanceof Class, String(error))
      return true
    })
  }
  assert.deepEqual(stage.seen.slice(before), [[operation, outcome]])
}

describe('what docs/compatibility.md says', async () => {
  const server = await startServer({ workers: 2, regions: ['us-east-1', 'eu-west-1'] })
  const client = server.kms()
  const remote = new Stage(() => client)

  const run = async (operation: string, outcome: string, proof: Proof): Promise<void> => {
    if (typeof proof === 'function') {
      await prove(remote, operation, outcome, await proof(remote))
      return
    }
    const kms = new InProcessKms()
    const stage = new Stage(clientsOf(kms))
    await prove(stage, operation, outcome, await proof.here(stage, kms))
  }

  for (const [operation, outcomes] of Object.entries(proofs)) {
    if (!(operation in operations)) continue
    for (const [outcome, proof] of Object.entries(outcomes)) {
      it(`the SDK sees ${outcome} of ${operation}`, () => run(operation, outcome, proof))
    }
    const { success } = outcomes
    assert.ok(typeof success === 'function', `${operation} has no success that the server can show`)
    it(`the SDK sees KMSInternalException of ${operation} when its record can't be written`, async () => {
      const kms = new InProcessKms()
      const stage = new Stage(clientsOf(kms))
      const request = await success(stage)
      kms.trailFails = true
      await prove(stage, operation, 'KMSInternalException', request)
      assert.ok(kms.failures.length > 0)
    })
  }
})

describe('what docs/compatibility.md says was injected', async () => {
  const server = await startServer({ testProfile: true, workers: 2, regions: ['us-east-1', 'eu-west-1'] })
  const client = server.kms()
  const stage = new Stage(() => client)
  const faults = (command: string, args: Json): Promise<unknown> =>
    callControl(server.directory, command, args, { onItem: () => undefined })

  for (const operation of Object.keys(operations)) {
    for (const outcome of injectedOf(operation)) {
      it(`the SDK sees ${outcome} of ${operation} once, then success`, async () => {
        const success = proofs[operation]?.['success']
        assert.ok(typeof success === 'function')
        const request = await success(stage)
        await faults('fault add', { fault: `${operation} error=${outcome} next=1` })
        await prove(stage, operation, outcome, request)
        // The request was a right one, and the fault left nothing behind: the same is answered.
        await prove(stage, operation, 'success', request)
        await faults('fault clear', { ids: [] })
      })
    }
  }
})
