/** `trent fault`: faults that a server with --test-profile injects into requests. */
import { Command, InvalidArgumentError } from 'commander'
import { faultGrammar } from '#config/fault-rule.ts'
import { isObject } from '#control/protocol.ts'
import { operate, operatorCommand, writeJson, writeLine } from './operator.ts'

export function faultCommand(): Command {
  return new Command('fault')
    .description('faults that a server with --test-profile injects into requests')
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(clearCommand())
}

function addCommand(): Command {
  const command = operatorCommand('add', 'inject one more').argument('<fault...>', faultGrammar)
  command.addHelpText(
    'after',
    `
Examples:
  trent fault add Encrypt throttle next=2       the next two Encrypt requests are throttled
  trent fault add kms:* delay=200ms share=0.1   one request in ten waits
  trent fault add CreateKey drop=after next=1   a key is made, and its maker hears nothing of it`,
  )
  return command.action((words: readonly string[]) =>
    operate(command, { name: 'fault add', arguments: { fault: words.join(' ') }, show, offline: undefined }),
  )
}

function listCommand(): Command {
  const command = operatorCommand('list', 'show those that are injected, and how often they were')
  return command.action(() => operate(command, { name: 'fault list', arguments: {}, show, offline: undefined }))
}

function clearCommand(): Command {
  const command = operatorCommand('clear', 'end some, or all').argument('[id...]', 'their numbers; none: all', number)
  return command.action((ids: readonly number[] | undefined) =>
    operate(command, { name: 'fault clear', arguments: { ids: ids ?? [] }, show, offline: undefined }),
  )
}

function number(text: string, before: readonly number[] | undefined): readonly number[] {
  if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError('Write the numbers that trent fault list shows.')
  return [...(before ?? []), Number(text)]
}

function show(item: unknown, json: boolean): void {
  if (json) {
    writeJson(item)
    return
  }
  const { id, fault, matched, injected, left } = isObject(item) ? item : {}
  const rest = typeof left === 'number' ? `, ${left} left` : ''
  writeLine(
    `${String(id).padStart(4)}  ${String(fault)}  (injected into ${String(injected)} of ${String(matched)}${rest})`,
  )
}
