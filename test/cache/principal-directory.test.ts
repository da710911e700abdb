import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseRegion } from '#base/brand.ts'
import { createPrincipalDirectory } from '#cache/principal-directory.ts'
import { account, home, MemoryIdentities, role, user } from './memory-identities.ts'

const userId = 'AIDAUSERUSERUSERUSER1'
const roleId = 'AROAROLEROLEROLEROLE1'

for (const answers of ['at once', 'later'] as const) {
  describe(`the directory of principals, over a storage that answers ${answers}`, () => {
    const memory = new MemoryIdentities(answers)
    memory.add(user({ path: '/eng/' }), role({ path: '/ci/x/' }))
    const directory = createPrincipalDirectory(memory.storage, home)

    it('stores users and roles by their ids, and shows them by their ARNs', async () => {
      for (const [shown, stored] of [
        ['arn:aws:iam::111122223333:user/eng/Alice', userId],
        ['arn:aws:iam::111122223333:role/ci/x/Deploy', roleId],
        ['arn:aws:sts::111122223333:assumed-role/Deploy/build-7', `${roleId}:build-7`],
        ['arn:aws:iam::111122223333:root', 'arn:aws:iam::111122223333:root'],
        ['arn:aws:sts::111122223333:federated-user/bob', 'arn:aws:sts::111122223333:federated-user/bob'],
      ] as const) {
        assert.equal(await directory.storedName(shown), stored)
        assert.equal(await directory.shownName(stored), shown)
      }
    })

    it('takes ids and account numbers too', async () => {
      assert.equal(await directory.storedName(userId), userId)
      assert.equal(await directory.storedName(roleId), roleId)
      assert.equal(await directory.storedName(`${roleId}:build-7`), `${roleId}:build-7`)
      assert.equal(await directory.storedName('111122223333'), 'arn:aws:iam::111122223333:root')
    })

    it('knows no principal that does not exist, is spelled otherwise or is no principal', async () => {
      for (const given of [
        'arn:aws:iam::111122223333:user/Alice',
        'arn:aws:iam::111122223333:user/eng/alice',
        'arn:aws:iam::111122223333:user/ENG/Alice',
        'arn:aws:iam::111122223333:role/eng/Alice',
        'arn:aws:iam::111122223333:user/eng/Ali*',
        'arn:aws:iam::111122223333:user/*',
        'arn:aws:iam::111122223333:group/Operators',
        'arn:aws:iam::111122223333:role/Deploy',
        'arn:aws-cn:iam::111122223333:user/eng/Alice',
        'arn:aws:iam:eu-central-1:111122223333:user/eng/Alice',
        'arn:aws:sts::111122223333:user/eng/Alice',
        'arn:aws:iam::444455556666:user/eng/Alice',
        'arn:aws:iam::444455556666:root',
        'arn:aws:iam::111122223333:root ',
        'arn:aws:sts::444455556666:federated-user/bob',
        'arn:aws:sts::111122223333:federated-user/*',
        'arn:aws:sts::111122223333:assumed-role/ci/x/Deploy/build-7',
        'arn:aws:sts::111122223333:assumed-role/deploy/build-7',
        'arn:aws:sts::111122223333:assumed-role/Deploy/b*',
        'arn:aws:sts::111122223333:assumed-role/Deploy',
        'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
        '444455556666',
        'AIDAUSERUSERUSERUSER9',
        'AROAROLEROLEROLEROLE9',
        'AROAROLEROLEROLEROLE9:build-7',
        `${roleId}:b*`,
        `${userId}:build-7`,
        'kms.amazonaws.com',
        'arn:',
        '*',
        '',
      ]) {
        assert.equal(await directory.storedName(given), undefined, given)
      }
    })

    it('shows what it does not know as it stands', async () => {
      for (const stored of ['AIDAUSERUSERUSERUSER9', 'AROAROLEROLEROLEROLE9:x1', 's3.amazonaws.com', '*', '']) {
        assert.equal(await directory.shownName(stored), stored)
      }
    })
  })
}

describe('the directory of principals', () => {
  it('shows the new name of a renamed user, and a namesake of a deleted one gets nothing', async () => {
    const memory = new MemoryIdentities()
    const directory = createPrincipalDirectory(memory.storage, home)
    memory.add(user())
    memory.add(user({ name: 'Alicia', path: '/x/' }))
    assert.equal(await directory.shownName(userId), 'arn:aws:iam::111122223333:user/x/Alicia')
    memory.put({ kind: 'iam removed', account, of: 'user', id: userId })
    memory.add(user({ id: 'AIDAUSERUSERUSERUSER2' }))
    assert.equal(await directory.shownName(userId), userId)
    assert.equal(await directory.storedName(userId), undefined)
    assert.equal(await directory.storedName('arn:aws:iam::111122223333:user/Alice'), 'AIDAUSERUSERUSERUSER2')
  })

  it('speaks of the partition of its region', async () => {
    const memory = new MemoryIdentities()
    memory.add(user())
    const china = parseRegion('cn-north-1')
    assert.ok(china !== undefined)
    const directory = createPrincipalDirectory(memory.storage, china)
    assert.equal(await directory.storedName('111122223333'), 'arn:aws-cn:iam::111122223333:root')
    assert.equal(await directory.shownName(userId), 'arn:aws-cn:iam::111122223333:user/Alice')
    assert.equal(await directory.storedName('arn:aws:iam::111122223333:user/Alice'), undefined)
  })
})
