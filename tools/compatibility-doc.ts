/** The page on compatibility, made of the operations' declarations and of the proofs in test/compatibility. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { operations as iamOperations } from '#iam/service.ts'
import { operations as stsOperations } from '#sts/service.ts'
import { differences } from '../test/compatibility/differences.ts'
import { refusedByName } from '../test/compatibility/refused.ts'
import { everyOperation, isDone, standingOf, type Standing, type Without } from '../test/compatibility/standing.ts'
import { root } from './check/files.ts'

/** The text of docs/compatibility.md. */
export function compatibilityDoc(): string {
  const standings = everyOperation.map(standingOf)
  return [
    introduction(standings),
    operationTable(standings),
    neverTable(standings),
    refusedList(),
    differenceList(),
    otherServices(),
  ].join('\n')
}

function introduction(standings: readonly Standing[]): string {
  const served = standings.filter((standing) => standing.served !== undefined)
  const done = served.filter(isDone).length
  return `# Compatibility with AWS KMS

This page is made by \`npm run compatibility\` and a test fails when it is out of date; change what it is made from. An error
counts as seen when the AWS SDK for JavaScript (\`@aws-sdk/client-kms\` ${sdkVersion()}) was answered it: for each of them, and for
each success, \`test/compatibility/proofs.test.ts\` makes the request, against a started server wherever that can be.

AWS KMS has ${standings.length} operations. This version serves ${served.length} of them. Of ${done} every error that they declare has been seen as well;
of the other ${served.length - done} the table says what has not. What this version has no reason to answer was seen by a fault that the test profile
[injects](testing.md#faults), and stands in a column of its own.
`
}

function sdkVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { devDependencies } = manifest as { readonly devDependencies: Readonly<Record<string, string>> }
  return devDependencies['@aws-sdk/client-kms'] ?? ''
}

/** All errors but those of two words end in Exception. */
const short = (error: string): string => error.replace(/Exception$/, '')
const errorsOf = (without: readonly Without[]): readonly string[] => without.map(({ error }) => error)
const listed = (errors: readonly string[]): string => errors.map(short).join(', ')

function operationTable(standings: readonly Standing[]): string {
  const rows = standings.map(({ operation, served }) => {
    if (served === undefined) return `| ${operation} | not served | | | |`
    const { proved, injected, notYet } = served
    const status = notYet.length === 0 ? 'done' : 'served'
    return `| ${operation} | ${status} | ${listed(proved)} | ${listed(errorsOf(injected))} | ${listed(errorsOf(notYet))} |`
  })
  const injected = standings.flatMap(({ served }) => served?.injected ?? [])
  const notYet = standings.flatMap(({ served }) => served?.notYet ?? [])
  return [
    '## Operations',
    '',
    'Names of errors without their ending, `Exception`. Beside them each operation may answer ValidationException,',
    'AccessDeniedException, ThrottlingException and what concerns signatures.',
    '',
    '| operation | | success seen, and these errors | seen by injection alone | not seen yet |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    'Why they were seen by injection alone:',
    '',
    ...reasonTable(injected),
    '',
    'Why they have not been seen:',
    '',
    ...reasonTable(notYet),
    '',
  ].join('\n')
}

function reasonTable(without: readonly Without[]): readonly string[] {
  const reasons = new Map(without.map(({ error, reason }) => [error, reason]))
  return [
    '| error | why |',
    '| --- | --- |',
    ...[...reasons].sort().map(([error, reason]) => `| ${short(error)} | ${reason} |`),
  ]
}

function neverTable(standings: readonly Standing[]): string {
  const rows = standings.flatMap(({ operation, served }) =>
    (served?.never ?? []).map(({ error, reason }) => `| ${operation} | ${short(error)} | ${reason} |`),
  )
  return [
    '## Errors that are declared and never answered',
    '',
    '| operation | error | why |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

function refusedList(): string {
  return [
    '## What is refused by name',
    '',
    'Members and values that this version does not support are refused with UnsupportedOperationException, by name, and never',
    'ignored. For GenerateRandom this is how that error was seen.',
    '',
    '| operation | members and values |',
    '| --- | --- |',
    ...refusedByName().map(({ operation, members }) => `| ${operation} | ${members.join(', ')} |`),
    '',
  ].join('\n')
}

function differenceList(): string {
  return [
    '## Other differences',
    '',
    ...differences.map(({ what, why, shownBy }) => `- ${what} ${why} (\`${shownBy}\`)`),
    '- Messages of AWS that its documentation does not give and nobody has published are in words of our own. Clients should go',
    '  by the type of an error; where a message is known to be matched by tools it is the one of AWS.',
    '',
  ].join('\n')
}

function otherServices(): string {
  const names = (operations: Readonly<Record<string, unknown>>): readonly string[] => Object.keys(operations).sort()
  return [
    '## IAM and STS',
    '',
    'What manages and assumes identities is on the same endpoint. These are the operations; how far they go is in',
    '[Accounts and access](accounts-and-access.md).',
    '',
    `- IAM, ${names(iamOperations).length} operations: ${names(iamOperations).join(', ')}.`,
    `- STS, ${names(stsOperations).length} operations: ${names(stsOperations).join(', ')}.`,
    '',
  ].join('\n')
}
