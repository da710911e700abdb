import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseRegion, usEast1 } from '#base/brand.ts'
import { shownText, storedPrincipals } from '#policy/stored-principals.ts'

const role = 'arn:aws:iam::111122223333:role/App'
const roleId = 'AROAEXAMPLE0000000001'
const goneId = 'AIDAEXAMPLE0000000002'
const directory = new Map([
  [role, roleId],
  [roleId, roleId],
  ['arn:aws:iam::111122223333:root', 'arn:aws:iam::111122223333:root'],
  ['arn:aws-cn:iam::111122223333:root', 'arn:aws-cn:iam::111122223333:root'],
  ['arn:aws:sts::111122223333:assumed-role/App/one', `${roleId}:one`],
])
const textOf = (...principals: readonly string[]): string =>
  JSON.stringify({ Statement: [{ Principal: { AWS: principals, Service: 's3.amazonaws.com' } }] })

/** A directory that answers at once or later, and what it was asked. */
function naming(answers: 'at once' | 'later') {
  const asked: string[] = []
  const answer = <T>(value: T): T | Promise<T> => (answers === 'later' ? Promise.resolve(value) : value)
  return {
    asked,
    storedName: (given: string) => {
      asked.push(given)
      return answer(directory.get(given))
    },
    shownName: (stored: string) => {
      asked.push(stored)
      return answer([...directory].find(([, id]) => id === stored)?.[0] ?? stored)
    },
  }
}

for (const answers of ['at once', 'later'] as const) {
  describe(`principals asked of a directory that answers ${answers}`, () => {
    it('are stored under their ids, accounts under the ARN of their root user, those that are not there not at all', async () => {
      const given = [role, '*', '111122223333', roleId, goneId, 'arn:aws:sts::111122223333:assumed-role/App/one']
      const stored = await storedPrincipals(textOf(...given), usEast1, naming(answers))
      assert.deepEqual(
        [...stored].sort(),
        [
          ['*', '*'],
          ['111122223333', 'arn:aws:iam::111122223333:root'],
          [roleId, roleId],
          [role, roleId],
          ['arn:aws:sts::111122223333:assumed-role/App/one', `${roleId}:one`],
        ].sort(),
      )
    })

    it('are those of the partition of the region', async () => {
      const beijing = parseRegion('cn-north-1')
      assert.ok(beijing !== undefined)
      const stored = await storedPrincipals(textOf('111122223333', role), beijing, naming(answers))
      assert.deepEqual([...stored], [['111122223333', 'arn:aws-cn:iam::111122223333:root']])
    })

    it('are shown by their ARNs, those that are gone by their ids', async () => {
      const shown = await shownText(textOf(roleId, `${roleId}:one`, goneId, role, '*'), naming(answers))
      const session = 'arn:aws:sts::111122223333:assumed-role/App/one'
      assert.equal(shown, textOf(role, session, goneId, role, '*'))
    })

    it('are each asked for once, and only when they can be known by another name', async () => {
      const asking = naming(answers)
      await storedPrincipals(textOf(role, role, '*'), usEast1, asking)
      assert.deepEqual(asking.asked, [role])
      const showing = naming(answers)
      const text = textOf('arn:aws:iam::111122223333:root', '*', 'AROASHORT')
      assert.equal(await shownText(text, showing), text)
      assert.deepEqual(showing.asked, [])
    })
  })
}
