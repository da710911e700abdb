import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { configurationDoc } from '../../tools/configuration-doc.ts'

test('docs/configuration.md is what the table of options says; npm run configuration writes it', () => {
  const written = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  assert.equal(written, configurationDoc())
})
