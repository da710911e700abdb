import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { readPassphrase } from '#seals/passphrase.ts'
import { promptSecret } from '#seals/terminal.ts'
import type { Terminal } from '#seals/terminal.ts'

interface Keyboard {
  readonly terminal: Terminal
  readonly shown: () => string
  /** Raw mode as it was switched. */
  readonly modes: boolean[]
  readonly type: (keys: string) => void
}

function keyboard(): Keyboard {
  const modes: boolean[] = []
  let text = ''
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString()
      done()
    },
  })
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (raw: boolean) => modes.push(raw) })
  return { terminal: { input, output }, shown: () => text, modes, type: (keys) => void input.write(Buffer.from(keys)) }
}

async function typed(...texts: readonly string[]): Promise<string> {
  const { terminal, type } = keyboard()
  const answer = promptSecret('? ', terminal)
  for (const text of texts) type(text)
  return (await answer).insecureSecretAccess().toString()
}

describe('the passphrase prompt', () => {
  it('shows the question and nothing of what is typed, and leaves the terminal as it was', async () => {
    const { terminal, shown, modes, type } = keyboard()
    const answer = promptSecret('Seal passphrase: ', terminal)
    type('secret\r')
    assert.equal((await answer).insecureSecretAccess().toString(), 'secret')
    assert.equal(shown(), 'Seal passphrase: \n')
    assert.deepEqual(modes, [true, false])
  })

  it('takes a line however it arrives', async () => {
    assert.equal(await typed('sec', 'ret', '\n'), 'secret')
    assert.equal(await typed('secret\r\n'), 'secret')
    assert.equal(await typed('\r'), '')
    assert.equal(await typed('pässwörd\r'), 'pässwörd')
  })

  it('erases whole characters', async () => {
    assert.equal(await typed('ab\x7fc\r'), 'ac')
    assert.equal(await typed('aü\x08b\r'), 'ab')
    assert.equal(await typed('\x7f\x7fa\r'), 'a')
    assert.equal(await typed('\u{1f511}\x7fa\r'), 'a')
  })

  it('ends with an error on Ctrl-C, Ctrl-D and a closed terminal', async () => {
    await assert.rejects(typed('sec\x03'), /^SealError: no passphrase was typed$/)
    await assert.rejects(typed('\x04'), /^SealError: no passphrase was typed$/)
    const { terminal } = keyboard()
    const answer = promptSecret('? ', terminal)
    terminal.input.push(null)
    await assert.rejects(answer, /^SealError: the terminal was closed before a passphrase was typed$/)
  })

  it('refuses more than 1,024 bytes', async () => {
    assert.equal((await typed(`${'a'.repeat(1024)}\r`)).length, 1024)
    await assert.rejects(typed(`${'a'.repeat(1025)}\r`), /^SealError: a passphrase has at most 1024 bytes$/)
  })

  it('needs a terminal', async () => {
    const input = new PassThrough()
    const answer = promptSecret('? ', { input, output: new PassThrough() })
    await assert.rejects(answer, /^SealError: there is no terminal to ask for the passphrase/)
  })

  it('asks for a new passphrase twice, also when both were pasted at once', async () => {
    const same = keyboard()
    const answer = readPassphrase({ kind: 'terminal', terminal: same.terminal }, true)
    same.type('correct horse\rcorrect horse\r')
    assert.equal((await answer).insecureSecretAccess().toString(), 'correct horse')
    const different = keyboard()
    const refused = readPassphrase({ kind: 'terminal', terminal: different.terminal }, true)
    different.type('correct horse\r')
    different.type('Correct horse\r')
    await assert.rejects(refused, /^SealError: the two passphrases differ$/)
  })

  it('asks for an existing one once', async () => {
    const { terminal, shown, type } = keyboard()
    const answer = readPassphrase({ kind: 'terminal', terminal }, false)
    type('x\r')
    assert.equal((await answer).length, 1)
    assert.equal(shown(), 'Seal passphrase: \n')
  })
})
